//! What the two do, each verb in both directions.

use serde_json::{Value, json};

use crate::http;
use crate::report::Report;
use crate::side::{Reaction, Side};
use crate::trouble::Trouble;

/// How every reply begins, and every note that is none.
const REPLY: &str = "A reply";
const NOTE: &str = "A first note";

pub(crate) async fn run(a: &dyn Side, b: &dyn Side, report: &mut Report) {
    for (from, to) in [(a, b), (b, a)] {
        befriend(from, to, report).await;
    }
    for (author, reader) in [(a, b), (b, a)] {
        converse(author, reader, report).await;
    }
    for (from, to) in [(a, b), (b, a)] {
        part(from, to, report).await;
    }
    for (liar, victim) in [(a, b), (b, a)] {
        forge(liar, victim, report).await;
    }
}

async fn befriend(from: &dyn Side, to: &dyn Side, report: &mut Report) {
    let find = async {
        let found = from.lookup(to.handle()).await?;
        match found == to.actor() {
            true => Ok(()),
            false => Err(Trouble::new(format!("found {found} in place of {}", to.actor()))),
        }
    };
    let found = report.step("lookup", from, to, find, |()| now()).await;
    if found.is_none() {
        report.not_reached("Follow", from, to);
        return report.not_reached("Accept", to, from);
    }
    report
        .step("Follow", from, to, from.follow(to.actor()), |()| {
            to.sees_follower(from.actor())
        })
        .await;
    report
        .step("Accept", to, from, nothing(), |()| from.sees_accept(to.actor()))
        .await;
}

/// `author` posts, `reader` answers; then the author changes the note and takes it away.
async fn converse(author: &dyn Side, reader: &dyn Side, report: &mut Report) {
    let text = format!("{NOTE} from {}", author.name());
    let look = |note: String| {
        let text = &text;
        async move { reader.sees_note(&note, text).await }
    };
    let Some(note) = report
        .step("Create", author, reader, author.post(&text, None), look)
        .await
    else {
        for step in ["Update", "Delete"] {
            report.not_reached(step, author, reader);
        }
        for step in ["Create (reply)", "Like", "Announce", "Undo Like", "Undo Announce"] {
            report.not_reached(step, reader, author);
        }
        return;
    };
    let note = note.as_str();

    answer(author, reader, note, report).await;

    for reaction in [Reaction::Like, Reaction::Announce] {
        let look = |()| author.sees_reaction(reaction, note, reader.actor());
        report
            .step(
                reaction.activity(),
                reader,
                author,
                reader.react(reaction, note),
                look,
            )
            .await;
    }
    for (reaction, step) in [
        (Reaction::Like, "Undo Like"),
        (Reaction::Announce, "Undo Announce"),
    ] {
        let look = |()| author.sees_taken_back(reaction, note, reader.actor());
        report
            .step(step, reader, author, reader.take_back(reaction, note), look)
            .await;
    }

    let text = format!("An edited note from {}", author.name());
    report
        .step("Update", author, reader, author.edit(note, &text), |()| {
            reader.sees_edit(note, &text)
        })
        .await;
    report
        .step("Delete", author, reader, author.delete(note), |()| {
            reader.sees_delete(note)
        })
        .await;
}

async fn answer(author: &dyn Side, reader: &dyn Side, note: &str, report: &mut Report) {
    const STEP: &str = "Create (reply)";
    if let Some(why) = author.cannot(STEP) {
        return report.known(STEP, reader, author, why);
    }
    let reply = format!("{REPLY} from {}", reader.name());
    let look = |id: String| {
        let reply = &reply;
        async move { author.sees_reply(&id, reply, note).await }
    };
    report
        .step(STEP, reader, author, reader.post(&reply, Some(note)), look)
        .await;
}

async fn part(from: &dyn Side, to: &dyn Side, report: &mut Report) {
    let look = |()| async { to.sees_follower(from.actor()).await.map(|follows| !follows) };
    report
        .step("Undo Follow", from, to, from.unfollow(to.actor()), look)
        .await;
}

/// That each side really verifies: an activity in the other's name, unsigned and with a signature of nonsense.
async fn forge(liar: &dyn Side, victim: &dyn Side, report: &mut Report) {
    let note = format!("{}/forged", liar.actor());
    let activity = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{note}#create"),
        "type": "Create",
        "actor": liar.actor(),
        "to": "https://www.w3.org/ns/activitystreams#Public",
        "object": {
            "id": note, "type": "Note", "attributedTo": liar.actor(), "content": "forged",
            "to": "https://www.w3.org/ns/activitystreams#Public",
        },
    });
    let nonsense = format!(
        "keyId=\"{}#main-key\",algorithm=\"rsa-sha256\",headers=\"(request-target) host date digest\",signature=\"bm9uc2Vuc2U=\"",
        liar.actor()
    );
    for (step, signature) in [("unsigned: 401", None), ("forged: 401", Some(nonsense.as_str()))] {
        let lie = async {
            let status = victim.forge(&activity, signature).await?;
            match (status, victim.knows(&note).await?) {
                // A nonsense signature may be called malformed.
                (400 | 401, false) => Ok(()),
                (status, knows) => Err(Trouble::new(format!(
                    "answered {status}, known afterwards: {knows}"
                ))),
            }
        };
        report.step(step, liar, victim, lie, |()| now()).await;
    }
}

/// That what is signed is what is read: a note that was accepted, posted again with one word changed and then as
/// it was. `crossed` is what the peer saw.
pub(crate) async fn repeat(other: &dyn Side, peer: &dyn Side, crossed: &[Value], report: &mut Report) {
    for (direction, from, to) in [("in", other, peer), ("out", peer, other)] {
        let accepted = crossed.iter().find(|entry| {
            entry["direction"] == direction
                && entry["status"] == 202
                && entry["body"].as_str().is_some_and(|body| {
                    [REPLY, NOTE].iter().any(|text| body.contains(text)) && body.contains("\"Create\"")
                })
        });
        let Some(accepted) = accepted else {
            report.not_reached("altered: 401", from, to);
            report.not_reached("repeated: 202", from, to);
            continue;
        };
        let body = accepted["body"].as_str().unwrap_or_default();
        let altered = body.replacen(REPLY, &REPLY.to_ascii_uppercase(), 1).replacen(
            NOTE,
            &NOTE.to_ascii_uppercase(),
            1,
        );
        for (step, body, expected) in [
            ("altered: 401", altered.as_str(), 401),
            ("repeated: 202", body, 202),
        ] {
            let post = async {
                match http::repeat(accepted, body).await? {
                    status if status == expected => Ok(()),
                    status => Err(Trouble::new(format!("answered {status}"))),
                }
            };
            report.step(step, from, to, post, |()| now()).await;
        }
    }
}

/// What is observed by doing it.
pub(crate) async fn now() -> Result<bool, Trouble> {
    Ok(true)
}

pub(crate) async fn nothing() -> Result<(), Trouble> {
    Ok(())
}
