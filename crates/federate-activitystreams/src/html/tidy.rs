//! Remote HTML as a tree of what is allowed, nested as HTML allows it.
//!
//! What comes out is small work for any parser: nothing in it is misnested, foreign, too deep or ambiguous. A parser of
//! HTML as it comes has many ways to take quadratic time and memory (formatting that is opened anew in each
//! paragraph, content that moves out of tables, all open tags looked at for each that opens); none is reached from here.

use super::{
    allowed,
    shown::shown,
    tokens::{Attributes, Piece},
};

/// Bytes of text on end, behind which a comment is put. The sanitiser takes it out again, but what stands on its two sides
/// stays two texts, and its parser writes a text in a time that grows with the square of its length.
const TEXT_BYTES: usize = 1_024;

/// Tags within one another, beyond which tags go and their text stays.
pub(super) const MOST_DEPTH: usize = 64;

pub(super) fn tidy(html: &str) -> String {
    let mut tidy = Tidy {
        out: String::with_capacity(html.len() + html.len() / 8),
        ..Tidy::default()
    };
    for piece in shown(html) {
        match piece {
            Piece::Text(raw) => tidy.text(raw),
            Piece::Open(name, attributes) => tidy.open(name, attributes),
            Piece::Close(name) => tidy.close(name),
        }
    }
    tidy.truncate(0);
    tidy.out
}

#[derive(Default)]
struct Tidy {
    out: String,
    open: Vec<&'static str>,
    /// A `<pre>` has just opened: parsers leave out a line break here.
    pre_began: bool,
    /// The text before this one ended with a carriage return.
    after_return: bool,
    /// Bytes since the last tag or comment.
    text_bytes: usize,
}

impl Tidy {
    fn text(&mut self, raw: &str) {
        let in_rows = self.in_rows();
        if in_rows && raw.chars().all(|c| c.is_ascii_whitespace() || c == '\0') {
            return;
        }
        if in_rows && !self.make_cell() {
            return;
        }
        for c in raw.chars() {
            // A line ends with CR, LF or both.
            let was_return = std::mem::replace(&mut self.after_return, c == '\r');
            let c = match c {
                '\0' => continue,
                '\n' if was_return => continue,
                '\r' => '\n',
                c => c,
            };
            if self.pre_began && c == '\n' {
                continue;
            }
            self.pre_began = false;
            // Not within what may be an entity.
            if self.text_bytes >= TEXT_BYTES && !c.is_ascii_alphanumeric() && !matches!(c, '#' | ';') {
                self.out.push_str("<!---->");
                self.text_bytes = 0;
            }
            let before = self.out.len();
            match c {
                '<' => self.out.push_str("&lt;"),
                '>' => self.out.push_str("&gt;"),
                c => self.out.push(c),
            }
            self.text_bytes += self.out.len() - before;
        }
    }

    fn open(&mut self, name: &str, attributes: Attributes<'_>) {
        let Some(tag) = allowed::tag(name) else {
            return;
        };
        if is_table_part(tag) {
            return self.open_table_part(tag, attributes);
        }
        // A link that leads nowhere is its text.
        let leads = |raw| allowed::raw_value("a", "href", raw).is_some();
        if tag == "a" && !attributes.get("href").is_some_and(leads) {
            return;
        }
        if self.in_rows() && !self.make_cell() {
            return;
        }
        if is_block(tag) {
            self.close_within("p", |tag| is_cell(tag) || tag == "table");
        }
        match tag {
            "h1" | "h2" | "h3" | "h4" | "h5" | "h6"
                if self.open.last().is_some_and(|top| is_heading(top)) =>
            {
                self.pop();
            }
            "li" => self.close_within("li", |tag| is_block(tag) && !matches!(tag, "p" | "div" | "li")),
            "dt" | "dd" => {
                for one in ["dt", "dd"] {
                    self.close_within(one, |tag| {
                        is_block(tag) && !matches!(tag, "p" | "div" | "dt" | "dd")
                    });
                }
            }
            "rt" | "rp" => {
                if self.open.last().is_some_and(|top| matches!(*top, "rt" | "rp")) {
                    self.pop();
                }
                if self.open.last() != Some(&"ruby") {
                    return;
                }
            }
            "a" => {
                self.close_within("a", is_cell);
                // A link within a table within a link.
                if self.open.contains(&"a") {
                    return;
                }
            }
            _ => {}
        }
        if matches!(tag, "br" | "hr" | "wbr") {
            self.write(tag, attributes);
        } else if self.open.len() < MOST_DEPTH {
            self.push(tag, attributes);
            self.pre_began = tag == "pre";
        }
    }

    fn open_table_part(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        let Some(table) = self.open.iter().rposition(|open| *open == "table") else {
            return;
        };
        match tag {
            "caption" | "thead" | "tbody" => {
                self.truncate(table + 1);
                self.push(tag, attributes);
            }
            "tr" => {
                self.make_rows(table);
                self.push(tag, attributes);
            }
            _ => {
                let has_row = self.open.get(table + 2) == Some(&"tr");
                if has_row {
                    self.truncate(table + 3);
                } else {
                    self.make_rows(table);
                    self.push("tr", Attributes::default());
                }
                self.push(tag, attributes);
            }
        }
    }

    /// Closes what is open in a table, down to its section for rows; opens one where there is none.
    fn make_rows(&mut self, table: usize) {
        if self
            .open
            .get(table + 1)
            .is_some_and(|open| matches!(*open, "thead" | "tbody"))
        {
            self.truncate(table + 2);
        } else {
            self.truncate(table + 1);
            self.push("tbody", Attributes::default());
        }
    }

    /// Whether what comes stands in a table, but in no cell of it.
    fn in_rows(&self) -> bool {
        let top = self.open.last().copied().unwrap_or_default();
        matches!(top, "table" | "thead" | "tbody" | "tr")
    }

    /// Opens a cell for what stands in none.
    fn make_cell(&mut self) -> bool {
        self.open_table_part("td", Attributes::default());
        !self.in_rows()
    }

    fn close(&mut self, name: &str) {
        let Some(tag) = allowed::tag(name) else {
            return;
        };
        match tag {
            // Browsers read it as `<br>`.
            "br" => self.open(name, Attributes::default()),
            "table" => self.close_within(tag, |_| false),
            tag if is_table_part(tag) => self.close_within(tag, |open| open == "table"),
            "li" => self.close_within(tag, |open| is_cell(open) || matches!(open, "table" | "ul" | "ol")),
            tag if is_heading(tag) => {
                let open = self
                    .open
                    .iter()
                    .rev()
                    .find(|open| is_heading(open) || is_cell(open));
                if let Some(open) = open.copied().filter(|open| is_heading(open)) {
                    self.close_within(open, is_cell);
                }
            }
            tag => self.close_within(tag, |open| is_cell(open) || open == "table"),
        }
    }

    /// Closes the innermost of these tags and what stands in it, where nothing that is a bound stands between.
    fn close_within(&mut self, wanted: &str, bound: impl Fn(&str) -> bool) {
        for (at, tag) in self.open.iter().enumerate().rev() {
            if *tag == wanted {
                return self.truncate(at);
            }
            if bound(tag) {
                return;
            }
        }
    }

    fn truncate(&mut self, length: usize) {
        while self.open.len() > length {
            self.pop();
        }
    }

    fn pop(&mut self) {
        if let Some(tag) = self.open.pop() {
            (self.pre_began, self.text_bytes) = (false, 0);
            self.out.push_str("</");
            self.out.push_str(tag);
            self.out.push('>');
        }
    }

    fn push(&mut self, tag: &'static str, attributes: Attributes<'_>) {
        self.write(tag, attributes);
        self.open.push(tag);
    }

    fn write(&mut self, tag: &str, attributes: Attributes<'_>) {
        (self.pre_began, self.text_bytes) = (false, 0);
        self.out.push('<');
        self.out.push_str(tag);
        for name in allowed::attributes(tag) {
            let Some(value) = attributes
                .get(name)
                .and_then(|raw| allowed::raw_value(tag, name, raw))
            else {
                continue;
            };
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            super::text::escape_value(&mut self.out, &value);
            self.out.push('"');
        }
        self.out.push('>');
    }
}

fn is_heading(tag: &str) -> bool {
    matches!(tag, "h1" | "h2" | "h3" | "h4" | "h5" | "h6")
}

fn is_cell(tag: &str) -> bool {
    matches!(tag, "td" | "th" | "caption")
}

fn is_table_part(tag: &str) -> bool {
    matches!(tag, "caption" | "thead" | "tbody" | "tr" | "td" | "th")
}

/// Whether it ends a paragraph.
fn is_block(tag: &str) -> bool {
    is_heading(tag)
        || is_table_part(tag)
        || matches!(
            tag,
            "blockquote"
                | "dd"
                | "details"
                | "div"
                | "dl"
                | "dt"
                | "figcaption"
                | "figure"
                | "hr"
                | "li"
                | "ol"
                | "p"
                | "pre"
                | "summary"
                | "table"
                | "ul"
        )
}
