//! Who follows whom here.

use crate::{Iri, StoreError};
use federate_protocol::activitystreams::BadIri;
use std::fmt;

/// A remote actor that follows a local one, with where it is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follower {
    /// The follower.
    pub actor: Iri,
    /// Its own inbox.
    pub inbox: Iri,
    /// The inbox that its server shares among all its actors, where it has one.
    pub shared_inbox: Option<Iri>,
}

impl Follower {
    /// A follower from strings, as an application's own table holds them.
    ///
    /// # Errors
    /// The first of them that is no IRI.
    pub fn parse(actor: &str, inbox: &str, shared_inbox: Option<&str>) -> Result<Self, BadIri> {
        Ok(Self {
            actor: Iri::parse(actor)?,
            inbox: Iri::parse(inbox)?,
            shared_inbox: shared_inbox.map(Iri::parse).transpose()?,
        })
    }
}

/// The followers of local actors, for applications that do not keep them themselves.
#[async_trait::async_trait]
pub trait Followers: fmt::Debug + Send + Sync {
    /// Adds a follower of the local actor `of`, or brings its inboxes up to date. Durable when `Ok`.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy), [`Full`](crate::StoreErrorKind::Full) or
    /// [`Broken`](crate::StoreErrorKind::Broken), and nothing was changed.
    async fn add(&self, of: &str, follower: &Follower) -> Result<(), StoreError>;

    /// Removes a follower. `false`: it was none.
    ///
    /// # Errors
    /// As [`add`](Followers::add).
    async fn remove(&self, of: &str, actor: &Iri) -> Result<bool, StoreError>;

    /// Brings the inboxes of an actor up to date with everybody here whom it follows, and adds it nowhere. Of how many it is a follower.
    ///
    /// # Errors
    /// As [`add`](Followers::add).
    async fn refresh(&self, follower: &Follower) -> Result<usize, StoreError>;

    /// Removes an actor that is gone from the followers of everybody here. Of how many it was one.
    ///
    /// # Errors
    /// As [`add`](Followers::add).
    async fn forget(&self, actor: &Iri) -> Result<usize, StoreError>;

    /// At most `max` followers after the cursor `after`, each with its own cursor. Who follows during the whole
    /// walk comes exactly once, whoever comes and goes meanwhile. An empty page is the end.
    ///
    /// # Errors
    /// [`Busy`](crate::StoreErrorKind::Busy) or [`Broken`](crate::StoreErrorKind::Broken), the latter for a
    /// cursor that this store did not give.
    async fn page(
        &self,
        of: &str,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, Follower)>, StoreError>;

    /// Whether `actor` follows `of`.
    ///
    /// # Errors
    /// As [`page`](Followers::page).
    async fn contains(&self, of: &str, actor: &Iri) -> Result<bool, StoreError>;

    /// How many there are.
    ///
    /// # Errors
    /// As [`page`](Followers::page).
    async fn count(&self, of: &str) -> Result<u64, StoreError>;
}
