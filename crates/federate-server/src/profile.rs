//! Actors, as the application describes them.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use federate_protocol::activitystreams::Iri;
use federate_protocol::webfinger::{Handle, Jrd};
use federate_store::Backend;
use serde_json::{Map, Value};

use crate::document::actor_document;
use crate::keys::PublicKeys;
use crate::written::Written;
use crate::{Ask, Directory, Failure, Found, Uris};

/// Who an actor is. The library adds inbox, outbox, collections and key.
///
/// Cheap to clone. Clones share what was written of them for others: an application that keeps a profile, and gives out
/// clones of it, has its document written once.
#[derive(Clone)]
pub struct Profile {
    inner: Arc<Inner>,
}

#[derive(Clone)]
struct Inner {
    said: Said,
    /// The answers that were written of it. They go where it changes.
    written: Written,
}

/// What the application says of an actor.
#[derive(Clone, Debug)]
pub(crate) struct Said {
    pub(crate) kind: &'static str,
    pub(crate) identifier: String,
    pub(crate) username: String,
    pub(crate) display: String,
    pub(crate) summary: String,
    pub(crate) url: Option<String>,
    pub(crate) icon: Option<(String, String)>,
    pub(crate) image: Option<(String, String)>,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) also_known_as: Vec<String>,
    pub(crate) moved_to: Option<String>,
    pub(crate) published: Option<String>,
    pub(crate) locked: bool,
    pub(crate) discoverable: bool,
    pub(crate) extra: Map<String, Value>,
}

impl Profile {
    /// A person.
    pub fn person(name: &str) -> Self {
        Self::of_kind("Person", name)
    }

    /// A bot: Mastodon marks it as automated.
    pub fn bot(name: &str) -> Self {
        Self::of_kind("Service", name)
    }

    /// A group: what is sent to it, it announces to its members.
    pub fn group(name: &str) -> Self {
        Self::of_kind("Group", name)
    }

    /// An application.
    pub fn application(name: &str) -> Self {
        Self::of_kind("Application", name)
    }

    fn of_kind(kind: &'static str, name: &str) -> Self {
        let said = Said {
            kind,
            identifier: name.into(),
            username: name.into(),
            display: name.into(),
            summary: String::new(),
            url: None,
            icon: None,
            image: None,
            fields: Vec::new(),
            also_known_as: Vec::new(),
            moved_to: None,
            published: None,
            locked: false,
            discoverable: true,
            extra: Map::new(),
        };
        let written = Written::default();
        Profile {
            inner: Arc::new(Inner { said, written }),
        }
    }

    /// The identifier by which the application knows the actor; it is in the id.
    pub fn identifier(&self) -> &str {
        &self.inner.said.identifier
    }

    /// The name in the handle.
    pub fn handle(&self) -> &str {
        &self.inner.said.username
    }

    /// The name in the handle, where it is not the identifier: `@username@host`.
    pub fn username(self, username: &str) -> Self {
        self.with(|said| said.username = username.into())
    }

    /// The name that people see.
    pub fn name(self, name: &str) -> Self {
        self.with(|said| said.display = name.into())
    }

    /// The description, as HTML.
    pub fn summary(self, html: &str) -> Self {
        self.with(|said| said.summary = html.into())
    }

    /// The page on which people see the profile.
    pub fn url(self, url: impl AsRef<str>) -> Self {
        self.with(|said| said.url = Some(url.as_ref().to_owned()))
    }

    /// The avatar: its media type (`image/png`) and URL.
    pub fn icon(self, media_type: &str, url: impl AsRef<str>) -> Self {
        self.with(|said| said.icon = Some((media_type.into(), url.as_ref().to_owned())))
    }

    /// The header image: its media type (`image/png`) and URL.
    pub fn image(self, media_type: &str, url: impl AsRef<str>) -> Self {
        self.with(|said| said.image = Some((media_type.into(), url.as_ref().to_owned())))
    }

    /// One line of the table beneath the description; the value is HTML.
    pub fn field(self, name: &str, html: &str) -> Self {
        self.with(|said| said.fields.push((name.into(), html.into())))
    }

    /// When the account was made, as RFC 3339: `2026-11-23T10:00:00Z`.
    pub fn published(self, at: &str) -> Self {
        self.with(|said| said.published = Some(at.into()))
    }

    /// Another account of the same person.
    pub fn also_known_as(self, id: &Iri) -> Self {
        self.with(|said| said.also_known_as.push(id.as_str().into()))
    }

    /// Whether it says that this is another account of the same person.
    pub(crate) fn names(&self, id: &Iri) -> bool {
        self.inner
            .said
            .also_known_as
            .iter()
            .any(|also| also == id.as_str())
    }

    /// Where the person has moved to.
    pub fn moved_to(self, id: &Iri) -> Self {
        self.with(|said| said.moved_to = Some(id.as_str().into()))
    }

    /// Followers are approved by hand: nobody is accepted unless the application does.
    pub fn approves_followers(self) -> Self {
        self.with(|said| said.locked = true)
    }

    /// Whether it is a group.
    pub fn is_group(&self) -> bool {
        self.inner.said.kind == "Group"
    }

    /// Whether followers are approved by hand.
    pub fn is_locked(&self) -> bool {
        self.inner.said.locked
    }

    /// The actor does not want to be listed and found.
    pub fn undiscoverable(self) -> Self {
        self.with(|said| said.discoverable = false)
    }

    /// A property of the document that has no method here. It cannot replace what the library writes.
    pub fn property(self, name: &str, value: Value) -> Self {
        self.with(|said| {
            said.extra.insert(name.into(), value);
        })
    }

    fn with(mut self, change: impl FnOnce(&mut Said)) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.written = Written::default();
        change(&mut inner.said);
        self
    }

    /// The actor document, as Mastodon reads and writes it.
    pub(crate) fn document(&self, uris: &Arc<Uris>, keys: &PublicKeys) -> Bytes {
        let write = || actor_document(&self.inner.said, uris, keys);
        self.inner.written.document(uris, keys, write)
    }

    /// The WebFinger answer, as it is written; `None` where the name is one that no handle has.
    pub(crate) fn jrd_bytes(&self, uris: &Arc<Uris>) -> Option<Bytes> {
        self.inner
            .written
            .jrd(uris, || Some(self.jrd(uris)?.to_bytes().into()))
    }

    /// The WebFinger answer.
    pub(crate) fn jrd(&self, uris: &Uris) -> Option<Jrd> {
        let said = &self.inner.said;
        let id = uris.actor(&said.identifier);
        // Our own host may have a port: then the base URL has it, which loopback alone may.
        let handle = Handle::parse_allowing_port(&format!("{}@{}", said.username, uris.host())).ok()?;
        let mut jrd = Jrd::for_actor(&handle, id.as_str(), Some(&said.page(uris)));
        jrd.links.extend(uris.interactions());
        Some(jrd)
    }
}

impl Said {
    /// The page on which people see the profile.
    pub(crate) fn page(&self, uris: &Uris) -> String {
        self.url
            .clone()
            .or_else(|| uris.profile(&self.identifier).map(|iri| iri.as_str().to_owned()))
            .unwrap_or_else(|| uris.actor(&self.identifier).as_str().to_owned())
    }
}

impl fmt::Debug for Profile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Profile").field(&self.inner.said).finish()
    }
}

/// For programs whose people are written in the program.
#[derive(Debug)]
pub struct Actors<S> {
    people: Vec<Profile>,
    store: PhantomData<fn() -> S>,
}

impl<S> Actors<S> {
    /// These and nobody else.
    pub fn new(people: impl IntoIterator<Item = Profile>) -> Self {
        Actors {
            people: people.into_iter().collect(),
            store: PhantomData,
        }
    }
}

#[async_trait]
impl<S: Backend> Directory for Actors<S> {
    type Store = S;

    async fn actor(&self, _ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        Ok(self
            .people
            .iter()
            .find(|p| p.identifier() == name)
            .cloned()
            .into())
    }

    async fn identify(&self, _ask: &Ask<'_>, username: &str) -> Result<Option<String>, Failure> {
        Ok(self
            .people
            .iter()
            .find(|p| p.handle().eq_ignore_ascii_case(username))
            .map(|p| p.identifier().to_owned()))
    }

    async fn usage(&self) -> Result<crate::Usage, Failure> {
        Ok(crate::Usage::new(
            u64::try_from(self.people.len()).unwrap_or(u64::MAX),
            0,
        ))
    }
}
