//! actpub-httpsig, over aws-lc-rs.

use crate::case::{Case, Task};
use crate::message::{self, PEM, body, post_with_headers, text};
use crate::raw::AWS_LC;
use actpub_httpsig::{
    CavageSigner, Component, Rfc9421Signer, SigningKey, VerifyPolicy, content_digest_header,
    sha256_digest_header, verify_content_digest_header, verify_digest_header, verify_with_policy,
};
use chrono::Utc;
use http::Request;

const NAME: &str = "actpub-httpsig";

pub fn cases() -> Vec<Case> {
    let cavage = || {
        let (key, sent) = (SigningKey::from_pem(PEM).unwrap(), body());
        move || {
            let mut request = post_with_headers(&sent, &sha256_digest_header(&sent));
            CavageSigner::new(&key, message::KEY_ID)
                .sign(&mut request)
                .unwrap();
            request
        }
    };
    let rfc9421 = || {
        let (key, sent) = (SigningKey::from_pem(PEM).unwrap(), body());
        let components: Vec<Component> = ["@method", "@target-uri", "content-digest"]
            .map(|name| Component::parse(name).unwrap())
            .to_vec();
        move || {
            let mut request = message::post(&sent);
            let digest = content_digest_header(&sent).parse().unwrap();
            request.headers_mut().insert("content-digest", digest);
            Rfc9421Signer::new(&key, message::KEY_ID)
                .with_components(components.clone())
                .with_created(Utc::now().timestamp())
                .sign(&mut request)
                .unwrap();
            request
        }
    };
    vec![
        Case::new(Task::SignCavage, NAME, Some(AWS_LC), cavage),
        Case::new(Task::SignRfc9421, NAME, Some(AWS_LC), rfc9421),
        Case::new(Task::VerifyCavage, NAME, Some(AWS_LC), || verifying(true)),
        Case::new(Task::VerifyRfc9421, NAME, Some(AWS_LC), || verifying(false)),
    ]
}

fn verifying(is_cavage: bool) -> impl FnMut() {
    let (head, body) = message::received_absolute(is_cavage);
    let request = Request::from_parts(head, body);
    let (key, policy) = (
        SigningKey::from_pem(PEM).unwrap().verifying_key(),
        VerifyPolicy::mastodon(),
    );
    move || {
        verify_with_policy(&request, &policy, Utc::now(), |_| Ok(key.clone())).unwrap();
        if is_cavage {
            verify_digest_header(text(request.headers(), "digest"), request.body()).unwrap();
        } else {
            verify_content_digest_header(text(request.headers(), "content-digest"), request.body()).unwrap();
        }
    }
}
