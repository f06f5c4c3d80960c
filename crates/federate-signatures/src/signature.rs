//! One signature of a request, read but not verified, in the shape that both formats share.

use crate::{
    Algorithm, Flavour, KeyId, Policy,
    head::{Head, normal_authority},
    refusal::{RefusalKind, shown},
};
use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

#[derive(Debug, Clone)]
pub(crate) struct One {
    /// Of RFC 9421.
    pub(crate) label: Option<String>,
    pub(crate) key_id: KeyId,
    pub(crate) covered: Covered,
    pub(crate) created: Option<u64>,
    pub(crate) expires: Option<u64>,
    /// What the header says; the key decides.
    pub(crate) algorithm: Option<String>,
    pub(crate) nonce: Option<String>,
    pub(crate) tag: Option<String>,
    pub(crate) signature: Vec<u8>,
    /// The value of `@signature-params`.
    pub(crate) parameters: Option<String>,
}

/// What a signature covers, in order. The names go on to whoever asks what was verified.
#[derive(Debug, Clone)]
pub(crate) struct Covered {
    /// The name by which a policy asks for a component; in RFC 9421 with parameters as it stands in the signed string.
    pub(crate) ids: Arc<[String]>,
    values: Vec<Value>,
}

impl FromIterator<(String, Value)> for Covered {
    fn from_iter<T: IntoIterator<Item = (String, Value)>>(components: T) -> Self {
        let (ids, values): (Vec<_>, Vec<_>) = components.into_iter().unzip();
        Self {
            ids: ids.into(),
            values,
        }
    }
}

impl Covered {
    pub(crate) fn contains(&self, id: &str) -> bool {
        self.ids.iter().any(|known| known == id)
    }

    fn iter(&self) -> impl Iterator<Item = (&String, &Value)> {
        self.ids.iter().zip(&self.values)
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Known when the request was read.
    Fixed(String),
    /// `(request-target)`: the one whose query may be left out.
    CavageTarget,
    Method,
    // What depends on the name and the scheme that the outside sees.
    Authority,
    Scheme,
    TargetUri,
}

impl One {
    fn covers(&self, id: &str) -> bool {
        self.covered.contains(id)
    }

    fn value(&self, id: &str) -> Option<&str> {
        match self.covered.iter().find(|(known, _)| *known == id) {
            Some((_, Value::Fixed(value))) => Some(value),
            _ => None,
        }
    }

    /// The string that was signed.
    pub(crate) fn base(&self, head: &Head, scheme: &str, with_query: bool) -> String {
        let authority = || normal_authority(head.authority.as_deref().unwrap_or_default(), scheme);
        let mut out = String::with_capacity(BASE);
        for (id, value) in self.covered.iter() {
            if !out.is_empty() {
                out.push('\n');
            }
            push_name(&mut out, id, self.parameters.is_some());
            match value {
                Value::Fixed(value) => out.push_str(value),
                Value::CavageTarget => push_cavage_target(&mut out, head.method.as_str(), |out| {
                    head.push_target(out, with_query);
                }),
                Value::Method => out.push_str(head.method.as_str()),
                Value::Authority => out.push_str(&authority()),
                Value::Scheme => out.push_str(scheme),
                Value::TargetUri => {
                    out.push_str(scheme);
                    out.push_str("://");
                    out.push_str(&authority());
                    head.push_target(&mut out, true);
                }
            }
        }
        if let Some(parameters) = &self.parameters {
            push_parameters(&mut out, parameters);
        }
        out
    }

    /// Everything that can be said without the key; the time of signing.
    pub(crate) fn check(
        &self,
        flavour: Flavour,
        head: &Head,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<SystemTime, RefusalKind> {
        if !policy.flavours.contains(&flavour) {
            return Err(RefusalKind::UnsupportedFormat { flavour });
        }
        self.check_algorithm(flavour, policy)?;
        self.check_coverage(flavour, head, policy)?;
        if !head.is_response {
            check_authority(head, policy)?;
        }
        if let Some(tag) = self.tag.as_ref().filter(|tag| !policy.tags.contains(tag)) {
            return Err(RefusalKind::BadParameter {
                name: shown(&format!("tag={tag}")),
            });
        }
        self.check_time(flavour, policy, now)
    }

    /// Whether the policy takes keys of this kind, and what the header says agrees with the key.
    pub(crate) fn agrees(&self, key: Algorithm, policy: &Policy) -> Result<(), RefusalKind> {
        if !policy.algorithms.contains(&key) {
            return Err(RefusalKind::UnsupportedAlgorithm {
                named: key.to_string(),
            });
        }
        let agrees = match self.algorithm.as_deref() {
            None | Some("hs2019") => true,
            Some("rsa-sha256") => key == Algorithm::RsaV1_5Sha256,
            Some(named) => named == key.rfc9421_name(),
        };
        match &self.algorithm {
            Some(named) if !agrees => Err(RefusalKind::AlgorithmMismatch {
                named: shown(named),
                key,
            }),
            _ => Ok(()),
        }
    }

    fn check_algorithm(&self, flavour: Flavour, policy: &Policy) -> Result<(), RefusalKind> {
        let Some(named) = self.algorithm.as_deref() else {
            return Ok(());
        };
        let known = match flavour {
            Flavour::Cavage => matches!(named, "rsa-sha256" | "hs2019" | "ed25519"),
            Flavour::Rfc9421 => {
                Algorithm::from_rfc9421_name(named).is_some_and(|a| policy.algorithms.contains(&a))
            }
        };
        if known {
            Ok(())
        } else {
            Err(RefusalKind::UnsupportedAlgorithm { named: shown(named) })
        }
    }

    fn check_coverage(&self, flavour: Flavour, head: &Head, policy: &Policy) -> Result<(), RefusalKind> {
        let (always, with_body) = match flavour {
            _ if head.is_response => (policy.response, policy.response_body),
            Flavour::Cavage => (policy.cavage, policy.cavage_body),
            Flavour::Rfc9421 => (policy.rfc9421, policy.rfc9421_body),
        };
        let with_body = if head.has_body { with_body } else { &[] };
        let missing: Vec<String> = always
            .iter()
            .chain(with_body)
            .filter(|alternatives| !alternatives.iter().any(|id| self.covers(id)))
            .map(|alternatives| alternatives.join(" or "))
            .collect();
        if missing.is_empty() {
            Ok(())
        } else {
            Err(RefusalKind::NotSigned { missing })
        }
    }

    fn check_time(
        &self,
        flavour: Flavour,
        policy: &Policy,
        now: SystemTime,
    ) -> Result<SystemTime, RefusalKind> {
        if flavour == Flavour::Cavage
            && let Some(named) = self.algorithm.as_deref().filter(|a| a.starts_with("rsa"))
        {
            for name in ["(created)", "(expires)"] {
                if self.covers(name) {
                    return Err(RefusalKind::TimeWithOldAlgorithm {
                        name,
                        named: shown(named),
                    });
                }
            }
        }
        // What is not signed says nothing about the time of signing.
        let created_counts = flavour == Flavour::Rfc9421 || self.covers("(created)");
        let created = match self.created.filter(|_| created_counts) {
            Some(seconds) => Some(in_window("created", at(seconds, "created")?, policy, now)?),
            None => None,
        };
        let date = match self.value("date") {
            Some(text) => {
                let date = httpdate::parse_http_date(text).map_err(|_| RefusalKind::BadDate {
                    received: shown(text),
                })?;
                Some(in_window("date", date, policy, now)?)
            }
            None => None,
        };
        if let Some(seconds) = self.expires {
            if self.created.is_some_and(|created| seconds < created) {
                return Err(RefusalKind::ExpiresBeforeCreated);
            }
            if let Ok(late) = now.duration_since(at(seconds, "expires")?)
                && late > policy.expiry_leeway
            {
                return Err(RefusalKind::Expired { ago: late });
            }
        }
        created.or(date).ok_or_else(|| RefusalKind::NotSigned {
            missing: vec!["date or (created)".to_owned()],
        })
    }
}

/// The begin of a line of the signed string.
pub(crate) fn push_name(out: &mut String, id: &str, is_rfc9421: bool) {
    // With parameters the quotes are there already.
    let quote = if is_rfc9421 && !id.starts_with('"') {
        "\""
    } else {
        ""
    };
    for part in [quote, id, quote, ": "] {
        out.push_str(part);
    }
}

/// The value of `(request-target)`.
pub(crate) fn push_cavage_target(out: &mut String, method: &str, target: impl FnOnce(&mut String)) {
    out.extend(method.chars().map(|c| c.to_ascii_lowercase()));
    out.push(' ');
    target(out);
}

/// The last line of RFC 9421.
pub(crate) fn push_parameters(out: &mut String, parameters: &str) {
    if !out.is_empty() {
        out.push('\n');
    }
    out.push_str("\"@signature-params\": ");
    out.push_str(parameters);
}

/// Enough for the usual string that is signed.
pub(crate) const BASE: usize = 512;

fn check_authority(head: &Head, policy: &Policy) -> Result<(), RefusalKind> {
    if policy.authorities.is_empty() {
        return Ok(());
    }
    let received = head
        .authority
        .as_deref()
        .ok_or_else(|| RefusalKind::AbsentComponent {
            name: "host".to_owned(),
        })?;
    let normal = normal_authority(received, &policy.scheme);
    if policy
        .authorities
        .iter()
        .any(|own| normal_authority(own, &policy.scheme) == normal)
    {
        return Ok(());
    }
    Err(RefusalKind::WrongAuthority {
        received: shown(received),
        expected: policy.authorities.clone(),
    })
}

fn at(seconds: u64, name: &str) -> Result<SystemTime, RefusalKind> {
    SystemTime::UNIX_EPOCH
        .checked_add(Duration::from_secs(seconds))
        .ok_or_else(|| RefusalKind::BadParameter {
            name: name.to_owned(),
        })
}

fn in_window(
    source_name: &'static str,
    signed: SystemTime,
    policy: &Policy,
    now: SystemTime,
) -> Result<SystemTime, RefusalKind> {
    match now.duration_since(signed) {
        Ok(age) if age > policy.past => Err(RefusalKind::TooOld {
            source_name,
            age,
            limit: policy.past,
        }),
        Err(ahead) if ahead.duration() > policy.future => Err(RefusalKind::TooNew {
            source_name,
            ahead: ahead.duration(),
            limit: policy.future,
        }),
        _ => Ok(signed),
    }
}
