//! Handlers, by activity and object type.

use std::any::TypeId;
use std::fmt;
use std::sync::Arc;

use federate_protocol::Authenticated;
use federate_protocol::activitystreams::{Activity, Kind};
use federate_store::BoxFuture;

use crate::{Cx, Directory, Outcome};

/// What runs when an activity of type `A` has come, its sender is proven and it is allowed.
///
/// Implemented for every `async fn(Cx<App>, Authenticated<A>) -> Outcome` and for closures
/// `|cx, activity| async move { … }`. The supertrait is what makes `.on::<Follow>(|cx, follow| …)` infer its argument
/// types; the context comes by value because a closure cannot return a future that borrows from its argument and
/// is known to be `Send`.
#[diagnostic::on_unimplemented(
    message = "this is no handler for `{A}`",
    label = "expected `async fn(Cx<App>, Authenticated<{A}>) -> Outcome`, with a future that is `Send`"
)]
pub trait Handler<App: Directory, A>:
    Fn(Cx<App>, Authenticated<A>) -> <Self as Handler<App, A>>::Running + Send + Sync + 'static
{
    /// The future of one run.
    type Running: Future<Output = Outcome> + Send + 'static;
}

impl<App: Directory, A, F, R> Handler<App, A> for F
where
    F: Fn(Cx<App>, Authenticated<A>) -> R + Send + Sync + 'static,
    R: Future<Output = Outcome> + Send + 'static,
{
    type Running = R;
}

type Erased<App> =
    Arc<dyn Fn(&Cx<App>, &Authenticated<Activity>) -> Option<BoxFuture<'static, Outcome>> + Send + Sync>;

/// All handlers of a program, the most specific first.
pub(crate) struct Handlers<App: Directory> {
    all: Vec<Entry<App>>,
    twice: Option<&'static str>,
}

struct Entry<App: Directory> {
    kind: TypeId,
    rank: u8,
    run: Erased<App>,
}

impl<App: Directory> Handlers<App> {
    pub(crate) fn new() -> Self {
        Handlers {
            all: Vec::new(),
            twice: None,
        }
    }

    pub(crate) fn add<A: Kind>(&mut self, handler: impl Handler<App, A>) {
        let kind = TypeId::of::<A>();
        if self.all.iter().any(|e| e.kind == kind) {
            self.twice = Some(std::any::type_name::<A>());
        }
        let rank = A::SPECIFICITY;
        let run: Erased<App> = Arc::new(move |cx, activity| {
            let typed = activity.cast::<A>()?;
            Some(Box::pin(handler(cx.clone(), typed)))
        });
        let at = self
            .all
            .iter()
            .position(|e| e.rank < rank)
            .unwrap_or(self.all.len());
        self.all.insert(at, Entry { kind, rank, run });
    }

    /// The type that has two handlers, if one has.
    pub(crate) fn twice(&self) -> Option<&'static str> {
        self.twice
    }

    /// Starts the most specific handler for this activity; `None` where there is none.
    pub(crate) fn start(
        &self,
        cx: &Cx<App>,
        activity: &Authenticated<Activity>,
    ) -> Option<BoxFuture<'static, Outcome>> {
        self.all.iter().find_map(|e| (e.run)(cx, activity))
    }
}

impl<App: Directory> fmt::Debug for Handlers<App> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handlers")
            .field("count", &self.all.len())
            .finish()
    }
}
