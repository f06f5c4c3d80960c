//! Starts the program, and talks to it as a client does.

use bytes::Bytes;
use federate::http::{Budget, Guard, GuardedClient, HttpClient};
use http::{HeaderMap, Method, Request, StatusCode};
use serde_json::Value;
use std::{
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Output, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_instance"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// Runs to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    command(arguments).output().unwrap()
}

/// The last line of what `account create` prints.
pub(crate) fn create_account(data: &Path, name: &str, more: &[&str]) -> String {
    let data = data.to_str().unwrap();
    let out = run(&[&["account", "create", name, "--data", data][..], more].concat());
    assert!(out.status.success(), "{out:?}");
    String::from_utf8(out.stdout)
        .unwrap()
        .lines()
        .last()
        .unwrap()
        .to_owned()
}

/// One running instance.
pub(crate) struct Instance {
    pub(crate) directory: TempDir,
    pub(crate) base: String,
    child: Child,
}

impl Instance {
    pub(crate) fn start() -> Instance {
        let directory = tempfile::tempdir().unwrap();
        // Somebody else may take the port before the program does; then another.
        for _ in 0..20 {
            let port = std::net::TcpListener::bind("127.0.0.1:0")
                .unwrap()
                .local_addr()
                .unwrap()
                .port();
            let base = format!("http://127.0.0.1:{port}");
            if let Some(child) = spawn(&base, directory.path()) {
                return Instance {
                    directory,
                    base,
                    child,
                };
            }
        }
        panic!("no port");
    }

    pub(crate) fn person(&self, name: &str, more: &[&str]) -> Person {
        let token = create_account(self.directory.path(), name, more);
        Person {
            base: self.base.clone(),
            name: name.to_owned(),
            token: Some(token),
        }
    }

    pub(crate) fn nobody(&self) -> Person {
        Person {
            base: self.base.clone(),
            name: String::new(),
            token: None,
        }
    }

    /// As a crash does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn start_again(&mut self) {
        self.child = spawn(&self.base, self.directory.path()).expect("it starts again");
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill")
            .args([name, &self.child.id().to_string()])
            .status()
            .unwrap();
        assert!(status.success());
    }

    pub(crate) fn wait(&mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn spawn(base: &str, data: &Path) -> Option<Child> {
    let listen = base.strip_prefix("http://").unwrap();
    let data = data.to_str().unwrap();
    let arguments = [
        "serve",
        "--listen",
        listen,
        "--base-url",
        base,
        "--data",
        data,
        "--dangerous-allow-loopback",
    ];
    let mut child = command(&arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    if line.trim() == format!("listening on {base}") {
        return Some(child);
    }
    child.wait().unwrap();
    None
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {self:?}"))
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    #[track_caller]
    pub(crate) fn ok(self) -> Value {
        assert!(self.status.is_success(), "{self:?}");
        self.json()
    }
}

/// Somebody with a client, or somebody who only looks.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) base: String,
    pub(crate) name: String,
    pub(crate) token: Option<String>,
}

impl Person {
    pub(crate) fn handle(&self) -> String {
        format!("@{}@{}", self.name, self.base.trim_start_matches("http://"))
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, &[], "").await
    }

    pub(crate) async fn get_as(&self, path: &str, accept: &str) -> Answer {
        self.send(Method::GET, path, &[("accept", accept)], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send(
            Method::POST,
            path,
            &[("content-type", "application/json")],
            &body.to_string(),
        )
        .await
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) -> Answer {
        self.send(
            Method::PUT,
            path,
            &[("content-type", "application/json")],
            &body.to_string(),
        )
        .await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(Method::DELETE, path, &[], "").await
    }

    pub(crate) async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        send(request.body(Bytes::from(body.to_owned())).unwrap()).await
    }

    /// Posts, and returns the status.
    pub(crate) async fn say(&self, text: &str, visibility: &str) -> Value {
        self.post(
            "/api/v1/statuses",
            &serde_json::json!({ "status": text, "visibility": visibility }),
        )
        .await
        .ok()
    }

    pub(crate) async fn reply(&self, to: &str, text: &str) -> Value {
        self.post(
            "/api/v1/statuses",
            &serde_json::json!({ "status": text, "in_reply_to_id": to }),
        )
        .await
        .ok()
    }

    pub(crate) async fn home(&self) -> Vec<Value> {
        self.get("/api/v1/timelines/home")
            .await
            .ok()
            .as_array()
            .unwrap()
            .clone()
    }

    /// The status with this uri, as soon as it is on the home time line.
    pub(crate) async fn reads(&self, uri: &str) -> Value {
        until(&format!("{} reads {uri}", self.name), async || {
            self.home().await.into_iter().find(|s| s["uri"] == uri)
        })
        .await
    }

    /// The newest notification of this kind, as soon as there is one.
    pub(crate) async fn told(&self, kind: &str) -> Value {
        until(&format!("{} is told of a {kind}", self.name), async || {
            self.get(&format!("/api/v1/notifications?types[]={kind}"))
                .await
                .ok()
                .get(0)
                .cloned()
        })
        .await
    }

    /// The number of somebody by handle, looked up where they are.
    pub(crate) async fn finds(&self, handle: &str) -> String {
        let found = self
            .get(&format!("/api/v2/search?resolve=true&q={handle}"))
            .await
            .ok();
        found["accounts"][0]["id"]
            .as_str()
            .unwrap_or_else(|| panic!("{handle} not found: {found}"))
            .to_owned()
    }

    /// Follows, and waits until it is accepted.
    pub(crate) async fn follows(&self, other: &Person) -> String {
        let id = self.finds(&other.handle()).await;
        self.post(&format!("/api/v1/accounts/{id}/follow"), &Value::Null)
            .await
            .ok();
        self.is_following(&id).await;
        id
    }

    pub(crate) async fn is_following(&self, id: &str) {
        until("the follow is accepted", async || {
            self.standing(id).await["following"].as_bool().filter(|yes| *yes)
        })
        .await;
    }

    pub(crate) async fn standing(&self, id: &str) -> Value {
        self.get(&format!("/api/v1/accounts/relationships?id[]={id}"))
            .await
            .ok()[0]
            .clone()
    }
}

/// Sends a request as it is.
pub(crate) async fn send(request: Request<Bytes>) -> Answer {
    let budget = Budget {
        deadline: Duration::from_secs(30),
        max_body: 1 << 22,
    };
    let (head, body) = http().send(request, &budget).await.unwrap().into_parts();
    Answer {
        status: head.status,
        headers: head.headers,
        body,
    }
}

/// Looks until it is there, for a minute at most.
pub(crate) async fn until<T>(what: &str, mut look: impl AsyncFnMut() -> Option<T>) -> T {
    let looking = async {
        loop {
            if let Some(seen) = look().await {
                return seen;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    match tokio::time::timeout(PATIENCE, looking).await {
        Ok(seen) => seen,
        Err(_) => panic!("never seen: {what}"),
    }
}

/// Connections belong to a test's own runtime, so each request makes its own.
fn http() -> impl HttpClient {
    GuardedClient::new(Guard::new().dangerous().allow_loopback(), "instance-tests").unwrap()
}

pub(crate) fn id(entity: &Value) -> String {
    entity["id"].as_str().unwrap().to_owned()
}

pub(crate) fn uri(entity: &Value) -> String {
    entity["uri"].as_str().unwrap().to_owned()
}
