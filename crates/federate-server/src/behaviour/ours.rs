//! Objects of ours that an activity is about.

use federate_protocol::activitystreams::{Iri, Object};

use crate::{Cx, Directory, Failure, Found, ObjectRef};

/// An object of ours, as this actor may see it: the application's, or one that was sent from here.
pub(super) async fn seen_by<App: Directory>(
    cx: &Cx<App>,
    at: &ObjectRef,
    by: &Iri,
) -> Result<Option<Object>, Failure> {
    match cx.app().object(&cx.federation.ask(Some(by)), at).await? {
        Found::Here(object) => Ok(Some(object)),
        Found::Gone => Ok(None),
        Found::Missing => sent(cx, at).await,
    }
}

async fn sent<App: Directory>(cx: &Cx<App>, at: &ObjectRef) -> Result<Option<Object>, Failure> {
    let id = cx.uris().object(at.kind(), at.as_str());
    let outbox = &cx.federation.stores().outbox;
    if outbox.body(&crate::draft::delete_id(&id)?).await?.is_some() {
        return Ok(None);
    }
    match outbox.body(&crate::draft::create_id(&id)?).await? {
        Some(create) => Ok(Object::parse(&create)?.object().object()),
        None => Ok(None),
    }
}
