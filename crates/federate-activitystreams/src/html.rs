//! Content: remote HTML to safe HTML, HTML to plain text, plain text to HTML. All in linear time.

mod plain;
#[cfg(feature = "html")]
mod safe;
mod tags;
mod text;

pub use plain::to_plain_text;
#[cfg(feature = "html")]
pub use safe::sanitize;
pub use text::{Word, escape, text_to_html};
