//! Text of strangers as one line.

use std::{iter::Peekable, str::Chars};

use super::words::{is_invisible, is_mark, is_pictograph};

/// The most characters of a [`display_name`].
pub const MAX_NAME_CHARS: usize = 100;

/// Marks on one letter, beyond which they go. Hebrew with vowels and cantillation has three, Tibetan four.
const MOST_MARKS: usize = 4;

/// Tags behind a flag: `gbeng` and its like have five.
const MOST_TAGS: usize = 6;

const JOINER: char = '\u{200d}';
const NON_JOINER: char = '\u{200c}';
const BLACK_FLAG: char = '\u{1f3f4}';
const LAST_TAG: char = '\u{e007f}';

/// A name from another server, fit to be shown in a line of ours: [`one_line`] of up to [`MAX_NAME_CHARS`] characters.
///
/// What is left of a name that has nothing to be seen is empty: show the handle then.
///
/// ```
/// use federate_activitystreams::html::{display_name, escape};
///
/// let came = "Mallory\u{202e}\n <b>admin</b>";
/// assert_eq!(display_name(came), "Mallory <b>admin</b>");
/// assert_eq!(escape(&display_name(came)), "Mallory &lt;b&gt;admin&lt;/b&gt;");
/// ```
#[must_use]
pub fn display_name(text: &str) -> String {
    one_line(text, MAX_NAME_CHARS)
}

/// Text from another server as one line of up to `most` characters, for names, titles, content warnings, fields of
/// profiles and error texts.
///
/// - Controls, line breaks and blanks of all kinds are one blank; none stands at an end.
/// - What turns the direction of text (U+202A–U+202E, U+2066–U+2069, U+200E, U+200F, U+061C) goes. Letters that run from right to
///   left are kept: put the line into a `<bdi>`, so that they turn nothing around it.
/// - What nobody sees goes: zero-width and tag characters, fillers, soft hyphens. Joiners stay where they change what is
///   seen: within emoji, and between letters of Arabic, Indic and other scripts that have them; selectors stay once
///   behind what they select; tags stay in the flags of regions.
/// - Of the marks on one letter, four stay.
/// - What is cut off is marked by `…`, which is one of the `most` characters. A cut falls between letters, not before a mark.
///
/// Tags of HTML in it are text like all else. The line is no HTML: [`escape`](super::escape) it where it becomes some.
///
/// ```
/// use federate_activitystreams::html::one_line;
///
/// assert_eq!(one_line("a\u{200b}\u{202e}b\r\n\tc ", 100), "ab c");
/// assert_eq!(one_line("👩\u{200d}💻 Ada", 100), "👩\u{200d}💻 Ada");
/// assert_eq!(one_line("abcdef", 4), "abc…");
/// ```
#[must_use]
pub fn one_line(text: &str, most: usize) -> String {
    let mut line = Line::default();
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        if c == BLACK_FLAG {
            line.put(c);
            line.region(&mut rest);
        } else if is_blank(c) {
            line.blank = !line.out.is_empty();
        } else if c == JOINER || c == NON_JOINER {
            line.join(c, rest.peek().copied());
        } else if is_selector(c) {
            line.select(c);
        } else if !is_invisible(c) {
            line.put(c);
        }
        // One more than fits says that there is more.
        if line.count > most {
            return line.cut(most);
        }
    }
    line.out
}

#[derive(Default)]
struct Line {
    out: String,
    count: usize,
    /// A blank that is due before the next character.
    blank: bool,
    marks: usize,
    /// What was put last.
    last: Option<char>,
}

impl Line {
    fn put(&mut self, c: char) {
        if is_mark(c) {
            self.marks += 1;
            if self.marks > MOST_MARKS || self.last.is_none() && !self.blank {
                return;
            }
        } else {
            self.marks = 0;
        }
        if std::mem::take(&mut self.blank) {
            self.push(' ');
        }
        self.push(c);
    }

    fn push(&mut self, c: char) {
        self.out.push(c);
        self.count += 1;
        self.last = Some(c);
    }

    fn join(&mut self, joiner: char, next: Option<char>) {
        let (Some(last), Some(next), false) = (self.last, next, self.blank) else {
            return;
        };
        let within_emoji = joiner == JOINER && is_emoji_part(last) && is_pictograph(next);
        if within_emoji || (has_joiners(last) && has_joiners(next)) {
            self.push(joiner);
        }
    }

    /// Takes a selector of variants behind what has some: pictures, signs, keycaps, letters that are not Latin.
    fn select(&mut self, selector: char) {
        let has_variants = |c: char| {
            (!c.is_ascii() && !is_selector(c) && !is_mark(c) && !is_invisible(c))
                || matches!(c, '0'..='9' | '#' | '*')
        };
        if !self.blank && self.last.is_some_and(has_variants) {
            self.push(selector);
        }
    }

    /// The tags that make a black flag that of a region.
    fn region(&mut self, rest: &mut Peekable<Chars<'_>>) {
        let mut ahead = rest.clone();
        let mut tags: Vec<char> = Vec::new();
        while let Some(tag) =
            ahead.next_if(|c| matches!(c, '\u{e0030}'..='\u{e0039}' | '\u{e0061}'..='\u{e007a}'))
        {
            tags.push(tag);
            if tags.len() > MOST_TAGS {
                return;
            }
        }
        if tags.len() > 2 && ahead.next_if_eq(&LAST_TAG).is_some() {
            tags.push(LAST_TAG);
            tags.into_iter().for_each(|tag| self.push(tag));
            *rest = ahead;
        }
    }

    fn cut(self, most: usize) -> String {
        let Some(most) = most.checked_sub(1) else {
            return String::new();
        };
        let goes_on = |c: char| is_mark(c) || is_invisible(c) || ('\u{1f3fb}'..='\u{1f3ff}').contains(&c);
        let mut kept: Vec<char> = self.out.chars().take(most + 1).collect();
        // What would follow the cut belongs to what stands before it: both go.
        while kept.pop().is_some_and(goes_on) {}
        while kept.last().is_some_and(|c| c.is_whitespace() || *c == JOINER) {
            kept.pop();
        }
        kept.push('…');
        kept.into_iter().collect()
    }
}

/// Whether it is shown as nothing but room.
fn is_blank(c: char) -> bool {
    // The blank of Braille and the fillers of Hangul are letters by their tables.
    c.is_whitespace()
        || c.is_control()
        || matches!(c, '\u{2800}' | '\u{115f}' | '\u{1160}' | '\u{3164}' | '\u{ffa0}')
}

fn is_selector(c: char) -> bool {
    matches!(c, '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{180b}'..='\u{180d}' | '\u{180f}')
}

/// Whether an emoji may go on behind it: a picture, its variant or its skin.
fn is_emoji_part(c: char) -> bool {
    is_pictograph(c) || c == '\u{fe0f}' || ('\u{1f3fb}'..='\u{1f3ff}').contains(&c)
}

/// Whether it is a letter or a mark of a script that is written otherwise with joiners: from Arabic to Thaana, the scripts of
/// India and its neighbours, Mongolian.
fn has_joiners(c: char) -> bool {
    let script = matches!(c,
        '\u{600}'..='\u{8ff}' | '\u{900}'..='\u{dff}' | '\u{f00}'..='\u{109f}' | '\u{1780}'..='\u{18af}'
        | '\u{1900}'..='\u{1aaf}' | '\u{a840}'..='\u{a87f}' | '\u{a8e0}'..='\u{a8ff}' | '\u{fb50}'..='\u{fdff}'
        | '\u{fe70}'..='\u{fefe}' | '\u{11000}'..='\u{11fff}');
    script && (c.is_alphabetic() || is_mark(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_what_turns_or_hides_text_is_not_in_a_name() {
        for (came, shown) in [
            ("a\u{202e}b\u{2066}c\u{2069}\u{200e}\u{200f}\u{61c}", "abc"),
            ("a\u{200b}\u{2060}\u{feff}\u{ad}\u{34f}\u{180e}b", "ab"),
            ("ad\u{200d}min\u{200c}", "admin"),
            ("x\u{e0041}\u{e0042}\u{e007f}", "x"),
            ("a\0\u{7}\u{1b}[31m\r\n\t\u{2028}b", "a [31m b"),
            ("\u{3164}\u{2800}\u{a0}\u{3000}", ""),
            ("\u{301}a", "a"),
            ("a\u{fe0f}b\u{fe00}", "ab"),
            ("☃\u{fe0f}\u{fe0f}\u{fe0e}", "☃\u{fe0f}"),
        ] {
            assert_eq!(display_name(came), shown, "{came:?}");
        }
        let zalgo = format!("z{}a{}", "\u{336}".repeat(500), "\u{489}".repeat(500));
        assert_eq!(display_name(&zalgo).chars().count(), 2 + 2 * MOST_MARKS);
        let joined = format!("👩{}", "\u{200d}".repeat(1000));
        assert_eq!(display_name(&joined), "👩");
    }

    #[test]
    fn what_a_script_or_an_emoji_needs_stays() {
        for name in [
            "👩\u{200d}❤\u{fe0f}\u{200d}💋\u{200d}👩",
            "👩🏽\u{200d}🚀",
            "🏳\u{fe0f}\u{200d}🌈",
            "🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}",
            "1\u{fe0f}\u{20e3}",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "ශ්\u{200d}රී",
            "葛\u{e0100}城",
            "Việt Nam",
            "Vie\u{302}\u{323}t",
            "שָׁלוֹם",
            "日本語 ⭐ <b>",
        ] {
            assert_eq!(display_name(name), name);
            assert_eq!(display_name(&display_name(name)), display_name(name));
        }
    }

    #[test]
    fn a_cut_falls_between_letters() {
        assert_eq!(one_line("abc", 3), "abc");
        assert_eq!(one_line("abcd", 3), "ab…");
        assert_eq!(one_line("ab   cd", 4), "ab…");
        assert_eq!(one_line("abe\u{301}", 4), "abe\u{301}");
        assert_eq!(one_line("abe\u{301}f", 4), "ab…");
        assert_eq!(one_line("abe\u{301}fg", 5), "abe\u{301}…");
        assert_eq!(one_line("a👩\u{200d}💻b", 3), "a…");
        assert_eq!(one_line("abc", 0), "");
        assert_eq!(one_line("abc", 1), "…");
        assert_eq!(one_line("", 0), "");
    }
}
