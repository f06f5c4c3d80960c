//! Other servers sign in their own ways. What their requests look like was seen on the wire; the requests here are made by us.

use std::sync::{Arc, Mutex};
use std::time::UNIX_EPOCH;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use federate_delivery::Clock;
use federate_protocol::signatures::{KeyId, PrivateKey, Signer};
use http::{Request, Response, StatusCode};
use ring::digest::{SHA256, digest};
use serde_json::{Value, json};

use bytes::Bytes;

use crate::world::{KEYS, World, body, status};

const AS2: &str = "https://www.w3.org/ns/activitystreams";

/// What a server does in its own way.
struct Manner {
    server: &'static str,
    /// Paths.
    actor: &'static str,
    key: &'static str,
    inbox: &'static str,
    /// The `algorithm` and the signed headers of a POST and of a GET; of none, RFC 9421 with its components.
    algorithm: Option<&'static str>,
    post: &'static str,
    get: &'static str,
    media_type: &'static str,
    /// Answers 401 to an unsigned GET of its actor, and 406 to an `Accept` that is not one of its three.
    secure: bool,
}

const PLAIN: &str = "application/activity+json";
static ALL: [Manner; 9] = [
    Manner {
        server: "gotosocial",
        actor: "/users/zed",
        key: "/users/zed/main-key",
        inbox: "/users/zed/inbox",
        algorithm: Some("hs2019"),
        post: "(request-target) host date digest",
        get: "(request-target) host date",
        media_type: "application/activity+json; charset=utf-8",
        secure: true,
    },
    Manner {
        server: "snac",
        actor: "/zed",
        key: "/zed#main-key",
        inbox: "/zed/inbox",
        algorithm: Some("rsa-sha256"),
        post: "(request-target) host digest date",
        get: "(request-target) host digest date",
        media_type: PLAIN,
        secure: false,
    },
    Manner {
        server: "mitra",
        actor: "/users/zed",
        key: "/users/zed#main-key",
        inbox: "/users/zed/inbox",
        algorithm: None,
        post: "@method @target-uri content-digest",
        get: "@method @target-uri",
        media_type: "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"",
        secure: false,
    },
    Manner {
        server: "fedify",
        actor: "/users/zed",
        key: "/users/zed#main-key",
        inbox: "/users/zed/inbox",
        algorithm: None,
        post: "@method @target-uri @authority host date content-digest",
        get: "@method @target-uri @authority host date",
        media_type: PLAIN,
        secure: false,
    },
    Manner {
        server: "lemmy",
        actor: "/u/zed",
        key: "/u/zed#main-key",
        inbox: "/u/zed/inbox",
        algorithm: Some("hs2019"),
        post: "(request-target) content-type date digest host",
        get: "(request-target) accept date digest host",
        media_type: PLAIN,
        secure: false,
    },
    Manner {
        server: "wordpress",
        actor: "/?author=1",
        key: "/?author=1#main-key",
        inbox: "/wp-json/activitypub/1.0/actors/1/inbox",
        algorithm: Some("rsa-sha256"),
        post: "(request-target) host date digest",
        get: "(request-target) host date",
        media_type: "application/activity+json; charset=UTF-8",
        secure: false,
    },
    Manner {
        server: "takahe",
        actor: "/@zed@takahe.test/",
        key: "/@zed@takahe.test/#main-key",
        inbox: "/@zed@takahe.test/inbox/",
        algorithm: Some("rsa-sha256"),
        post: "(request-target) host date digest content-type",
        get: "(request-target) host date accept",
        media_type: PLAIN,
        secure: false,
    },
    Manner {
        server: "pleroma",
        actor: "/users/zed",
        key: "/users/zed#main-key",
        inbox: "/users/zed/inbox",
        algorithm: Some("rsa-sha256"),
        post: "(request-target) content-length date digest host",
        get: "(request-target) date host",
        media_type: "application/activity+json; charset=utf-8",
        secure: false,
    },
    Manner {
        server: "misskey",
        actor: "/users/9abcdef",
        key: "/users/9abcdef#main-key",
        inbox: "/users/9abcdef/inbox",
        algorithm: Some("rsa-sha256"),
        post: "(request-target) date host digest",
        get: "(request-target) date host accept",
        media_type: "application/activity+json; charset=utf-8",
        secure: false,
    },
];

impl Manner {
    fn host(&self) -> String {
        format!("{}.test", self.server)
    }

    fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host())
    }

    fn private_key(&self) -> PrivateKey {
        PrivateKey::from_pkcs8(KeyId::from(self.url(self.key)), KEYS[1]).unwrap()
    }

    fn actor_document(&self) -> Value {
        json!({
            "@context": [AS2, "https://w3id.org/security/v1"], "id": self.url(self.actor), "type": "Person",
            "preferredUsername": "zed", "inbox": self.url(self.inbox), "publicKey": self.public_key(),
        })
    }

    fn public_key(&self) -> Value {
        json!({
            "id": self.url(self.key), "owner": self.url(self.actor),
            "publicKeyPem": self.private_key().public_key().to_pem(),
        })
    }

    /// The answer of its server. What is posted is kept.
    fn answer(&self, request: &Request<Bytes>, posted: &Mutex<Vec<Value>>) -> Response<Bytes> {
        if request.method() == "POST" {
            posted
                .lock()
                .unwrap()
                .push(serde_json::from_slice(request.body()).unwrap());
            return status(StatusCode::ACCEPTED);
        }
        let path = request.uri().path_and_query().unwrap().as_str();
        let document = if path == self.actor {
            let accept = request
                .headers()
                .get("accept")
                .map_or("", |a| a.to_str().unwrap());
            if self.secure && !accept.contains(PLAIN) {
                return status(StatusCode::NOT_ACCEPTABLE);
            }
            if self.secure && !request.headers().contains_key("signature") {
                return status(StatusCode::UNAUTHORIZED);
            }
            self.actor_document()
        } else if path == self.key {
            // The stub: enough to verify with, and readable by everybody.
            json!({
                "@context": ["https://w3id.org/security/v1", AS2], "id": self.url(self.actor), "type": "Person",
                "preferredUsername": "zed", "publicKey": self.public_key(),
            })
        } else {
            return status(StatusCode::NOT_FOUND);
        };
        let mut answer = Response::new(document.to_string().into());
        answer
            .headers_mut()
            .insert("content-type", self.media_type.parse().unwrap());
        answer
    }

    /// A request as this server makes it.
    fn request(&self, world: &World, url: &str, activity: Option<&Value>) -> Request<Bytes> {
        let (method, signed) = match activity {
            Some(_) => ("POST", self.post),
            None => ("GET", self.get),
        };
        let payload: Bytes = activity.map(|a| a.to_string().into()).unwrap_or_default();
        let hash = STANDARD.encode(digest(&SHA256, &payload));
        let uri: http::Uri = url.parse().unwrap();
        let now = world.clock.now();
        let headers = [
            ("host", uri.authority().unwrap().as_str().to_owned()),
            ("date", httpdate::fmt_http_date(now)),
            ("accept", PLAIN.to_owned()),
            ("content-type", PLAIN.to_owned()),
            ("content-length", payload.len().to_string()),
            ("digest", format!("SHA-256={hash}")),
            ("content-digest", format!("sha-256=:{hash}:")),
        ];
        let mut request = Request::builder()
            .method(method)
            .uri(uri.path_and_query().unwrap().as_str());
        for (name, value) in &headers {
            // Nothing is sent that is not signed, but for what every request has.
            if signed.split(' ').any(|s| s == *name) || matches!(*name, "host" | "accept" | "content-type") {
                request = request.header(*name, value);
            }
        }
        let value = |name: &str| match name {
            "(request-target)" => {
                format!("{} {}", method.to_lowercase(), uri.path_and_query().unwrap())
            }
            "@method" => method.to_owned(),
            "@target-uri" => url.to_owned(),
            "@authority" => headers[0].1.clone(),
            name => headers.iter().find(|(n, _)| *n == name).unwrap().1.clone(),
        };
        let key = self.private_key();
        let sign = |base: String| STANDARD.encode(key.sign(base.as_bytes()).unwrap());
        let key_id = self.url(self.key);
        if let Some(algorithm) = self.algorithm {
            let lines: Vec<String> = signed.split(' ').map(|n| format!("{n}: {}", value(n))).collect();
            let signature = sign(lines.join("\n"));
            request = request.header(
                "signature",
                format!("keyId=\"{key_id}\",algorithm=\"{algorithm}\",headers=\"{signed}\",signature=\"{signature}\""),
            );
        } else {
            let names: Vec<String> = signed.split(' ').map(|n| format!("\"{n}\"")).collect();
            let created = now.duration_since(UNIX_EPOCH).unwrap().as_secs();
            let parameters = format!("({});created={created};keyid=\"{key_id}\"", names.join(" "));
            let lines: String = signed
                .split(' ')
                .map(|n| format!("\"{n}\": {}\n", value(n)))
                .collect();
            let signature = sign(format!("{lines}\"@signature-params\": {parameters}"));
            request = request
                .header("signature-input", format!("sig1={parameters}"))
                .header("signature", format!("sig1=:{signature}:"));
        }
        request.body(payload).unwrap()
    }
}

/// The server in the world; what is posted to it is kept.
fn connect(world: &World, manner: &'static Manner) -> Arc<Mutex<Vec<Value>>> {
    let posted = Arc::new(Mutex::default());
    let kept = Arc::clone(&posted);
    world.net.connect(
        &manner.host(),
        Arc::new(move |request| {
            let answer = manner.answer(&request, &kept);
            Box::pin(std::future::ready(Ok(answer)))
        }),
    );
    posted
}

#[tokio::test]
async fn every_manner_of_signing_is_believed_and_answered() {
    for manner in &ALL {
        let world = World::default();
        let posted = connect(&world, manner);
        let here = world.instance("here.example").await;
        let alice = here.federation.uris().actor("alice");
        let follow = json!({
            "@context": AS2, "id": manner.url("/activities/1"), "type": "Follow",
            "actor": manner.url(manner.actor), "object": alice.as_str(),
        });
        let inbox = here.federation.uris().shared_inbox();
        let request = manner.request(&world, inbox.as_str(), Some(&follow));
        let answer = here.federation.handle(request).await.unwrap();
        assert_eq!(answer.status(), 202, "{}: {}", manner.server, body(&answer));
        world.settle(&[&here]).await;
        let posted = posted.lock().unwrap();
        let types: Vec<&str> = posted.iter().filter_map(|a| a["type"].as_str()).collect();
        assert_eq!(types, ["Accept"], "{}", manner.server);
        assert_eq!(posted[0]["object"]["id"], follow["id"], "{}", manner.server);
    }
}

#[tokio::test]
async fn every_manner_of_asking_for_an_actor_is_answered() {
    for manner in &ALL {
        let world = World::default();
        drop(connect(&world, manner));
        let here = world.instance("here.example").await;
        let alice = here.federation.uris().actor("alice");
        let answer = here
            .federation
            .handle(manner.request(&world, alice.as_str(), None))
            .await
            .unwrap();
        assert_eq!(answer.status(), 200, "{}", manner.server);
        assert_eq!(body(&answer)["id"], alice.as_str(), "{}", manner.server);
    }
}

#[tokio::test]
async fn no_manner_excuses_another_body() {
    for manner in &ALL {
        let world = World::default();
        drop(connect(&world, manner));
        let here = world.instance("here.example").await;
        let like = |object: &str| {
            json!({
                "@context": AS2, "id": manner.url("/activities/1"), "type": "Like",
                "actor": manner.url(manner.actor), "object": object,
            })
        };
        let inbox = here.federation.uris().shared_inbox();
        let mut request = manner.request(
            &world,
            inbox.as_str(),
            Some(&like("https://here.example/posts/1")),
        );
        *request.body_mut() = like("https://here.example/posts/2").to_string().into();
        let answer = here.federation.handle(request).await.unwrap();
        assert!(
            matches!(answer.status().as_u16(), 400 | 401),
            "{}: {}",
            manner.server,
            answer.status()
        );
    }
}
