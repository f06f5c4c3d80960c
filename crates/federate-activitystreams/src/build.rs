//! Making objects.

use std::time::SystemTime;

use serde_json::json;

use crate::{
    Hashtag, Iri, Json, Mention, Note, Object, PUBLIC, Property, Ref, Value,
    html::{self, Word},
    terms, time,
};

/// The context of what we write: everybody knows it, and nobody has to fetch it.
pub const CONTEXT_IRI: &str = "https://www.w3.org/ns/activitystreams";

const CONTEXT: Property<Ref> = Property::new("@context", "@context");

/// A time to be written: a [`SystemTime`], or a date as text (RFC 3339, or `2026-12-01 10:00:00` as databases
/// write it, which is UTC). A text that is no date writes nothing.
pub trait When {
    /// The time, where it is one.
    fn when(&self) -> Option<SystemTime>;
}

impl When for SystemTime {
    fn when(&self) -> Option<SystemTime> {
        Some(*self)
    }
}

impl When for str {
    fn when(&self) -> Option<SystemTime> {
        time::parse(self)
    }
}

impl When for String {
    fn when(&self) -> Option<SystemTime> {
        time::parse(self)
    }
}

impl<T: When + ?Sized> When for &T {
    fn when(&self) -> Option<SystemTime> {
        (**self).when()
    }
}

/// Makes a [`Note`].
///
/// ```
/// use federate_activitystreams::{Create, Iri, Note, PUBLIC};
///
/// let alice = Iri::parse("https://a.example/users/alice")?;
/// let note = Note::builder(Iri::parse("https://a.example/notes/1")?)
///     .by(&alice)
///     .text("hello <world>")
///     .public()
///     .cc(&Iri::parse("https://a.example/users/alice/followers")?)
///     .build();
/// assert_eq!(note.content().as_deref(), Some("<p>hello &lt;world&gt;</p>"));
///
/// let create = Create::new(note);
/// assert_eq!(create.actor().id(), Some(alice));
/// assert!(create.is_public());
/// # Ok::<_, federate_activitystreams::BadIri>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct NoteBuilder {
    id: Iri,
    by: Option<Iri>,
    body: Body,
    to: Vec<Iri>,
    cc: Vec<Iri>,
    mentions: Vec<(Iri, Option<String>)>,
    hashtags: Vec<(Iri, String)>,
    tags: Vec<Object>,
    language: Option<String>,
    others: Object,
}

#[derive(Debug, Clone)]
enum Body {
    Nothing,
    Html(String),
    Text(String),
}

impl Note {
    /// Begins a note with this id.
    pub fn builder(id: Iri) -> NoteBuilder {
        NoteBuilder {
            id,
            by: None,
            body: Body::Nothing,
            to: Vec::new(),
            cc: Vec::new(),
            mentions: Vec::new(),
            hashtags: Vec::new(),
            tags: Vec::new(),
            language: None,
            others: Object::new(),
        }
    }
}

impl NoteBuilder {
    /// Who wrote it.
    pub fn by(mut self, actor: &Iri) -> Self {
        self.by = Some(actor.clone());
        self
    }

    /// Its content as HTML, which is sent as it is.
    pub fn html(mut self, html: impl Into<String>) -> Self {
        self.body = Body::Html(html.into());
        self
    }

    /// Its content as plain text, which is made HTML: paragraphs, line breaks, links; the mentions and
    /// hashtags that this builder knows by name become links too.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.body = Body::Text(text.into());
        self
    }

    /// When it was published.
    pub fn published(self, when: impl When) -> Self {
        match when.when() {
            Some(time) => self.with(&terms::PUBLISHED, time),
            None => self,
        }
    }

    /// When it was changed last.
    pub fn updated(self, when: impl When) -> Self {
        match when.when() {
            Some(time) => self.with(&terms::UPDATED, time),
            None => self,
        }
    }

    /// For everybody, and shown in public timelines.
    pub fn public(mut self) -> Self {
        self.to.extend(Iri::parse(PUBLIC).ok());
        self
    }

    /// For everybody, but not shown in public timelines: the followers get it, the public a copy.
    pub fn unlisted(mut self, followers: &Iri) -> Self {
        self.to.push(followers.clone());
        self.cc.extend(Iri::parse(PUBLIC).ok());
        self
    }

    /// For the followers only.
    pub fn followers_only(mut self, followers: &Iri) -> Self {
        self.to.push(followers.clone());
        self
    }

    /// One more primary recipient.
    pub fn to(mut self, recipient: &Iri) -> Self {
        self.to.push(recipient.clone());
        self
    }

    /// One more recipient of a copy.
    pub fn cc(mut self, recipient: &Iri) -> Self {
        self.cc.push(recipient.clone());
        self
    }

    /// Names an actor, who gets it too.
    pub fn mention(mut self, actor: &Iri) -> Self {
        self.mentions.push((actor.clone(), None));
        self
    }

    /// Names an actor by this handle (`@alice@a.example`), who gets it too. Where [`text`](Self::text) holds
    /// the handle it becomes a link.
    pub fn mention_as(mut self, actor: &Iri, handle: impl Into<String>) -> Self {
        self.mentions.push((actor.clone(), Some(handle.into())));
        self
    }

    /// A hashtag (with or without `#`) and where it leads. Where [`text`](Self::text) holds it, it becomes a
    /// link.
    pub fn hashtag(mut self, name: &str, href: &Iri) -> Self {
        self.hashtags
            .push((href.clone(), name.trim_start_matches('#').to_owned()));
        self
    }

    /// One more tag: an [`Emoji`](crate::Emoji), a [`Link`](crate::Link) to another post.
    pub fn tag(mut self, tag: impl Into<Object>) -> Self {
        self.tags.push(tag.into());
        self
    }

    /// The language that it is in, as a tag ([BCP 47](https://www.rfc-editor.org/rfc/rfc5646)): `de`, `pt-BR`. It is
    /// said by a `contentMap` beside the content.
    pub fn language(mut self, tag: &str) -> Self {
        self.language = Some(tag.to_owned());
        self
    }

    /// What it answers: an id, or the object itself.
    pub fn in_reply_to(self, parent: impl Into<Ref>) -> Self {
        match parent.into().id() {
            Some(id) => self.with(&terms::IN_REPLY_TO, Ref::from(id)),
            None => self,
        }
    }

    /// Its content warning, as plain text.
    pub fn summary(self, text: impl Into<String>) -> Self {
        self.with(&terms::SUMMARY, text.into())
    }

    /// Whether it is to be hidden until asked for.
    pub fn sensitive(self, sensitive: bool) -> Self {
        self.with(&terms::SENSITIVE, sensitive)
    }

    /// Where people see it.
    pub fn url(self, url: &Iri) -> Self {
        self.with(&terms::URL, url)
    }

    /// A file, a document of any kind.
    pub fn attachment(mut self, file: impl Into<Object>) -> Self {
        let mut files = self.others.attachment();
        files.push(file.into());
        self.others.set_all(&terms::ATTACHMENT, files);
        self
    }

    /// Any other property.
    pub fn with<T: Value>(mut self, property: &Property<T>, value: impl Into<T>) -> Self {
        self.others.set(property, value);
        self
    }

    /// The note.
    #[must_use]
    pub fn build(self) -> Note {
        let object = Object::from(self);
        // What `from` makes has this type, so the first branch is always taken.
        crate::Kind::from_object(&object).unwrap_or_else(Note::empty)
    }

    fn content(&self) -> Option<String> {
        match &self.body {
            Body::Nothing => None,
            Body::Html(html) => Some(html.clone()),
            Body::Text(text) => Some(html::text_to_html(text, |word| self.resolve(word))),
        }
    }

    fn resolve(&self, word: Word<'_>) -> Option<Iri> {
        match word {
            Word::Mention(handle) => self.mentions.iter().find_map(|(actor, name)| {
                let name = name.as_deref()?.trim_start_matches('@');
                name.eq_ignore_ascii_case(handle).then(|| actor.clone())
            }),
            Word::Hashtag(tag) => self
                .hashtags
                .iter()
                .find(|(_, name)| name.to_lowercase() == tag.to_lowercase())
                .map(|(href, _)| href.clone()),
        }
    }

    fn tags(&self) -> Vec<Object> {
        let mentions = self.mentions.iter().map(|(actor, name)| match name {
            Some(name) => Mention::new(actor, name).into(),
            None => Object::new()
                .with(&terms::TYPE, Mention::TYPE)
                .with(&terms::HREF, actor),
        });
        let hashtags = self.hashtags.iter();
        let hashtags = hashtags.map(|(href, name)| Hashtag::new(name, href).into());
        let others = self.tags.iter().cloned();
        mentions.chain(hashtags).chain(others).collect()
    }
}

impl From<NoteBuilder> for Object {
    fn from(builder: NoteBuilder) -> Self {
        let mut note = Self::of_type(Note::TYPE);
        let context = json!([CONTEXT_IRI, {
            "sensitive": "as:sensitive", "Hashtag": "as:Hashtag", "toot": "http://joinmastodon.org/ns#",
            "Emoji": "toot:Emoji", "votersCount": "toot:votersCount", "blurhash": "toot:blurhash",
            "focalPoint": {"@container": "@list", "@id": "toot:focalPoint"}
        }]);
        note.set_json(CONTEXT.name(), &Json::of(&context));
        note.set(&terms::ID, &builder.id);
        if let Some(by) = &builder.by {
            note.set(&terms::ATTRIBUTED_TO, by);
        }
        let (mut to, mut cc) = (builder.to.clone(), builder.cc.clone());
        for (actor, _) in &builder.mentions {
            // Alone, those who are named are whom it is for; beside others they get a copy.
            if builder.to.is_empty() {
                to.push(actor.clone());
            } else {
                cc.push(actor.clone());
            }
        }
        note.set_all(&terms::TO, unique(&to));
        note.set_all(&terms::CC, unique(&cc));
        if let Some(content) = builder.content() {
            note.set(&terms::CONTENT, content.as_str());
            if let Some(language) = &builder.language {
                let map = serde_json::Map::from_iter([(language.clone(), content.into())]);
                note.set_json("contentMap", &Json::of(&map));
            }
        }
        let tags = builder.tags();
        if !tags.is_empty() {
            note.set_all(&terms::TAG, tags);
        }
        for (name, value) in builder.others.node().entries() {
            note.set_json(&name, &Json(value.text().to_owned()));
        }
        note
    }
}

impl From<NoteBuilder> for Note {
    fn from(builder: NoteBuilder) -> Self {
        builder.build()
    }
}

impl Object {
    /// An object of this type, with the usual context and nothing else.
    #[must_use]
    pub fn of_type(name: &str) -> Self {
        let mut object = Self::new();
        object.set_json(CONTEXT.name(), &Json::string(CONTEXT_IRI));
        object.set(&terms::TYPE, name);
        object
    }

    /// The same with this id.
    #[must_use]
    pub fn with_id(self, id: &Iri) -> Self {
        self.with(&terms::ID, id)
    }

    /// The same by this actor: `attributedTo` of what has a content or is embedded in activities, `actor` of
    /// what has an `object`.
    #[must_use]
    pub fn by(self, actor: &Iri) -> Self {
        if self.has(&terms::OBJECT) {
            self.with(&terms::ACTOR, actor)
        } else {
            self.with(&terms::ATTRIBUTED_TO, actor)
        }
    }

    /// The same with one more primary recipient.
    #[must_use]
    pub fn with_to(self, recipient: &Iri) -> Self {
        self.add(&terms::TO, recipient)
    }

    /// The same with one more recipient of a copy.
    #[must_use]
    pub fn with_cc(self, recipient: &Iri) -> Self {
        self.add(&terms::CC, recipient)
    }

    fn add(self, property: &Property<Ref>, recipient: &Iri) -> Self {
        let before = self.refer(property);
        if before.contains(recipient) {
            return self;
        }
        // Those that are there stay as they came, embedded or not.
        let all = before.iter().chain([Ref::from(recipient)]).collect::<Vec<_>>();
        self.with_all(property, all)
    }

    /// An activity about this object: what is embedded gives its context to the whole.
    pub(crate) fn about(name: &str, object: &Ref) -> Self {
        let mut whole = Self::of_type(name);
        let embedded = match (object.len(), object.object()) {
            (1, Some(embedded)) => embedded,
            _ => return whole.with(&terms::OBJECT, object),
        };
        match embedded.node().get(CONTEXT.name()) {
            Some(context) if context.text().contains(CONTEXT_IRI) => {
                whole.set_json(CONTEXT.name(), &Json(context.text().to_owned()));
                whole.with(&terms::OBJECT, Ref::from(embedded.without(&CONTEXT)))
            }
            _ => whole.with(&terms::OBJECT, Ref::from(embedded)),
        }
    }

    /// The same with author, recipients and time of what it is about.
    pub(crate) fn like(mut self, object: &Self) -> Self {
        let author = object.attributed_to();
        let author = if author.is_empty() { object.actor() } else { author };
        if let Some(author) = author.id() {
            self.set(&terms::ACTOR, author);
        }
        for property in [terms::TO, terms::CC] {
            let ids = object.refer(&property).ids();
            if !ids.is_empty() {
                self.set_all(&property, ids);
            }
        }
        if let Some(published) = object.published() {
            self.set(&terms::PUBLISHED, published);
        }
        self
    }
}

fn unique(ids: &[Iri]) -> Vec<&Iri> {
    let mut seen = std::collections::HashSet::new();
    ids.iter().filter(|id| seen.insert(*id)).collect()
}
