//! Somebody on an instance that others run: scripted, and as suspicious as a real server.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use federate_http::HttpClient;
use federate_protocol::signatures::{KeyId, Policy, PrivateKey, PublicKey, cavage, parse};
use http::{Request, Response, StatusCode, header};
use serde_json::{Value, json};

use crate::wire::lock;
use crate::world::{BUDGET, World};

const ACTIVITY_JSON: &str = "application/activity+json";
const AS2: &str = "https://www.w3.org/ns/activitystreams";

/// A person on another instance: has an actor document and a key, answers WebFinger, signs what it sends, and takes
/// into its inbox only what verifies against the key that the sender publishes.
#[derive(Clone)]
pub struct Peer {
    inner: Arc<Inner>,
    world: World,
}

struct Inner {
    name: String,
    host: String,
    key: PrivateKey,
    objects: Mutex<BTreeMap<String, Value>>,
    received: Mutex<Vec<Value>>,
    refused: Mutex<Vec<String>>,
    sent: Mutex<u64>,
    remembered: Mutex<Option<Remembered>>,
}

/// The keys that a peer keeps, by id: each as PEM, and when it was fetched.
#[derive(Default)]
struct Remembered {
    keys: BTreeMap<String, (String, SystemTime)>,
}

/// How soon a peer that remembers keys fetches one anew that does not fit.
const REFETCH: Duration = Duration::from_secs(60);

/// What became of a request that a peer made.
#[derive(Debug)]
#[must_use = "look at what was answered"]
pub struct Sent {
    /// The status, or 0 where there was no answer.
    pub status: u16,
    /// The body of the answer.
    pub body: Bytes,
    /// The id of the activity.
    pub id: String,
}

impl Sent {
    /// Demands a 202.
    ///
    /// # Panics
    ///
    /// Where it was another.
    #[track_caller]
    pub fn accepted(&self) {
        self.answered(202);
    }

    /// Demands a status.
    ///
    /// # Panics
    ///
    /// Where it was another.
    #[track_caller]
    pub fn answered(&self, status: u16) {
        if self.status != status {
            panic!(
                "expected {status}, got {}: {}",
                self.status,
                String::from_utf8_lossy(&self.body)
            );
        }
    }
}

impl fmt::Debug for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Peer(@{}@{})", self.inner.name, self.inner.host)
    }
}

impl Peer {
    pub(crate) fn settle_in(world: &World, handle: &str) -> Self {
        let Some((name, host)) = handle.trim_start_matches('@').split_once('@') else {
            panic!("{handle} is no handle");
        };
        let key_id = KeyId::from(format!("https://{host}/users/{name}#main-key"));
        let key = match PrivateKey::from_pkcs8(key_id, world.inner.keys.next_pkcs8()) {
            Ok(key) => key,
            Err(error) => panic!("the test key cannot be read: {error}"),
        };
        let inner = Inner {
            name: name.to_owned(),
            host: host.to_owned(),
            key,
            objects: Mutex::default(),
            received: Mutex::default(),
            refused: Mutex::default(),
            sent: Mutex::new(0),
            remembered: Mutex::default(),
        };
        let peer = Peer {
            inner: Arc::new(inner),
            world: world.clone(),
        };
        lock(&world.inner.peers).push(peer.clone());
        if !world.inner.wire.knows(host) {
            let (world, host) = (world.clone(), host.to_owned());
            let answer = move |request| {
                let (world, host) = (world.clone(), host.clone());
                Box::pin(async move { answer_for(&world, &host, request).await }) as _
            };
            peer.world.inner.wire.connect(&peer.inner.host, Arc::new(answer));
        }
        peer
    }

    /// The actor's id.
    pub fn id(&self) -> String {
        format!("https://{}/users/{}", self.inner.host, self.inner.name)
    }

    /// `@bob@mastodon.test`.
    pub fn handle(&self) -> String {
        format!("@{}@{}", self.inner.name, self.inner.host)
    }

    /// From now on this peer's server keeps the keys that it has fetched, as real ones do: it asks for one again where a signature
    /// does not fit it, and for that reason at most once a minute.
    pub fn remember_keys(&self) {
        lock(&self.inner.remembered).get_or_insert_default();
    }

    /// The types of what arrived and verified, in order.
    pub fn received(&self) -> Vec<String> {
        self.inbox()
            .iter()
            .map(|a| a["type"].as_str().unwrap_or_default().to_owned())
            .collect()
    }

    /// What arrived and verified, in order.
    pub fn inbox(&self) -> Vec<Value> {
        lock(&self.inner.received).clone()
    }

    /// Why anything that arrived was refused.
    pub fn refused(&self) -> Vec<String> {
        lock(&self.inner.refused).clone()
    }

    /// Follows an actor.
    pub async fn follow(&self, actor: &str) -> Sent {
        self.act("Follow", json!(actor), actor).await
    }

    /// Likes an object.
    pub async fn like(&self, object: &str) -> Sent {
        self.act("Like", json!(object), object).await
    }

    /// Boosts an object.
    pub async fn announce(&self, object: &str) -> Sent {
        self.act("Announce", json!(object), object).await
    }

    /// Takes back an activity that was sent before, as it was.
    pub async fn undo(&self, activity: Value) -> Sent {
        let about = activity["object"].as_str().unwrap_or_default().to_owned();
        self.act("Undo", activity, &about).await
    }

    /// Answers an object with a public note.
    pub async fn reply(&self, object: &str, html: &str) -> Sent {
        let note = self.note(html, Some(object));
        self.act("Create", note, object).await
    }

    /// A public note of this peer, which its server serves from now on.
    pub fn note(&self, html: &str, in_reply_to: Option<&str>) -> Value {
        let id = format!("{}/notes/{}", self.id(), self.number());
        let note = json!({
            "@context": AS2, "id": id, "type": "Note", "attributedTo": self.id(), "content": html,
            "to": ["https://www.w3.org/ns/activitystreams#Public"], "cc": [format!("{}/followers", self.id())],
            "inReplyTo": in_reply_to, "published": "2026-01-01T00:00:00Z",
        });
        lock(&self.inner.objects).insert(id, note.clone());
        note
    }

    /// An activity of this peer about `object`, sent to the inbox of whoever owns `about` (an actor, or an object whose
    /// `attributedTo` is one).
    pub async fn act(&self, kind: &str, object: Value, about: &str) -> Sent {
        let inbox = self.inbox_of(about).await;
        self.post(&inbox, json!({ "type": kind, "object": object })).await
    }

    /// Posts an activity to an inbox, signed. What is missing of `@context`, `id`, `actor` and `to` is added.
    pub async fn post(&self, inbox: &str, mut activity: Value) -> Sent {
        let defaults = [
            ("@context", json!(AS2)),
            ("id", json!(format!("{}/activities/{}", self.id(), self.number()))),
            ("actor", json!(self.id())),
            ("to", json!(["https://www.w3.org/ns/activitystreams#Public"])),
        ];
        if let Some(members) = activity.as_object_mut() {
            for (name, value) in defaults {
                members.entry(name).or_insert(value);
            }
        }
        let id = activity["id"].as_str().unwrap_or_default().to_owned();
        let request = self.signed(inbox, activity.to_string().into());
        let (status, body) = self.send(request).await;
        Sent { status, body, id }
    }

    /// A signed POST, to be spoilt before it is [sent](Peer::send).
    ///
    /// # Panics
    ///
    /// Where the URL is none.
    pub fn signed(&self, url: &str, body: Bytes) -> Request<Bytes> {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, ACTIVITY_JSON)
            .body(body);
        let signed = request
            .ok()
            .and_then(|r| cavage(r, self.world.now()).sign(&self.inner.key).ok());
        signed.unwrap_or_else(|| panic!("{url} cannot be posted to"))
    }

    /// Sends any request; the status is 0 where there is no answer.
    pub async fn send(&self, request: Request<Bytes>) -> (u16, Bytes) {
        match self.world.inner.wire.send(request, &BUDGET).await {
            Ok(response) => (response.status().as_u16(), response.into_body()),
            Err(_) => (0, Bytes::new()),
        }
    }

    /// The inbox of an actor, or of the actor to whom an object is attributed.
    async fn inbox_of(&self, url: &str) -> String {
        let document = self.world.get(url).await;
        if let Some(inbox) = document["inbox"].as_str() {
            return inbox.to_owned();
        }
        let owner = document["attributedTo"].as_str().unwrap_or_default();
        self.world.get(owner).await["inbox"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    fn number(&self) -> u64 {
        let mut sent = lock(&self.inner.sent);
        *sent += 1;
        *sent
    }

    fn document(&self) -> Value {
        let id = self.id();
        json!({
            "@context": [AS2, "https://w3id.org/security/v1"], "id": id, "type": "Person",
            "preferredUsername": self.inner.name, "inbox": format!("{id}/inbox"), "outbox": format!("{id}/outbox"),
            "followers": format!("{id}/followers"),
            "endpoints": { "sharedInbox": format!("https://{}/inbox", self.inner.host) },
            "publicKey": { "id": format!("{id}#main-key"), "owner": id, "publicKeyPem": self.inner.key.public_key().to_pem() },
        })
    }

    /// Why this delivery is not believed, or nothing.
    async fn doubt(&self, request: &Request<Bytes>) -> Option<String> {
        let (mut head, ()) = Request::new(()).into_parts();
        head.method = request.method().clone();
        head.uri = request.uri().clone();
        head.headers = request.headers().clone();
        let parsed = match parse(&head, request.body()) {
            Ok(parsed) => parsed,
            Err(refusal) => return Some(refusal.to_string()),
        };
        let key_id = parsed.key_id().as_str().to_owned();
        let owner = key_id.split('#').next().unwrap_or_default();
        let policy = Policy::mastodon().authorities([self.inner.host.as_str()]);
        let now = self.world.now();
        let mut again = false;
        loop {
            let pem = match self.key_of(&key_id, owner, again).await {
                Ok(pem) => pem,
                Err(doubt) => return Some(doubt),
            };
            let Ok(key) = PublicKey::from_pem(&pem) else {
                return Some(format!("no key at {owner}"));
            };
            match parsed.verify(&key, &policy, now) {
                Ok(_) => break,
                Err(refusal) if again || !self.may_ask_again(&key_id) => return Some(refusal.to_string()),
                Err(_) => again = true,
            }
        }
        let activity: Value = serde_json::from_slice(request.body()).unwrap_or_default();
        (activity["actor"] != owner).then(|| format!("{key_id} signed for {}", activity["actor"]))
    }

    /// A key, from memory where this peer has one.
    async fn key_of(&self, key_id: &str, owner: &str, again: bool) -> Result<String, String> {
        let known = lock(&self.inner.remembered)
            .as_ref()
            .and_then(|remembered| remembered.keys.get(key_id).cloned());
        if let Some((pem, _)) = known.filter(|_| !again) {
            return Ok(pem);
        }
        let Ok(actor) = self.world.try_get(owner, ACTIVITY_JSON).await else {
            return Err(format!("no actor at {owner}"));
        };
        let key = &actor["publicKey"];
        if actor["id"] != owner || key["id"] != key_id {
            return Err(format!("{owner} does not list {key_id}"));
        }
        let pem = key["publicKeyPem"].as_str().unwrap_or_default().to_owned();
        if let Some(remembered) = lock(&self.inner.remembered).as_mut() {
            let now = self.world.now();
            remembered.keys.insert(key_id.to_owned(), (pem.clone(), now));
        }
        Ok(pem)
    }

    /// Whether a key that does not fit is worth another question.
    fn may_ask_again(&self, key_id: &str) -> bool {
        let now = self.world.now();
        lock(&self.inner.remembered).as_ref().is_some_and(|remembered| {
            let fetched = remembered.keys.get(key_id).map(|(_, fetched)| *fetched);
            fetched.is_none_or(|at| now.duration_since(at).is_ok_and(|ago| ago >= REFETCH))
        })
    }
}

/// The server of a peer's host: WebFinger, actors, objects, inboxes.
async fn answer_for(world: &World, host: &str, request: Request<Bytes>) -> Response<Bytes> {
    let path = request.uri().path().to_owned();
    let peers: Vec<Peer> = lock(&world.inner.peers)
        .iter()
        .filter(|p| p.inner.host == host)
        .cloned()
        .collect();
    if request.method() == http::Method::POST {
        return deliver(&peers, &path, &request).await;
    }
    if path == "/.well-known/webfinger" {
        let query = request
            .uri()
            .query()
            .unwrap_or_default()
            .replace("%40", "@")
            .replace("%3A", ":");
        let asked = peers
            .iter()
            .find(|p| query.contains(&format!("acct:{}@{host}", p.inner.name)));
        return asked.map_or_else(missing, |p| found("application/jrd+json", &p.jrd()));
    }
    let url = format!("https://{host}{path}");
    let actor = peers.iter().find(|p| p.id() == url).map(Peer::document);
    let object = actor.or_else(|| {
        peers
            .iter()
            .find_map(|p| lock(&p.inner.objects).get(&url).cloned())
    });
    object.map_or_else(missing, |object| found(ACTIVITY_JSON, &object))
}

/// Into the inbox of one, or of everybody here who is meant.
async fn deliver(peers: &[Peer], path: &str, request: &Request<Bytes>) -> Response<Bytes> {
    let Some(first) = peers.first() else {
        return missing();
    };
    if let Some(doubt) = first.doubt(request).await {
        lock(&first.inner.refused).push(doubt.clone());
        return answer(StatusCode::UNAUTHORIZED, "text/plain", doubt.into());
    }
    let activity: Value = serde_json::from_slice(request.body()).unwrap_or_default();
    let one = peers
        .iter()
        .find(|p| path == format!("/users/{}/inbox", p.inner.name));
    for peer in one.map_or(peers, std::slice::from_ref) {
        lock(&peer.inner.received).push(activity.clone());
    }
    answer(StatusCode::ACCEPTED, "text/plain", Bytes::new())
}

impl Peer {
    fn jrd(&self) -> Value {
        json!({
            "subject": format!("acct:{}@{}", self.inner.name, self.inner.host),
            "links": [{ "rel": "self", "type": ACTIVITY_JSON, "href": self.id() }],
        })
    }
}

fn found(media_type: &str, body: &Value) -> Response<Bytes> {
    answer(StatusCode::OK, media_type, body.to_string().into())
}

fn missing() -> Response<Bytes> {
    answer(StatusCode::NOT_FOUND, "text/plain", Bytes::new())
}

fn answer(status: StatusCode, media_type: &str, body: Bytes) -> Response<Bytes> {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    if let Ok(value) = http::HeaderValue::from_str(media_type) {
        response.headers_mut().insert(header::CONTENT_TYPE, value);
    }
    response
}
