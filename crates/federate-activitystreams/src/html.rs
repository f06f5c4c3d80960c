//! Content: remote HTML to safe HTML, HTML to plain text, plain text to HTML. All in linear time.
//!
//! | What came | How to show it |
//! |---|---|
//! | `content`, the `summary` of an actor, the value of a profile's field | [`sanitize`] (feature `html`), or [`to_plain_text`] and [`escape`] |
//! | the `summary` of a post (a content warning), which most servers send as text and some as HTML | [`to_plain_text`], [`one_line`], [`escape`] |
//! | names: of people, fields, files, polls' choices, emoji, servers; error texts | [`display_name`] or [`one_line`], then [`escape`] |
//! | a handle | as `federate_webfinger::Handle` shows it, with its look-alike checks |
//!
//! Which of these it is follows from the property alone. `mediaType` is what a stranger says: nothing here asks for it, and
//! what claims to be `text/plain` is made safe all the same.

#[cfg(feature = "html")]
mod allowed;
mod entities;
mod head;
mod href;
mod line;
mod links;
mod plain;
#[cfg(feature = "html")]
mod safe;
mod shown;
mod text;
#[cfg(feature = "html")]
mod tidy;
mod tokens;
mod words;

pub use head::{HeadLink, head_links};
pub use line::{MAX_NAME_CHARS, display_name, one_line};
pub use links::{Link, links};
pub use plain::to_plain_text;
#[cfg(feature = "html")]
pub use safe::sanitize;
pub use text::{Word, escape, text_to_html};
