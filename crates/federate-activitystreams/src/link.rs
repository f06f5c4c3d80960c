//! Where people see something.

use crate::{Iri, Object, Ref, edit, terms};

impl Object {
    /// Where people see it: of several, the first that says it is HTML, else the first that says nothing of its media
    /// type, else the first. All of them come by [`Object::get_all`] with [`URL`](terms::URL).
    ///
    /// Spec: <https://www.w3.org/TR/activitystreams-vocabulary/#dfn-url>
    #[must_use]
    pub fn url(&self) -> Option<Iri> {
        let node = edit::find(self.node(), terms::URL.name(), terms::URL.iri())?;
        let mut best: Option<(u8, Iri)> = None;
        for (rank, url) in Ref::at(node)
            .iter()
            .filter_map(|link| Some((rank(&link), link.id()?)))
        {
            if best.as_ref().is_none_or(|(other, _)| rank < *other) {
                best = Some((rank, url));
            }
        }
        best.map(|(_, url)| url)
    }
}

fn rank(link: &Ref) -> u8 {
    match link.object().and_then(|link| link.media_type()) {
        Some(html) if html.trim_start().to_ascii_lowercase().starts_with("text/html") => 0,
        None => 1,
        Some(_) => 2,
    }
}

#[cfg(test)]
mod tests {
    use crate::Object;

    #[test]
    fn of_several_the_one_for_people() {
        for (text, url) in [
            (r#""https://a.example/1""#, Some("https://a.example/1")),
            (
                r#"[{"type":"Link","mediaType":"audio/ogg","href":"https://a.example/f"},{"type":"Link","mediaType":"text/html; charset=utf-8","href":"https://a.example/1"}]"#,
                Some("https://a.example/1"),
            ),
            (
                r#"[{"type":"Link","mediaType":"video/mp4","href":"https://a.example/f"},"https://a.example/1"]"#,
                Some("https://a.example/1"),
            ),
            (
                r#"[{"type":"Link","mediaType":"video/mp4","href":"https://a.example/f"}]"#,
                Some("https://a.example/f"),
            ),
            (
                r#"{"type":"Link","id":"https://a.example/link","href":"https://a.example/1"}"#,
                Some("https://a.example/1"),
            ),
            ("[]", None),
            (r#""no""#, None),
        ] {
            let object = Object::parse(format!("{{\"url\":{text}}}").as_bytes()).unwrap();
            assert_eq!(object.url().as_ref().map(crate::Iri::as_str), url, "{text}");
        }
    }
}
