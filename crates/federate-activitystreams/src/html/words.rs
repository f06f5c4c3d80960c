//! What characters are, by Unicode's tables. They are in every build already: the URL parser brings them.

use icu_properties::{
    CodePointMapData, CodePointSetData,
    props::{DefaultIgnorableCodePoint, ExtendedPictographic, GeneralCategory, GeneralCategoryGroup},
};

/// Whether it stands on the letter before it: an accent, a vowel sign, a virama.
pub(super) fn is_mark(c: char) -> bool {
    !c.is_ascii() && GeneralCategoryGroup::Mark.contains(CodePointMapData::<GeneralCategory>::new().get(c))
}

/// Whether it is part of a word: letters and digits of all scripts, their marks, and `_`.
pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || is_mark(c)
}

/// Whether nobody sees it: fillers, joiners, selectors, tags, what turns the direction of text.
pub(super) fn is_invisible(c: char) -> bool {
    CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c)
        // Annotations of ruby text, which no reader shows as such.
        || matches!(c, '\u{fff9}'..='\u{fffb}')
}

/// Whether it is a picture.
pub(super) fn is_pictograph(c: char) -> bool {
    CodePointSetData::new::<ExtendedPictographic>().contains(c)
}
