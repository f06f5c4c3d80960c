//! The vocabulary of ActivityStreams: <https://www.w3.org/TR/activitystreams-vocabulary/>

use std::time::{Duration, SystemTime};

use super::declare::terms;
use crate::{Closed, Iri, Object, Ref};

terms! {
    /// The id.
    none id ID: Iri = "id" in keyword;
    /// The type; [`Object::type_name`] reads it.
    none types TYPE: String = "type" in keyword;
    /// Who does it.
    refs actor ACTOR: Ref = "actor" in as;
    /// What it is done to.
    refs object OBJECT: Ref = "object" in as;
    /// Where it is done to: the collection of an Add, the new account of a Move.
    refs target TARGET: Ref = "target" in as;
    /// Where it came from.
    refs origin ORIGIN: Ref = "origin" in as;
    /// What came of it.
    refs result RESULT: Ref = "result" in as;
    /// What it was done with.
    refs instrument INSTRUMENT: Ref = "instrument" in as;
    /// The primary recipients. [`Object::addressed`] reads all five at once.
    refs to TO: Ref = "to" in as;
    /// Who gets a copy.
    refs cc CC: Ref = "cc" in as;
    /// Who gets it without being named; to be taken out before it is sent.
    refs bto BTO: Ref = "bto" in as;
    /// Who gets a copy without being named; to be taken out before it is sent.
    refs bcc BCC: Ref = "bcc" in as;
    /// Who it is meant for.
    refs audience AUDIENCE: Ref = "audience" in as;
    /// Who made it.
    refs attributed_to ATTRIBUTED_TO: Ref = "attributedTo" in as at "attributedto";
    /// What it answers.
    refs in_reply_to IN_REPLY_TO: Ref = "inReplyTo" in as at "inreplyto";
    /// The conversation or the place that it belongs to.
    refs context CONTEXT: Ref = "context" in as;
    /// The answers to it: a collection.
    refer replies REPLIES: Ref = "replies" in as;
    /// The text, as HTML that nobody has made safe yet: see `safe_html` and [`Object::plain_text`].
    ///
    /// `content` before `contentMap`; of a map, the first.
    text content CONTENT: String = "content" in as;
    /// The name, as plain text.
    text name NAME: String = "name" in as;
    /// The summary: of a post its content warning, of an actor its profile text (as HTML).
    text summary SUMMARY: String = "summary" in as;
    /// When it was published.
    one published PUBLISHED: SystemTime = "published" in as;
    /// When it was changed last.
    one updated UPDATED: SystemTime = "updated" in as;
    /// When it was deleted.
    one deleted DELETED: SystemTime = "deleted" in as;
    /// When it begins.
    one start_time START_TIME: SystemTime = "startTime" in as at "starttime";
    /// When it ends: of a Question, when voting ends.
    one end_time END_TIME: SystemTime = "endTime" in as at "endtime";
    /// How long it takes.
    one duration DURATION: Duration = "duration" in as;
    /// Where people see it; [`Object::url`] reads it.
    none url URL: Iri = "url" in as;
    /// Mentions, hashtags, emoji.
    many tag TAG: Object = "tag" in as;
    /// Files; on actors, profile fields.
    many attachment ATTACHMENT: Object = "attachment" in as;
    /// A small picture of it: of an actor, the avatar. [`Object::icon_url`] is what is usually wanted.
    refs icon ICON: Ref = "icon" in as;
    /// A picture of it: of an actor, the header.
    refs image IMAGE: Ref = "image" in as;
    /// Media type of the content or of what a link leads to. Never trust it.
    one media_type MEDIA_TYPE: String = "mediaType" in as at "mediatype";
    /// What made it.
    refs generator GENERATOR: Ref = "generator" in as;
    /// Where it is.
    refs location LOCATION: Ref = "location" in as;
    /// What a Tombstone was.
    any former_type FORMER_TYPE: String = "formerType" in as at "formertype";
    /// Where a link (a Mention, a Hashtag) leads.
    one href HREF: Iri = "href" in as;
    /// The language of what a link leads to.
    one hreflang HREFLANG: String = "hreflang" in as;
    /// What a link means.
    many rel REL: String = "rel" in as;
    /// Height in pixels.
    one height HEIGHT: u64 = "height" in as;
    /// Width in pixels.
    one width WIDTH: u64 = "width" in as;
    /// How many it has.
    one total_items TOTAL_ITEMS: u64 = "totalItems" in as at "totalitems";
    /// Its first page.
    refer first FIRST: Ref = "first" in as;
    /// Its last page.
    refer last LAST: Ref = "last" in as;
    /// The next page.
    refer next NEXT: Ref = "next" in as;
    /// The page before.
    refer prev PREV: Ref = "prev" in as;
    /// The page shown now.
    refer current CURRENT: Ref = "current" in as;
    /// The collection that this is a page of.
    refer part_of PART_OF: Ref = "partOf" in as at "partof";
    /// Its members, in no order. [`Object::members`] reads both.
    refs items ITEMS: Ref = "items" in as;
    /// Its members, newest first.
    refs ordered_items ORDERED_ITEMS: Ref = "orderedItems" in as at "ordereditems";
    /// Where this page begins.
    one start_index START_INDEX: u64 = "startIndex" in as at "startindex";
    /// The choices of which one is right.
    refs one_of ONE_OF: Ref = "oneOf" in as at "oneof";
    /// The choices of which any may be right.
    refs any_of ANY_OF: Ref = "anyOf" in as at "anyof";
    /// When voting closed.
    any closed CLOSED: Closed = "closed" in as;
    /// A short look at it.
    refs preview PREVIEW: Ref = "preview" in as;
    /// What a Profile describes.
    refer describes DESCRIBES: Ref = "describes" in as;
    /// Of a Relationship, the one side.
    refer subject SUBJECT: Ref = "subject" in as;
    /// Of a Relationship, what it is.
    refs relationship RELATIONSHIP: Ref = "relationship" in as;
    /// Of a Place: how good its coordinates are, in percent.
    one accuracy ACCURACY: f64 = "accuracy" in as;
    /// Of a Place: its height, in [`Object::units`].
    one altitude ALTITUDE: f64 = "altitude" in as;
    /// Of a Place.
    one latitude LATITUDE: f64 = "latitude" in as;
    /// Of a Place.
    one longitude LONGITUDE: f64 = "longitude" in as;
    /// Of a Place: how far around its coordinates it reaches, in [`Object::units`].
    one radius RADIUS: f64 = "radius" in as;
    /// Of a Place: `m`, `km`, `cm`, `feet`, `inches`, `miles`.
    one units UNITS: String = "units" in as;
}
