//! A run of a handler, with all that stands before and behind it.

use std::any::Any;
use std::panic::AssertUnwindSafe;

use federate_protocol::activitystreams::Activity;
use federate_protocol::{Authenticated, Envelope};
use federate_store::{Pending, ReceivedId, StoreError};
use futures_util::FutureExt as _;
use tracing::Instrument as _;

use super::in_order::{Handled, Sent};
use super::judge::Stop;
use super::{Ended, Worker};
use crate::behaviour::{self, Turn};
use crate::error::chain;
use crate::groups::Announced;
use crate::metered::Run;
use crate::unmarked::Unmarked;
use crate::{Cx, Directory, spans};

impl<App: Directory> Worker<App> {
    pub(super) async fn take_up(
        &self,
        one: &Pending,
        envelope: Envelope,
        before: &Unmarked,
    ) -> Result<Handled, StoreError> {
        match envelope {
            Envelope::Activity(activity) => {
                let span = spans::handled(one, &activity);
                let running = self.run(&one.id, *activity, before).map(Ok);
                running.inspect(told).instrument(span).await
            }
            Envelope::Forwarded(forwarded) => {
                let span = spans::forwarded(one, &forwarded);
                let looking = Box::pin(self.federation.look_up_stored(&forwarded, &one.sealed));
                let looking = looking.map(|ended| ended.map(Handled::Ended));
                looking.inspect(told).instrument(span).await
            }
            _ => Ok(Handled::Ended(Ended::Never(
                "of a kind that this release does not know".to_owned(),
            ))),
        }
    }

    async fn run(&self, id: &ReceivedId, activity: Authenticated<Activity>, before: &Unmarked) -> Handled {
        let cx = Cx::new(self.federation.clone(), id.clone(), activity.by().clone()).behind(before.clone());
        let run = AssertUnwindSafe(self.judge_and_run(&cx, activity))
            .catch_unwind()
            .await;
        let ended = match run {
            Err(panic) => Ended::Again(format!("the handler panicked: {}", said(&*panic))),
            Ok(Err(Stop::Handled)) => Ended::Done,
            Ok(Err(Stop::Goes(pause))) => Ended::Goes(pause),
            Ok(Err(Stop::Refused(reason))) => Ended::Never(reason),
            Ok(Err(Stop::Failed(failure))) if failure.is_permanent() => Ended::Never(failure.chain()),
            Ok(Err(Stop::Failed(failure))) => Ended::Again(failure.chain()),
            Ok(Ok(())) => {
                return Handled::Unmarked(Sent {
                    outgoing: cx.take_sent(),
                    marked_itself: cx.marked_itself(),
                });
            }
        };
        Handled::Ended(ended)
    }

    async fn judge_and_run(&self, cx: &Cx<App>, activity: Authenticated<Activity>) -> Result<(), Stop> {
        let activity = self.judge(activity).await?;
        let mut announced = crate::relay::announced(cx, &activity).await?;
        if let Announced::Nothing = announced {
            announced = crate::relay::pass_on_announced(cx, &activity).await?;
        }
        if let Announced::Nothing = announced {
            announced = crate::groups::announced(cx, &activity).await?;
        }
        match announced {
            Announced::Nothing => {}
            Announced::Taken => return Ok(()),
            Announced::Later(pause) => return Err(Stop::Goes(pause)),
        }
        if crate::relay::followed(cx, &activity).await? {
            return Ok(());
        }
        if activity.is("Update") && about_itself(&activity) {
            // What the activity embeds is believed, but what is kept is what its server says.
            let fetcher = &self.federation.inner.fetcher;
            if let Err(e) = fetcher.fresh_actor(activity.by(), self.federation.now()).await {
                tracing::info!(actor = %activity.by(), reason = %chain(&e), "a changed actor could not be fetched");
            }
        }
        if let Turn::Again(pause) = behaviour::received(cx, &activity).await? {
            return Err(Stop::Goes(pause));
        }
        crate::forwarding::pass_on(cx, &activity).await?;
        crate::groups::announce(cx, &activity).await?;
        crate::relay::pass_on(cx, &activity).await?;
        match self.federation.inner.handlers.start(cx, &activity) {
            Some(running) => running.await?,
            None => {
                tracing::debug!(activity = %activity.id(), r#type = activity.type_name(), "nobody handles this");
            }
        }
        if activity.is("Delete") && about_itself(&activity) {
            self.federation.inner.fetcher.forget_actor(activity.by()).await;
        }
        if activity.is("Move") {
            self.moved(activity.by()).await;
        }
        Ok(())
    }
}

/// Says in the span how it ended.
fn told(handled: &Result<Handled, StoreError>) {
    let Ok(handled) = handled else { return };
    spans::ended(match handled {
        Handled::Unmarked(_) | Handled::Ended(Ended::Done | Ended::Goes(_)) => Run::Handled,
        Handled::Ended(Ended::Again(_)) => Run::Failed,
        Handled::Ended(Ended::Never(_)) => Run::Dead,
    });
}

/// Whether the sender acts on itself: its profile, its account.
fn about_itself(activity: &Authenticated<Activity>) -> bool {
    activity.object().id().as_ref() == Some(activity.by())
}

fn said(panic: &(dyn Any + Send)) -> &str {
    panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("without a word")
}
