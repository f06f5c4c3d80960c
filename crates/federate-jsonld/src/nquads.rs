use crate::quad::{RDF, XSD_STRING};
use crate::{Dataset, Error, Quad, Term};

impl Dataset {
    /// Reads N-Quads: the form in which canonical datasets are exchanged and tested.
    ///
    /// # Errors
    /// [`Error::NQuads`] with the line that cannot be read.
    pub fn from_nquads(text: &str) -> Result<Self, Error> {
        let mut quads = Vec::new();
        for (index, line) in text.split(['\n', '\r']).enumerate() {
            let mut cursor = Cursor(line.trim());
            if cursor.0.is_empty() || cursor.0.starts_with('#') {
                continue;
            }
            quads.push(cursor.quad().ok_or(Error::NQuads(index + 1))?);
        }
        Ok(quads.into_iter().collect())
    }
}

struct Cursor<'a>(&'a str);

impl Cursor<'_> {
    fn quad(&mut self) -> Option<Quad> {
        let subject = self.node()?;
        let Term::Iri(predicate) = self.node()? else {
            return None;
        };
        let object = if self.peek() == Some('"') {
            self.literal()?
        } else {
            self.node()?
        };
        let graph = if self.peek() == Some('.') {
            None
        } else {
            Some(self.node()?)
        };
        self.eat('.')?;
        let rest = self.0.trim_start();
        (rest.is_empty() || rest.starts_with('#')).then_some(Quad {
            subject,
            predicate,
            object,
            graph,
        })
    }

    fn peek(&mut self) -> Option<char> {
        self.0 = self.0.trim_start();
        self.0.chars().next()
    }

    fn eat(&mut self, c: char) -> Option<()> {
        self.0 = self.0.trim_start().strip_prefix(c)?;
        Some(())
    }

    fn node(&mut self) -> Option<Term> {
        match self.peek()? {
            '<' => self.iri().map(Term::Iri),
            '_' => {
                self.0 = self.0.strip_prefix("_:")?;
                let end = self
                    .0
                    .find(|c: char| c.is_whitespace() || matches!(c, '<' | '"'))
                    .unwrap_or(self.0.len());
                let label = self.0.get(..end)?.trim_end_matches('.');
                self.0 = self.0.get(label.len()..)?;
                (!label.is_empty()).then(|| Term::Blank(label.to_owned()))
            }
            _ => None,
        }
    }

    fn iri(&mut self) -> Option<String> {
        self.eat('<')?;
        let (raw, rest) = self.0.split_once('>')?;
        self.0 = rest;
        unescape(raw)
    }

    fn literal(&mut self) -> Option<Term> {
        self.eat('"')?;
        let mut escaped = false;
        let end = self.0.find(|c| {
            let closes = c == '"' && !escaped;
            escaped = c == '\\' && !escaped;
            closes
        })?;
        let value = unescape(self.0.get(..end)?)?;
        self.0 = self.0.get(end + 1..)?;
        if let Some(rest) = self.0.strip_prefix('@') {
            let end = rest
                .find(|c: char| !c.is_ascii_alphanumeric() && c != '-')
                .unwrap_or(rest.len());
            let language = rest.get(..end)?.to_owned();
            self.0 = rest.get(end..)?;
            return Some(Term::Literal {
                value,
                datatype: format!("{RDF}langString"),
                language: Some(language),
            });
        }
        let datatype = if let Some(rest) = self.0.strip_prefix("^^") {
            self.0 = rest;
            self.iri()?
        } else {
            XSD_STRING.to_owned()
        };
        Some(Term::Literal {
            value,
            datatype,
            language: None,
        })
    }
}

fn unescape(raw: &str) -> Option<String> {
    if !raw.contains('\\') {
        return Some(raw.to_owned());
    }
    let mut out = String::with_capacity(raw.len());
    let mut chars = raw.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        let digits = match chars.next()? {
            't' => {
                out.push('\t');
                continue;
            }
            'b' => {
                out.push('\u{8}');
                continue;
            }
            'n' => {
                out.push('\n');
                continue;
            }
            'r' => {
                out.push('\r');
                continue;
            }
            'f' => {
                out.push('\u{c}');
                continue;
            }
            c @ ('"' | '\'' | '\\') => {
                out.push(c);
                continue;
            }
            'u' => 4,
            'U' => 8,
            _ => return None,
        };
        let mut code = 0u32;
        for _ in 0..digits {
            code = code.checked_mul(16)? + chars.next()?.to_digit(16)?;
        }
        out.push(char::from_u32(code)?);
    }
    Some(out)
}
