//! What a peer's documents say, as rows of ours. Everything that will be shown is made safe here.

use crate::{
    db::{
        accounts::{Account, Remote},
        statuses::New,
    },
    ids,
    text::escape,
    time,
};
use federate::{
    activitystreams::{Iri, Object, html, is_public},
    webfinger::Handle,
};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::time::Duration;

/// What is shown as a post.
const POSTS: [&str; 9] = [
    "Note", "Article", "Page", "Question", "Video", "Audio", "Image", "Document", "Event",
];

pub(super) fn is_post(object: &Object) -> bool {
    POSTS.iter().any(|kind| object.is(kind))
}

/// Somebody elsewhere; `None` where what is needed to write to them is missing. `handle` is `@name@host`.
pub(super) fn person(object: &Object, handle: &str) -> Option<Remote> {
    let handle = Handle::parse_allowing_port(handle).ok()?;
    let uri = object.id()?;
    let inbox = object.inbox()?;
    Some(Remote {
        username: handle.user().to_owned(),
        domain: handle.host().to_owned(),
        url: page(object, &uri),
        inbox: inbox.as_str().to_owned(),
        shared_inbox: object
            .shared_inbox()
            .filter(|i| i.same_origin(&uri))
            .map(|i| i.as_str().to_owned()),
        followers: object.followers().map(|i| i.as_str().to_owned()),
        display_name: line(&object.name().unwrap_or_default(), 100),
        note: object
            .summary()
            .map(|html| html::sanitize(&html))
            .unwrap_or_default(),
        avatar: object.icon_url().and_then(|url| web(&url)),
        header: object.image_url().and_then(|url| web(&url)),
        locked: object.manually_approves_followers().unwrap_or(false),
        bot: object.is("Service") || object.is("Application"),
        published: object
            .published()
            .and_then(|at| Timestamp::try_from(at).ok())
            .map(time::text),
        uri: uri.as_str().to_owned(),
    })
}

/// What a post says, without whom it names and what it answers: that takes the database.
pub(super) fn post(object: &Object, author: &Account) -> Option<New> {
    let uri = object.id()?;
    let now = Timestamp::now();
    let published = object
        .published()
        .and_then(|at| Timestamp::try_from(at).ok())
        .map_or(now, |at| at.min(now));
    // What is new takes its place by when it came: a peer's clock counts in seconds, and a reply must not stand above what
    // it answers. What is old takes the place of its date.
    let place = if now.duration_since(published).unsigned_abs() < Duration::from_secs(600) {
        now
    } else {
        published
    };
    let spoiler = match object.summary() {
        Some(summary) => line(&html::to_plain_text(&summary), 500),
        None => String::new(),
    };
    Some(New {
        id: ids::at(place),
        account_id: author.id,
        url: page(object, &uri),
        content: content(object),
        sensitive: object.sensitive().unwrap_or(!spoiler.is_empty()),
        spoiler_text: spoiler,
        visibility: visibility(object, author).to_owned(),
        language: language(object),
        in_reply_to_uri: object.in_reply_to().id().map(|i| i.as_str().to_owned()),
        attachments: Some(Value::Array(attachments(object)).to_string()),
        created_at: time::text(published),
        tags: tags(object),
        uri: Some(uri.as_str().to_owned()),
        ..New::default()
    })
}

/// By Mastodon's rule: public in `to`, unlisted in `cc`, the followers anywhere, else direct.
pub(super) fn visibility(object: &Object, author: &Account) -> &'static str {
    let to = object.to().ids();
    let all = object.addressed();
    let followers = author.followers_uri.as_deref();
    if to.iter().any(|id| is_public(id.as_str())) {
        "public"
    } else if all.iter().any(|id| is_public(id.as_str())) {
        "unlisted"
    } else if all
        .iter()
        .any(|id| followers.map_or(id.as_str().ends_with("/followers"), |f| f == id.as_str()))
    {
        "private"
    } else {
        "direct"
    }
}

/// Safe HTML. What has a title shows it, and where the whole of it is.
fn content(object: &Object) -> String {
    let mut out = String::new();
    if !object.is("Note")
        && let Some(title) = object.name()
    {
        out.push_str(&format!(
            "<p><strong>{}</strong></p>",
            escape(&line(&html::to_plain_text(&title), 500))
        ));
    }
    out.push_str(&object.safe_html());
    for choice in object.one_of().iter().chain(object.any_of().iter()).take(20) {
        if let Some(name) = choice.object().and_then(|o| o.name()) {
            out.push_str(&format!("<p>○ {}</p>", escape(&line(&name, 200))));
        }
    }
    if !object.is("Note")
        && !object.is("Question")
        && let Some(url) = object.url().and_then(|url| web(&url)).map(|url| escape(&url))
    {
        out.push_str(&format!(
            r#"<p><a href="{url}" rel="nofollow noopener noreferrer" target="_blank">{url}</a></p>"#
        ));
    }
    out
}

fn attachments(object: &Object) -> Vec<Value> {
    let mut all = Vec::new();
    for file in object.attachment().into_iter().take(16) {
        let Some(url) = file.url().or_else(|| file.href()).and_then(|url| web(&url)) else {
            continue;
        };
        let media = file.media_type().unwrap_or_default();
        let kind = match media.split('/').next().unwrap_or_default() {
            "image" => "image",
            "video" => "video",
            "audio" => "audio",
            _ if file.is("Image") => "image",
            _ if file.is("Video") => "video",
            _ if file.is("Audio") => "audio",
            _ if file.is("Document") => "unknown",
            _ => continue,
        };
        all.push(json!({
            "id": ids::next().to_string(),
            "type": kind,
            "url": url,
            "preview_url": url,
            "remote_url": url,
            "preview_remote_url": null,
            "text_url": null,
            "meta": {},
            "description": file.name().or_else(|| file.summary()).map(|text| line(&text, 1500)),
            "blurhash": file.blurhash(),
        }));
    }
    all
}

fn tags(object: &Object) -> Vec<String> {
    let mut tags: Vec<String> = Vec::new();
    for name in object.hashtags() {
        let name = name.to_lowercase();
        let good = !name.is_empty()
            && name.chars().count() <= 100
            && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '·');
        if good && !tags.contains(&name) && tags.len() < 50 {
            tags.push(name);
        }
    }
    tags
}

/// The one language in which a post came.
fn language(object: &Object) -> Option<String> {
    let value = object.to_value();
    let languages = value.get("contentMap")?.as_object()?;
    let code = languages.keys().next().filter(|_| languages.len() == 1)?;
    (code.len() <= 12 && code.chars().all(|c| c.is_ascii_alphanumeric() || c == '-')).then(|| code.clone())
}

/// An address that a browser may be led to.
fn web(url: &Iri) -> Option<String> {
    matches!(url.scheme(), "http" | "https").then(|| url.as_str().to_owned())
}

/// The page for people. Searches find by it, so it has to be of the host that answers for the id: whoever pastes the page of somebody
/// must not be led to another who claims it.
fn page(object: &Object, id: &Iri) -> Option<String> {
    object
        .url()
        .filter(|url| url.host() == id.host())
        .and_then(|url| web(&url))
}

fn line(text: &str, most: usize) -> String {
    text.chars()
        .filter(|c| !c.is_control() || *c == '\n')
        .take(most)
        .collect::<String>()
        .trim()
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eve(url: &str) -> Remote {
        let actor = json!({
            "id": "https://evil.example/users/eve", "type": "Person", "preferredUsername": "eve",
            "inbox": "https://evil.example/inbox", "url": url,
        });
        person(&Object::from_value(actor).unwrap(), "@eve@evil.example").unwrap()
    }

    /// CVE-2025-25306: a page of another host is not the actor's to claim.
    #[test]
    fn nobody_claims_the_page_of_another_host() {
        assert_eq!(eve("https://bank.example/@victim").url, None);
        assert_eq!(eve("javascript:alert(1)").url, None);
        let own = "https://evil.example/@eve";
        assert_eq!(eve(own).url.as_deref(), Some(own));
    }

    #[test]
    fn a_handle_of_no_shape_is_nobody() {
        let actor = json!({
            "id": "https://evil.example/@victim@bank.example", "type": "Person",
            "preferredUsername": "victim@bank.example", "inbox": "https://evil.example/inbox",
        });
        let actor = Object::from_value(actor).unwrap();
        assert!(person(&actor, "https://evil.example/@victim@bank.example").is_none());
    }
}
