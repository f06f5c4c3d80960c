//! The media types of ActivityPub and WebFinger, told apart strictly.

/// The `Accept` of a request for an ActivityPub document: both types, as the specification and its servers demand.
pub const ACCEPT_ACTIVITY: &str =
    r#"application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams""#;

/// The same where a page will do that names the document: what people copy from their browsers.
pub const ACCEPT_ACTIVITY_OR_PAGE: &str = r#"application/activity+json, application/ld+json; profile="https://www.w3.org/ns/activitystreams", text/html;q=0.1"#;

/// The `Accept` of a WebFinger request.
pub const ACCEPT_JRD: &str = "application/jrd+json, application/json";

/// The `Accept` of a request for NodeInfo and its index.
pub const ACCEPT_NODEINFO: &str = "application/json";

const PROFILE: &str = "https://www.w3.org/ns/activitystreams";

/// `application/activity+json`, or `application/ld+json` with the ActivityStreams profile; UTF-8 where it names a charset (I3).
/// Nothing else is an ActivityPub document: a file that somebody uploaded is served under other types (CVE-2024-25623).
#[must_use]
pub fn is_activity_document(content_type: &str) -> bool {
    let Some((essence, parameters)) = split(content_type) else {
        return false;
    };
    if !charset_is_utf8(&parameters) {
        return false;
    }
    match essence.as_str() {
        "application/activity+json" => true,
        "application/ld+json" => parameters
            .iter()
            .any(|(name, value)| name == "profile" && value.split_ascii_whitespace().any(|p| p == PROFILE)),
        _ => false,
    }
}

/// `application/jrd+json` or `application/json`.
#[must_use]
pub fn is_jrd(content_type: &str) -> bool {
    split(content_type).is_some_and(|(essence, parameters)| {
        matches!(essence.as_str(), "application/jrd+json" | "application/json")
            && charset_is_utf8(&parameters)
    })
}

/// `text/html` or `application/xhtml+xml`, whatever its charset: of a page, only its links are read.
pub(crate) fn is_page(content_type: &str) -> bool {
    split(content_type)
        .is_some_and(|(essence, _)| matches!(essence.as_str(), "text/html" | "application/xhtml+xml"))
}

/// `application/json`, with whatever profile, or what some serve the index as: `application/jrd+json`.
#[must_use]
pub fn is_nodeinfo(content_type: &str) -> bool {
    is_jrd(content_type)
}

pub(crate) fn is_posted_activity(content_type: &str) -> bool {
    split(content_type).is_some_and(|(essence, parameters)| {
        matches!(
            essence.as_str(),
            "application/activity+json" | "application/ld+json"
        ) && charset_is_utf8(&parameters)
    })
}

fn charset_is_utf8(parameters: &[(String, String)]) -> bool {
    parameters.iter().all(|(name, value)| {
        name != "charset" || value.eq_ignore_ascii_case("utf-8") || value.eq_ignore_ascii_case("utf8")
    })
}

/// The type in lower case, and its parameters; `None` where they cannot be read without doubt.
fn split(value: &str) -> Option<(String, Vec<(String, String)>)> {
    let (essence, mut rest) = match value.split_once(';') {
        Some((essence, rest)) => (essence, Some(rest)),
        None => (value, None),
    };
    let mut parameters: Vec<(String, String)> = Vec::new();
    while let Some(text) = rest {
        let text = text.trim_start();
        if text.is_empty() {
            break;
        }
        let (name, after) = text.split_once('=')?;
        let (parsed, tail) = match after.trim_start().strip_prefix('"') {
            Some(quoted) => quoted
                .split_once('"')
                .map(|(inside, tail)| (inside, tail.trim_start()))?,
            None => match after.split_once(';') {
                Some((token, _)) => (token.trim(), after.get(token.len()..)?),
                None => (after.trim(), ""),
            },
        };
        let name = name.trim().to_ascii_lowercase();
        if parameters.iter().any(|(seen, _)| *seen == name) {
            return None;
        }
        parameters.push((name, parsed.to_owned()));
        rest = match tail.strip_prefix(';') {
            Some(more) => Some(more),
            None if tail.is_empty() => None,
            None => return None,
        };
    }
    Some((essence.trim().to_ascii_lowercase(), parameters))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn i3_only_the_two_types() {
        for good in [
            "application/activity+json",
            "Application/Activity+JSON",
            "application/activity+json; charset=utf-8",
            "application/activity+json;charset=UTF-8",
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json;profile="https://www.w3.org/ns/activitystreams"; charset=utf-8"#,
            r#"application/ld+json; charset=utf-8; profile="https://example.org/other https://www.w3.org/ns/activitystreams""#,
        ] {
            assert!(is_activity_document(good), "{good}");
        }
        for bad in [
            "",
            "application/json",
            "text/plain",
            "text/html; charset=utf-8",
            "application/octet-stream",
            "image/png",
            "application/ld+json",
            r#"application/ld+json; profile="https://example.org/other""#,
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreamsx""#,
            "application/activity+json; charset=utf-16",
            "application/activity+json, text/html",
            "text/html; x=application/activity+json",
            r#"application/ld+json; profile="a"; profile="https://www.w3.org/ns/activitystreams""#,
            r#"application/ld+json; profile="https://www.w3.org/ns/activitystreams"#,
            "application/activity+json; charset",
        ] {
            assert!(!is_activity_document(bad), "{bad}");
        }
    }

    #[test]
    fn webfinger_has_its_own_two() {
        assert!(is_jrd("application/jrd+json; charset=utf-8"));
        assert!(is_jrd("application/json"));
        assert!(!is_jrd("text/html"));
        assert!(!is_jrd("application/activity+json"));
    }
}
