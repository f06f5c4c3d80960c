//! Walks from a reply up, over peers that mean no good.

use super::*;
use crate::fetch::{ReplyChain, ReplyChainEnd, ReplyChainStep, place};
use proptest::prelude::*;
use std::collections::HashSet;
use std::time::Duration;

fn reply(id: &str, to: impl Into<Value>) -> Value {
    json!({ "id": id, "type": "Note", "inReplyTo": to.into() })
}

fn object(body: &Value) -> crate::activitystreams::Object {
    crate::activitystreams::Object::from_value(body).unwrap()
}

fn post(number: usize) -> String {
    // Each of another server, as is usual.
    format!("https://{number}.example/post")
}

/// So many posts above [`post`] 0, the last of which answers none.
fn chain(above: usize) -> World {
    (1..=above).fold(World::default(), |world, number| {
        let to = (number < above).then(|| post(number + 1));
        world.activity(&post(number), &reply(&post(number), json!(to)))
    })
}

impl World {
    /// Walks to the end; each post takes `each`.
    fn walk(&mut self, chain: &mut ReplyChain, each: Duration) -> (Vec<String>, String) {
        let mut above = Vec::new();
        loop {
            match chain.step() {
                ReplyChainStep::Fetch(id) => match self.fetch(id.as_str()) {
                    Ok(document) => {
                        if chain.found(&document, each) {
                            above.push(document.id().to_string());
                        }
                    }
                    Err(_) => chain.stop(ReplyChainEnd::Unreachable),
                },
                ReplyChainStep::End(ReplyChainEnd::Refused(refusal)) => return (above, refusal.to_string()),
                ReplyChainStep::End(end) => return (above, format!("{end:?}")),
            }
        }
    }

    fn above(&mut self, first: &Value) -> (Vec<String>, String) {
        self.walk(&mut ReplyChain::start(&object(first), rules()), Duration::ZERO)
    }
}

fn first() -> Value {
    reply(&post(0), json!(post(1)))
}

#[test]
fn r7_a_chain_is_walked_to_its_root_over_all_servers() {
    let (above, end) = chain(3).above(&first());
    assert_eq!((above, end.as_str()), (vec![post(1), post(2), post(3)], "Root"));
    for none in [json!(null), json!([])] {
        let mut world = chain(1);
        assert_eq!(world.above(&reply(&post(0), none)), (vec![], "Root".to_owned()));
    }
    let embedded = json!({ "id": post(1), "type": "Note", "content": "forged" });
    assert_eq!(chain(1).above(&reply(&post(0), embedded)).0, [post(1)]);
    for odd in [json!("post"), json!(7), json!({ "type": "Note" })] {
        assert_eq!(
            chain(1).above(&reply(&post(0), odd)),
            (vec![], " may not be fetched".to_owned())
        );
    }
}

#[test]
fn r7_depth_at_the_limit_and_one_past_it() {
    let most = crate::Limits::default().reply_chain;
    for (length, end) in [(most, "Root"), (most + 1, "DepthLimit")] {
        let mut walk = ReplyChain::start(&object(&first()), rules());
        // Who asks for more gets no more.
        walk.limit_depth(usize::MAX);
        let mut given = 0;
        // Each world holds one post: the world of these tests takes twenty requests.
        while let ReplyChainStep::Fetch(id) = walk.step() {
            given += 1;
            let to = (given < length).then(|| post(given + 1));
            let mut world = World::default().activity(id.as_str(), &reply(id.as_str(), json!(to)));
            assert!(walk.found(&world.fetch(id.as_str()).unwrap(), Duration::ZERO));
        }
        assert_eq!((given, walk.walked()), (most, most));
        assert_eq!(format!("{:?}", walk.end().unwrap()), end);
    }
    for (depth, end) in [(3, "Root"), (2, "DepthLimit"), (0, "DepthLimit")] {
        let mut walk = ReplyChain::start(&object(&first()), rules());
        walk.limit_depth(depth);
        let mut world = chain(3);
        let (above, why) = world.walk(&mut walk, Duration::ZERO);
        assert_eq!(
            (above.len(), why.as_str(), world.asked.len()),
            (depth, end, depth)
        );
    }
}

#[test]
fn r7_time_at_the_limit_and_one_past_it() {
    let second = Duration::from_secs(1);
    for (time, end) in [(3, "Root"), (2, "Deadline"), (0, "Deadline")] {
        let mut walk = ReplyChain::start(&object(&first()), rules());
        walk.limit_time(second * time);
        let (above, why) = chain(3).walk(&mut walk, second);
        assert_eq!((above.len(), why.as_str()), (usize::try_from(time).unwrap(), end));
    }
    let mut walk = ReplyChain::start(&object(&first()), rules());
    walk.limit_time(Duration::MAX);
    assert_eq!(walk.time_left(), crate::Limits::default().reply_chain_time);
}

#[test]
fn r7_a_cycle_ends_it_in_whatever_spelling() {
    for back in [
        post(0),
        post(1),
        post(2),
        format!("{}#x", post(1)),
        "https://1.EXAMPLE:443/p%6fst".to_owned(),
    ] {
        let mut world = chain(1).activity(&post(1), &reply(&post(1), json!(post(2))));
        world = world.activity(&post(2), &reply(&post(2), json!(back)));
        assert_eq!(
            world.above(&first()),
            (vec![post(1), post(2)], "Cycle".to_owned()),
            "{back}"
        );
        assert_eq!(world.asked.len(), 2);
    }
    let itself = reply(&post(0), json!(post(0)));
    let mut world = chain(1);
    assert_eq!(world.above(&itself), (vec![], "Cycle".to_owned()));
    assert_eq!(world.asked.len(), 0);
    // Another address that leads to a post that was there.
    let mut world = chain(1)
        .activity(&post(1), &reply(&post(1), json!("https://9.example/alias")))
        .redirect("https://9.example/alias", &post(1));
    assert_eq!(world.above(&first()), (vec![post(1)], "Cycle".to_owned()));
}

#[test]
fn r7_one_of_ours_is_not_fetched_and_leads_on_in_the_same_walk() {
    let ours = format!("{OURS}/notes/1");
    let mut world = World::default().activity(&post(1), &reply(&post(1), json!(ours)));
    world = world.activity(&post(2), &reply(&post(2), json!(post(3))));
    world = world.activity(&post(3), &reply(&post(3), json!(ours)));
    let mut walk = ReplyChain::start(&object(&first()), rules());
    let (above, end) = world.walk(&mut walk, Duration::ZERO);
    assert_eq!((above, end), (vec![post(1)], format!("Ours(<{ours}>)")));
    // Not with another post.
    walk.go_on(&object(&reply(&post(7), json!(post(2)))));
    assert_eq!(walk.walked(), 1);
    walk.go_on(&object(&reply(&ours, json!(post(2)))));
    assert_eq!(walk.walked(), 2);
    // It comes to ours again: nobody goes on from there for ever.
    assert_eq!(
        world.walk(&mut walk, Duration::ZERO),
        (vec![post(2), post(3)], "Cycle".to_owned())
    );
    walk.go_on(&object(&reply(&ours, json!(post(2)))));
    assert!(matches!(walk.end(), Some(ReplyChainEnd::Cycle)));
}

#[test]
fn r7_who_may_not_be_asked_is_not() {
    for none in [
        "http://1.example/post",
        "https://127.0.0.1/post",
        "https://blocked.example/post",
        "urn:x",
    ] {
        let mut world = World::default();
        let (above, end) = world.above(&reply(&post(0), json!(none)));
        assert_eq!((above.len(), end), (0, format!("{none} may not be fetched")));
        assert_eq!(world.asked.len(), 0);
    }
    // A post at another id than its own is none.
    let mut world = World::default().activity(&post(1), &reply(&post(2), json!(null)));
    assert_eq!(world.above(&first()), (vec![], "Unreachable".to_owned()));
}

proptest! {
    #[test]
    fn r7_whatever_answers_what_it_ends(
        parents in prop::collection::vec((0_usize..12, 0_u8..4), 12),
        depth in 0_usize..20,
    ) {
        let spelled = |number: usize, spelling: u8| match spelling {
            0 => format!("{}#x", post(number)),
            1 => post(number).replace(".example", ".EXAMPLE:443"),
            2 => post(number).replace("post", "p%6Fst"),
            _ => post(number),
        };
        let mut walk = ReplyChain::start(&object(&first()), rules());
        walk.limit_depth(depth);
        let mut asked = HashSet::new();
        while let ReplyChainStep::Fetch(id) = walk.step() {
            prop_assert!(asked.insert(place::of_iri(&id)), "twice: {}", id);
            prop_assert!(asked.len() <= depth);
            let number = asked.len() - 1;
            let (parent, spelling) = parents[number % 12];
            let body = reply(id.without_fragment().as_str(), json!(spelled(parent, spelling)));
            let url = id.without_fragment().to_url().unwrap();
            let found = World::default().activity(url.as_str(), &body).fetch(id.as_str()).unwrap();
            walk.found(&found, Duration::ZERO);
        }
        prop_assert!(walk.end().is_some());
    }
}
