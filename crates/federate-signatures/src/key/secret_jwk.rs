//! Private JSON Web Keys: [RFC 7518](https://www.rfc-editor.org/rfc/rfc7518#section-6.3.2),
//! [RFC 8037](https://www.rfc-editor.org/rfc/rfc8037#section-2).

use super::{BadKey, PublicKey, Wiped, der, jwk, secret::Secret};
use crate::json::{Json, parse};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Hands the key to a provider, and holds its public half against the one that stands beside it.
pub(super) fn read<T>(
    text: &str,
    take: impl FnOnce(Secret<'_>) -> Result<T, BadKey>,
    public: impl FnOnce(&T) -> PublicKey,
) -> Result<T, BadKey> {
    if text.len() > jwk::LIMIT {
        return Err(BadKey::TooLong { limit: jwk::LIMIT });
    }
    let mut members = Members(parse(text.as_bytes()).map_err(|_| BadKey::NotJwk)?);
    if members.0.get("d").is_none() {
        return Err(BadKey::PublicKeyGiven);
    }
    jwk::is_for(&members.0, "sign")?;
    let d = members.secret("d")?;
    let stated;
    let key = match (members.text("kty").as_str(), members.text("crv").as_str()) {
        ("RSA", "") => {
            let (n, e) = (members.secret("n")?, members.secret("e")?);
            stated = PublicKey::from_rsa_components(n.as_slice(), e.as_slice())?;
            let mut numbers = vec![
                Wiped::new(der::write_unsigned(&[])),
                integer(&n),
                integer(&e),
                integer(&d),
            ];
            for name in ["p", "q", "dp", "dq", "qi"] {
                numbers.push(integer(&members.secret(name)?));
            }
            let numbers: Vec<&[u8]> = numbers.iter().map(Wiped::as_slice).collect();
            let pkcs1 = Wiped::new(der::write(der::SEQUENCE, &numbers));
            take(Secret::from_pkcs1(pkcs1.as_slice())?)?
        }
        ("OKP", "Ed25519") => {
            stated = PublicKey::from_ed25519(members.secret("x")?.as_slice())?;
            take(Secret::seed(d.as_slice(), None)?)?
        }
        ("EC", "P-256") => {
            let (x, y) = (members.secret("x")?, members.secret("y")?);
            let point = [&[4], x.as_slice(), y.as_slice()].concat();
            stated = PublicKey::from_point(&point)?;
            take(Secret::number(d.as_slice(), &point)?)?
        }
        _ => return Err(BadKey::UnsupportedAlgorithm),
    };
    if public(&key) == stated {
        Ok(key)
    } else {
        Err(BadKey::Rejected)
    }
}

/// The members that are left; what is taken out is wiped, and so is the rest.
struct Members(Json);

impl Members {
    fn text(&mut self, name: &str) -> String {
        match self.0.remove(name) {
            Some(Json::Text(text)) => text,
            _ => String::new(),
        }
    }

    fn secret(&mut self, name: &str) -> Result<Wiped, BadKey> {
        let text = Wiped::new(self.text(name).into_bytes());
        let mut bytes = vec![0; text.as_slice().len()];
        let length = URL_SAFE_NO_PAD.decode_slice(text.as_slice(), &mut bytes);
        let mut bytes = Wiped::new(bytes);
        bytes.truncate(length.map_err(|_| BadKey::NotJwk)?);
        if bytes.as_slice().is_empty() {
            return Err(BadKey::NotJwk);
        }
        Ok(bytes)
    }
}

impl Drop for Members {
    fn drop(&mut self) {
        if let Json::Object(members) = &mut self.0 {
            for (_, value) in members.drain(..) {
                if let Json::Text(text) = value {
                    drop(Wiped::new(text.into_bytes()));
                }
            }
        }
    }
}

fn integer(number: &Wiped) -> Wiped {
    let number = number.as_slice();
    let zeroes = number.iter().take_while(|byte| **byte == 0).count();
    Wiped::new(der::write_unsigned(number.get(zeroes..).unwrap_or_default()))
}
