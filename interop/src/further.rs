//! What else the two can do to each other: names, refusals, blocks, moves; and whatever type of activity a peer knows.

use crate::instance::Instance;
use crate::peer::Peer;
use crate::report::{Report, observe};
use crate::scenario::{nothing, now};
use crate::side::{Reaction, Side};
use crate::trouble::Trouble;

/// What has a step of its own, which is observed.
const HAVE_STEPS: [&str; 11] = [
    "Accept", "Announce", "Block", "Create", "Delete", "Follow", "Like", "Move", "Reject", "Undo", "Update",
];

pub(crate) async fn run(a: &dyn Side, b: &dyn Side, report: &mut Report) {
    for (one, other) in [(a, b), (b, a)] {
        rename(one, other, report).await;
        turn_away(one, other, report).await;
        block(one, other, report).await;
    }
}

/// Whoever follows hears of it.
async fn rename(one: &dyn Side, follower: &dyn Side, report: &mut Report) {
    const STEP: &str = "Update (actor)";
    if let Err(trouble) = befriend(follower, one).await {
        return report.broken(STEP, one, follower, trouble);
    }
    let name = format!("{} renamed", one.name());
    report
        .step(STEP, one, follower, one.rename(&name), |()| {
            follower.sees_name(one.actor(), &name)
        })
        .await;
}

/// Whom the other follows is done with it.
async fn turn_away(one: &dyn Side, follower: &dyn Side, report: &mut Report) {
    report
        .step("Reject", one, follower, one.reject(follower.actor()), |()| {
            follower.sees_reject(one.actor())
        })
        .await;
}

/// A block ends the follow of whom it is about; nobody is told to follow again when it is over.
async fn block(one: &dyn Side, other: &dyn Side, report: &mut Report) {
    if let Err(trouble) = befriend(one, other).await {
        return report.broken("Block", one, other, trouble);
    }
    let is_blocked =
        |()| async { Ok(other.sees_block(one.actor()).await? && !other.sees_follower(one.actor()).await?) };
    report
        .step("Block", one, other, one.block(other.actor()), is_blocked)
        .await;
    let is_free = |()| async { Ok(!other.sees_block(one.actor()).await?) };
    report
        .step("Undo Block", one, other, one.unblock(other.actor()), is_free)
        .await;
}

async fn befriend(one: &dyn Side, other: &dyn Side) -> Result<(), Trouble> {
    one.follow(other.actor()).await?;
    observe(|| one.sees_accept(other.actor())).await
}

const MOVE: &str = "Move";
const FOLLOWED: &str = "Move: followed";

/// Who follows the peer follows the account to which it moves.
pub(crate) async fn moves(peer: &Peer, instance: &Instance, report: &mut Report) {
    if let Err(trouble) = befriend(instance, peer).await {
        return report.broken(MOVE, peer, instance, trouble);
    }
    let has_followed = |to: String| async move { instance.sees_move(peer.actor(), &to).await };
    report
        .step(MOVE, peer, instance, peer.move_away(), has_followed)
        .await;
    // What that sends to the peer: a Follow of the one account, an Undo of that of the other.
    let is_followed = |()| peer.is_followed_elsewhere(instance.actor());
    report
        .step(FOLLOWED, instance, peer, nothing(), is_followed)
        .await;
}

/// The instance moves to another one, which must say first that it is the same person; the peer, who follows, follows on.
pub(crate) async fn moves_out(instance: &Instance, home: &Instance, peer: &Peer, report: &mut Report) {
    if let Err(trouble) = befriend(peer, instance).await {
        return report.broken(MOVE, instance, peer, trouble);
    }
    let (old, new) = (instance.actor(), home.actor());
    let leave = async {
        if instance.move_to(new).await.is_ok() {
            return Err(Trouble::new("it moved to an account that does not name it"));
        }
        home.is_also(old).await?;
        instance.move_to(new).await
    };
    report
        .step(MOVE, instance, peer, leave, |()| peer.sees_move(old, new))
        .await;
    let is_followed = |()| async {
        Ok(home.sees_follower(peer.actor()).await? && !instance.sees_follower(peer.actor()).await?)
    };
    report
        .step(FOLLOWED, peer, instance, nothing(), is_followed)
        .await;
}

/// Every other type of activity that the peer knows, about a note that is here: it is read, its signature verified, it is taken,
/// and it changes nothing. A like that comes behind it, and counts, shows that it was handled.
pub(crate) async fn others(peer: &Peer, instance: &Instance, report: &mut Report) {
    let kinds = peer.types().await;
    if kinds.is_empty() {
        return;
    }
    let note = match instance.post("A note about which all sorts are said", None).await {
        Ok(note) => note,
        Err(trouble) => return report.broken("others", instance, peer, trouble),
    };
    for kind in kinds.iter().filter(|kind| !HAVE_STEPS.contains(&kind.as_str())) {
        let step = format!("{kind}: nothing");
        report
            .step(
                &step,
                peer,
                instance,
                changes_nothing(peer, instance, kind, &note),
                |()| now(),
            )
            .await;
    }
}

async fn changes_nothing(peer: &Peer, instance: &Instance, kind: &str, note: &str) -> Result<(), Trouble> {
    let (actor, like) = (peer.actor(), Reaction::Like);
    let before = instance.snapshot(actor, note).await?;
    let inbox = format!("{}/inbox", instance.actor());
    match peer.send(kind, note, &inbox).await? {
        202 => {}
        status => return Err(Trouble::new(format!("answered {status}"))),
    }
    peer.react(like, note).await?;
    observe(|| instance.sees_reaction(like, note, actor)).await?;
    peer.take_back(like, note).await?;
    observe(|| instance.sees_taken_back(like, note, actor)).await?;
    match instance.snapshot(actor, note).await? == before {
        true => Ok(()),
        false => Err(Trouble::new("something has changed")),
    }
}
