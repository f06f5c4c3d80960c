//! What of a piece of HTML is shown, where it is more than its text and tags.

use super::tokens::{Piece, pieces};

/// The pieces, with pictures as their alternative text and formulas as the text that their author gave them
/// ([FEP-dc88]): `$…$` or `$$…$$` around TeX, a plain text as it is.
///
/// [FEP-dc88]: https://codeberg.org/fediverse/fep/src/branch/main/fep/dc88/fep-dc88.md
pub(super) fn shown(html: &str) -> impl Iterator<Item = Piece<'_>> {
    Shown {
        pieces: pieces(html),
        formula: None,
        ready: Vec::new(),
    }
}

struct Shown<'a, I> {
    pieces: I,
    /// The formula that is open.
    formula: Option<Formula<'a>>,
    /// What comes next, last first.
    ready: Vec<Piece<'a>>,
}

#[derive(Default)]
struct Formula<'a> {
    block: bool,
    inside: Vec<Piece<'a>>,
    /// The annotation that is open.
    open: Option<Annotation<'a>>,
    tex: Option<Vec<Piece<'a>>>,
    plain: Option<Vec<Piece<'a>>>,
}

struct Annotation<'a> {
    is_tex: bool,
    texts: Vec<Piece<'a>>,
}

impl<'a, I: Iterator<Item = Piece<'a>>> Iterator for Shown<'a, I> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        loop {
            if let Some(piece) = self.ready.pop() {
                return Some(piece);
            }
            let Some(piece) = self.pieces.next() else {
                self.ready = self.formula.take()?.finish();
                continue;
            };
            match (&mut self.formula, piece) {
                (Some(_), Piece::Close(name)) if name.eq_ignore_ascii_case("math") => {
                    self.ready = self.formula.take()?.finish();
                }
                (Some(formula), piece) => formula.take_in(piece),
                (None, Piece::Open(name, attributes)) if name.eq_ignore_ascii_case("math") => {
                    let display = attributes.get("display").unwrap_or_default();
                    self.formula = Some(Formula {
                        block: display.eq_ignore_ascii_case("block"),
                        ..Formula::default()
                    });
                }
                (None, Piece::Open(name, attributes)) if name.eq_ignore_ascii_case("img") => {
                    match attributes.get("alt") {
                        Some(text) if !text.is_empty() => return Some(Piece::Text(text)),
                        _ => {}
                    }
                }
                (None, piece) => return Some(piece),
            }
        }
    }
}

impl<'a> Formula<'a> {
    fn take_in(&mut self, piece: Piece<'a>) {
        self.inside.push(piece);
        match piece {
            Piece::Open(name, attributes) if name.eq_ignore_ascii_case("annotation") => {
                let is_tex = match attributes.get("encoding").map(str::to_ascii_lowercase).as_deref() {
                    Some("application/x-tex") => true,
                    Some("text/plain") => false,
                    _ => return,
                };
                self.open = Some(Annotation {
                    is_tex,
                    texts: Vec::new(),
                });
            }
            Piece::Close(name) if name.eq_ignore_ascii_case("annotation") => {
                if let Some(Annotation { is_tex, texts }) = self.open.take() {
                    let place = if is_tex { &mut self.tex } else { &mut self.plain };
                    place.get_or_insert(texts);
                }
            }
            Piece::Text(_) => {
                if let Some(annotation) = &mut self.open {
                    annotation.texts.push(piece);
                }
            }
            _ => {}
        }
    }

    /// What is shown of it, last first.
    fn finish(self) -> Vec<Piece<'a>> {
        let mut shown = match (self.tex, self.plain) {
            (Some(tex), _) => {
                let sign = Piece::Text(if self.block { "$$" } else { "$" });
                let mut texts = vec![sign];
                texts.extend(tex);
                texts.push(sign);
                texts
            }
            (None, Some(plain)) => plain,
            (None, None) => self.inside,
        };
        shown.reverse();
        shown
    }
}
