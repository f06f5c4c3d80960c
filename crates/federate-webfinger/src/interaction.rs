use url::Url;

use crate::{Handle, Jrd, Link, Template, rel};

/// What a visitor from another server wants to do here, where he has no account: to follow somebody, to reply, to like.
///
/// He types his handle; WebFinger of his own server says where he does such things there, and his browser is sent to it:
///
/// ```
/// use federate_webfinger::{Interaction, Jrd};
///
/// let his = Jrd::parse(br#"{"subject": "acct:bob@home.example", "links": [
///     {"rel": "http://ostatus.org/schema/1.0/subscribe", "template": "https://home.example/interact?uri={uri}"},
///     {"rel": "https://w3id.org/fep/3b86/Like", "template": "https://home.example/like?id={object}"}]}"#)?;
/// let ours = "https://here.example/posts/1";
/// let like = Interaction::like(ours).url(&his)?;
/// assert_eq!(like.as_str(), "https://home.example/like?id=https%3A%2F%2Fhere.example%2Fposts%2F1");
/// let reply = Interaction::reply(ours).url(&his)?;
/// assert_eq!(reply.as_str(), "https://home.example/interact?uri=https%3A%2F%2Fhere.example%2Fposts%2F1");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// In the order of [FEP-3b86]: the intent for just this; the intent that opens the object in his own server; the template
/// of OStatus, which Mastodon, Misskey, Pleroma and others publish. A template that [`Template`] refuses is as none.
///
/// The URL may be on another host than his handle, and who sends browsers to whatever an URL names is an open redirect: take
/// the handle from a form that is posted, or show him the address first.
///
/// [FEP-3b86]: https://w3id.org/fep/3b86
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interaction<'a> {
    activity: &'a str,
    property: &'a str,
    object: &'a str,
    on_success: Option<&'a str>,
    on_cancel: Option<&'a str>,
}

/// What [`Interaction::on_success`] and [`Interaction::on_cancel`] take for "close this window".
pub const CLOSE: &str = "(close)";

impl<'a> Interaction<'a> {
    /// To follow an actor: its id, or its handle as `acct:alice@example.org`.
    #[must_use]
    pub fn follow(actor: &'a str) -> Self {
        Self::new("Follow", "object", actor)
    }

    /// To reply to an object.
    #[must_use]
    pub fn reply(object: &'a str) -> Self {
        Self::new("Create", "inReplyTo", object)
    }

    /// To like an object.
    #[must_use]
    pub fn like(object: &'a str) -> Self {
        Self::new("Like", "object", object)
    }

    /// To share an object with one's own followers.
    #[must_use]
    pub fn announce(object: &'a str) -> Self {
        Self::new("Announce", "object", object)
    }

    /// To see an object, and do with it whatever one's own server offers.
    #[must_use]
    pub fn open(object: &'a str) -> Self {
        Self::new(OBJECT, "object", object)
    }

    /// Another activity, and the property of it that `object` is: `new("Join", "object", "https://example.org/events/1")`.
    #[must_use]
    pub fn new(activity: &'a str, property: &'a str, object: &'a str) -> Self {
        Self {
            activity,
            property,
            object,
            on_success: None,
            on_cancel: None,
        }
    }

    /// Whither he comes back when he has done it, where his server offers that: a URL of ours, or [`CLOSE`].
    #[must_use]
    pub fn on_success(mut self, then: &'a str) -> Self {
        self.on_success = Some(then);
        self
    }

    /// Whither he comes back when he has thought better of it: a URL of ours, or [`CLOSE`].
    #[must_use]
    pub fn on_cancel(mut self, then: &'a str) -> Self {
        self.on_cancel = Some(then);
        self
    }

    /// Where his browser is sent, by the answer of his server about his handle.
    ///
    /// # Errors
    /// What is to be acted upon is neither a URL nor a handle, or his server offers nothing that can be used.
    pub fn url(&self, visitor: &Jrd) -> Result<Url, NoInteraction> {
        if !is_web(self.object) && Handle::parse(self.object).is_err() {
            return Err(NoInteraction::Object);
        }
        for then in [self.on_success, self.on_cancel].into_iter().flatten() {
            if then != CLOSE && !is_web(then) {
                return Err(NoInteraction::Return);
            }
        }
        let intent = rel::intent(self.activity);
        let open = rel::intent(OBJECT);
        let ways = [
            (intent.as_str(), self.property),
            (&open, "object"),
            (rel::SUBSCRIBE, "uri"),
        ];
        ways.into_iter()
            .find_map(|(rel, name)| self.fill(&visitor.links, rel, name))
            .ok_or(NoInteraction::NotOffered)
    }

    /// The first link of the relation whose template takes the object under this name.
    fn fill(&self, links: &[Link], rel: &str, name: &str) -> Option<Url> {
        let mut values = vec![(name, self.object)];
        values.extend(self.on_success.map(|then| ("on-success", then)));
        values.extend(self.on_cancel.map(|then| ("on-cancel", then)));
        links
            .iter()
            .filter(|link| link.rel == rel)
            .filter_map(Link::usable_template)
            .filter(|template: &Template| template.takes(name))
            .find_map(|template| template.fill(&values).ok())
    }
}

/// The intent that opens an object, which is no activity.
const OBJECT: &str = "Object";

fn is_web(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| {
        matches!(url.scheme(), "https" | "http")
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
    })
}

/// Why a visitor is sent nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoInteraction {
    /// What is to be acted upon is neither a URL of the web nor a handle.
    #[error("the object is neither a URL nor a handle")]
    Object,
    /// The place to come back to is no URL of the web.
    #[error("the place to return to is not a URL")]
    Return,
    /// The visitor's server offers no way to do this, or none that can be used.
    #[error("the server of the visitor offers no way to do this")]
    NotOffered,
}

#[cfg(test)]
mod tests;
