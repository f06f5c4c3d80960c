//! `Follow`, and the answers to our own: <https://www.w3.org/TR/activitypub/#follow-activity-inbox>

use super::{App, done};
use crate::{
    db::{self, accounts::Account, begin},
    federation::remote,
};
use federate::{Authenticated, Cx, Failure, Outcome, prelude::*};

/// Somebody wants to follow one of ours. Who is locked decides for themselves; a block says no.
pub(super) async fn follow(cx: Cx<App>, follow: Authenticated<Follow>) -> Outcome {
    let app = cx.app();
    let Some(name) = cx.local_actor(follow.object_id()) else {
        return Ok(());
    };
    let Some(me) = db::accounts::local(&app.db, &name).await?.filter(|a| !a.deleted) else {
        return Ok(());
    };
    let Some(who) = remote::account(cx.federation(), follow.by()).await? else {
        return Ok(());
    };
    let mut tx = begin(&app.db).await?;
    if db::follows::standing(&mut *tx, me.id, who.id).await?.blocking {
        cx.reject(&follow).enqueue_in(&mut tx).await?;
        return done(&cx, tx).await;
    }
    let before = db::follows::find(&mut *tx, who.id, me.id).await?;
    let accepted = !me.locked || before.is_some_and(|f| f.accepted);
    let uri = follow.id().as_str();
    let same = |f: &db::follows::Follow| (f.account_id, f.target_id) == (who.id, me.id);
    let taken = db::follows::by_uri(&mut *tx, uri)
        .await?
        .is_some_and(|f| !same(&f));
    let row = db::follows::put(&mut tx, who.id, me.id, accepted, Some(uri).filter(|_| !taken)).await?;
    if row.accepted {
        db::notifications::settle_request(&mut tx, me.id, who.id).await?;
        cx.accept(&follow).enqueue_in(&mut tx).await?;
    } else {
        db::notifications::tell(&mut tx, me.id, "follow_request", who.id, None).await?;
    }
    done(&cx, tx).await
}

/// One of ours may follow. That this actor was asked was checked before.
pub(super) async fn accept(cx: Cx<App>, accept: Authenticated<Accept>) -> Outcome {
    let Some((me, who)) = asked(&cx, accept.object(), accept.by()).await? else {
        return Ok(());
    };
    let mut tx = begin(&cx.app().db).await?;
    db::follows::accept(&mut tx, me.id, who.id).await?;
    done(&cx, tx).await
}

/// One of ours may not follow, or not any more.
pub(super) async fn reject(cx: Cx<App>, reject: Authenticated<Reject>) -> Outcome {
    let Some((me, who)) = asked(&cx, reject.object(), reject.by()).await? else {
        return Ok(());
    };
    let mut tx = begin(&cx.app().db).await?;
    db::follows::remove(&mut tx, me.id, who.id).await?;
    done(&cx, tx).await
}

/// Who of ours asked the sender: by the number in the id of our Follow, or by what the Follow says.
async fn asked(cx: &Cx<App>, request: &Object, by: &Iri) -> Result<Option<(Account, Account)>, Failure> {
    let app = cx.app();
    let Some(who) = db::accounts::by_uri(&app.db, by.as_str()).await? else {
        return Ok(None);
    };
    if let Some(number) = request
        .id()
        .as_ref()
        .and_then(|id| app.urls.follow_number(id.as_str()))
    {
        let follow = db::follows::by_id(&app.db, number)
            .await?
            .filter(|f| f.target_id == who.id);
        return Ok(match follow {
            Some(follow) => db::accounts::by_id(&app.db, follow.account_id)
                .await?
                .map(|me| (me, who)),
            None => None,
        });
    }
    let Some(name) = cx.local_actor(request.actor().id()) else {
        return Ok(None);
    };
    if request.object().id().as_ref() != Some(by) {
        return Ok(None);
    }
    Ok(db::accounts::local(&app.db, &name).await?.map(|me| (me, who)))
}
