//! Saved retention rules.

use super::*;
use crate::index::{NotSaved, RULES_LIMIT};
use crate::oci::RetentionRule;

super::for_each_index!(
    rules_are_saved_once_and_removed,
    the_number_of_rules_is_limited,
    a_rule_with_an_unknown_condition_is_listed_without_it,
);

fn keep_last(count: u32) -> RetentionRule {
    RetentionRule {
        repositories: vec!["team/*".to_owned()],
        keep_last: Some(count),
        ..RetentionRule::default()
    }
}

async fn rules_are_saved_once_and_removed(place: &Place) {
    let index = place.open().await;
    let index = index.acting(super::events::alice());
    assert_eq!(index.save_rule(keep_last(3), 5).await.unwrap(), Ok(1));
    assert_eq!(index.save_rule(keep_last(4), 6).await.unwrap(), Ok(2));
    let again = index.save_rule(keep_last(3), 7).await.unwrap();
    assert_eq!(again, Err(NotSaved::Same(1)));
    let saved = index.saved_rules().await.unwrap();
    assert_eq!(saved.len(), 2);
    assert_eq!(saved[0].rule, Some(keep_last(3)));
    assert_eq!((saved[0].saved_at, &*saved[0].saved_by), (5, "alice"));
    assert!(index.remove_rule(2, 8).await.unwrap());
    assert!(!index.remove_rule(2, 9).await.unwrap());
    // The number of a removed rule is not used again: a page that still shows it removes nothing else.
    assert_eq!(index.save_rule(keep_last(5), 10).await.unwrap(), Ok(3));
    let events = super::events::all(&index).await;
    let actions: Vec<&str> = events.iter().map(|event| &*event.action).collect();
    assert_eq!(
        actions,
        ["save-rule", "save-rule", "remove-rule", "save-rule"]
    );
    assert_eq!(events[2].detail.as_ref().unwrap()["rule"]["keepLast"], 4);
}

async fn the_number_of_rules_is_limited(place: &Place) {
    let index = place.open().await;
    for count in 1..=RULES_LIMIT {
        let count = u32::try_from(count).unwrap();
        index.save_rule(keep_last(count), 1).await.unwrap().unwrap();
    }
    let refused = index.save_rule(keep_last(0), 1).await.unwrap();
    assert_eq!(refused, Err(NotSaved::Limit));
    assert!(index.remove_rule(1, 2).await.unwrap());
    assert!(index.save_rule(keep_last(0), 3).await.unwrap().is_ok());
}

async fn a_rule_with_an_unknown_condition_is_listed_without_it(place: &Place) {
    let index = place.open().await;
    index.save_rule(keep_last(1), 1).await.unwrap().unwrap();
    index.save_rule(keep_last(2), 1).await.unwrap().unwrap();
    index
        .write(|transaction| {
            Box::pin(async move {
                sqlx::query(
                    "UPDATE retention_rules SET rule = '{\"keepLast\":1,\"smallerThan\":5}' \
                     WHERE id = 1",
                )
                .execute(transaction.connection())
                .await?;
                Ok(())
            })
        })
        .await
        .unwrap();
    let saved = index.saved_rules().await.unwrap();
    assert_eq!((saved[0].id, &saved[0].rule), (1, &None));
    assert_eq!(saved[1].rule, Some(keep_last(2)));
    assert!(index.remove_rule(1, 2).await.unwrap());
}
