//! Reading a `Signature` header of [draft-cavage-http-signatures-12](https://datatracker.ietf.org/doc/html/draft-cavage-http-signatures-12#section-2.1).

use crate::{
    KeyId,
    head::{Head, field},
    refusal::{Problem, RefusalKind, shown},
    signature::{Covered, One, Value},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::HeaderMap;
use std::borrow::Cow;

/// Reads the header and collects what it says was signed.
pub(crate) fn read(
    text: &str,
    in_authorization: bool,
    head: &Head,
    headers: &HeaderMap,
) -> Result<One, RefusalKind> {
    let parameters = Parameters::read(text)?;
    let key_id = parameters.required("keyid", "keyId")?;
    if key_id.is_empty() || key_id.len() > KEY_ID || !key_id.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(RefusalKind::BadParameter {
            name: "keyId".to_owned(),
        });
    }
    let signature = STANDARD
        .decode(parameters.required("signature", "signature")?)
        .map_err(|_| malformed(Problem::Base64))?;
    // Without a list the draft signs `(created)` alone, which binds nothing.
    let list = parameters.get("headers").unwrap_or_default();
    let covered = components(list, in_authorization, head, headers, &parameters)?;
    Ok(One {
        label: None,
        key_id: KeyId(key_id.to_owned()),
        covered,
        created: parameters.time("created")?,
        expires: parameters.time("expires")?,
        algorithm: parameters.get("algorithm").map(ToOwned::to_owned),
        nonce: None,
        tag: None,
        signature,
        parameters: None,
    })
}

fn components(
    list: &str,
    in_authorization: bool,
    head: &Head,
    headers: &HeaderMap,
    parameters: &Parameters<'_>,
) -> Result<Covered, RefusalKind> {
    let mut out: Vec<(String, Value)> = Vec::with_capacity(8);
    for name in list.split_ascii_whitespace() {
        let name = name.to_ascii_lowercase();
        if out.len() >= COMPONENTS {
            return Err(RefusalKind::TooLarge {
                header: HEADER,
                limit: COMPONENTS,
            });
        }
        if out.iter().any(|(known, _)| *known == name) {
            return Err(RefusalKind::RepeatedComponent { name: shown(&name) });
        }
        let value = match name.as_str() {
            "(request-target)" => Value::CavageTarget,
            "(created)" => Value::Fixed(parameters.required("created", "created")?.to_owned()),
            "(expires)" => Value::Fixed(parameters.required("expires", "expires")?.to_owned()),
            // A header cannot sign itself.
            "signature" | "signature-input" => return Err(RefusalKind::UnsupportedComponent { name }),
            "authorization" if in_authorization => return Err(RefusalKind::UnsupportedComponent { name }),
            "host" => Value::Fixed(
                head.authority
                    .clone()
                    .ok_or(RefusalKind::AbsentComponent { name: name.clone() })?,
            ),
            other if other.bytes().all(is_token) => match field(headers, other)? {
                Some(value) => Value::Fixed(value.into_owned()),
                None => return Err(RefusalKind::AbsentComponent { name: shown(other) }),
            },
            other => return Err(RefusalKind::UnsupportedComponent { name: shown(other) }),
        };
        out.push((name, value));
    }
    Ok(out.into_iter().collect())
}

/// `name="value"` and `name=token`, separated by commas, each name once.
struct Parameters<'a>(Vec<(&'a str, Cow<'a, str>)>);

impl<'a> Parameters<'a> {
    fn read(text: &'a str) -> Result<Self, RefusalKind> {
        if text.len() > BYTES {
            return Err(RefusalKind::TooLarge {
                header: HEADER,
                limit: BYTES,
            });
        }
        let mut found: Vec<(&str, Cow<'_, str>)> = Vec::with_capacity(8);
        let mut rest = text;
        loop {
            let (name, after) = rest.split_once('=').ok_or(malformed(Problem::Syntax))?;
            let name = name.trim_matches(OWS);
            if name.is_empty() || !name.bytes().all(is_token) {
                return Err(malformed(Problem::Syntax));
            }
            let after = after.trim_start_matches(OWS);
            let (value, after) = match after.strip_prefix('"') {
                Some(quoted) => quoted_string(quoted)?,
                None => bare(name, after)?,
            };
            if found.iter().any(|(known, _)| known.eq_ignore_ascii_case(name)) {
                return Err(malformed(Problem::Duplicate));
            }
            if found.len() >= PARAMETERS {
                return Err(RefusalKind::TooLarge {
                    header: HEADER,
                    limit: PARAMETERS,
                });
            }
            found.push((name, value));
            let after = after.trim_start_matches(OWS);
            if after.is_empty() {
                return Ok(Self(found));
            }
            rest = after.strip_prefix(',').ok_or(malformed(Problem::Syntax))?;
        }
    }

    fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }

    fn required(&self, name: &str, shown: &'static str) -> Result<&str, RefusalKind> {
        self.get(name)
            .ok_or(RefusalKind::MissingParameter { name: shown })
    }

    /// Seconds since 1970, in digits alone.
    fn time(&self, name: &'static str) -> Result<Option<u64>, RefusalKind> {
        let Some(text) = self.get(name) else {
            return Ok(None);
        };
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        match text.parse::<i64>() {
            Ok(seconds) if digits => Ok(u64::try_from(seconds).ok()),
            _ => Err(RefusalKind::BadParameter {
                name: name.to_owned(),
            }),
        }
    }
}

/// The rest of a quoted string whose first quote is gone: its value, and what follows it.
fn quoted_string(text: &str) -> Result<(Cow<'_, str>, &str), RefusalKind> {
    let (plain, after) = text.split_once('"').ok_or(malformed(Problem::Syntax))?;
    // Nearly always there is no escape.
    if !plain.contains('\\') {
        return Ok((Cow::Borrowed(plain), after));
    }
    let mut value = String::with_capacity(plain.len());
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '"' => return Ok((Cow::Owned(value), characters.as_str())),
            '\\' => match characters.next() {
                Some(escaped @ ('"' | '\\')) => value.push(escaped),
                _ => return Err(malformed(Problem::Syntax)),
            },
            other => value.push(other),
        }
    }
    Err(malformed(Problem::Syntax))
}

/// A value without quotes: numbers and names of algorithms come so, nothing else may.
fn bare<'a>(name: &str, text: &'a str) -> Result<(Cow<'a, str>, &'a str), RefusalKind> {
    let end = text
        .find(|c: char| c == ',' || OWS.contains(&c))
        .unwrap_or(text.len());
    let (value, rest) = text.split_at_checked(end).ok_or(malformed(Problem::Syntax))?;
    let known = ["keyid", "signature", "headers"]
        .iter()
        .any(|known| known.eq_ignore_ascii_case(name));
    if known || value.is_empty() || !value.bytes().all(is_token) {
        return Err(malformed(Problem::Syntax));
    }
    Ok((Cow::Borrowed(value), rest))
}

/// A character of a token ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2)).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

fn malformed(problem: Problem) -> RefusalKind {
    RefusalKind::Malformed {
        header: HEADER,
        problem,
    }
}

const HEADER: &str = "signature";
const OWS: [char; 2] = [' ', '\t'];
/// Five times what an RSA signature of 4096 bits with a long list needs.
const BYTES: usize = 8 * 1024;
const KEY_ID: usize = 2048;
const PARAMETERS: usize = 16;
const COMPONENTS: usize = 64;
