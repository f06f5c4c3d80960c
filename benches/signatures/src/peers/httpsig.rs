//! httpsig: RFC 9421 alone, over rsa 0.10-rc. It takes components as text, so the request is taken apart here.

use crate::case::{Case, Task};
use crate::message::{self, PEM, URI, base64, body, post, public_pem, text, unbase64};
use crate::raw::RSA_RC;
use bytes::Bytes;
use http::Request;
use httpsig::prelude::message_component::{HttpMessageComponent, HttpMessageComponentId};
use httpsig::prelude::{
    AlgorithmName, HttpSignatureBase, HttpSignatureHeaders, HttpSignatureParams, PublicKey, SecretKey,
};
use sha2_rc::{Digest as _, Sha256};

const NAME: &str = "httpsig";

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(Task::SignRfc9421, NAME, Some(RSA_RC), signing),
        Case::new(Task::VerifyRfc9421, NAME, Some(RSA_RC), verifying),
    ]
}

fn components(ids: &[HttpMessageComponentId], digest: &str) -> Vec<HttpMessageComponent> {
    let value = |id: &HttpMessageComponentId| match id.name.to_string().trim_matches('"') {
        "@method" => "POST".to_owned(),
        "@target-uri" => URI.to_owned(),
        _ => digest.to_owned(),
    };
    ids.iter()
        .map(|id| HttpMessageComponent::try_from((id, &[value(id)][..])).unwrap())
        .collect()
}

fn signing() -> impl FnMut() -> Request<Bytes> {
    let key = SecretKey::from_pem(&AlgorithmName::RsaV1_5Sha256, PEM).unwrap();
    let names = ["@method", "@target-uri", "content-digest"];
    let ids = names.map(|name| HttpMessageComponentId::try_from(name).unwrap());
    let body = body();
    move || {
        let digest = format!("sha-256=:{}:", base64(&Sha256::digest(&body)));
        let mut parameters = HttpSignatureParams::try_new(&ids).unwrap();
        parameters.set_keyid(message::KEY_ID);
        let base = HttpSignatureBase::try_new(&components(&ids, &digest), &parameters).unwrap();
        let made = base.build_signature_headers(&key, Some("sig1")).unwrap();
        let mut request = post(&body);
        let headers = request.headers_mut();
        headers.insert("content-digest", digest.parse().unwrap());
        headers.insert(
            "signature-input",
            made.signature_input_header_value().parse().unwrap(),
        );
        headers.insert("signature", made.signature_header_value().parse().unwrap());
        request
    }
}

fn verifying() -> impl FnMut() {
    let (head, body) = message::received(false);
    let key = PublicKey::from_pem(&AlgorithmName::RsaV1_5Sha256, &public_pem()).unwrap();
    move || {
        let (signature, input) = (
            text(&head.headers, "signature"),
            text(&head.headers, "signature-input"),
        );
        let all = HttpSignatureHeaders::try_parse(signature, input).unwrap();
        let made = &all["sig1"];
        let digest = text(&head.headers, "content-digest");
        let parameters = made.signature_params();
        let base =
            HttpSignatureBase::try_new(&components(&parameters.covered_components, digest), parameters)
                .unwrap();
        base.verify_signature_headers(&key, made).unwrap();
        let expected = digest.strip_prefix("sha-256=:").unwrap().trim_end_matches(':');
        assert_eq!(unbase64(expected), Sha256::digest(&body).as_slice());
    }
}
