//! apx_core (Mitra), over rsa 0.9.

use crate::case::{Case, Task};
use crate::message::{self, PEM, URI, body, post, public_pem};
use crate::raw::RSA;
use apx_core::crypto::{common::PublicKey, rsa::rsa_secret_key_from_pkcs8_pem};
use apx_core::http_digest::ContentDigest;
use apx_core::http_signatures::create::{
    HttpSigner, create_http_signature_cavage, create_http_signature_rfc9421,
};
use apx_core::http_signatures::verify::{parse_http_signature, verify_http_signature};
use http::Method;

const NAME: &str = "apx_core";

pub fn cases() -> Vec<Case> {
    let signer = || {
        HttpSigner::new_rsa(
            rsa_secret_key_from_pkcs8_pem(PEM).unwrap(),
            message::KEY_ID.to_owned(),
        )
    };
    let cavage = move || {
        let (by, sent) = (signer(), body());
        move || {
            let made = create_http_signature_cavage(Method::POST, URI, Some(&sent), &by).unwrap();
            let mut request = post(&sent);
            let headers = request.headers_mut();
            headers.insert("host", made.host.parse().unwrap());
            headers.insert("date", made.date.parse().unwrap());
            headers.insert("digest", made.digest.unwrap().parse().unwrap());
            headers.insert("signature", made.signature.parse().unwrap());
            request
        }
    };
    let rfc9421 = move || {
        let (by, sent) = (signer(), body());
        move || {
            let made = create_http_signature_rfc9421(Method::POST, URI, Some(&sent), &by).unwrap();
            let mut request = post(&sent);
            let headers = request.headers_mut();
            headers.insert("content-digest", made.content_digest.unwrap().parse().unwrap());
            headers.insert("signature-input", made.signature_input.parse().unwrap());
            headers.insert("signature", made.signature.parse().unwrap());
            request
        }
    };
    vec![
        Case::new(Task::SignCavage, NAME, Some(RSA), cavage),
        Case::new(Task::SignRfc9421, NAME, Some(RSA), rfc9421),
        Case::new(Task::VerifyCavage, NAME, Some(RSA), || verifying(true)),
        Case::new(Task::VerifyRfc9421, NAME, Some(RSA), || verifying(false)),
    ]
}

fn verifying(is_cavage: bool) -> impl FnMut() {
    let (head, body) = message::received_absolute(is_cavage);
    let key = PublicKey::from_pem(&public_pem()).unwrap();
    move || {
        let parsed = parse_http_signature(&head.method, &head.uri, &head.headers).unwrap();
        verify_http_signature(&parsed, &key, Some(ContentDigest::new(&body))).unwrap();
    }
}
