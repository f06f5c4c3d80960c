//! host-meta ([RFC 6415]): where WebFinger is, for those who ask that way first.
//!
//! Out only. No XML of a peer is ever read, so nothing can be done with its entities: who moved its WebFinger elsewhere has to
//! redirect it, or answer with the subject that is meant (`example.org` served by `social.example.org`), as Mastodon asks for.
//!
//! [RFC 6415]: https://www.rfc-editor.org/rfc/rfc6415

/// The `Content-Type` of [`json`].
pub const JSON_TYPE: &str = "application/json; charset=utf-8";
/// The `Content-Type` of [`xml`].
pub const XML_TYPE: &str = "application/xrd+xml; charset=utf-8";

/// The document at `/.well-known/host-meta.json`. `base` is the origin that serves WebFinger:
/// `https://example.org`.
///
/// ```
/// # use federate_webfinger::host_meta;
/// assert_eq!(
///     host_meta::json("https://example.org"),
///     r#"{"links":[{"rel":"lrdd","template":"https://example.org/.well-known/webfinger?resource={uri}"}]}"#
/// );
/// ```
#[must_use]
pub fn json(base: &str) -> String {
    #[derive(serde::Serialize)]
    struct Document {
        links: [Template; 1],
    }
    #[derive(serde::Serialize)]
    struct Template {
        rel: &'static str,
        template: String,
    }
    let document = Document {
        links: [Template {
            rel: "lrdd",
            template: template(base),
        }],
    };
    // Two strings always serialise.
    serde_json::to_string(&document).unwrap_or_default()
}

/// The document at `/.well-known/host-meta`. `base` is the origin that serves WebFinger: `https://example.org`.
#[must_use]
pub fn xml(base: &str) -> String {
    let template = escape(&template(base));
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <XRD xmlns=\"http://docs.oasis-open.org/ns/xri/xrd-1.0\">\n  \
           <Link rel=\"lrdd\" template=\"{template}\"/>\n\
         </XRD>\n"
    )
}

fn template(base: &str) -> String {
    format!(
        "{}/.well-known/webfinger?resource={{uri}}",
        base.trim_end_matches('/')
    )
}

fn escape(s: &str) -> String {
    s.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_name_the_same_template() {
        let want = "https://example.org/.well-known/webfinger?resource={uri}";
        assert!(xml("https://example.org/").contains(&format!("template=\"{want}\"")));
        let value: serde_json::Value = serde_json::from_str(&json("https://example.org/")).unwrap();
        assert_eq!(value["links"][0]["template"], want);
    }

    #[test]
    fn nothing_breaks_out_of_the_xml() {
        assert!(!xml("https://a\"><x>&").contains("<x>"));
    }
}
