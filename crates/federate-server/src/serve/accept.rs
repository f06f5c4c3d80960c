//! Content negotiation: does the asker want the document or the page?

use http::{HeaderMap, header};

/// Whether ActivityPub is wanted. At a URL at which the application may have a page (`page`), a peer has to name the
/// type, and not rank HTML above it; elsewhere anything goes that does not ask for HTML.
pub(crate) fn activity(headers: &HeaderMap, page: bool) -> bool {
    let wish = Wish::of(headers);
    match wish.activity {
        Some(ours) => ours > 0 && wish.html.is_none_or(|html| html <= ours),
        None => !page && wish.html.is_none(),
    }
}

/// Whether JSON is named.
pub(crate) fn json(headers: &HeaderMap) -> bool {
    Wish::of(headers).json
}

#[derive(Default)]
struct Wish {
    /// Thousandths of quality, the best of each group.
    activity: Option<u32>,
    html: Option<u32>,
    json: bool,
}

impl Wish {
    fn of(headers: &HeaderMap) -> Self {
        let mut wish = Wish::default();
        for value in headers.get_all(header::ACCEPT) {
            let Ok(value) = value.to_str() else { continue };
            for range in split_outside_quotes(value, ',') {
                wish.take(range);
            }
        }
        wish
    }

    fn take(&mut self, range: &str) {
        let mut parts = split_outside_quotes(range, ';');
        let media = parts.next().unwrap_or_default().trim();
        let quality = parts
            .filter_map(|p| {
                p.trim()
                    .strip_prefix("q=")
                    .or_else(|| p.trim().strip_prefix("Q="))
            })
            .last()
            .map_or(1000, quality);
        let best = |old: Option<u32>| Some(old.unwrap_or(0).max(quality));
        let is = |names: [&str; 2]| names.iter().any(|name| media.eq_ignore_ascii_case(name));
        if is(["application/activity+json", "application/ld+json"]) {
            self.activity = best(self.activity);
        } else if is(["text/html", "application/xhtml+xml"]) {
            self.html = best(self.html);
        } else if is(["application/json", "application/jrd+json"]) {
            self.json = true;
        }
    }
}

fn quality(text: &str) -> u32 {
    match text.trim().parse::<f32>() {
        Ok(q) if q >= 1.0 => 1000,
        Ok(q) if q >= 0.5 => 500,
        Ok(q) if q > 0.0 => 100,
        _ => 0,
    }
}

fn split_outside_quotes(text: &str, at: char) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    text.split(move |c| {
        quoted ^= c == '"';
        c == at && !quoted
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, header};

    use super::activity;

    fn accepts(value: &str, page: bool) -> bool {
        let mut headers = HeaderMap::new();
        headers.insert(header::ACCEPT, HeaderValue::from_str(value).unwrap());
        activity(&headers, page)
    }

    #[test]
    fn the_document_goes_to_who_names_it() {
        for yes in [
            "application/activity+json",
            "application/activity+json, application/ld+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
            "application/ld+json; profile=\"https://a.example/x,y;q=0\", text/html;q=0.1",
            "APPLICATION/ACTIVITY+JSON",
            "text/html;q=0.5, application/activity+json",
        ] {
            assert!(accepts(yes, true), "{yes}");
        }
        for no in [
            "text/html,application/xhtml+xml,*/*;q=0.8",
            "*/*",
            "application/json",
            "application/activity+json;q=0",
            "text/html, application/activity+json;q=0.2",
        ] {
            assert!(!accepts(no, true), "{no}");
        }
        assert!(accepts("*/*", false));
        assert!(activity(&HeaderMap::new(), false));
        assert!(!activity(&HeaderMap::new(), true));
    }
}
