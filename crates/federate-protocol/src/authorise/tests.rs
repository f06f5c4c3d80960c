use super::*;
use crate::activitystreams::{Activity, Origin};
use crate::testing::*;
use crate::{Authenticated, Blocks, RefusedKind};
use serde_json::{Value, json};
use std::time::Duration;

const NOTE: &str = "https://a.example/notes/1";
const BOB: &str = "https://a.example/users/bob";
const ME: &str = "https://here.example/users/me";

#[expect(clippy::needless_pass_by_value, reason = "reads better at every call")]
fn activity(ty: &str, object: Value) -> Authenticated<Activity> {
    from_alice(
        &json!({ "id": "https://a.example/activities/1", "type": ty, "actor": ALICE, "object": object }),
    )
}

fn with_target(ty: &str, object: &str, target: &str) -> Authenticated<Activity> {
    from_alice(&json!({
        "id": "https://a.example/activities/1", "type": ty, "actor": ALICE, "object": object, "target": target,
    }))
}

fn note() -> Value {
    json!({ "id": NOTE, "type": "Note", "attributedTo": ALICE, "content": "hi" })
}

fn owner(id: &str) -> Known {
    Known::Owner(iri(id))
}

/// Judges with the facts that the closure adds.
fn judged(
    activity: &Authenticated<Activity>,
    facts: impl for<'a> FnOnce(Facts<'a>) -> Facts<'a>,
) -> Result<(), Broken> {
    let own: Vec<Origin> = vec![iri(OURS).origin().unwrap()];
    let mut blocks = Blocks::new();
    blocks.suspend("evil.example").unwrap();
    let facts = facts(Facts::new(&own, &blocks));
    authorise(activity, &facts).map_err(|refused| match refused.kind() {
        RefusedKind::NotAllowed(broken) => broken.clone(),
        other => panic!("{other}"),
    })
}

fn plain(activity: &Authenticated<Activity>) -> Result<(), Broken> {
    judged(activity, |facts| facts)
}

#[test]
fn a_post_of_ones_own_is_allowed() {
    assert_eq!(plain(&activity("Create", note())), Ok(()));
    assert_eq!(
        judged(&activity("Create", note()), |facts| facts.object(owner(ALICE))),
        Ok(())
    );
    assert_eq!(plain(&activity("Create", json!(NOTE))), Ok(()));
}

#[test]
fn i5_an_embedded_object_of_another_origin_is_only_an_id_and_not_the_senders_to_create() {
    let forged = json!({ "id": "https://victim.example/1", "type": "Note", "attributedTo": "https://victim.example/v" });
    let create = activity("Create", forged.clone());
    assert!(create.object().object().is_none());
    assert_eq!(plain(&create), Err(Broken::ForeignObject));
    let boost = activity("Announce", forged);
    assert_eq!(boost.object().id(), Some(iri("https://victim.example/1")));
    assert!(boost.object().object().is_none());
    assert_eq!(plain(&boost), Ok(()));
}

/// Whatever the document calls an id, an author or an actor: what is believed is what the handler reads.
#[test]
fn i5_a_foreign_object_under_other_names_is_only_an_id() {
    const AS: &str = "https://www.w3.org/ns/activitystreams#";
    for (context, id, author) in [
        (json!({ "me": "@id", "says": "as:attributedTo" }), "me", "says"),
        (json!({ "x": AS }), "@id", "x:attributedTo"),
        (
            json!({ "me": { "@id": "@id" }, "says": { "@id": "attributedTo" } }),
            "me",
            "says",
        ),
        (
            json!({}),
            "@id",
            "https://www.w3.org/ns/activitystreams#attributedTo",
        ),
        (
            json!({}),
            "id",
            "http://www.w3.org/ns/activitystreams#attributedTo",
        ),
    ] {
        let foreign = json!({ "@context": context, id: "https://victim.example/1", "type": "Note",
            author: "https://victim.example/v", "content": "forged" });
        let boost = activity("Announce", foreign.clone());
        assert!(boost.object().object().is_none(), "{foreign}");
        assert_eq!(
            boost.object().id(),
            Some(iri("https://victim.example/1")),
            "{foreign}"
        );
        assert_eq!(plain(&activity("Create", foreign)), Err(Broken::ForeignObject));
        // Without an id, but said to be somebody else's.
        let nameless = json!({ "@context": context, "type": "Note", author: "https://victim.example/v" });
        assert!(activity("Create", nameless).object().is_empty());
        let bobs = json!({ "@context": context, id: NOTE, "type": "Note", author: BOB });
        assert!(activity("Announce", bobs).object().object().is_none());
        let own = json!({ "@context": context, id: NOTE, "type": "Note", author: ALICE, "n": 1.50 });
        let own = activity("Create", own).object().object().unwrap();
        assert_eq!(own.attributed_to(), iri(ALICE));
    }
}

#[test]
fn i5_the_same_server_does_not_speak_for_all_its_people() {
    let bobs = json!({ "id": NOTE, "type": "Note", "attributedTo": BOB, "content": "forged" });
    assert!(activity("Announce", bobs.clone()).object().object().is_none());
    let nested = activity(
        "Undo",
        json!({ "id": "https://a.example/x", "type": "Announce", "actor": ALICE, "object": bobs }),
    );
    let inner = nested.object().object().unwrap();
    assert!(inner.object().object().is_none());
    assert_eq!(inner.object().id(), Some(iri(NOTE)));
}

#[test]
fn i6_without_an_id_it_is_the_senders_or_nothing() {
    let own = activity("Undo", json!({ "type": "Follow", "actor": ALICE, "object": ME }));
    assert!(own.object().object().is_some_and(|follow| follow.is("Follow")));
    assert_eq!(plain(&own), Ok(()));
    let forged = activity(
        "Undo",
        json!({ "type": "Follow", "actor": "https://victim.example/v", "object": ME }),
    );
    assert!(forged.object().is_empty());
    assert_eq!(plain(&forged), Err(Broken::NoObject));
}

#[test]
fn i7_an_embedded_object_whose_id_is_no_string_is_dropped() {
    let odd = activity(
        "Create",
        json!({ "id": [NOTE], "type": "Note", "attributedTo": ALICE }),
    );
    assert!(odd.object().is_empty());
    assert_eq!(plain(&odd), Err(Broken::NoObject));
}

#[test]
fn i8_what_is_attributed_to_somebody_else_is_not_created_or_updated() {
    for ty in ["Create", "Update"] {
        let by_victim = activity(
            ty,
            json!({ "id": NOTE, "type": "Note", "attributedTo": "https://victim.example/v" }),
        );
        assert!(by_victim.object().object().is_none(), "{ty}");
    }
}

#[test]
fn i13_what_has_an_id_of_ours_is_not_made_changed_or_deleted_from_outside() {
    let ours = json!({ "id": "https://here.example/notes/1", "type": "Note", "attributedTo": ALICE });
    for ty in ["Create", "Update", "Delete", "Undo"] {
        assert_eq!(
            plain(&activity(ty, ours.clone())),
            Err(Broken::OfThisInstance),
            "{ty}"
        );
    }
}

#[test]
fn i14_only_its_owner_updates_deletes_and_undoes() {
    for ty in ["Update", "Delete", "Undo"] {
        let it = activity(ty, json!(NOTE));
        assert_eq!(
            judged(&it, |facts| facts.object(owner(BOB))),
            Err(Broken::NotTheOwner),
            "{ty}"
        );
        assert_eq!(judged(&it, |facts| facts.object(owner(ALICE))), Ok(()), "{ty}");
        let foreign = activity(ty, json!("https://victim.example/1"));
        assert_eq!(plain(&foreign), Err(Broken::ForeignObject), "{ty}");
        let moderated = judged(&it, |facts| {
            facts.object(owner(BOB)).ownership(Ownership::SameOrigin)
        });
        assert_eq!(moderated, Ok(()), "{ty}");
    }
    assert_eq!(plain(&activity("Delete", json!(ALICE))), Ok(()));
    assert_eq!(
        plain(&activity("Update", json!({ "id": ALICE, "type": "Person" }))),
        Ok(())
    );
}

#[test]
fn i14_cve_2024_37903_a_create_of_somebody_elses_known_object_changes_nothing() {
    let create = activity("Create", json!(NOTE));
    assert_eq!(
        judged(&create, |facts| facts.object(owner(BOB))),
        Err(Broken::NotTheOwner)
    );
}

#[test]
fn i14_an_answer_is_to_what_was_asked_and_by_whom_it_asked() {
    for ty in ["Accept", "Reject"] {
        let answer = activity(ty, json!("https://here.example/follows/1"));
        assert_eq!(plain(&answer), Err(Broken::NeverAsked), "{ty}");
        assert_eq!(
            judged(&answer, |facts| facts.asked(iri(BOB))),
            Err(Broken::NeverAsked),
            "{ty}"
        );
        assert_eq!(judged(&answer, |facts| facts.asked(iri(ALICE))), Ok(()), "{ty}");
        assert_eq!(
            questions(&answer).request,
            Some(iri("https://here.example/follows/1"))
        );
    }
}

#[test]
fn i14_only_the_owner_of_a_collection_adds_and_removes() {
    for ty in ["Add", "Remove"] {
        let featured = with_target(ty, NOTE, "https://a.example/users/alice/featured");
        assert_eq!(plain(&featured), Ok(()), "{ty}");
        assert_eq!(
            judged(&featured, |facts| facts.target(owner(BOB))),
            Err(Broken::NotTheOwner),
            "{ty}"
        );
        let ours = with_target(ty, NOTE, "https://here.example/users/me/featured");
        assert_eq!(plain(&ours), Err(Broken::NotTheOwner), "{ty}");
        let foreign = with_target(ty, NOTE, "https://b.example/featured");
        assert_eq!(plain(&foreign), Err(Broken::ForeignObject), "{ty}");
        assert_eq!(plain(&activity(ty, json!(NOTE))), Err(Broken::NoTarget), "{ty}");
    }
}

fn kept_as(kind: &str) -> Known {
    Known::Object {
        owner: iri(ALICE),
        kind: kind.to_owned(),
    }
}

#[test]
fn i15_an_update_does_not_make_a_person_of_a_note() {
    let update = |ty: &str| activity("Update", json!({ "id": NOTE, "type": ty, "attributedTo": ALICE }));
    assert_eq!(
        judged(&update("Article"), |facts| facts.object(kept_as("Note"))),
        Ok(())
    );
    for now in ["Tombstone", "Create", "Banana"] {
        assert_eq!(
            judged(&update(now), |facts| facts.object(kept_as("Note"))),
            Err(Broken::TypeChanged),
            "{now}"
        );
    }
    let me = activity("Update", json!({ "id": ALICE, "type": "Person" }));
    assert_eq!(
        judged(&me, |facts| facts.object(kept_as("Note"))),
        Err(Broken::TypeChanged)
    );
    assert_eq!(judged(&me, |facts| facts.object(kept_as("Service"))), Ok(()));
}

#[test]
fn i16_what_was_deleted_stays_deleted() {
    for ty in ["Create", "Update", "Announce", "Like"] {
        assert_eq!(
            judged(&activity(ty, json!(NOTE)), |facts| facts.object(Known::Gone)),
            Err(Broken::Deleted),
            "{ty}"
        );
    }
    for ty in ["Delete", "Undo"] {
        assert_eq!(
            judged(&activity(ty, json!(NOTE)), |facts| facts.object(Known::Gone)),
            Ok(()),
            "{ty}"
        );
    }
}

#[test]
fn i18_a_move_is_of_oneself_to_somebody_who_says_so() {
    let new = "https://b.example/alice";
    let it = with_target("Move", ALICE, new);
    assert_eq!(questions(&it).moved_to, Some(iri(new)));
    assert_eq!(plain(&it), Err(Broken::UnconfirmedMove));
    assert_eq!(
        judged(&it, |facts| facts.target_also_known_as([iri(BOB)])),
        Err(Broken::UnconfirmedMove)
    );
    assert_eq!(
        judged(&it, |facts| facts.target_also_known_as([iri(ALICE)])),
        Ok(())
    );
    let beyond = (0..256)
        .map(|n| iri(&format!("https://c.example/{n}")))
        .chain([iri(ALICE)]);
    assert_eq!(
        judged(&it, |facts| facts.target_also_known_as(beyond)),
        Err(Broken::UnconfirmedMove)
    );
    let again = |days: u64| {
        judged(&it, |facts| {
            facts
                .target_also_known_as([iri(ALICE)])
                .last_move(Duration::from_secs(days * 86_400))
        })
    };
    assert_eq!((again(6), again(7)), (Err(Broken::MovedLately), Ok(())));
    assert_eq!(plain(&with_target("Move", BOB, new)), Err(Broken::NotTheOwner));
    assert_eq!(plain(&with_target("Move", ALICE, ALICE)), Err(Broken::OfItself));
    assert_eq!(
        plain(&with_target("Move", ALICE, "https://evil.example/a")),
        Err(Broken::Blocked)
    );
}

#[test]
fn a_follow_or_block_is_of_one_of_ours() {
    for ty in ["Follow", "Block"] {
        assert_eq!(plain(&activity(ty, json!(ME))), Ok(()), "{ty}");
        assert_eq!(
            plain(&activity(ty, json!("https://b.example/bob"))),
            Err(Broken::NotForUs),
            "{ty}"
        );
        assert_eq!(
            plain(&activity(ty, json!([ME, BOB]))),
            Err(Broken::TooMuch("objects")),
            "{ty}"
        );
    }
    assert_eq!(plain(&activity("Follow", json!(ALICE))), Err(Broken::OfItself));
    assert_eq!(
        plain(&activity(
            "Follow",
            json!("https://www.w3.org/ns/activitystreams#Public")
        )),
        Ok(())
    );
}

#[test]
fn r8_an_announce_of_an_announce_goes_no_further() {
    let nested = json!({ "id": "https://a.example/x", "type": "Announce", "actor": ALICE, "object": NOTE });
    assert_eq!(plain(&activity("Announce", nested)), Err(Broken::NestedAnnounce));
}

#[test]
fn r20_w11_a_flag_is_bounded_and_about_something_of_ours() {
    let about = |count: usize| {
        json!(
            (0..count)
                .map(|n| format!("https://here.example/notes/{n}"))
                .collect::<Vec<_>>()
        )
    };
    assert_eq!(plain(&activity("Flag", about(200))), Ok(()));
    assert_eq!(
        plain(&activity("Flag", about(201))),
        Err(Broken::TooMuch("objects"))
    );
    assert_eq!(plain(&activity("Flag", json!([BOB]))), Err(Broken::NotForUs));
    let long = |len: usize| {
        from_alice(&json!({
            "id": "https://a.example/1", "type": "Flag", "actor": ALICE, "object": ME, "content": "é".repeat(len),
        }))
    };
    assert_eq!(plain(&long(5_000)), Ok(()));
    assert_eq!(plain(&long(5_001)), Err(Broken::TooMuch("characters")));
}

#[test]
fn cve_2026_23961_a_suspended_author_does_not_come_back_by_a_boost() {
    assert_eq!(
        plain(&activity("Announce", json!("https://evil.example/1"))),
        Err(Broken::Blocked)
    );
    let like = activity("Like", json!("https://relay.example/1"));
    assert_eq!(
        judged(&like, |facts| facts.object(owner("https://sub.evil.example/e"))),
        Err(Broken::Blocked)
    );
}

#[test]
fn w14_a_delete_or_an_update_may_come_first() {
    for ty in ["Delete", "Update", "Undo"] {
        assert_eq!(plain(&activity(ty, json!(NOTE))), Ok(()), "{ty}");
    }
}

#[test]
fn an_unknown_type_is_the_applications() {
    assert_eq!(plain(&activity("Banana", json!(NOTE))), Ok(()));
}

#[test]
fn i14_several_objects_are_not_judged_by_the_first() {
    let mine = NOTE;
    let bobs = json!({ "id": "https://a.example/notes/of-bob", "type": "Note", "content": "overwritten" });
    for ty in ["Create", "Update", "Delete", "Undo"] {
        let several = activity(ty, json!([mine, bobs]));
        assert_eq!(plain(&several), Err(Broken::TooMuch("objects")), "{ty}");
    }
    let answers = activity("Accept", json!(["https://here.example/follows/1", bobs]));
    let asked = judged(&answers, |facts| facts.asked(iri(ALICE)));
    assert_eq!(asked, Err(Broken::TooMuch("objects")));
    // A list of one is one.
    assert_eq!(plain(&activity("Create", json!([note()]))), Ok(()));
}

#[test]
fn i14_what_is_checked_is_what_is_read() {
    // The id by which it is judged is the one that a handler sees.
    let two_names = json!({ "id": ["https://a.example/notes/of-bob"], "type": "Link", "href": NOTE });
    let create = activity("Update", two_names);
    assert_eq!(
        create.object().id(),
        create.object().object().and_then(|object| object.id())
    );
}
