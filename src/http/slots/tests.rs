//! Granting, waiting for and revoking slots.

use std::net::IpAddr;

use super::*;

const LIMITS: Limits = Limits {
    capacity: 4,
    waiting: 2,
    timeout: Duration::from_millis(40),
    stall_after: Duration::from_secs(100),
};

fn client(last: u8) -> Client {
    Client::of(IpAddr::from([10, 0, 0, last]))
}

async fn acquire(pool: &SlotPool, last: u8) -> Option<(Slot, CancellationToken)> {
    let revoked = CancellationToken::new();
    let slot = pool.acquire(client(last), 1, revoked.clone()).await?;
    Some((slot, revoked))
}

async fn filled(limits: Limits, clients: [u8; 4]) -> (SlotPool, Vec<(Slot, CancellationToken)>) {
    let pool = SlotPool::new(limits);
    let mut slots = Vec::new();
    for last in clients {
        slots.push(acquire(&pool, last).await.unwrap());
    }
    (pool, slots)
}

fn revoked(slots: &[(Slot, CancellationToken)]) -> Vec<usize> {
    let is_revoked = |at: &usize| slots[*at].1.is_cancelled();
    (0..slots.len()).filter(is_revoked).collect()
}

#[tokio::test]
async fn requests_wait_with_a_timeout_while_all_slots_are_busy() {
    let (pool, mut slots) = filled(LIMITS, [1; 4]).await;
    assert!(acquire(&pool, 1).await.is_none());
    assert_eq!(revoked(&slots), [0; 0]);
    slots.pop();
    assert!(acquire(&pool, 1).await.is_some());
}

#[tokio::test]
async fn idle_slots_are_revoked_first_and_then_stalled_ones() {
    let (pool, slots) = filled(LIMITS, [1, 1, 1, 2]).await;
    slots[3].0.set_idle(true);
    let _first = acquire(&pool, 3).await.unwrap();
    assert_eq!(revoked(&slots), [3]);

    let stalling = Limits {
        stall_after: Duration::ZERO,
        ..LIMITS
    };
    let (pool, slots) = filled(stalling, [1, 1, 2, 2]).await;
    slots[0].0.moved();
    slots[2].0.set_idle(true);
    let first = acquire(&pool, 2).await.unwrap();
    let second = acquire(&pool, 2).await.unwrap();
    assert!(revoked(&slots).contains(&2));
    assert_eq!(revoked(&slots).len(), 2);
    // A revoked slot is not released twice.
    drop((slots, first, second));
    assert_eq!(pool.0.lock().held, 0);
    assert!(pool.0.lock().clients.is_empty());
}

#[tokio::test]
async fn a_slot_of_the_client_with_the_largest_share_is_revoked() {
    let (pool, slots) = filled(LIMITS, [1; 4]).await;
    let _one = acquire(&pool, 2).await.unwrap();
    let _two = acquire(&pool, 2).await.unwrap();
    assert_eq!(revoked(&slots).len(), 2);
    // Both clients have equal shares now.
    assert!(acquire(&pool, 2).await.is_none());
    assert!(acquire(&pool, 1).await.is_none());
    assert_eq!(revoked(&slots).len(), 2);
}

#[tokio::test]
async fn a_timed_out_request_has_no_slot() {
    let (pool, slots) = filled(LIMITS, [1; 4]).await;
    for _ in 0..3 {
        let waiting = acquire(&pool, 1);
        assert!(
            tokio::time::timeout(Duration::from_millis(5), waiting)
                .await
                .is_err()
        );
    }
    drop(slots);
    assert_eq!(pool.0.lock().held, 0);
    assert_eq!(pool.0.lock().waiting, 0);
    assert!(pool.0.lock().clients.is_empty());
}

#[tokio::test]
async fn a_queue_full_of_one_client_accepts_others() {
    let patient = Limits {
        timeout: Duration::from_secs(20),
        ..LIMITS
    };
    let (pool, slots) = filled(patient, [1, 2, 3, 4]).await;
    let queue = futures_util::future::join_all((0..3).map(|_| acquire(&pool, 1)));
    let other = acquire(&pool, 5);
    let release = async {
        while pool.0.lock().waiting < 2 {
            tokio::task::yield_now().await;
        }
        drop(slots);
    };
    let (queued, other, ()) = tokio::join!(queue, other, release);
    assert!(other.is_some());
    assert!(queued.iter().filter(|one| one.is_some()).count() < 3);
}

#[tokio::test]
async fn a_client_with_more_than_its_share_takes_no_new_connection_of_others() {
    let (pool, slots) = filled(LIMITS, [1, 1, 1, 2]).await;
    slots[3].0.set_idle(true);
    assert!(acquire(&pool, 1).await.is_none());
    assert_eq!(revoked(&slots), [0; 0]);
    // Its own idle ones are revoked, and those of others for a modest client.
    slots[0].0.set_idle(true);
    tokio::time::sleep(SEARCH_INTERVAL).await;
    let _own = acquire(&pool, 1).await.unwrap();
    assert_eq!(revoked(&slots), [0]);
    let _other = acquire(&pool, 3).await.unwrap();
    assert_eq!(revoked(&slots), [0, 3]);
}

#[tokio::test]
async fn a_slot_whose_server_is_at_work_is_not_revoked_for_lack_of_progress() {
    let stalling = Limits {
        stall_after: Duration::ZERO,
        ..LIMITS
    };
    let (pool, slots) = filled(stalling, [1; 4]).await;
    for (slot, _) in &slots {
        slot.works();
    }
    assert!(acquire(&pool, 1).await.is_none());
    slots[2].0.waits_for_client();
    tokio::time::sleep(SEARCH_INTERVAL).await;
    assert!(acquire(&pool, 1).await.is_some());
    assert_eq!(revoked(&slots), [2]);
}

/// The cost of a place must not grow with the number of those that wait: ten thousand would take
/// minutes.
#[tokio::test]
async fn many_requests_of_a_client_wait_or_are_refused() {
    let crowded = Limits {
        waiting: 4096,
        timeout: Duration::from_secs(1),
        ..LIMITS
    };
    let (pool, slots) = filled(crowded, [1; 4]).await;
    let queue = futures_util::future::join_all((0..10_000).map(|_| acquire(&pool, 1)));
    let other = async {
        while pool.0.lock().waiting < 4096 {
            tokio::task::yield_now().await;
        }
        acquire(&pool, 2).await
    };
    let (queued, other) = tokio::join!(queue, other);
    assert!(other.is_some());
    assert_eq!(queued.iter().filter(|one| one.is_some()).count(), 0);
    assert_eq!(revoked(&slots).len(), 1);
    drop((slots, other));
    assert!(pool.0.lock().clients.is_empty());
    assert_eq!(pool.0.lock().waiting, 0);
}

#[test]
fn addresses_of_one_network_are_one_client() {
    let of = |text: &str| Client::of(text.parse().unwrap());
    assert_eq!(of("2001:db8::1"), of("2001:db8::ffff:1"));
    assert_ne!(of("2001:db8::1"), of("2001:db8:0:1::1"));
    assert_eq!(of("::ffff:10.0.0.1"), of("10.0.0.1"));
    assert_ne!(of("10.0.0.1"), of("10.0.0.2"));
}
