//! How a term is declared: a line each.
//!
//! `how accessor CONSTANT: Type = "wireName" in vocabulary as "localName" at "anchor";`, where `as` stands if the
//! name in the vocabulary is another than that on the wire, and `at` if the place in its specification is. `how`:
//!
//! | | |
//! |---|---|
//! | `one` | one value |
//! | `any` | of several values the first is what is wanted |
//! | `text` | the same, and text by language (`contentMap`) may stand beside it or in its place |
//! | `many` | several |
//! | `refer`, `refs` | one id or object; several |
//! | `none` | declared here, read elsewhere |

/// Makes of each line the constant that names the property, the accessor of [`Object`](crate::Object), and the
/// entry by which warnings and rewriting know it.
macro_rules! terms {
    ($($(#[$doc:meta])* $how:ident $accessor:ident $constant:ident: $of:ty = $name:literal
        in $space:ident $(as $local:literal)? $(at $anchor:literal)?;)*) => {
        $(
            #[doc = concat!("`", $name, "`: see [`Object::", stringify!($accessor), "`](crate::Object::", stringify!($accessor), ").")]
            pub const $constant: $crate::Property<$of> =
                $crate::Property::new($name, $crate::terms::declare::terms!(@iri $space $name $($local)?));
        )*

        impl $crate::Object {
            $($crate::terms::declare::terms!(@accessor $how $accessor $constant $of, $(#[$doc])* #[doc = ""]
                #[doc = concat!("Spec: <", $crate::terms::declare::terms!(@link $space $name $($anchor)?), ">")]);)*
        }

        /// All that stand here.
        pub(super) const TERMS: &[super::Term] = &[
            $(super::Term {
                name: $name,
                iri: $constant.iri(),
                spec: $crate::terms::declare::terms!(@link $space $name $($anchor)?),
                expected: <$of as $crate::Value>::EXPECTED,
                functional: $crate::terms::declare::terms!(@functional $how),
                by_language: $crate::terms::declare::terms!(@by_language $how),
                fits: |node| <$of as $crate::Value>::read(node).is_some(),
                rewrite: |object| object.rewrite(&$constant),
            },)*
        ];
    };
    // One value.
    (@accessor one $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Option<$of> {
            self.get(&$constant)
        }
    };
    // Of several values the first is what is wanted.
    (@accessor any $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $crate::terms::declare::terms!(@accessor one $accessor $constant $of, $(#[$doc])*);
    };
    // Text that may be given by language.
    (@accessor text $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $crate::terms::declare::terms!(@accessor one $accessor $constant $of, $(#[$doc])*);
    };
    (@accessor many $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> Vec<$of> {
            self.get_all(&$constant)
        }
    };
    // Ids or objects.
    (@accessor refs $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $(#[$doc])*
        #[must_use]
        pub fn $accessor(&self) -> $crate::Ref {
            self.refer(&$constant)
        }
    };
    // One id or object.
    (@accessor refer $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {
        $crate::terms::declare::terms!(@accessor refs $accessor $constant $of, $(#[$doc])*);
    };
    // Read elsewhere; only declared here.
    (@accessor none $accessor:ident $constant:ident $of:ty, $(#[$doc:meta])*) => {};
    (@functional one) => { true };
    (@functional refer) => { true };
    (@functional $how:ident) => { false };
    (@by_language text) => { true };
    (@by_language $how:ident) => { false };
    (@iri $space:ident $name:literal) => { concat!($crate::terms::declare::terms!(@space $space), $name) };
    (@iri $space:ident $name:literal $local:literal) => {
        concat!($crate::terms::declare::terms!(@space $space), $local)
    };
    (@link $space:ident $name:literal) => { $crate::terms::declare::terms!(@spec $space $name) };
    (@link $space:ident $name:literal $anchor:literal) => { $crate::terms::declare::terms!(@spec $space $anchor) };
    (@space as) => { "https://www.w3.org/ns/activitystreams#" };
    (@space ap) => { "https://www.w3.org/ns/activitystreams#" };
    (@space ldp) => { "http://www.w3.org/ns/ldp#" };
    (@space misc) => { "https://www.w3.org/ns/activitystreams#" };
    (@space toot) => { "http://joinmastodon.org/ns#" };
    (@space ostatus) => { "http://ostatus.org#" };
    (@space sec) => { "https://w3id.org/security#" };
    (@space dc) => { "http://purl.org/dc/terms/" };
    (@space vc) => { "https://www.w3.org/ns/credentials/v2#" };
    (@space did) => { "https://www.w3.org/ns/did#" };
    (@space schema) => { "http://schema.org#" };
    (@space misskey) => { "https://misskey-hub.net/ns#" };
    (@space sharkey) => { "https://joinsharkey.org/ns#" };
    (@space litepub) => { "http://litepub.social/ns#" };
    (@space fedibird) => { "http://fedibird.com/ns#" };
    (@space lemmy) => { "https://join-lemmy.org/ns#" };
    (@space pt) => { "https://joinpeertube.org/ns#" };
    (@space pixelfed) => { "http://pixelfed.org/ns#" };
    (@space fw) => { "https://funkwhale.audio/ns#" };
    (@space gts) => { "https://gotosocial.org/ns#" };
    (@space sm) => { "http://smithereen.software/ns#" };
    (@space mitra) => { "http://jsonld.mitra.social#" };
    (@space mz) => { "https://joinmobilizon.org/ns#" };
    (@space wf) => { "https://purl.archive.org/socialweb/webfinger#" };
    (@space quoteas) => { "https://www.w3.org/ns/activitystreams#" };
    (@space fep044f) => { "https://w3id.org/fep/044f#" };
    (@space fep5711) => { "https://w3id.org/fep/5711#" };
    (@space fep7628) => { "https://w3id.org/fep/7628#" };
    (@space fep7aa9) => { "https://w3id.org/fep/7aa9#" };
    (@space fep844e) => { "https://w3id.org/fep/844e/" };
    (@space fep171b) => { "https://w3id.org/fep/171b/" };
    (@space fepef61) => { "https://w3id.org/fep/ef61/" };
    (@space vcard) => { "http://www.w3.org/2006/vcard/ns#" };
    (@space keyword) => { "@" };
    (@spec as $at:literal) => { concat!("https://www.w3.org/TR/activitystreams-vocabulary/#dfn-", $at) };
    (@spec ap $at:literal) => { concat!("https://www.w3.org/TR/activitypub/#", $at) };
    (@spec ldp $at:literal) => { concat!("https://www.w3.org/TR/activitypub/#", $at) };
    (@spec misc $at:literal) => { concat!("https://swicg.github.io/miscellany/#", $at) };
    (@spec toot $at:literal) => { concat!("https://docs.joinmastodon.org/spec/activitypub/#", $at) };
    (@spec ostatus $at:literal) => { "https://www.w3.org/community/ostatus/wiki/Main_Page" };
    (@spec sec $at:literal) => { concat!("https://w3id.org/security#", $at) };
    (@spec dc $at:literal) => { concat!("http://purl.org/dc/terms/", $at) };
    (@spec vc $at:literal) => { "https://www.w3.org/TR/vc-data-model-2.0/" };
    (@spec did $at:literal) => { "https://www.w3.org/TR/did-core/" };
    (@spec schema $at:literal) => { concat!("https://schema.org/", $at) };
    (@spec misskey $at:literal) => { concat!("https://misskey-hub.net/ns#", $at) };
    (@spec sharkey $at:literal) => { concat!("https://joinsharkey.org/ns#", $at) };
    (@spec litepub $at:literal) => { concat!("http://litepub.social/ns#", $at) };
    (@spec fedibird $at:literal) => { concat!("http://fedibird.com/ns#", $at) };
    (@spec lemmy $at:literal) => { "https://join-lemmy.org/docs/contributors/05-federation.html" };
    (@spec pt $at:literal) => { "https://docs.joinpeertube.org/api/activitypub" };
    (@spec pixelfed $at:literal) => { "https://docs.pixelfed.org/spec/ActivityPub.html" };
    (@spec fw $at:literal) => { "https://docs.funkwhale.audio/developer/federation/index.html" };
    (@spec gts $at:literal) => { "https://docs.gotosocial.org/en/latest/federation/interaction_controls/" };
    (@spec sm $at:literal) => { concat!("http://smithereen.software/ns#", $at) };
    (@spec mitra $at:literal) => { concat!("http://jsonld.mitra.social#", $at) };
    (@spec mz $at:literal) => { "https://docs.mobilizon.org/5.%20Interoperability/1.activity_pub/" };
    (@spec wf $at:literal) => { $crate::terms::declare::terms!(@fep "2c59") };
    (@spec quoteas $at:literal) => { $crate::terms::declare::terms!(@fep "044f") };
    (@spec fep044f $at:literal) => { $crate::terms::declare::terms!(@fep "044f") };
    (@spec fep5711 $at:literal) => { $crate::terms::declare::terms!(@fep "5711") };
    (@spec fep7628 $at:literal) => { $crate::terms::declare::terms!(@fep "7628") };
    (@spec fep7aa9 $at:literal) => { $crate::terms::declare::terms!(@fep "7aa9") };
    (@spec fep844e $at:literal) => { $crate::terms::declare::terms!(@fep "844e") };
    (@spec fep171b $at:literal) => { $crate::terms::declare::terms!(@fep "171b") };
    (@spec fepef61 $at:literal) => { $crate::terms::declare::terms!(@fep "ef61") };
    (@spec vcard $at:literal) => { "https://www.w3.org/TR/vcard-rdf/" };
    (@spec keyword $at:literal) => { "https://www.w3.org/TR/activitystreams-core/#jsonld" };
    (@fep $number:literal) => {
        concat!("https://codeberg.org/fediverse/fep/src/branch/main/fep/", $number, "/fep-", $number, ".md")
    };
}

pub(super) use terms;
