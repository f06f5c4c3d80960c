//! What a receiver demands.

use crate::{Algorithm, Flavour};
use std::time::Duration;

/// Components that must be signed: of each inner list at least one.
pub type Components = &'static [&'static [&'static str]];

/// What a receiver demands of a signature: a value, made by a preset and changed by setters.
///
/// | | [`Policy::default`] | [`Policy::mastodon`] |
/// |---|---|---|
/// | age | 1 h | 65 min |
/// | ahead | 1 h | 1 h |
/// | draft-cavage | `(request-target)`, `host`, `date` or `(created)`; with a body `digest` | the same |
/// | RFC 9421 | `@method`, `@target-uri`; with a body `content-digest` | the same |
/// | `(request-target)` signed without the query | taken | taken |
///
/// A body is there when there are bytes, or when the method is none of GET, HEAD, OPTIONS and TRACE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub(crate) past: Duration,
    pub(crate) future: Duration,
    pub(crate) expiry_leeway: Duration,
    pub(crate) authorities: Vec<String>,
    pub(crate) scheme: String,
    pub(crate) cavage: Components,
    pub(crate) cavage_body: Components,
    pub(crate) rfc9421: Components,
    pub(crate) rfc9421_body: Components,
    pub(crate) response: Components,
    pub(crate) response_body: Components,
    pub(crate) query_fallback: bool,
    pub(crate) cavage_fallback: bool,
    pub(crate) tags: Vec<String>,
    pub(crate) algorithms: Vec<Algorithm>,
    pub(crate) flavours: Vec<Flavour>,
}

impl Default for Policy {
    /// One hour either way, and everything signed that binds a request to this place, this time and this body.
    fn default() -> Self {
        Self {
            past: HOUR,
            future: HOUR,
            expiry_leeway: Duration::ZERO,
            authorities: Vec::new(),
            scheme: "https".to_owned(),
            cavage: &[&["(request-target)"], &["host"], &["date", "(created)"]],
            cavage_body: &[&["digest"]],
            rfc9421: &[&["@method"], &["@target-uri"]],
            rfc9421_body: &[&["content-digest"]],
            response: &[&["@status"], &["\"@method\";req"], &["\"@target-uri\";req"]],
            response_body: &[&["content-digest"]],
            query_fallback: true,
            cavage_fallback: false,
            tags: Vec::new(),
            algorithms: vec![Algorithm::RsaV1_5Sha256, Algorithm::Ed25519],
            flavours: vec![Flavour::Cavage, Flavour::Rfc9421],
        }
    }
}

impl Policy {
    /// The times of Mastodon: a signature lives 5 minutes unless it says otherwise, and one hour of skew is granted on
    /// both sides.
    ///
    /// Stricter than Mastodon in three things, which no server that was observed breaks: a POST must sign `host` and
    /// `(request-target)`, `expires` has no skew, and a far `expires` does not lengthen the window.
    ///
    /// Source: Mastodon, `app/controllers/concerns/signature_verification.rb` and `app/lib/signed_request.rb`,
    /// and <https://docs.joinmastodon.org/spec/security/#http>.
    #[must_use]
    pub fn mastodon() -> Self {
        Self {
            past: HOUR.saturating_add(Duration::from_secs(300)),
            ..Self::default()
        }
    }

    /// What GoToSocial demands: `(request-target)`, `host` and `date` signed, with a body `digest`; draft-cavage alone.
    ///
    /// It signs with `hs2019`, first with the query and after a 401 without it. How far clocks may differ there was not
    /// established; ours is one hour.
    ///
    /// Source: GoToSocial, `docs/federation/http_signatures.md`, and requests of 0.20 as they were observed.
    #[must_use]
    pub fn gotosocial() -> Self {
        Self {
            cavage: &[&["(request-target)"], &["host"], &["date"]],
            ..Self::cavage_only()
        }
    }

    /// What Misskey and its family demand: 5 minutes either way, `(request-target)`, `host` and `date` signed, with a
    /// body `digest`; draft-cavage alone, and the query is part of the target.
    ///
    /// Source: Sharkey, `packages/backend/src/server/ActivityPubServerService.ts`, and the default of the library that
    /// it uses, `@peertube/http-signature` (`clockSkew` 300).
    #[must_use]
    pub fn misskey() -> Self {
        Self {
            cavage: &[&["(request-target)"], &["host"], &["date"]],
            query_fallback: false,
            ..Self::cavage_only()
        }
        .window(Duration::from_secs(300))
    }

    /// What Lemmy demands: one hour, `(request-target)`, `host` and a time signed, with a body `digest`; draft-cavage
    /// alone.
    ///
    /// Source: activitypub-federation-rust, `src/http_signatures.rs`.
    #[must_use]
    pub fn lemmy() -> Self {
        Self {
            query_fallback: false,
            ..Self::cavage_only()
        }
    }

    /// What Pleroma and Akkoma demand: `(request-target)`, `host` and a time signed, with a body `digest`;
    /// draft-cavage alone. How far clocks may differ there was not established; ours is one hour.
    ///
    /// Source: the list of implementations in the SWICG report on ActivityPub and HTTP Signatures,
    /// <https://swicg.github.io/activitypub-http-signature/>, which has Akkoma as one that does not take RFC 9421.
    #[must_use]
    pub fn pleroma() -> Self {
        Self::cavage_only()
    }

    /// What PeerTube demands: 30 minutes either way, `(request-target)`, `host` and `date` signed, with a body
    /// `digest`; draft-cavage alone.
    ///
    /// Source: PeerTube, `HTTP_SIGNATURE.CLOCK_SKEW_SECONDS` (1800) in `server/core/initializers/constants.ts`.
    #[must_use]
    pub fn peertube() -> Self {
        Self {
            cavage: &[&["(request-target)"], &["host"], &["date"]],
            query_fallback: false,
            ..Self::cavage_only()
        }
        .window(Duration::from_secs(1800))
    }

    /// What Pixelfed demands: one day either way, and a signed `Date` (not `(created)` alone); draft-cavage alone.
    ///
    /// Source: Pixelfed, `app/Jobs/InboxPipeline/InboxValidator.php`.
    #[must_use]
    pub fn pixelfed() -> Self {
        Self {
            cavage: &[&["(request-target)"], &["host"], &["date"]],
            ..Self::cavage_only()
        }
        .window(Duration::from_secs(86_400))
    }

    /// What the ActivityPub plugin of WordPress sends: rsa-sha256 over `(request-target)`, `host` and `date`, with a
    /// body `digest`. Its 4.0 answered 401 to RFC 9421; later ones take it, so both are taken here.
    ///
    /// Source: requests of 4.0 as they were observed, and the SWICG report.
    #[must_use]
    pub fn wordpress() -> Self {
        Self {
            cavage: &[&["(request-target)"], &["host"], &["date"]],
            ..Self::default()
        }
    }

    /// What Mitra sends: rsa-sha256 over `(request-target)`, `host` and `date`, with a body `digest`; by RFC 9421
    /// `@method`, `@target-uri` and with a body `content-digest`, without a `Date` header.
    ///
    /// Source: requests of 5.9 as they were observed.
    #[must_use]
    pub fn mitra() -> Self {
        Self {
            cavage: &[&["(request-target)"], &["host"], &["date"]],
            query_fallback: false,
            ..Self::default()
        }
    }

    /// The preset of this name: `default`, `mastodon`, `gotosocial`, `misskey`, `lemmy`, `pleroma`, `peertube`,
    /// `pixelfed`, `wordpress` or `mitra`.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "default" => Self::default(),
            "mastodon" => Self::mastodon(),
            "gotosocial" => Self::gotosocial(),
            "misskey" => Self::misskey(),
            "lemmy" => Self::lemmy(),
            "pleroma" => Self::pleroma(),
            "peertube" => Self::peertube(),
            "pixelfed" => Self::pixelfed(),
            "wordpress" => Self::wordpress(),
            "mitra" => Self::mitra(),
            _ => return None,
        })
    }

    /// Whether signatures of this format are taken at all; both are by default.
    #[must_use]
    pub fn flavour(mut self, flavour: Flavour, taken: bool) -> Self {
        self.flavours.retain(|known| *known != flavour);
        if taken {
            self.flavours.push(flavour);
        }
        self
    }

    /// For servers that do not read RFC 9421: they do not see that it stands beside.
    fn cavage_only() -> Self {
        Self::default()
            .flavour(Flavour::Rfc9421, false)
            .cavage_fallback(true)
    }

    /// How far the time of signing may lie from ours, either way.
    #[must_use]
    pub fn window(mut self, window: Duration) -> Self {
        self.past = window;
        self.future = window;
        self
    }

    /// How long after its `expires` a signature is still taken: for peers whose clocks run behind. None by default.
    #[must_use]
    pub fn expiry_leeway(mut self, leeway: Duration) -> Self {
        self.expiry_leeway = leeway;
        self
    }

    /// The names under which the outside reaches this server (`host` or `host:port`); `Host` must be one of them,
    /// without regard to case and to the default port. Empty, the default: not checked, which leaves a signature that
    /// was made for another server replayable here.
    #[must_use]
    pub fn authorities<S: AsRef<str>>(mut self, authorities: impl IntoIterator<Item = S>) -> Self {
        self.authorities = authorities
            .into_iter()
            .map(|a| a.as_ref().to_ascii_lowercase())
            .collect();
        self
    }

    /// The scheme under which the outside reaches this server: `https` by default. `@target-uri` is built with it,
    /// because behind a proxy that ends TLS the socket does not know.
    #[must_use]
    pub fn external_scheme(mut self, scheme: &str) -> Self {
        self.scheme = scheme.to_ascii_lowercase();
        self
    }

    /// What draft-cavage must sign always, and what besides when there is a body.
    #[must_use]
    pub fn cavage_components(mut self, always: Components, with_body: Components) -> Self {
        self.cavage = always;
        self.cavage_body = with_body;
        self
    }

    /// What RFC 9421 must sign always, and what besides when there is a body.
    #[must_use]
    pub fn rfc9421_components(mut self, always: Components, with_body: Components) -> Self {
        self.rfc9421 = always;
        self.rfc9421_body = with_body;
        self
    }

    /// What a signed response must sign always, and what besides when it has a body. By default `@status`, what binds it
    /// to our request (`"@method";req` and `"@target-uri";req`), and `content-digest`.
    #[must_use]
    pub fn response_components(mut self, always: Components, with_body: Components) -> Self {
        self.response = always;
        self.response_body = with_body;
        self
    }

    /// Whether a draft-cavage signature that fails is tried once more with a `(request-target)` without its query.
    ///
    /// Old Mastodon and GoToSocial sign so; Mastodon and GoToSocial take it.
    /// [`VerifiedSignature::query_signed`](crate::VerifiedSignature::query_signed) tells. On by default.
    #[must_use]
    pub fn query_fallback(mut self, fallback: bool) -> Self {
        self.query_fallback = fallback;
        self
    }

    /// Whether a draft-cavage signature is tried where one by RFC 9421 stands beside it and fails. Off by default, as
    /// in Mastodon; Fedify does it.
    #[must_use]
    pub fn cavage_fallback(mut self, fallback: bool) -> Self {
        self.cavage_fallback = fallback;
        self
    }

    /// The values of the RFC 9421 parameter `tag` that are taken. None by default: the fediverse has no tags, and a
    /// signature with one was made for something else.
    #[must_use]
    pub fn tags<S: AsRef<str>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.tags = tags.into_iter().map(|t| t.as_ref().to_owned()).collect();
        self
    }

    /// The algorithms whose keys are taken: RSASSA-PKCS1-v1_5 and Ed25519 by default. RSASSA-PSS, ECDSA and HMAC are for
    /// those who name them; nobody on the fediverse signs with them.
    #[must_use]
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = algorithms.into_iter().collect();
        self
    }
}

const HOUR: Duration = Duration::from_secs(3600);
