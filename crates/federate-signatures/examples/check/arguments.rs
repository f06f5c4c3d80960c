//! The command line.

use super::{Failed, instant::time};
use federate_signatures::Policy;
use std::time::{Duration, SystemTime};

pub(super) struct Arguments {
    pub(super) request: Option<Vec<u8>>,
    pub(super) document: Option<Vec<u8>>,
    pub(super) key: Option<String>,
    pub(super) key_id: Option<String>,
    pub(super) kind_of_key: String,
    pub(super) kind: Option<Kind>,
    pub(super) rfc9421: bool,
    pub(super) now: SystemTime,
    pub(super) expires: Option<SystemTime>,
    pub(super) max_age: Option<Duration>,
    pub(super) policy: Policy,
}

/// What proves a document.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Eddsa,
    Ld,
}

impl Arguments {
    pub(super) fn read(command: &str, mut arguments: impl Iterator<Item = String>) -> Result<Self, Failed> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the edge where a program reads the clock"
        )]
        let now = SystemTime::now();
        let mut out = Self {
            request: None,
            document: None,
            key: None,
            key_id: None,
            kind_of_key: "ed25519".to_owned(),
            kind: None,
            rfc9421: false,
            now,
            expires: None,
            max_age: None,
            policy: Policy::default(),
        };
        let (mut scheme, mut authorities) = (None, Vec::new());
        while let Some(name) = arguments.next() {
            applies(command, &name)?;
            let value = arguments.next().ok_or_else(|| format!("{name} needs a value"))?;
            match name.as_str() {
                "--request" => out.request = Some(file(&value)?),
                "--document" => out.document = Some(file(&value)?),
                "--key" => {
                    let text = String::from_utf8(file(&value)?);
                    out.key = Some(text.map_err(|_| format!("{value}: not text in UTF-8"))?);
                }
                "--key-id" if value.chars().any(char::is_control) => {
                    return Err("--key-id: control characters".into());
                }
                "--key-id" => out.key_id = Some(value),
                "--type" => out.kind_of_key = value,
                "--kind" => {
                    out.kind = Some(one_of(
                        &value,
                        "kind",
                        &[
                            ("eddsa", Kind::Eddsa),
                            ("eddsa-jcs-2022", Kind::Eddsa),
                            ("ld", Kind::Ld),
                            ("RsaSignature2017", Kind::Ld),
                        ],
                    )?);
                }
                "--flavour" => {
                    out.rfc9421 = one_of(&value, "flavour", &[("cavage", false), ("rfc9421", true)])?;
                }
                "--now" => out.now = time(&value)?,
                "--expires" => out.expires = Some(time(&value)?),
                "--max-age" => {
                    let seconds = value
                        .parse()
                        .map_err(|_| format!("{value}: not a number of seconds"))?;
                    out.max_age = Some(Duration::from_secs(seconds));
                }
                "--policy" => {
                    out.policy = Policy::named(&value).ok_or_else(|| format!("{value}: no such policy"))?;
                }
                "--scheme" => {
                    scheme = Some(one_of(&value, "scheme", &[("https", "https"), ("http", "http")])?);
                }

                "--authority" => authorities.push(value),
                other => return Err(format!("{other}: no such option").into()),
            }
        }
        if let Some(scheme) = scheme {
            out.policy = out.policy.external_scheme(scheme);
        }
        out.policy = out.policy.authorities(authorities);
        Ok(out)
    }
}

pub(super) fn need<'a, T>(value: &'a Option<T>, name: &str) -> Result<&'a T, Failed> {
    Ok(value.as_ref().ok_or_else(|| format!("{name} is missing"))?)
}

fn file(path: &str) -> Result<Vec<u8>, Failed> {
    Ok(std::fs::read(path).map_err(|error| format!("{path}: {error}"))?)
}

fn one_of<T: Copy>(value: &str, what: &str, known: &[(&str, T)]) -> Result<T, Failed> {
    let found = known.iter().find(|(name, _)| *name == value);
    Ok(found.ok_or_else(|| format!("{value}: no such {what}"))?.1)
}

/// Which options a command reads.
const APPLY: [(&str, &[&str]); 4] = [
    (
        "verify",
        &[
            "--request",
            "--key",
            "--now",
            "--policy",
            "--scheme",
            "--authority",
        ],
    ),
    ("sign", &["--request", "--key", "--key-id", "--now", "--flavour"]),
    (
        "proof",
        &[
            "--document",
            "--key",
            "--key-id",
            "--now",
            "--kind",
            "--max-age",
            "--expires",
        ],
    ),
    ("keygen", &["--type"]),
];

/// Refuses an option that another command reads: who gives it believes that it does something.
fn applies(command: &str, name: &str) -> Result<(), Failed> {
    let known = |(of, names): &(&str, &[&str])| (*of == command, names.contains(&name));
    let found: Vec<(bool, bool)> = APPLY.iter().map(known).filter(|(_, has)| *has).collect();
    if !found.is_empty() && !found.iter().any(|(own, _)| *own) {
        return Err(format!("{name} does not apply to {command}").into());
    }
    Ok(())
}
