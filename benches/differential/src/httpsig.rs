//! httpsig: RFC 9421, both kinds of key. It takes the components of a message as text, so they are made here.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use federate_signatures::{Algorithm, Flavour};
use http::{Method, Request};
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, PublicKey, SecretKey,
};
use signature_differential::{Case, Direction, KEYS, NOW, Peer};
use std::time::{Duration, SystemTime};

pub struct Httpsig(Vec<(SecretKey, PublicKey)>);

impl Httpsig {
    pub fn new() -> Self {
        let keys = KEYS.iter().map(|key| {
            let name = match key.algorithm {
                Algorithm::Ed25519 => AlgorithmName::Ed25519,
                _ => AlgorithmName::RsaV1_5Sha256,
            };
            (
                SecretKey::from_pem(&name, key.pem).unwrap(),
                PublicKey::from_pem(&name, &key.public_pem()).unwrap(),
            )
        });
        Self(keys.collect())
    }
}

/// The values of one component, by section 2 of RFC 9421; blanks at the ends are its caller's to take away.
fn values(request: &Request<Bytes>, name: &str) -> Vec<String> {
    let uri = request.uri();
    let authority = uri.authority().unwrap().as_str().to_ascii_lowercase();
    let target = uri.path_and_query().unwrap().as_str();
    vec![match name {
        "@method" => request.method().to_string(),
        "@target-uri" => format!("https://{authority}{target}"),
        "@authority" => authority,
        "@scheme" => "https".to_owned(),
        "@path" => uri.path().to_owned(),
        "@query" => format!("?{}", uri.query().unwrap_or_default()),
        "@request-target" => target.to_owned(),
        field => {
            let lines = request.headers().get_all(field).iter();
            return lines
                .map(|line| line.to_str().unwrap().trim().to_owned())
                .collect();
        }
    }]
}

fn components(
    request: &Request<Bytes>,
    ids: &[HttpMessageComponentId],
) -> Result<Vec<HttpMessageComponent>, String> {
    ids.iter()
        .map(|id| {
            let values = values(request, id.name.to_string().trim_matches('"'));
            HttpMessageComponent::try_from((id, values.as_slice())).map_err(|error| error.to_string())
        })
        .collect()
}

impl Peer for Httpsig {
    fn name(&self) -> String {
        "httpsig 0.0.26".to_owned()
    }

    fn has(&self, case: &Case, _: Direction) -> bool {
        case.flavour == Flavour::Rfc9421
    }

    fn sign(&mut self, case: &Case) -> Result<Request<Bytes>, String> {
        let mut request = case.request();
        let host = case.uri.authority().unwrap().as_str().to_ascii_lowercase();
        let date = httpdate::fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(NOW));
        let digest = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, request.body()));
        let headers = request.headers_mut();
        headers.insert("host", host.parse().unwrap());
        headers.insert("date", date.parse().unwrap());
        let mut names = vec!["@method", "@target-uri"];
        if case.method == Method::POST {
            headers.insert("content-digest", format!("sha-256=:{digest}:").parse().unwrap());
            names.push("content-digest");
        }
        names.extend(&case.components);
        let ids: Vec<_> = names
            .iter()
            .map(|name| HttpMessageComponentId::try_from(*name).unwrap())
            .collect();
        let mut parameters = HttpSignatureParams::try_new(&ids).map_err(|error| error.to_string())?;
        parameters.set_created(NOW).set_keyid(case.key().id);
        if let Some(nonce) = &case.nonce {
            parameters.set_nonce(nonce);
        }
        let base = HttpSignatureBase::try_new(&components(&request, &ids)?, &parameters);
        let base = base.map_err(|error| error.to_string())?;
        let made = base.build_signature_headers(&self.0[case.key].0, Some("sig1"));
        let made = made.map_err(|error| error.to_string())?;
        let input = made.signature_input_header_value().parse();
        request
            .headers_mut()
            .insert("signature-input", input.map_err(|_| "no header".to_owned())?);
        request
            .headers_mut()
            .insert("signature", made.signature_header_value().parse().unwrap());
        Ok(request)
    }

    fn verify(&mut self, case: &Case, request: &Request<Bytes>) -> Result<(), String> {
        let text = |name| request.headers()[name].to_str().unwrap();
        let all = HttpSignatureHeaders::try_parse(text("signature"), text("signature-input"));
        let all = all.map_err(|error| error.to_string())?;
        let made = &all["sig1"];
        let parameters = made.signature_params();
        let components = components(request, &parameters.covered_components)?;
        let base = HttpSignatureBase::try_new(&components, parameters).map_err(|error| error.to_string())?;
        base.verify_signature_headers(&self.0[case.key].1, made)
            .map_err(|error| error.to_string())?;
        // The digest it leaves to its caller.
        if let Some(value) = request.headers().get("content-digest") {
            let digest = STANDARD.encode(ring::digest::digest(&ring::digest::SHA256, request.body()));
            if value != format!("sha-256=:{digest}:").as_str() {
                return Err("digest".to_owned());
            }
        }
        Ok(())
    }

    fn explains(&self, case: &Case, _: Direction) -> Option<&'static str> {
        let odd = case
            .nonce
            .as_ref()
            .is_some_and(|nonce| nonce.contains(['"', '\\']));
        odd.then_some("it writes a quote or a backslash in a nonce as it is, which is no structured field")
    }
}
