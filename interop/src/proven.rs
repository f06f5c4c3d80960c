//! What proves by itself who wrote it: sent by its author, and posted by nobody in particular, as relays and other servers pass it on,
//! whose own signature says nothing of the author.

use serde_json::{Value, json};

use crate::author::{Author, Carries};
use crate::http::text;
use crate::peer::Peer;
use crate::report::{Report, observe};
use crate::scenario::now;
use crate::side::Side;
use crate::trouble::Trouble;

const TEXT: &str = "Passed on by nobody in particular";

/// A post, and what is to be said of it. It is taken if anything it carries is genuine.
struct Case {
    step: &'static str,
    carries: Carries,
    change: fn(&mut Value),
    proof: Option<bool>,
    signature: Option<bool>,
}

const CASES: [Case; 7] = [
    Case {
        step: "proof",
        carries: Carries::Proof,
        change: as_it_is,
        proof: Some(true),
        signature: None,
    },
    Case {
        step: "proof, altered",
        carries: Carries::Proof,
        change: altered,
        proof: Some(false),
        signature: None,
    },
    Case {
        step: "LD",
        carries: Carries::Signature,
        change: as_it_is,
        proof: None,
        signature: Some(true),
    },
    Case {
        step: "LD, altered",
        carries: Carries::Signature,
        change: altered,
        proof: None,
        signature: Some(false),
    },
    Case {
        step: "proof in LD",
        carries: Carries::Both,
        change: as_it_is,
        proof: Some(true),
        signature: Some(true),
    },
    Case {
        step: "proof in LD, altered",
        carries: Carries::Both,
        change: altered,
        proof: Some(false),
        signature: Some(false),
    },
    Case {
        step: "proof in broken LD",
        carries: Carries::Both,
        change: with_a_broken_signature,
        proof: Some(true),
        signature: Some(false),
    },
];

/// That it carries both is in nobody's way where its author sends it.
const SENT: &str = "proof in LD, sent";

pub(crate) async fn run(peer: &Peer, report: &mut Report) -> Result<(), Trouble> {
    let author = Author::start(Carries::Both).await?;
    let to = [peer.actor()];
    let sent = async { author.says(TEXT, &to).await.map(|said| note_of(&said)) };
    let look = |note: String| async move { peer.sees_note(&note, TEXT).await };
    report.step(SENT, &author, peer, sent, look).await;

    for case in &CASES {
        let author = Author::start(case.carries).await?;
        report
            .step(case.step, &author, peer, pass_on(&author, peer, case), |()| now())
            .await;
    }
    Ok(())
}

async fn pass_on(author: &Author, peer: &Peer, case: &Case) -> Result<(), Trouble> {
    let mut said = author.says(TEXT, &[]).await?;
    let note = note_of(&said);
    (case.change)(&mut said);
    if peer.judges() {
        let judged = peer.judge(&said).await?;
        let expected = [json!(case.proof), json!(case.signature)];
        return match [&judged["proof"], &judged["signature"]] == [&expected[0], &expected[1]] {
            true => Ok(()),
            false => Err(Trouble::new(format!("it says {judged}"))),
        };
    }
    let is_genuine = case.proof == Some(true) || case.signature == Some(true);
    match (peer.forge(&said, None).await?, is_genuine) {
        (202, true) => observe(|| peer.sees_note(&note, TEXT)).await,
        (401, false) if !peer.knows(&note).await? => Ok(()),
        (status, _) => Err(Trouble::new(format!("answered {status}"))),
    }
}

fn note_of(said: &Value) -> String {
    text(&said["object"], "id")
}

fn as_it_is(_said: &mut Value) {}

fn altered(said: &mut Value) {
    said["object"]["content"] = json!(format!("<p>{}</p>", TEXT.to_uppercase()));
}

fn with_a_broken_signature(said: &mut Value) {
    said["signature"]["signatureValue"] = json!("bm9uc2Vuc2U=");
}
