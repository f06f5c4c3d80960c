//! What was written of a profile for others, so that it is written once.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::Uris;
use crate::keys::PublicKeys;

/// Answers about one profile, with all else that they depend on: where that is another, they are written anew, and not
/// kept. It lives as long as the profile, so that nothing here has to be invalidated and nothing grows.
#[derive(Clone, Default)]
pub(crate) struct Written {
    document: OnceLock<(Arc<Uris>, PublicKeys, Bytes)>,
    jrd: OnceLock<(Arc<Uris>, Option<Bytes>)>,
}

impl Written {
    /// The actor document at these URLs, with these keys.
    pub(crate) fn document(&self, uris: &Arc<Uris>, keys: &PublicKeys, write: impl Fn() -> Bytes) -> Bytes {
        let kept = self
            .document
            .get_or_init(|| (Arc::clone(uris), keys.clone(), write()));
        match kept {
            (for_uris, for_keys, bytes) if Arc::ptr_eq(for_uris, uris) && for_keys == keys => bytes.clone(),
            _ => write(),
        }
    }

    /// The WebFinger answer at these URLs.
    pub(crate) fn jrd(&self, uris: &Arc<Uris>, write: impl Fn() -> Option<Bytes>) -> Option<Bytes> {
        match self.jrd.get_or_init(|| (Arc::clone(uris), write())) {
            (for_uris, bytes) if Arc::ptr_eq(for_uris, uris) => bytes.clone(),
            _ => write(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use federate_protocol::activitystreams::Iri;

    use crate::keys::PublicKeys;
    use crate::{Paths, Profile, Uris};

    fn uris(root: &str) -> Arc<Uris> {
        let root = Iri::parse(root).unwrap();
        let origin = root.origin().unwrap();
        Arc::new(Uris::new(root, origin, Paths::default()))
    }

    fn text(bytes: impl AsRef<[u8]>) -> String {
        String::from_utf8(bytes.as_ref().to_vec()).unwrap()
    }

    #[test]
    fn what_is_the_same_is_written_once() {
        let (uris, key) = (uris("https://a.example/"), PublicKeys::named("k", "key"));
        let alice = Profile::person("alice");
        let given_out = alice.clone();
        let first = given_out.document(&uris, &key);
        assert_eq!(alice.document(&uris, &key).as_ptr(), first.as_ptr());
        let jrd = given_out.jrd_bytes(&uris).unwrap();
        assert_eq!(alice.jrd_bytes(&uris).unwrap().as_ptr(), jrd.as_ptr());
    }

    #[test]
    fn a_profile_that_changes_is_written_anew() {
        let (uris, key) = (uris("https://a.example/"), PublicKeys::named("k", "key"));
        let alice = Profile::person("alice");
        let before = (alice.document(&uris, &key), alice.jrd_bytes(&uris).unwrap());
        let shared = alice.clone().username("alix");
        let own = alice.username("alix");
        for after in [shared, own] {
            assert!(text(after.document(&uris, &key)).contains(r#""preferredUsername":"alix""#));
            assert!(text(after.jrd_bytes(&uris).unwrap()).contains("acct:alix@a.example"));
        }
        assert!(text(before.0).contains(r#""preferredUsername":"alice""#));
        assert!(text(before.1).contains("acct:alice@a.example"));
    }

    #[test]
    fn other_urls_and_other_keys_are_not_mixed_up() {
        let (a, b) = (uris("https://a.example/"), uris("https://b.example/"));
        let (one, two) = (
            PublicKeys::named("k", "key one"),
            PublicKeys::named("k", "key two"),
        );
        let alice = Profile::person("alice");
        for _ in 0..2 {
            for (uris, host) in [(&a, "a.example"), (&b, "b.example")] {
                for key in [&one, &two] {
                    let document = text(alice.document(uris, key));
                    assert!(document.contains(&format!(r#""id":"https://{host}/users/alice""#)));
                    assert!(document.contains(&format!(r#""publicKeyPem":"{}""#, key.requests.text)));
                }
                let jrd = text(alice.jrd_bytes(uris).unwrap());
                assert!(jrd.contains(&format!("acct:alice@{host}")));
            }
        }
    }
}
