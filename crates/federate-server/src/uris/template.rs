//! Templates of paths, filled and read back.

use federate_protocol::webfinger::Template;
use federate_protocol::webfinger::rel::SUBSCRIBE;

/// Whether a template is a path with so many placeholders, each of which stands within one segment.
pub(crate) fn is_template(template: &str, placeholders: std::ops::RangeInclusive<usize>) -> bool {
    literals(template).is_some_and(|literals| {
        let (first, rest) = literals.split_first().unwrap_or((&"", &[]));
        let between = rest.split_last().map_or(&[][..], |(_, between)| between);
        placeholders.contains(&rest.len())
            && first.starts_with('/')
            && between.iter().all(|literal| literal.starts_with('/'))
            && !literals
                .iter()
                .any(|literal| literal.contains(['{', '}', '?', '#']))
    })
}

/// Whether a template of a page is one that other servers will fill. What OStatus has is filled by one name only.
pub(crate) fn is_interaction(rel: &str, template: &str) -> bool {
    template.starts_with('/')
        && Template::parse(&format!("https://instance.example{template}"))
            .is_ok_and(|template| rel != SUBSCRIBE || template.takes("uri"))
}

/// A template without the names of its placeholders.
pub(crate) fn shape(template: &str) -> Option<Vec<&str>> {
    literals(template)
}

/// What stands around the placeholders: one piece more than there are placeholders.
fn literals(template: &str) -> Option<Vec<&str>> {
    let mut pieces = template.split('{');
    let mut literals = vec![pieces.next()?];
    for piece in pieces {
        literals.push(piece.split_once('}')?.1);
    }
    Some(literals)
}

/// A key of a template with several placeholders has as many parts, with a slash between them.
pub(super) fn fill(template: &str, value: &str) -> String {
    let placeholders = template.matches('{').count();
    let mut parts = value.splitn(placeholders.max(1), '/');
    let mut pieces = template.split('{');
    let mut path = String::with_capacity(template.len() + value.len());
    path.push_str(pieces.next().unwrap_or_default());
    for (_, literal) in pieces.filter_map(|piece| piece.split_once('}')) {
        encode_into(&mut path, parts.next().unwrap_or_default());
        path.push_str(literal);
    }
    path
}

pub(super) fn unfill(template: &str, path: &str) -> Option<String> {
    let (first, behind) = template.split_once('{')?;
    let path = path.strip_prefix(first)?;
    match behind.split_once('}')? {
        (_, last) if !last.contains('{') => decode(path.strip_suffix(last)?),
        _ => unfill_several(template, path),
    }
}

/// `rest`: what stands behind the first literal.
fn unfill_several(template: &str, mut rest: &str) -> Option<String> {
    let literals = literals(template)?;
    let (last, between) = literals.get(1..)?.split_last()?;
    let mut values = Vec::with_capacity(literals.len());
    for literal in between {
        let (value, after) = rest.split_at_checked(rest.find(literal)?)?;
        values.push(decode(value)?);
        rest = after.strip_prefix(literal)?;
    }
    values.push(decode(rest.strip_suffix(last)?)?);
    // Only the last part may hold a slash of its own: `fill` would write the others differently.
    let inner = values
        .split_last()
        .is_none_or(|(_, inner)| inner.iter().all(|value| !value.contains('/')));
    inner.then(|| values.join("/"))
}

/// One path segment, percent-encoded: there is one spelling for a name, so that an id can be compared as it came.
pub(super) fn encode(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    encode_into(&mut out, value);
    out
}

fn encode_into(out: &mut String, value: &str) {
    if value.bytes().all(is_plain) {
        out.push_str(value);
        return;
    }
    for byte in value.bytes() {
        if is_plain(byte) {
            out.push(char::from(byte));
            continue;
        }
        out.push('%');
        for digit in [byte >> 4, byte & 15] {
            out.push(
                char::from_digit(u32::from(digit), 16)
                    .unwrap_or('0')
                    .to_ascii_uppercase(),
            );
        }
    }
}

/// Whether a byte stands for itself.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'@')
}

/// The inverse of [`encode`]; `None` for any other spelling, for more than one segment and for none.
pub(super) fn decode(segment: &str) -> Option<String> {
    if segment.bytes().all(is_plain) {
        return (!matches!(segment, "" | "." | "..")).then(|| segment.to_owned());
    }
    let mut bytes = Vec::with_capacity(segment.len());
    let mut rest = segment.bytes();
    while let Some(byte) = rest.next() {
        match byte {
            b'%' => {
                let high = char::from(rest.next()?).to_digit(16)?;
                let low = char::from(rest.next()?).to_digit(16)?;
                bytes.push(u8::try_from(high * 16 + low).ok()?);
            }
            b'/' => return None,
            _ => bytes.push(byte),
        }
    }
    let value = String::from_utf8(bytes).ok()?;
    (!value.is_empty() && value != "." && value != ".." && encode(&value) == segment).then_some(value)
}
