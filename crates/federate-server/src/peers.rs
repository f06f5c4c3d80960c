//! What is read of other instances beyond single objects: what somebody typed, collections, threads, NodeInfo.

use federate_fetch::{Ancestors, CollectionReader, Resolved};
use federate_protocol::activitystreams::{Iri, Object};
use federate_protocol::webfinger::nodeinfo::NodeInfo;

use crate::{Directory, Error, Federation};

impl<App: Directory> Federation<App> {
    /// Whatever somebody typed into the search field: a handle, an id, or the URL of a page that shows a person or a post.
    /// What is of ours is the application's to find: it is refused here.
    ///
    /// # Errors
    ///
    /// Where it cannot be had; [`Error::is_permanent`] says whether that may change.
    pub async fn resolve(&self, typed: &str) -> Result<Resolved, Error> {
        Ok(self.inner.fetcher.resolve(typed, self.now()).await?)
    }

    /// A collection of another instance, read page by page and within a budget: an actor's `outbox`, `followers` or `featured`, a post's
    /// `replies`. Nothing is asked for before the first page is; an item is a claim, and what it names is to be asked for.
    pub fn collection(&self, id: &Iri) -> CollectionReader<'_> {
        self.inner.fetcher.collection(id, self.now())
    }

    /// The posts of other instances that a post answers, the nearest first. Those of ours are the application's:
    /// see [`Ancestors`].
    pub fn ancestors(&self, post: &Object) -> Ancestors<'_> {
        self.inner.fetcher.ancestors(post, self.now())
    }

    /// What another instance says that it is, from the cache or from there. `server` is anything of it, an actor's id for example.
    ///
    /// # Errors
    ///
    /// Where it cannot be had; [`Error::is_permanent`] says whether that may change.
    pub async fn remote_nodeinfo(&self, server: &Iri) -> Result<NodeInfo, Error> {
        Ok(self.inner.fetcher.nodeinfo(server, self.now()).await?)
    }
}
