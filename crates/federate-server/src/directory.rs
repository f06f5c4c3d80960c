//! The application: it owns its people, their words and the order of both.

use std::str::FromStr;

use async_trait::async_trait;
use federate_protocol::activitystreams::{Activity, Iri, Object};
use federate_protocol::{Authenticated, Known};
use federate_store::{Backend, Follower};

use crate::{AdoptedKey, Approval, Error, Failure, ObjectRef, Profile, Uris};

/// The application, as federation sees it.
///
/// Object-safe as `dyn Directory<Store = …>`. Every method may be called at any time, by several tasks at once,
/// and answers from the application's own data.
#[async_trait]
pub trait Directory: Send + Sync + 'static {
    /// Whose transactions [`Draft::enqueue_in`](crate::Draft::enqueue_in) takes.
    type Store: Backend;

    /// The actor with this identifier.
    async fn actor(&self, ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure>;

    /// The identifier of the actor whom people call `@username@host`; usually the username itself.
    async fn identify(&self, _ask: &Ask<'_>, username: &str) -> Result<Option<String>, Failure> {
        Ok(Some(username.to_owned()))
    }

    /// One of the application's objects. [`Ask::viewer`] says who asks: what that one may not see is `Missing`.
    async fn object(&self, _ask: &Ask<'_>, _at: &ObjectRef) -> Result<Found<Object>, Failure> {
        Ok(Found::Missing)
    }

    /// Whether who asks may see this, where its addresses do not say so: it is not public, and neither names
    /// [`Ask::viewer`] nor the followers that the library [keeps](crate::Builder::manage_followers) and the viewer belongs to.
    /// Asked only of proven viewers, for what [`object`](Directory::object) and [`collection`](Directory::collection) answered.
    ///
    /// `false` unless overridden, so that what an application gives away by mistake stays here. An application that keeps the
    /// followers itself answers from there; one whose answers are chosen by [`Ask::viewer`] already says `true`.
    async fn may_see(&self, _ask: &Ask<'_>, _object: &Object) -> Result<bool, Failure> {
        Ok(false)
    }

    /// One page of a collection, from a cursor that an earlier page of the application gave out.
    ///
    /// `Missing` for a collection of an actor who is here reads as an empty one.
    async fn collection(
        &self,
        _ask: &Ask<'_>,
        _of: &Collection,
        _from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        Ok(Found::Missing)
    }

    /// What the application knows of an id that an activity is about: whose it is, or that it is gone.
    ///
    /// This is what decides, for instance, whether an `Update` or a `Delete` comes from the owner. Ids of our own
    /// actors and ids that were never seen here are `Known::Nothing`.
    async fn known(&self, _id: &Iri) -> Result<Known, Failure> {
        Ok(Known::Nothing)
    }

    /// Whom a request of ours asked (a `Follow`: whom it follows), by the id of the request. Only asked for requests that the
    /// library did not send or has forgotten: an `Accept` of what nobody here asked for is refused.
    async fn asked(&self, _request: &Iri) -> Result<Option<Iri>, Failure> {
        Ok(None)
    }

    /// The identifier of the actor of ours in whose name a client posts to an outbox, by the head of its request: a token, a
    /// session. `None`: nobody whom the application knows. Asked only with [`client_to_server`](crate::Builder::client_to_server).
    async fn client(&self, _head: &http::request::Parts) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// A client of this actor sends an activity, which has its id, and passed all checks: the place to keep a post. It goes out when this
    /// returns `Ok`, and after a crash in between not at all; a [permanent](Failure::permanent) failure refuses it.
    async fn submitted(&self, _name: &str, _activity: &Object) -> Result<(), Failure> {
        Ok(())
    }

    /// The key that an actor had before this library came, by identifier. Asked when a key is needed and the store has none, and once
    /// in each process for its [id](AdoptedKey::id): the store keeps the key from then on, and no other is made.
    async fn adopted_key(&self, _name: &str) -> Result<Option<AdoptedKey>, Failure> {
        Ok(None)
    }

    /// Who of ours follows this actor of another instance, by identifier. `None`, unless overridden: the application does not say, and
    /// what that instance says of it is [not compared](crate::Builder::synchronize_followers). Not asked where the library
    /// [keeps](crate::Builder::manage_following) them.
    async fn followers_here(&self, _of: &Iri) -> Result<Option<FollowersHere>, Failure> {
        Ok(None)
    }

    /// The instance of an actor knows better whether one of ours follows it: write down what `follows` says. Nothing is to be sent. What the
    /// library [keeps](crate::Builder::manage_following) is put right already.
    async fn follow_corrected(&self, _name: &str, _of: &Iri, _follows: bool) -> Result<(), Failure> {
        Ok(())
    }

    /// Whether somebody may quote one of the application's posts; `None`: as the post's own `interactionPolicy` says. Asked with
    /// [`Builder::manage_quotes`](crate::Builder::manage_quotes).
    async fn may_quote(
        &self,
        _ask: &Ask<'_>,
        _quoted: &Object,
        _by: &Iri,
    ) -> Result<Option<Approval>, Failure> {
        Ok(None)
    }

    /// The actor with this identifier moves to another account: from here on its profile says so
    /// ([`Profile::moved_to`]). Called by [`Federation::move_away`](crate::Federation::move_away), before anybody is told; it may be called
    /// again.
    async fn moved(&self, _name: &str, _target: &Iri) -> Result<(), Failure> {
        Ok(())
    }

    /// The group of ours in which an object was posted, where the application knows: what is done to it is announced there also where
    /// nobody says so. Only asked with [`Builder::manage_groups`](crate::Builder::manage_groups).
    async fn group_of(&self, _object: &Iri) -> Result<Option<String>, Failure> {
        Ok(None)
    }

    /// Whether a group of ours announces this to its members: whether its actor may post there. Unless the application
    /// says otherwise everybody may, as with Lemmy. Only asked with [`Builder::manage_groups`](crate::Builder::manage_groups).
    async fn may_post(&self, _group: &str, _activity: &Authenticated<Activity>) -> Result<bool, Failure> {
        Ok(true)
    }

    /// The numbers that NodeInfo publishes.
    async fn usage(&self) -> Result<Usage, Failure> {
        Ok(Usage::default())
    }
}

#[async_trait]
impl<D: Directory> Directory for std::sync::Arc<D> {
    type Store = D::Store;

    async fn actor(&self, ask: &Ask<'_>, name: &str) -> Result<Found<Profile>, Failure> {
        (**self).actor(ask, name).await
    }

    async fn identify(&self, ask: &Ask<'_>, username: &str) -> Result<Option<String>, Failure> {
        (**self).identify(ask, username).await
    }

    async fn object(&self, ask: &Ask<'_>, at: &ObjectRef) -> Result<Found<Object>, Failure> {
        (**self).object(ask, at).await
    }

    async fn may_see(&self, ask: &Ask<'_>, object: &Object) -> Result<bool, Failure> {
        (**self).may_see(ask, object).await
    }

    async fn collection(
        &self,
        ask: &Ask<'_>,
        of: &Collection,
        from: &Cursor,
    ) -> Result<Found<Page>, Failure> {
        (**self).collection(ask, of, from).await
    }

    async fn known(&self, id: &Iri) -> Result<Known, Failure> {
        (**self).known(id).await
    }

    async fn asked(&self, request: &Iri) -> Result<Option<Iri>, Failure> {
        (**self).asked(request).await
    }

    async fn client(&self, head: &http::request::Parts) -> Result<Option<String>, Failure> {
        (**self).client(head).await
    }

    async fn submitted(&self, name: &str, activity: &Object) -> Result<(), Failure> {
        (**self).submitted(name, activity).await
    }

    async fn adopted_key(&self, name: &str) -> Result<Option<AdoptedKey>, Failure> {
        (**self).adopted_key(name).await
    }

    async fn followers_here(&self, of: &Iri) -> Result<Option<FollowersHere>, Failure> {
        (**self).followers_here(of).await
    }

    async fn follow_corrected(&self, name: &str, of: &Iri, follows: bool) -> Result<(), Failure> {
        (**self).follow_corrected(name, of, follows).await
    }

    async fn may_quote(&self, ask: &Ask<'_>, quoted: &Object, by: &Iri) -> Result<Option<Approval>, Failure> {
        (**self).may_quote(ask, quoted, by).await
    }

    async fn moved(&self, name: &str, target: &Iri) -> Result<(), Failure> {
        (**self).moved(name, target).await
    }

    async fn group_of(&self, object: &Iri) -> Result<Option<String>, Failure> {
        (**self).group_of(object).await
    }

    async fn may_post(&self, group: &str, activity: &Authenticated<Activity>) -> Result<bool, Failure> {
        (**self).may_post(group, activity).await
    }

    async fn usage(&self) -> Result<Usage, Failure> {
        (**self).usage().await
    }
}

/// Who asks, how much, and how URLs are made here.
#[derive(Debug)]
pub struct Ask<'a> {
    pub(crate) uris: &'a Uris,
    pub(crate) viewer: Option<&'a Iri>,
    pub(crate) limit: u32,
}

impl Ask<'_> {
    /// How URLs are made here.
    pub fn uris(&self) -> &Uris {
        self.uris
    }

    /// The actor whose key signed the request; `None` where nobody signed, or the signature does not hold.
    pub fn viewer(&self) -> Option<&Iri> {
        self.viewer
    }

    /// The most items that a page may have.
    pub fn limit(&self) -> u32 {
        self.limit
    }
}

/// Three answers, not two: what was deleted is 410 with a Tombstone, for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Found<T> {
    /// It is here.
    Here(T),
    /// It was here and was deleted.
    Gone,
    /// It never was here, or the asker may not know.
    Missing,
}

impl<T> Found<T> {
    /// Applies a function to what is here.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Found<U> {
        match self {
            Found::Here(t) => Found::Here(f(t)),
            Found::Gone => Found::Gone,
            Found::Missing => Found::Missing,
        }
    }
}

impl<T> From<Option<T>> for Found<T> {
    fn from(o: Option<T>) -> Self {
        o.map_or(Found::Missing, Found::Here)
    }
}

/// The numbers that NodeInfo publishes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Usage {
    /// Accounts.
    pub users: u64,
    /// Accounts that were active in the last month.
    pub active_month: u64,
    /// Accounts that were active in the last half year.
    pub active_half_year: u64,
    /// Posts that were written here.
    pub local_posts: u64,
    /// Comments that were written here, where the application tells them from posts.
    pub local_comments: Option<u64>,
    /// Whether anybody may make an account.
    pub open_registrations: bool,
}

impl Usage {
    /// Numbers of accounts and of posts written here.
    pub fn new(users: u64, local_posts: u64) -> Self {
        Usage {
            users,
            local_posts,
            ..Usage::default()
        }
    }

    /// Accounts that were active in the last month and in the last half year.
    pub fn active(mut self, month: u64, half_year: u64) -> Self {
        self.active_month = month;
        self.active_half_year = half_year;
        self
    }

    /// Comments that were written here.
    pub fn comments(mut self, local_comments: u64) -> Self {
        self.local_comments = Some(local_comments);
        self
    }

    /// Anybody may make an account.
    pub fn open_registrations(mut self) -> Self {
        self.open_registrations = true;
        self
    }
}

/// Who of ours follows an actor of another instance; see [`Directory::followers_here`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FollowersHere {
    pub(crate) following: Vec<String>,
    pub(crate) requested: Vec<String>,
}

impl FollowersHere {
    /// Those whom the actor accepted, and those who asked and were not answered, by identifier.
    pub fn new(following: Vec<String>, requested: Vec<String>) -> Self {
        FollowersHere { following, requested }
    }
}

/// A collection of the application.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Collection {
    /// What an actor has published.
    Outbox(String),
    /// Who follows an actor.
    Followers(String),
    /// Whom an actor follows.
    Following(String),
    /// What an actor has pinned.
    Featured(String),
    /// The hashtags that an actor has pinned, as objects of type `Hashtag`.
    FeaturedTags(String),
    /// The replies to an object.
    Replies(ObjectRef),
    /// The likes of an object.
    Likes(ObjectRef),
    /// What announces an object to others: `Announce` activities.
    Shares(ObjectRef),
}

/// An item of a collection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Item {
    /// A whole object.
    Object(Object),
    /// The id of one.
    Id(Iri),
    /// A follower: published as an id, delivered to by inbox.
    Follower(Follower),
}

// A blanket `From<T: Kind>` is refused (E0119): the vocabulary is another crate's. So a name.
impl Item {
    /// A whole object.
    pub fn object(o: impl Into<Object>) -> Self {
        Item::Object(o.into())
    }
}

impl From<Iri> for Item {
    fn from(i: Iri) -> Self {
        Item::Id(i)
    }
}

impl From<Follower> for Item {
    fn from(f: Follower) -> Self {
        Item::Follower(f)
    }
}

/// Where a page begins: opaque to peers, the application's own to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cursor(pub(crate) Option<String>);

impl Cursor {
    /// The first page.
    pub fn start() -> Self {
        Cursor(None)
    }

    /// The cursor that a page gave, out of its text.
    pub fn after(text: impl Into<String>) -> Self {
        Cursor(Some(text.into()))
    }

    /// The cursor as text; `None` at the start.
    pub fn as_str(&self) -> Option<&str> {
        self.0.as_deref()
    }

    /// `default` at the start.
    ///
    /// # Errors
    ///
    /// A cursor that somebody made up is permanent: the peer sees 404.
    pub fn or<T: FromStr>(&self, default: T) -> Result<T, Error> {
        match &self.0 {
            None => Ok(default),
            Some(s) => s.parse().map_err(|_| Error::permanent("no such page")),
        }
    }
}

/// One page of a collection.
#[derive(Clone, Debug, Default)]
pub struct Page {
    pub(crate) items: Vec<Item>,
    pub(crate) next: Option<String>,
    pub(crate) total: Option<u64>,
    pub(crate) hidden: bool,
}

impl Page {
    /// The rows, the cursor of a row, and how one becomes an item.
    ///
    /// The page after a full one begins after its last row, so that nobody can forget `next`.
    pub fn of<R, I: Into<Item>, C: ToString>(
        ask: &Ask<'_>,
        rows: Vec<R>,
        cursor: impl Fn(&R) -> C,
        mut item: impl FnMut(R) -> I,
    ) -> Self {
        let full = u32::try_from(rows.len()).is_ok_and(|n| n < ask.limit);
        let next = if full {
            None
        } else {
            rows.last().map(|r| cursor(r).to_string())
        };
        Page {
            items: rows.into_iter().map(|r| item(r).into()).collect(),
            next,
            ..Page::default()
        }
    }

    /// How many items the whole collection has.
    pub fn total(mut self, n: i64) -> Self {
        self.total = u64::try_from(n).ok();
        self
    }

    /// Who asks for the collection learns how many items it has ([`total`](Self::total)), and not which: it has no pages. What is sent to followers
    /// reaches them all the same. With followers that the library [keeps](crate::Builder::manage_followers),
    /// `Page::default().hidden()` hides those.
    pub fn hidden(mut self) -> Self {
        self.hidden = true;
        self
    }
}

/// The only page of a short collection.
impl<I: Into<Item>> FromIterator<I> for Page {
    fn from_iter<T: IntoIterator<Item = I>>(items: T) -> Self {
        Page {
            items: items.into_iter().map(Into::into).collect(),
            ..Page::default()
        }
    }
}
