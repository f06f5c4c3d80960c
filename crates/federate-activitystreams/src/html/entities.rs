//! Character references: <https://html.spec.whatwg.org/multipage/parsing.html#character-reference-state>

use std::borrow::Cow;

/// Longer names stand for nothing here.
const LONGEST_NAME: usize = 14;

/// The text with its references as characters, as they stand in the value of an attribute.
pub(super) fn decode_value(raw: &str) -> Cow<'_, str> {
    if !raw.contains('&') {
        return Cow::Borrowed(raw);
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(c) = rest.chars().next() {
        let (c, after) = match c {
            '&' => reference(rest, true),
            c => (c, rest.get(c.len_utf8()..).unwrap_or_default()),
        };
        out.push(c);
        rest = after;
    }
    Cow::Owned(out)
}

/// The character for the reference with which a text begins, and what follows it; of what is none, the `&`.
///
/// In the value of an attribute, what has no `;` and goes on like a word or with `=` is none: `?a=1&copy=2`.
pub(super) fn reference(text: &str, in_value: bool) -> (char, &str) {
    let behind = text.get(1..).unwrap_or_default();
    let found = match behind.strip_prefix('#') {
        Some(number) => numeric(number),
        None => named(behind, in_value),
    };
    found.unwrap_or(('&', behind))
}

fn numeric(text: &str) -> Option<(char, &str)> {
    let (digits, radix) = match text.strip_prefix(['x', 'X']) {
        Some(hex) => (hex, 16),
        None => (text, 10),
    };
    let end = digits.find(|c: char| !c.is_digit(radix)).unwrap_or(digits.len());
    let (number, behind) = digits.split_at_checked(end).filter(|_| end > 0)?;
    // More digits than a number holds are no character either.
    let number = u32::from_str_radix(number, radix).unwrap_or(u32::MAX);
    let c = match number {
        0x80..=0x9f => windows_1252(number),
        0 => '\u{fffd}',
        number => char::from_u32(number).unwrap_or('\u{fffd}'),
    };
    Some((c, behind.strip_prefix(';').unwrap_or(behind)))
}

/// Numbers in the range of the C1 controls mean what they mean in windows-1252, where it has a character.
fn windows_1252(number: u32) -> char {
    const CHARACTERS: &str = "€\u{81}‚ƒ„…†‡ˆ‰Š‹Œ\u{8d}Ž\u{8f}\u{90}‘’“”•–—˜™š›œ\u{9d}žŸ";
    CHARACTERS
        .chars()
        .zip(0x80..)
        .find_map(|(c, at)| (at == number).then_some(c))
        .unwrap_or('\u{fffd}')
}

fn named(text: &str, in_value: bool) -> Option<(char, &str)> {
    let bytes = text.bytes().take(LONGEST_NAME + 1);
    let length = bytes.take_while(u8::is_ascii_alphanumeric).count();
    let (name, behind) = text.split_at_checked(length)?;
    if let Some(behind) = behind.strip_prefix(';')
        && let Some((c, _)) = find(name)
    {
        return Some((c, behind));
    }
    // Without `;`, the longest of the old names with which it begins.
    let (c, end) = (2..=length).rev().find_map(|end| match find(name.get(..end)?)? {
        (c, true) => Some((c, end)),
        (_, false) => None,
    })?;
    let behind = text.get(end..)?;
    let goes_on = behind.starts_with(|c: char| c == '=' || c.is_ascii_alphanumeric());
    (!in_value || !goes_on).then_some((c, behind))
}

fn find(name: &str) -> Option<(char, bool)> {
    let at = NAMED.binary_search_by_key(&name, |(known, ..)| known).ok()?;
    NAMED.get(at).map(|(_, c, old)| (*c, *old))
}

/// The names of HTML 4 and what Markdown renderers add, with whether they stand for the character without `;` too.
#[rustfmt::skip]
const NAMED: [(&str, char, bool); 304] = [
    ("AElig", 'Æ', true), ("AMP", '&', true), ("Aacute", 'Á', true), ("Acirc", 'Â', true), ("Agrave", 'À', true),
    ("Alpha", 'Α', false), ("Aring", 'Å', true), ("Atilde", 'Ã', true), ("Auml", 'Ä', true), ("Beta", 'Β', false),
    ("COPY", '©', true), ("Ccedil", 'Ç', true), ("Chi", 'Χ', false), ("Dagger", '‡', false), ("Delta", 'Δ', false),
    ("ETH", 'Ð', true), ("Eacute", 'É', true), ("Ecirc", 'Ê', true), ("Egrave", 'È', true), ("Epsilon", 'Ε', false),
    ("Eta", 'Η', false), ("Euml", 'Ë', true), ("GT", '>', true), ("Gamma", 'Γ', false), ("Hat", '^', false),
    ("Iacute", 'Í', true), ("Icirc", 'Î', true), ("Igrave", 'Ì', true), ("Iota", 'Ι', false), ("Iuml", 'Ï', true),
    ("Kappa", 'Κ', false), ("LT", '<', true), ("Lambda", 'Λ', false), ("Mu", 'Μ', false),
    ("NewLine", '\u{a}', false), ("NoBreak", '\u{2060}', false), ("Ntilde", 'Ñ', true), ("Nu", 'Ν', false),
    ("OElig", 'Œ', false), ("Oacute", 'Ó', true), ("Ocirc", 'Ô', true), ("Ograve", 'Ò', true),
    ("Omega", 'Ω', false), ("Omicron", 'Ο', false), ("Oslash", 'Ø', true), ("Otilde", 'Õ', true),
    ("Ouml", 'Ö', true), ("Phi", 'Φ', false), ("Pi", 'Π', false), ("Prime", '″', false), ("Psi", 'Ψ', false),
    ("QUOT", '"', true), ("REG", '®', true), ("Rho", 'Ρ', false), ("Scaron", 'Š', false), ("Sigma", 'Σ', false),
    ("THORN", 'Þ', true), ("Tab", '\u{9}', false), ("Tau", 'Τ', false), ("Theta", 'Θ', false),
    ("Uacute", 'Ú', true), ("Ucirc", 'Û', true), ("Ugrave", 'Ù', true), ("Upsilon", 'Υ', false),
    ("Uuml", 'Ü', true), ("Xi", 'Ξ', false), ("Yacute", 'Ý', true), ("Yuml", 'Ÿ', false),
    ("ZeroWidthSpace", '\u{200b}', false), ("Zeta", 'Ζ', false), ("aacute", 'á', true), ("acirc", 'â', true),
    ("acute", '´', true), ("aelig", 'æ', true), ("agrave", 'à', true), ("alefsym", 'ℵ', false),
    ("alpha", 'α', false), ("amp", '&', true), ("and", '∧', false), ("ang", '∠', false), ("apos", '\'', false),
    ("aring", 'å', true), ("ast", '*', false), ("asymp", '≈', false), ("atilde", 'ã', true), ("auml", 'ä', true),
    ("bdquo", '„', false), ("beta", 'β', false), ("brvbar", '¦', true), ("bsol", '\\', false), ("bull", '•', false),
    ("cap", '∩', false), ("ccedil", 'ç', true), ("cedil", '¸', true), ("cent", '¢', true), ("check", '✓', false),
    ("chi", 'χ', false), ("circ", 'ˆ', false), ("clubs", '♣', false), ("colon", ':', false), ("comma", ',', false),
    ("commat", '@', false), ("cong", '≅', false), ("copy", '©', true), ("crarr", '↵', false), ("cup", '∪', false),
    ("curren", '¤', true), ("dArr", '⇓', false), ("dagger", '†', false), ("darr", '↓', false), ("dash", '‐', false),
    ("deg", '°', true), ("delta", 'δ', false), ("diams", '♦', false), ("divide", '÷', true), ("dollar", '$', false),
    ("eacute", 'é', true), ("ecirc", 'ê', true), ("egrave", 'è', true), ("empty", '∅', false),
    ("emsp", '\u{2003}', false), ("ensp", '\u{2002}', false), ("epsilon", 'ε', false), ("equals", '=', false),
    ("equiv", '≡', false), ("eta", 'η', false), ("eth", 'ð', true), ("euml", 'ë', true), ("euro", '€', false),
    ("excl", '!', false), ("exist", '∃', false), ("female", '♀', false), ("fnof", 'ƒ', false),
    ("forall", '∀', false), ("frac12", '½', true), ("frac14", '¼', true), ("frac34", '¾', true),
    ("frasl", '⁄', false), ("gamma", 'γ', false), ("ge", '≥', false), ("grave", '`', false), ("gt", '>', true),
    ("hArr", '⇔', false), ("harr", '↔', false), ("hearts", '♥', false), ("hellip", '…', false),
    ("horbar", '―', false), ("hyphen", '‐', false), ("iacute", 'í', true), ("icirc", 'î', true),
    ("iexcl", '¡', true), ("igrave", 'ì', true), ("image", 'ℑ', false), ("infin", '∞', false), ("int", '∫', false),
    ("iota", 'ι', false), ("iquest", '¿', true), ("isin", '∈', false), ("iuml", 'ï', true), ("kappa", 'κ', false),
    ("lArr", '⇐', false), ("lambda", 'λ', false), ("lang", '〈', false), ("laquo", '«', true), ("larr", '←', false),
    ("lbrace", '{', false), ("lbrack", '[', false), ("lceil", '⌈', false), ("lcub", '{', false),
    ("ldquo", '“', false), ("le", '≤', false), ("lfloor", '⌊', false), ("lowast", '∗', false),
    ("lowbar", '_', false), ("loz", '◊', false), ("lpar", '(', false), ("lrm", '\u{200e}', false),
    ("lsaquo", '‹', false), ("lsqb", '[', false), ("lsquo", '‘', false), ("lt", '<', true), ("macr", '¯', true),
    ("male", '♂', false), ("mdash", '—', false), ("micro", 'µ', true), ("middot", '·', true), ("minus", '−', false),
    ("mldr", '…', false), ("mu", 'μ', false), ("nabla", '∇', false), ("nbsp", '\u{a0}', true),
    ("ndash", '–', false), ("ne", '≠', false), ("ni", '∋', false), ("nldr", '‥', false), ("not", '¬', true),
    ("notin", '∉', false), ("nsub", '⊄', false), ("ntilde", 'ñ', true), ("nu", 'ν', false), ("num", '#', false),
    ("numsp", '\u{2007}', false), ("oacute", 'ó', true), ("ocirc", 'ô', true), ("oelig", 'œ', false),
    ("ograve", 'ò', true), ("oline", '‾', false), ("omega", 'ω', false), ("omicron", 'ο', false),
    ("oplus", '⊕', false), ("or", '∨', false), ("ordf", 'ª', true), ("ordm", 'º', true), ("oslash", 'ø', true),
    ("otilde", 'õ', true), ("otimes", '⊗', false), ("ouml", 'ö', true), ("para", '¶', true), ("part", '∂', false),
    ("percnt", '%', false), ("period", '.', false), ("permil", '‰', false), ("perp", '⊥', false),
    ("phi", 'φ', false), ("phone", '☎', false), ("pi", 'π', false), ("piv", 'ϖ', false), ("plus", '+', false),
    ("plusmn", '±', true), ("pound", '£', true), ("prime", '′', false), ("prod", '∏', false), ("prop", '∝', false),
    ("psi", 'ψ', false), ("quest", '?', false), ("quot", '"', true), ("rArr", '⇒', false), ("radic", '√', false),
    ("rang", '〉', false), ("raquo", '»', true), ("rarr", '→', false), ("rbrace", '}', false),
    ("rbrack", ']', false), ("rceil", '⌉', false), ("rcub", '}', false), ("rdquo", '”', false),
    ("real", 'ℜ', false), ("reg", '®', true), ("rfloor", '⌋', false), ("rho", 'ρ', false),
    ("rlm", '\u{200f}', false), ("rpar", ')', false), ("rsaquo", '›', false), ("rsqb", ']', false),
    ("rsquo", '’', false), ("sbquo", '‚', false), ("scaron", 'š', false), ("sdot", '⋅', false), ("sect", '§', true),
    ("semi", ';', false), ("shy", '\u{ad}', true), ("sigma", 'σ', false), ("sigmaf", 'ς', false),
    ("sim", '∼', false), ("sol", '/', false), ("spades", '♠', false), ("star", '☆', false), ("sub", '⊂', false),
    ("sube", '⊆', false), ("sum", '∑', false), ("sup", '⊃', false), ("sup1", '¹', true), ("sup2", '²', true),
    ("sup3", '³', true), ("supe", '⊇', false), ("szlig", 'ß', true), ("tau", 'τ', false), ("there4", '∴', false),
    ("theta", 'θ', false), ("thetasym", 'ϑ', false), ("thinsp", '\u{2009}', false), ("thorn", 'þ', true),
    ("tilde", '˜', false), ("times", '×', true), ("trade", '™', false), ("uArr", '⇑', false), ("uacute", 'ú', true),
    ("uarr", '↑', false), ("ucirc", 'û', true), ("ugrave", 'ù', true), ("uml", '¨', true), ("upsih", 'ϒ', false),
    ("upsilon", 'υ', false), ("uuml", 'ü', true), ("verbar", '|', false), ("vert", '|', false),
    ("weierp", '℘', false), ("xi", 'ξ', false), ("yacute", 'ý', true), ("yen", '¥', true), ("yuml", 'ÿ', true),
    ("zeta", 'ζ', false), ("zwj", '\u{200d}', false), ("zwnj", '\u{200c}', false),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> String {
        let (c, rest) = reference(text, false);
        format!("{c}{rest}")
    }

    #[test]
    fn names_numbers_and_what_is_neither() {
        assert!(NAMED.is_sorted_by_key(|(name, ..)| *name));
        assert!(NAMED.iter().all(|(name, ..)| name.len() <= LONGEST_NAME));
        for (reference, text) in [
            ("&amp;x", "&x"),
            ("&amplt;", "&lt;"),
            ("&AMP;", "&"),
            ("&hearts;", "♥"),
            ("&hearts", "&hearts"),
            ("&copy2026", "©2026"),
            ("&notit;", "¬it;"),
            ("&unknown;", "&unknown;"),
            ("&;", "&;"),
            ("&#38;", "&"),
            ("&#038x", "&x"),
            ("&#x26;", "&"),
            ("&#X1F600;", "😀"),
            ("&#146;", "’"),
            ("&#x80", "€"),
            ("&#0;", "\u{fffd}"),
            ("&#xd800;", "\u{fffd}"),
            ("&#99999999999999999999;", "\u{fffd}"),
            ("&#;", "&#;"),
            ("&#x;", "&#x;"),
        ] {
            assert_eq!(decoded(reference), text, "{reference}");
        }
        assert_eq!(decode_value("?a=1&copy=2&amp;c&lt"), "?a=1&copy=2&c<");
    }
}
