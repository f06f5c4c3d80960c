//! How URLs are made here, and what one of ours means.

use std::fmt::Display;
use std::str::FromStr;

use federate_protocol::activitystreams::{Iri, Origin};
use federate_protocol::webfinger::rel::{self, SUBSCRIBE};
use federate_protocol::webfinger::{Link, Template};

/// The URL templates of the application; see [`Builder::paths`](crate::Builder::paths).
///
/// A template is a path with one placeholder, which stands for one path segment: `/users/{name}`. That of an object may have
/// several: with `/users/{name}/posts/{number}` the object whose key is `alice/7` is at `/users/alice/posts/7`.
#[derive(Clone, Debug)]
pub struct Paths {
    pub(crate) actor: String,
    pub(crate) profile: Option<String>,
    pub(crate) objects: Vec<(String, String)>,
    pub(crate) inbox: String,
    pub(crate) instance: String,
    /// Empty where there is no such actor.
    pub(crate) relay: String,
    /// Empty where none are passed on.
    pub(crate) media: String,
    /// What stands behind an actor's id in the id of its key.
    pub(crate) key: String,
    /// Where parts of an actor are that are not below it.
    pub(crate) parts: Vec<(Part, String)>,
    /// Whether clients may post to outboxes.
    pub(crate) takes_posts: bool,
    /// Relation and template.
    pub(crate) interactions: Vec<(String, String)>,
}

impl Default for Paths {
    fn default() -> Self {
        Paths {
            actor: "/users/{name}".into(),
            profile: None,
            objects: Vec::new(),
            inbox: "/inbox".into(),
            instance: "/actor".into(),
            relay: "/relay".into(),
            media: "/media-proxy".into(),
            key: "#main-key".into(),
            parts: Vec::new(),
            takes_posts: false,
            interactions: Vec::new(),
        }
    }
}

impl Paths {
    /// Where an actor's document is: `/users/{name}` unless told otherwise. Its inbox and its collections
    /// are below it.
    pub fn actor(mut self, template: &str) -> Self {
        self.actor = template.into();
        self
    }

    /// Where people see the profile, for instance `/@{name}`: the actor's `url`, unless the profile says
    /// another, and a name by which WebFinger finds it.
    pub fn profile(mut self, template: &str) -> Self {
        self.profile = Some(template.into());
        self
    }

    /// Where the objects of one kind are: `.object("post", "/posts/{id}")`. A kind without a template
    /// is at `/objects/{kind}/{id}`.
    pub fn object(mut self, kind: &str, template: &str) -> Self {
        self.objects.push((kind.into(), template.into()));
        self
    }

    /// Where the shared inbox is: `/inbox` unless told otherwise.
    pub fn shared_inbox(mut self, path: &str) -> Self {
        self.inbox = path.into();
        self
    }

    /// Where the instance's own actor is, which signs look-ups: `/actor` unless told otherwise.
    pub fn instance_actor(mut self, path: &str) -> Self {
        self.instance = path.into();
        self
    }

    /// Where the actor is by which this instance is a relay, or speaks to relays, where it [does](crate::Builder::manage_relays): `/relay`
    /// unless told otherwise. Relays of the LitePub kind know each other by this end.
    pub fn relay_actor(mut self, path: &str) -> Self {
        self.relay = path.into();
        self
    }

    /// Below which files of other servers are, where they are [passed on](crate::Builder::media_proxy): `/media-proxy` unless told otherwise.
    pub fn media(mut self, path: &str) -> Self {
        self.media = path.into();
        self
    }

    /// Where people of this instance follow and reply to what they saw elsewhere: a page that asks them, and takes what it is
    /// about in the place of `{uri}`, for instance `/authorize_interaction?uri={uri}`. WebFinger tells it to other servers.
    pub fn subscribe(mut self, template: &str) -> Self {
        self.interactions.push((SUBSCRIBE.into(), template.into()));
        self
    }

    /// The same for one kind of activity ([FEP-3b86]), or for `Object`, with the names of properties in braces:
    /// `.intent("Like", "/intents/like?id={object}")`.
    ///
    /// [FEP-3b86]: https://w3id.org/fep/3b86
    pub fn intent(mut self, activity: &str, template: &str) -> Self {
        self.interactions.push((rel::intent(activity), template.into()));
        self
    }
}

/// One of the application's objects: its kind and the application's own key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ObjectRef {
    pub(crate) kind: String,
    pub(crate) id: String,
}

impl ObjectRef {
    /// A reference to the object of this kind with this key.
    pub fn new(kind: &str, id: impl Display) -> Self {
        ObjectRef {
            kind: kind.into(),
            id: id.to_string(),
        }
    }

    /// The kind, as in [`Paths::object`].
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The application's own key; `None` where it does not parse as one.
    pub fn id<T: FromStr>(&self) -> Option<T> {
        self.id.parse().ok()
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.id
    }
}

/// What a URL of ours names.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Local {
    /// An actor, by its identifier.
    Actor(String),
    /// An object.
    Object(ObjectRef),
}

/// What is below an actor's or an object's path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Itself,
    Inbox,
    Outbox,
    Followers,
    Following,
    /// Those followers that are of the server that asks.
    Synchronization,
    Featured,
    FeaturedTags,
    Replies,
    Likes,
    Shares,
    Activity,
    Key,
}

/// What a path of ours names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    SharedInbox,
    Instance(Part),
    Relay(Part),
    Actor(String, Part),
    Object(ObjectRef, Part),
}

/// Makes the URLs of this instance and reads them back.
#[derive(Clone, Debug)]
pub struct Uris {
    base: String,
    root: Iri,
    origin: Origin,
    host: String,
    paths: Paths,
}

impl Uris {
    /// `base`: scheme and authority without a final slash; checked by the builder.
    pub(crate) fn new(root: Iri, origin: Origin, paths: Paths) -> Self {
        let base = root.as_str().trim_end_matches('/').to_owned();
        let host = root.authority().unwrap_or_default().to_owned();
        Uris {
            base,
            root,
            origin,
            host,
            paths,
        }
    }

    /// Scheme and authority, without a slash at the end: `https://example.org`.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// The host, with the port where it is not the usual one: what stands after the `@` of a handle.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The user name of the instance's own actor: the host, as with Mastodon, and never a port, for no name has a colon.
    pub(crate) fn instance_name(&self) -> &str {
        let end = self.host.rfind(':').filter(|_| !self.host.ends_with(']'));
        let name = end.and_then(|end| self.host.get(..end)).unwrap_or(&self.host);
        name.trim_matches(['[', ']'])
    }

    /// The origin that all our ids have.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The id of an actor.
    pub fn actor(&self, name: &str) -> Iri {
        self.at(&fill(&self.paths.actor, name))
    }

    /// The page on which people see the actor, where the application has [named](Paths::profile) one.
    pub fn profile(&self, name: &str) -> Option<Iri> {
        self.paths
            .profile
            .as_ref()
            .map(|template| self.at(&fill(template, name)))
    }

    /// The id of an object: `uris.object("post", 7)`.
    pub fn object(&self, kind: &str, id: impl Display) -> Iri {
        let id = id.to_string();
        self.at(&self.object_path(kind, &id))
    }

    /// The inbox of an actor.
    pub fn inbox(&self, name: &str) -> Iri {
        self.below(name, Part::Inbox, "inbox")
    }

    /// The outbox of an actor.
    pub fn outbox(&self, name: &str) -> Iri {
        self.below(name, Part::Outbox, "outbox")
    }

    /// The followers of an actor, as an audience and as a collection.
    pub fn followers(&self, name: &str) -> Iri {
        self.below(name, Part::Followers, "followers")
    }

    /// Those followers of an actor that are of the server that asks.
    pub(crate) fn synchronization(&self, name: &str) -> Iri {
        self.below(name, Part::Synchronization, "followers_synchronization")
    }

    /// Whom an actor follows.
    pub fn following(&self, name: &str) -> Iri {
        self.below(name, Part::Following, "following")
    }

    /// The posts that an actor has pinned.
    pub fn featured(&self, name: &str) -> Iri {
        self.below(name, Part::Featured, "featured")
    }

    /// The hashtags that an actor has pinned. Other servers look there where the profile says so:
    /// `profile.property("featuredTags", …)`.
    pub fn featured_tags(&self, name: &str) -> Iri {
        self.below(name, Part::FeaturedTags, "featured_tags")
    }

    /// The replies to an object.
    pub fn replies(&self, kind: &str, id: impl Display) -> Iri {
        self.below_object(kind, &id.to_string(), "replies")
    }

    /// The likes of an object.
    pub fn likes(&self, kind: &str, id: impl Display) -> Iri {
        self.below_object(kind, &id.to_string(), "likes")
    }

    /// What announces an object to others.
    pub fn shares(&self, kind: &str, id: impl Display) -> Iri {
        self.below_object(kind, &id.to_string(), "shares")
    }

    /// The inbox of everybody here.
    pub fn shared_inbox(&self) -> Iri {
        self.at(&self.paths.inbox)
    }

    /// The instance's own actor, which signs look-ups.
    pub fn instance_actor(&self) -> Iri {
        self.at(&self.paths.instance)
    }

    /// The actor that relays.
    pub(crate) fn relay_actor(&self) -> Iri {
        self.at(&self.paths.relay)
    }

    /// The path below which files of other servers are.
    pub(crate) fn media(&self) -> &str {
        &self.paths.media
    }

    /// What stands behind it in a path; `None` where none are passed on.
    pub(crate) fn below_media<'a>(&self, path: &'a str) -> Option<&'a str> {
        if self.paths.media.is_empty() {
            return None;
        }
        path.strip_prefix(self.paths.media.as_str())?.strip_prefix('/')
    }

    /// Where people of this instance do things, as WebFinger has it.
    pub(crate) fn interactions(&self) -> impl Iterator<Item = Link> {
        self.paths
            .interactions
            .iter()
            .map(|(rel, template)| Link::with_template(rel, &format!("{}{template}", self.base)))
    }

    /// The id of the key with which an actor signs requests, unless the application has [another](crate::AdoptedKey::id) for it.
    pub fn key_id(&self, name: &str) -> String {
        format!("{}{}", self.owner(name), self.paths.key)
    }

    /// The id of the key with which an actor proves documents.
    pub(crate) fn proof_key_id(&self, name: &str) -> String {
        format!("{}#ed25519-key", self.owner(name))
    }

    /// Whether clients may post to outboxes.
    pub(crate) fn takes_posts(&self) -> bool {
        self.paths.takes_posts
    }

    /// The id of an actor that sends: one of the application's, or one of the instance's own.
    pub(crate) fn owner(&self, name: &str) -> Iri {
        match name {
            crate::INSTANCE => self.instance_actor(),
            crate::RELAY => self.relay_actor(),
            name => self.actor(name),
        }
    }

    /// Whether an id is of our origin.
    pub fn is_local(&self, id: &Iri) -> bool {
        id.origin().is_some_and(|origin| origin == self.origin)
    }

    /// What an id of ours names; `None` where it is not the id of an actor or an object here.
    pub fn parse(&self, id: &Iri) -> Option<Local> {
        match self.place(self.path_of(id)?)? {
            Place::Actor(name, Part::Itself) => Some(Local::Actor(name)),
            Place::Object(object, Part::Itself) => Some(Local::Object(object)),
            _ => None,
        }
    }

    /// The actor whose followers collection this is.
    pub(crate) fn parse_followers(&self, id: &Iri) -> Option<String> {
        match self.place(self.path_of(id)?)? {
            Place::Actor(name, Part::Followers) => Some(name),
            _ => None,
        }
    }

    /// The actor whose profile page this is.
    pub(crate) fn parse_profile(&self, url: &str) -> Option<String> {
        let path = url.strip_prefix(self.base.as_str())?;
        unfill(self.paths.profile.as_deref()?, path)
    }

    /// What a path of ours names.
    pub(crate) fn place(&self, path: &str) -> Option<Place> {
        if path == self.paths.inbox {
            return Some(Place::SharedInbox);
        }
        if let Some(part) = self.own_part(&self.paths.instance, path) {
            return Some(Place::Instance(part));
        }
        if let Some(part) = self.own_part(&self.paths.relay, path) {
            return Some(Place::Relay(part));
        }
        for (part, template) in &self.paths.parts {
            if let Some(name) = unfill(template, path) {
                return Some(Place::Actor(name, *part));
            }
        }
        if let Some(name) = unfill(&self.paths.actor, path) {
            return Some(Place::Actor(name, Part::Itself));
        }
        if let Some(object) = self.unfill_object(path) {
            return Some(Place::Object(object, Part::Itself));
        }
        let (above, last) = path.rsplit_once('/')?;
        let part = match self.paths.key.strip_prefix('/') {
            Some(key) if key == last => Some(Part::Key),
            // What has a template of its own has no second URL.
            _ => actor_part(last).filter(|part| self.paths.elsewhere(*part).is_none()),
        };
        if let Some(part) = part
            && let Some(name) = unfill(&self.paths.actor, above)
        {
            return Some(Place::Actor(name, part));
        }
        let part = object_part(last)?;
        Some(Place::Object(self.unfill_object(above)?, part))
    }

    /// What of an actor of the instance's own is at this path.
    fn own_part(&self, actor: &str, path: &str) -> Option<Part> {
        let rest = path.strip_prefix(actor).filter(|_| !actor.is_empty())?;
        match rest {
            "" => Some(Part::Itself),
            "/inbox" => Some(Part::Inbox),
            "/outbox" => Some(Part::Outbox),
            key if key == self.paths.key => Some(Part::Key),
            _ => None,
        }
    }

    /// The URL of a path of ours.
    pub(crate) fn path(&self, path: &str) -> Iri {
        self.at(path)
    }

    fn path_of<'a>(&self, id: &'a Iri) -> Option<&'a str> {
        id.as_str().strip_prefix(self.base.as_str())
    }

    fn below(&self, name: &str, part: Part, usual: &str) -> Iri {
        match self.paths.elsewhere(part) {
            Some(template) => self.at(&fill(template, name)),
            None => self.at(&format!("{}/{usual}", fill(&self.paths.actor, name))),
        }
    }

    fn below_object(&self, kind: &str, id: &str, part: &str) -> Iri {
        self.at(&format!("{}/{part}", self.object_path(kind, id)))
    }

    fn object_path(&self, kind: &str, id: &str) -> String {
        match self.paths.objects.iter().find(|(k, _)| k == kind) {
            Some((_, template)) => fill(template, id),
            None => format!("/objects/{}/{}", encode(kind), encode(id)),
        }
    }

    fn unfill_object(&self, path: &str) -> Option<ObjectRef> {
        for (kind, template) in &self.paths.objects {
            if let Some(id) = unfill(template, path) {
                return Some(ObjectRef {
                    kind: kind.clone(),
                    id,
                });
            }
        }
        let (kind, id) = path.strip_prefix("/objects/")?.split_once('/')?;
        let (kind, id) = (decode(kind)?, decode(id)?);
        // A kind that has a template of its own has no second URL.
        (!self.paths.objects.iter().any(|(k, _)| *k == kind)).then_some(ObjectRef { kind, id })
    }

    /// A path that is too long for an id names nothing; so it names the root, which is no actor and no object.
    fn at(&self, path: &str) -> Iri {
        Iri::parse(&format!("{}{path}", self.base)).unwrap_or_else(|_| self.root.clone())
    }
}

pub(crate) fn actor_part(last: &str) -> Option<Part> {
    Some(match last {
        "inbox" => Part::Inbox,
        "outbox" => Part::Outbox,
        "followers" => Part::Followers,
        "following" => Part::Following,
        "followers_synchronization" => Part::Synchronization,
        "featured" => Part::Featured,
        "featured_tags" => Part::FeaturedTags,
        _ => return None,
    })
}

fn object_part(last: &str) -> Option<Part> {
    Some(match last {
        "replies" => Part::Replies,
        "likes" => Part::Likes,
        "shares" => Part::Shares,
        "activity" => Part::Activity,
        _ => return None,
    })
}

/// Whether a template is a path with so many placeholders, each of which stands within one segment.
pub(crate) fn is_template(template: &str, placeholders: std::ops::RangeInclusive<usize>) -> bool {
    literals(template).is_some_and(|literals| {
        let (first, rest) = literals.split_first().unwrap_or((&"", &[]));
        let between = rest.split_last().map_or(&[][..], |(_, between)| between);
        placeholders.contains(&rest.len())
            && first.starts_with('/')
            && between.iter().all(|literal| literal.starts_with('/'))
            && !literals
                .iter()
                .any(|literal| literal.contains(['{', '}', '?', '#']))
    })
}

/// Whether a template of a page is one that other servers will fill. What OStatus has is filled by one name only.
pub(crate) fn is_interaction(rel: &str, template: &str) -> bool {
    template.starts_with('/')
        && Template::parse(&format!("https://instance.example{template}"))
            .is_ok_and(|template| rel != SUBSCRIBE || template.takes("uri"))
}

/// A template without the names of its placeholders.
pub(crate) fn shape(template: &str) -> Option<Vec<&str>> {
    literals(template)
}

/// What stands around the placeholders: one piece more than there are placeholders.
fn literals(template: &str) -> Option<Vec<&str>> {
    let mut pieces = template.split('{');
    let mut literals = vec![pieces.next()?];
    for piece in pieces {
        literals.push(piece.split_once('}')?.1);
    }
    Some(literals)
}

/// A key of a template with several placeholders has as many parts, with a slash between them.
fn fill(template: &str, value: &str) -> String {
    let placeholders = template.matches('{').count();
    let mut parts = value.splitn(placeholders.max(1), '/');
    let mut pieces = template.split('{');
    let mut path = String::with_capacity(template.len() + value.len());
    path.push_str(pieces.next().unwrap_or_default());
    for (_, literal) in pieces.filter_map(|piece| piece.split_once('}')) {
        encode_into(&mut path, parts.next().unwrap_or_default());
        path.push_str(literal);
    }
    path
}

fn unfill(template: &str, path: &str) -> Option<String> {
    let (first, behind) = template.split_once('{')?;
    let path = path.strip_prefix(first)?;
    match behind.split_once('}')? {
        (_, last) if !last.contains('{') => decode(path.strip_suffix(last)?),
        _ => unfill_several(template, path),
    }
}

/// `rest`: what stands behind the first literal.
fn unfill_several(template: &str, mut rest: &str) -> Option<String> {
    let literals = literals(template)?;
    let (last, between) = literals.get(1..)?.split_last()?;
    let mut values = Vec::with_capacity(literals.len());
    for literal in between {
        let (value, after) = rest.split_at_checked(rest.find(literal)?)?;
        values.push(decode(value)?);
        rest = after.strip_prefix(literal)?;
    }
    values.push(decode(rest.strip_suffix(last)?)?);
    // Only the last part may hold a slash of its own: `fill` would write the others differently.
    let inner = values
        .split_last()
        .is_none_or(|(_, inner)| inner.iter().all(|value| !value.contains('/')));
    inner.then(|| values.join("/"))
}

/// One path segment, percent-encoded: there is one spelling for a name, so that an id can be compared as it came.
fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    encode_into(&mut out, value);
    out
}

fn encode_into(out: &mut String, value: &str) {
    if value.bytes().all(is_plain) {
        out.push_str(value);
        return;
    }
    for byte in value.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        for digit in [byte >> 4, byte & 15] {
            out.push(
                char::from_digit(u32::from(digit), 16)
                    .unwrap_or('0')
                    .to_ascii_uppercase(),
            );
        }
    }
}

/// Whether a byte stands for itself.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@')
}

/// The inverse of [`encode`]; `None` for any other spelling, for more than one segment and for none.
fn decode(segment: &str) -> Option<String> {
    if segment.bytes().all(is_plain) {
        return (!matches!(segment, "" | "." | "..")).then(|| segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'/' => return None,
            _ => bytes.push(byte),
        }
    }
    let value = String::from_utf8(bytes).ok()?;
    (!value.is_empty() && value != "." && value != ".." && encode(&value) == segment).then_some(value)
}

mod existing;
#[cfg(test)]
mod tests;
