//! sigh, over openssl. It leaves date, host and digest to its caller.

use crate::case::{Case, Task};
use crate::message::{self, PEM, base64, body, post_with_headers, public_pem, text, unbase64};
use crate::raw::OPENSSL;
use openssl::sha::sha256;
use sigh::{Key as _, PrivateKey, PublicKey, Signature, SigningConfig, alg::RsaSha256};

const NAME: &str = "sigh";

pub fn cases() -> Vec<Case> {
    let sign = || {
        let (key, sent) = (PrivateKey::from_pem(PEM.as_bytes()).unwrap(), body());
        move || {
            let mut request = post_with_headers(&sent, &format!("SHA-256={}", base64(&sha256(&sent))));
            SigningConfig::new(RsaSha256, &key, message::KEY_ID)
                .sign(&mut request)
                .unwrap();
            request
        }
    };
    let verify = || {
        let (head, body) = message::received(true);
        let key = PublicKey::from_pem(public_pem().as_bytes()).unwrap();
        move || {
            assert!(Signature::from(&head).verify(&key).unwrap());
            let expected = text(&head.headers, "digest").strip_prefix("SHA-256=").unwrap();
            assert_eq!(unbase64(expected), sha256(&body));
        }
    };
    vec![
        Case::new(Task::SignCavage, NAME, Some(OPENSSL), sign),
        Case::new(Task::VerifyCavage, NAME, Some(OPENSSL), verify),
    ]
}
