//! What the rules promise.

use super::{at, both};
use crate::{MAX_REASON, Rule, Rules, Ruling, Verdict};
use std::sync::Arc;

/// Every promise of [`Rules`].
pub async fn rules(fresh: impl AsyncFn() -> Arc<dyn Rules>) {
    the_last_decision_holds(&*fresh().await).await;
    what_says_nothing_new_is_not_added(&*fresh().await).await;
    two_at_once_are_both_there(&*fresh().await).await;
    what_a_later_release_decides_is_kept(&*fresh().await).await;
}

fn block(host: &str, second: u64) -> Rule {
    Rule::new(host, Verdict::Block, at(second))
        .because("spam")
        .by("mo")
}

async fn the_last_decision_holds(rules: &dyn Rules) {
    assert_eq!(rules.version().await.expect("read"), 0);
    assert_eq!(rules.ruling().await.expect("read"), Ruling::default());
    assert_eq!(rules.decide(&[]).await.expect("decide"), 0);
    let (evil, bad) = (block("evil.example", 1), block("bad.example", 1));
    let pardon = Rule::new("evil.example", Verdict::Unblock, at(2)).because("they were kind");
    let both = rules.decide(&[evil.clone(), bad.clone()]).await.expect("decide");
    let after = rules.decide(std::slice::from_ref(&pardon)).await.expect("decide");
    assert!(0 < both && both < after, "the version grows");
    assert_eq!(rules.version().await.expect("read"), after);
    let ruling = Ruling {
        version: after,
        rules: vec![bad.clone(), pardon.clone()],
    };
    assert_eq!(rules.ruling().await.expect("read"), ruling);

    let history = rules.history(None, None, 9).await.expect("read");
    let told: Vec<&Rule> = history.iter().map(|(_, rule)| rule).collect();
    assert_eq!(told, [&pardon, &bad, &evil], "the latest first");
    let page = rules.history(None, Some(history[0].0), 1).await.expect("read");
    assert_eq!(page, history[1..2]);
    let of_one = rules.history(Some("evil.example"), None, 9).await.expect("read");
    assert_eq!(
        of_one.into_iter().map(|(_, rule)| rule).collect::<Vec<_>>(),
        [pardon, evil]
    );
    assert_eq!(rules.history(Some("example"), None, 9).await.expect("read"), []);
}

async fn what_says_nothing_new_is_not_added(rules: &dyn Rules) {
    let version = rules.decide(&[block("evil.example", 1)]).await.expect("decide");
    let again = rules.decide(&[block("evil.example", 2)]).await.expect("decide");
    assert_eq!(again, version);
    let otherwise = block("evil.example", 3).because("x".repeat(10_000).as_str());
    let again = rules.decide(&[otherwise]).await.expect("decide");
    assert_eq!(again, version + 1, "another reason is news");
    let ruling = rules.ruling().await.expect("read");
    assert_eq!(ruling.rules[0].reason.len(), MAX_REASON);
    let nul = block("evil.example", 4).because("a\0b");
    rules.decide(&[nul]).await.expect("decide");
    assert_eq!(rules.ruling().await.expect("read").rules[0].reason, "a b");
}

async fn two_at_once_are_both_there(rules: &dyn Rules) {
    for number in 0..10 {
        let (first, second) = (format!("a{number}.example"), format!("b{number}.example"));
        let (first, second) = ([block(&first, 1)], [block(&second, 1)]);
        let (one, other) = both(rules.decide(&first), rules.decide(&second)).await;
        let (one, other) = (one.expect("decide"), other.expect("decide"));
        assert_ne!(one, other, "each has a version of its own");
        let ruling = rules.ruling().await.expect("read");
        assert_eq!(ruling.version, one.max(other));
        assert_eq!(ruling.rules.len(), 2 * (number + 1));
    }
}

async fn what_a_later_release_decides_is_kept(rules: &dyn Rules) {
    let rule = Rule::new("loud.example", Verdict::Other("limit".to_owned()), at(1));
    rules.decide(std::slice::from_ref(&rule)).await.expect("decide");
    assert_eq!(rules.ruling().await.expect("read").rules, [rule]);
}
