//! Remote HTML to safe HTML.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use ammonia::Builder;

use super::{allowed, href, text_to_html, tidy::tidy, to_plain_text};

/// How often what comes out may still change when it is parsed again, before HTML is shown as its text.
const MOST_PASSES: usize = 4;

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let attributes = allowed::ATTRIBUTES
        .into_iter()
        .map(|(tag, names)| (tag, names.iter().copied().collect::<HashSet<_>>()))
        .collect::<HashMap<_, _>>();
    let mut cleaner = Builder::empty();
    cleaner
        .tags(allowed::TAGS.into())
        .clean_content_tags(["script", "style"].into())
        .generic_attributes(allowed::GENERIC.into())
        .tag_attributes(attributes)
        .attribute_filter(|tag, attribute, value| match attribute {
            // The sanitiser's own: it asks for the scheme, and writes `rel` itself.
            "href" | "rel" => Some(Cow::Borrowed(value)),
            _ => allowed::value(tag, attribute, value),
        })
        .url_schemes(href::SCHEMES.into())
        .url_relative(ammonia::UrlRelative::Deny)
        .link_rel(Some("nofollow noopener noreferrer"))
        .strip_comments(true);
    cleaner
});

/// Makes HTML from another server safe to show.
///
/// What the fediverse's servers send and show stays; all else goes, and its text stays:
///
/// | In the HTML | What becomes of it |
/// |---|---|
/// | `p br hr span a`, `b strong i em u s del ins mark small sub sup code kbd samp q cite abbr`, `h1`–`h6`, `blockquote pre`, `ul ol li dl dt dd`, `div details summary figure figcaption`, `ruby rt rp bdi wbr`, `table caption thead tbody tr th td` | stay |
/// | `strike tt acronym tfoot`; `section article aside header footer main nav address center` | are written `s code abbr tbody`; `div` |
/// | `img` | its alternative text: nothing is loaded from a server that the reader did not choose, and pictures come as attachments |
/// | `math` | the TeX or the plain text that its author gave it ([FEP-dc88]), as Mastodon shows it |
/// | `script style iframe noembed noframes` | go with what stands in them |
/// | `href` of `a` | stays with `http https dat dweb ipfs ipns ssb gopher xmpp magnet gemini mailto`, none of which runs anything in a page, and up to 2,048 bytes; any other link (`javascript:`, `data:`, a relative one, `#footnote`) is its text |
/// | `rel`, `target` of `a` | `rel="nofollow noopener noreferrer"` on every link, whatever came; `target` goes, for in which window a link opens is for the page that shows it |
/// | `class` of `a span p` | microformats (`h-* p-* u-* dt-* e-*`) and `mention hashtag invisible ellipsis quote-inline`, up to 16 |
/// | `class` of `code` | `language-*` |
/// | `lang`, `dir` | stay on every tag |
/// | `translate="no"` of `a span`; `start`, `reversed` of `ol`; `value` of `li` | stay |
/// | `id`, `style`, `title`, `on*`, `data-*`, widths, colours, spans of cells | go |
///
/// Two passes that know nothing of one another hold the list: the HTML is written anew as a well-nested tree of
/// what is allowed, and ammonia, a sanitiser on a parser that reads as browsers do, reads and cleans that.
///
/// What comes out is parsed as it stands: made safe once more, it is the same bytes. What would not come to rest
/// is shown as its text.
///
/// It takes linear time and memory on whatever comes: what is nested deeper than 64 tags loses its tags and keeps its text.
/// Formatting that is closed in another order than it was opened ends where the first of its parents does.
///
/// The links that stay are kept with the text they came with, even where that looks like another address:
/// [`links`](super::links) says which do.
///
/// ```
/// use federate_activitystreams::html::sanitize;
///
/// let came = "<p onclick=\"x()\">Hi <a href=\"https://a.example\" class=\"u-url big\">you</a><script>y()</script>";
/// assert_eq!(
///     sanitize(came),
///     "<p>Hi <a href=\"https://a.example\" class=\"u-url\" rel=\"nofollow noopener noreferrer\">you</a></p>"
/// );
/// ```
///
/// [FEP-dc88]: https://codeberg.org/fediverse/fep/src/branch/main/fep/dc88/fep-dc88.md
#[must_use]
pub fn sanitize(html: &str) -> String {
    let mut safe = clean(html);
    // The tree is written so that the next parser builds the same; where it does not, what it builds is looked at again.
    for _ in 0..MOST_PASSES {
        let again = clean(&safe);
        if again == safe {
            return safe;
        }
        safe = again;
    }
    text_to_html(&to_plain_text(&safe), |_| None)
}

fn clean(html: &str) -> String {
    CLEANER.clean(&tidy(html)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misnested_html_is_nested_as_html_allows() {
        for (html, safe) in [
            ("<b><i>a</b>b</i>", "<b><i>a</i></b>b"),
            ("<p>a<p>b<div>c</div>", "<p>a</p><p>b</p><div>c</div>"),
            (
                "<ul><li>a<li>b<ul><li>c</ul><li>d",
                "<ul><li>a</li><li>b<ul><li>c</li></ul></li><li>d</li></ul>",
            ),
            ("<h1>a<h2>b</h1>c", "<h1>a</h1><h2>b</h2>c"),
            (
                "<dl><dt>a<dd>b<dt>c</dl>",
                "<dl><dt>a</dt><dd>b</dd><dt>c</dt></dl>",
            ),
            (
                "<table>x<tr><td>a<td>b<tr>c</table>d",
                "<table><tbody><tr><td>x</td></tr><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></tbody></table>d",
            ),
            ("<tr><td>a</td></tr></table></p></br>b", "a<br>b"),
            (
                "<ruby>a<rt>b<rt>c</ruby><rt>d",
                "<ruby>a<rt>b</rt><rt>c</rt></ruby>d",
            ),
            ("<pre>\n\n a\r\nb</pre>", "<pre> a\nb</pre>"),
            ("<p>a</p></div><section>b</section>c", "<p>a</p><div>b</div>c"),
        ] {
            assert_eq!(sanitize(html), safe, "{html}");
            assert_eq!(clean(safe), safe, "{html}");
        }
    }

    #[test]
    fn the_list_is_sorted_and_the_same_for_both_passes() {
        assert!(allowed::TAGS.is_sorted());
        for (tag, names) in allowed::ATTRIBUTES {
            assert!(allowed::TAGS.contains(&tag));
            assert!(
                names
                    .iter()
                    .all(|name| allowed::attributes(tag).any(|one| one == *name))
            );
        }
    }
}
