//! Who enters, who waits, and who is let go.

use super::*;

const LIMITS: Limits = Limits {
    most: 4,
    waiting: 2,
    patience: Duration::from_millis(40),
    still: Duration::from_secs(100),
};

fn client(last: u8) -> Client {
    Client::of(IpAddr::from([10, 0, 0, last]))
}

async fn enter(room: &Room, last: u8) -> Option<(Place, CancellationToken)> {
    let let_go = CancellationToken::new();
    let place = room.enter(client(last), 1, let_go.clone()).await?;
    Some((place, let_go))
}

async fn filled(limits: Limits, clients: [u8; 4]) -> (Room, Vec<(Place, CancellationToken)>) {
    let room = Room::new(limits);
    let mut places = Vec::new();
    for last in clients {
        places.push(enter(&room, last).await.unwrap());
    }
    (room, places)
}

fn let_go(places: &[(Place, CancellationToken)]) -> Vec<usize> {
    let gone = |at: &usize| places[*at].1.is_cancelled();
    (0..places.len()).filter(gone).collect()
}

#[tokio::test]
async fn a_full_room_of_busy_members_has_waiting_and_an_end_of_it() {
    let (room, mut places) = filled(LIMITS, [1; 4]).await;
    assert!(enter(&room, 1).await.is_none());
    assert_eq!(let_go(&places), [0; 0]);
    places.pop();
    assert!(enter(&room, 1).await.is_some());
}

#[tokio::test]
async fn idle_members_are_let_go_first_and_then_those_that_stand_still() {
    let (room, places) = filled(LIMITS, [1, 1, 1, 2]).await;
    places[3].0.set_idle(true);
    let _first = enter(&room, 3).await.unwrap();
    assert_eq!(let_go(&places), [3]);

    let still = Limits {
        still: Duration::ZERO,
        ..LIMITS
    };
    let (room, places) = filled(still, [1, 1, 2, 2]).await;
    places[0].0.moved();
    places[2].0.set_idle(true);
    let first = enter(&room, 2).await.unwrap();
    let second = enter(&room, 2).await.unwrap();
    assert!(let_go(&places).contains(&2));
    assert_eq!(let_go(&places).len(), 2);
    // A place that was let go gives nothing back a second time.
    drop((places, first, second));
    assert_eq!(room.0.lock().held, 0);
    assert!(room.0.lock().held_by.is_empty());
}

#[tokio::test]
async fn a_client_with_more_than_its_share_makes_room_for_one_with_less() {
    let (room, places) = filled(LIMITS, [1; 4]).await;
    let _one = enter(&room, 2).await.unwrap();
    let _two = enter(&room, 2).await.unwrap();
    assert_eq!(let_go(&places).len(), 2);
    // Both have their share now.
    assert!(enter(&room, 2).await.is_none());
    assert!(enter(&room, 1).await.is_none());
    assert_eq!(let_go(&places).len(), 2);
}

#[tokio::test]
async fn who_gives_up_waiting_holds_nothing() {
    let (room, places) = filled(LIMITS, [1; 4]).await;
    for _ in 0..3 {
        let waiting = enter(&room, 1);
        assert!(
            tokio::time::timeout(Duration::from_millis(5), waiting)
                .await
                .is_err()
        );
    }
    drop(places);
    assert_eq!(room.0.lock().held, 0);
    assert!(room.0.lock().waiting.is_empty());
}

#[tokio::test]
async fn a_queue_that_one_client_fills_takes_others_all_the_same() {
    let patient = Limits {
        patience: Duration::from_secs(20),
        ..LIMITS
    };
    let (room, places) = filled(patient, [1, 2, 3, 4]).await;
    let queue = futures_util::future::join_all((0..3).map(|_| enter(&room, 1)));
    let other = enter(&room, 5);
    let release = async {
        while room.0.lock().waiting.len() < 2 {
            tokio::task::yield_now().await;
        }
        drop(places);
    };
    let (queued, other, ()) = tokio::join!(queue, other, release);
    assert!(other.is_some());
    assert!(queued.iter().filter(|one| one.is_some()).count() < 3);
}

#[test]
fn addresses_of_one_network_are_one_client() {
    let of = |text: &str| Client::of(text.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
}
