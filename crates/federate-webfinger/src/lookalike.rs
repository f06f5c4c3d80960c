//! Handles that look like others ([UTS 39]).
//!
//! On `unicode-security`, which the Rust compiler uses for its own identifiers: the tables of Unicode, kept up to date, on
//! nothing but `unicode-script` and `unicode-normalization`. A list of our own would be a part of them, and old soon.
//!
//! [UTS 39]: https://www.unicode.org/reports/tr39/

use unicode_security::{
    MixedScript,
    confusable_detection::skeleton,
    restriction_level::{RestrictionLevel, RestrictionLevelDetection},
};

use crate::Handle;

impl Handle {
    /// Whether a label of its host or its user mixes scripts as no language does: `аlice` with a Cyrillic `а`.
    ///
    /// Latin with Han and the scripts of Japanese, of Korean or of Bopomofo is no mixture (the "highly restrictive" level of
    /// [UTS 39]); digits, `-`, `_` and `.` are of no script. A hint for readers, no reason to refuse: there are honest ones.
    ///
    /// ```
    /// use federate_webfinger::Handle;
    ///
    /// assert!(Handle::parse("@\u{430}lice@example.org")?.is_mixed_script());
    /// assert!(!Handle::parse("@алиса@пример.example")?.is_mixed_script());
    /// # Ok::<(), federate_webfinger::BadHandle>(())
    /// ```
    ///
    /// [UTS 39]: https://www.unicode.org/reports/tr39/#Restriction_Level_Detection
    #[must_use]
    pub fn is_mixed_script(&self) -> bool {
        let (host, _) = idna::domain_to_unicode(self.host());
        std::iter::once(self.user()).chain(host.split('.')).any(is_mixed)
    }

    /// What it looks like: two handles with the same skeleton look alike ([UTS 39]), also where each is of one script
    /// (`аррӏе` and `apple`).
    ///
    /// For comparison with the handles that a reader knows, in lower case; nothing to be shown or kept as a name.
    ///
    /// ```
    /// use federate_webfinger::Handle;
    ///
    /// let known = Handle::parse("@apple@example.org")?;
    /// let other = Handle::parse("@аррӏе@example.org")?;
    /// assert!(known != other && known.skeleton() == other.skeleton());
    /// # Ok::<(), federate_webfinger::BadHandle>(())
    /// ```
    ///
    /// [UTS 39]: https://www.unicode.org/reports/tr39/#Confusable_Detection
    #[must_use]
    pub fn skeleton(&self) -> String {
        let (host, _) = idna::domain_to_unicode(self.host());
        let user = self.user().to_lowercase();
        skeleton(&user)
            .chain(std::iter::once('@'))
            .chain(skeleton(&host))
            .collect()
    }
}

fn is_mixed(label: &str) -> bool {
    !label.is_single_script() && label.detect_restriction_level() > RestrictionLevel::HighlyRestrictive
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn c3_handles_that_mix_scripts_or_look_like_others() {
        let handle = |text: &str| Handle::parse(text).expect(text);
        for (text, mixed) in [
            ("alice@example.org", false),
            ("a1-b_c.d@example.org", false),
            ("élise@example.org", false),
            ("алиса@example.org", false),
            ("алиса@пример.example", false),
            ("日本go@example.org", false),
            ("カタかな漢字@example.org", false),
            ("한글abc@example.org", false),
            ("علي@example.org", false),
            ("हिन्दी@example.org", false),
            ("\u{430}lice@example.org", true),
            ("alice@ex\u{430}mple.org", true),
            ("\u{3b1}lice@example.org", true),
            ("alice@xn--pple-43d.example", true),
        ] {
            assert_eq!(handle(text).is_mixed_script(), mixed, "{text}");
        }
        for (one, other) in [
            ("alice@example.org", "\u{430}lice@example.org"),
            ("apple@example.org", "аррӏе@example.org"),
            ("alice@example.org", "alice@ex\u{430}mple.org"),
            ("Alice@example.org", "alice@example.org"),
            ("admin@example.org", "adrnin@example.org"),
        ] {
            assert_eq!(handle(one).skeleton(), handle(other).skeleton(), "{one} {other}");
        }
        assert_ne!(
            handle("alice@example.org").skeleton(),
            handle("alise@example.org").skeleton()
        );
    }
}
