//! A piece of HTML as text and tags: enough to read it, not to trust it.

/// One piece.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece<'a> {
    /// Text, with its entities.
    Text(&'a str),
    /// A tag; its name as written.
    Tag {
        name: &'a str,
        closes: bool,
        bytes: usize,
    },
    /// A comment, a declaration, or the inside of a script or style.
    Nothing,
}

/// The pieces of a text, each byte looked at a fixed number of times.
pub(super) fn pieces(html: &str) -> impl Iterator<Item = Piece<'_>> {
    let mut rest = html;
    let mut skip_until = None;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        if let Some(end) = skip_until.take() {
            rest = after_closing(rest, end);
            return Some(Piece::Nothing);
        }
        let Some(at) = rest.find('<') else {
            return Some(Piece::Text(std::mem::take(&mut rest)));
        };
        if at > 0 {
            let (text, tag) = rest.split_at_checked(at)?;
            rest = tag;
            return Some(Piece::Text(text));
        }
        let (piece, after) = tag(rest);
        if let Piece::Tag {
            name, closes: false, ..
        } = piece
        {
            skip_until = ["script", "style"]
                .into_iter()
                .find(|one| name.eq_ignore_ascii_case(one));
        }
        rest = after;
        Some(piece)
    })
}

/// What begins with `<`.
fn tag(html: &str) -> (Piece<'_>, &str) {
    let inside = html.get(1..).unwrap_or_default();
    if let Some(comment) = inside.strip_prefix("!--") {
        return (
            Piece::Nothing,
            comment.split_once("-->").map_or("", |(_, after)| after),
        );
    }
    let closes = inside.starts_with('/');
    let inside = inside.strip_prefix('/').unwrap_or(inside);
    match inside.bytes().next() {
        Some(b'!' | b'?') => (
            Piece::Nothing,
            inside.split_once('>').map_or("", |(_, after)| after),
        ),
        Some(letter) if letter.is_ascii_alphabetic() => {
            let end = tag_end(inside);
            let whole = inside.get(..end).unwrap_or(inside);
            let name = whole
                .split(|c: char| c.is_ascii_whitespace() || matches!(c, '/' | '>'))
                .next();
            let after = inside.get(end + 1..).unwrap_or_default();
            (
                Piece::Tag {
                    name: name.unwrap_or_default(),
                    closes,
                    bytes: end,
                },
                after,
            )
        }
        _ => (Piece::Text("<"), html.get(1..).unwrap_or_default()),
    }
}

/// Where the `>` stands that is in no quotes; the end where there is none.
fn tag_end(inside: &str) -> usize {
    let mut quote = None;
    let mut before = b' ';
    for (at, byte) in inside.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at,
            // A quote opens a value only after `=`; elsewhere it is a letter like others.
            (None, b'"' | b'\'') if before == b'=' => quote = Some(byte),
            (Some(open), close) if open == close => quote = None,
            _ => {}
        }
        if !byte.is_ascii_whitespace() {
            before = byte;
        }
    }
    inside.len()
}

fn after_closing<'a>(html: &'a str, name: &str) -> &'a str {
    let mut rest = html;
    while let Some((_, after)) = rest.split_once("</") {
        if after
            .get(..name.len())
            .is_some_and(|begin| begin.eq_ignore_ascii_case(name))
        {
            return after.split_once('>').map_or("", |(_, after)| after);
        }
        rest = after;
    }
    ""
}
