//! The instance of `examples/instance`, driven through Mastodon's client API.

use std::collections::HashMap;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;
use url::form_urlencoded::byte_serialize;

use crate::http::{Api, text};
use crate::options::Options;
use crate::out;
use crate::side::{Named, Reaction, Side};
use crate::trouble::{Trouble, at};

/// How long the instance may take to start.
const START: Duration = Duration::from_secs(30);
/// The person on it.
const NAME: &str = "alice";
/// How much of the log is shown after a failure.
const TAIL: usize = 40;

#[derive(Debug)]
pub(crate) struct Instance {
    actor: String,
    handle: String,
    /// What the person logs in with.
    login: String,
    api: Api,
    /// Mastodon's ids of notes and accounts, by the URLs that both sides know.
    ids: Mutex<HashMap<String, String>>,
    log: PathBuf,
    /// Ends with us.
    _process: Child,
    _data: TempDir,
}

impl Instance {
    pub(crate) async fn start(options: &Options) -> Result<Self, Trouble> {
        let program = match &options.instance {
            Some(program) => program.clone(),
            None => build().await?,
        };
        let data = tempfile::tempdir().map_err(at("no directory for the instance"))?;
        let folder = data.path().join("data");
        std::fs::create_dir(&folder).map_err(at("no directory for the instance"))?;
        let log = data.path().join("log");

        let token = create_account(&program, &folder).await?;
        // The port is part of the base URL, so it has to be known before the instance is there.
        let port = free_port().map_err(at("no free port"))?;
        let base = format!("http://127.0.0.1:{port}");
        let stderr = std::fs::File::create(&log).map_err(at("no log"))?;
        let mut process = Command::new(&program)
            .args([
                "serve",
                "--listen",
                &format!("127.0.0.1:{port}"),
                "--base-url",
                &base,
                "--dangerous-allow-loopback",
            ])
            .arg("--data")
            .arg(&folder)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(if options.verbose {
                Stdio::inherit()
            } else {
                stderr.into()
            })
            .kill_on_drop(true)
            .spawn()
            .map_err(at("the instance does not start"))?;
        wait_until_it_listens(&mut process, &log).await?;

        let api = Api::new(&base, Some(token.clone()))?;
        let me = api
            .get("/api/v1/accounts/verify_credentials")
            .await?
            .ok("verify_credentials")?;
        let actor = match me["uri"].as_str() {
            Some(uri) => uri.to_owned(),
            None => format!("{base}/users/{NAME}"),
        };
        Ok(Self {
            actor,
            handle: format!("@{NAME}@127.0.0.1:{port}"),
            login: token,
            api,
            ids: Mutex::default(),
            log,
            _process: process,
            _data: data,
        })
    }

    /// The last lines of the log.
    pub(crate) fn log_tail(&self) -> String {
        tail(&self.log)
    }

    fn remember(&self, url: &str, id: &str) {
        self.ids
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(url.to_owned(), id.to_owned());
    }

    fn id(&self, url: &str) -> Result<String, Trouble> {
        let ids = self.ids.lock().unwrap_or_else(PoisonError::into_inner);
        ids.get(url)
            .cloned()
            .ok_or_else(|| Trouble::new(format!("{url} has not come yet")))
    }

    async fn status(&self, note: &str) -> Result<Value, Trouble> {
        let id = self.id(note)?;
        self.api
            .get(&format!("/api/v1/statuses/{id}"))
            .await?
            .ok("the status")
    }

    async fn relationship(&self, actor: &str) -> Result<Value, Trouble> {
        let id = match self.id(actor) {
            Ok(id) => id,
            // Not yet met: whoever follows first is found by URL.
            Err(_) => {
                self.lookup(actor).await?;
                self.id(actor)?
            }
        };
        let all = self
            .api
            .get(&format!("/api/v1/accounts/relationships?id[]={id}"))
            .await?
            .ok("relationships")?;
        Ok(all[0].clone())
    }

    async fn towards(&self, actor: &str, verb: &str) -> Result<(), Trouble> {
        let path = format!("/api/v1/accounts/{}/{verb}", self.id(actor)?);
        self.api.post(&path, &json!({})).await?.ok(verb).map(drop)
    }

    /// Says that `other` is an account of the same person, which may move here.
    pub(crate) async fn is_also(&self, other: &str) -> Result<(), Trouble> {
        let others = json!({ "also_known_as_uris": [other] });
        let path = "/api/v1/accounts/alias";
        self.api.post(path, &others).await?.ok("alias").map(drop)
    }

    /// Moves to another account.
    pub(crate) async fn move_to(&self, other: &str) -> Result<(), Trouble> {
        let body = json!({ "moved_to_uri": other, "password": self.login });
        let path = "/api/v1/accounts/move";
        self.api.post(path, &body).await?.ok("move").map(drop)
    }

    /// All that this actor could change here, as far as it is shown.
    pub(crate) async fn snapshot(&self, actor: &str, note: &str) -> Result<Value, Trouble> {
        let get = async |path: String| self.api.get(&path).await?.ok(&path);
        let (me, them) = (self.own_id().await?, self.id(actor)?);
        Ok(json!([
            get(format!("/api/v1/accounts/{me}")).await?,
            get(format!("/api/v1/accounts/{me}/followers")).await?,
            get(format!("/api/v1/accounts/{me}/following")).await?,
            get(format!("/api/v1/accounts/{me}/statuses")).await?,
            get(format!("/api/v1/accounts/{them}")).await?,
            get(format!("/api/v1/accounts/{them}/statuses")).await?,
            self.relationship(actor).await?,
            self.status(note).await?,
            get("/api/v1/notifications".to_owned()).await?,
            get("/api/v1/timelines/home".to_owned()).await?,
        ]))
    }

    async fn own_id(&self) -> Result<String, Trouble> {
        let path = "/api/v1/accounts/verify_credentials";
        Ok(text(&self.api.get(path).await?.ok(path)?, "id"))
    }

    async fn act(&self, note: &str, verb: &str) -> Result<(), Trouble> {
        let id = self.id(note)?;
        self.api
            .post(&format!("/api/v1/statuses/{id}/{verb}"), &json!({}))
            .await?
            .ok(verb)
            .map(drop)
    }

    /// A status in a list whose id on the network is `note`; its id here is remembered.
    fn find(&self, list: &Value, note: &str, text: &str) -> bool {
        let found = list
            .as_array()
            .into_iter()
            .flatten()
            .find(|status| status["uri"] == note && has_text(status, text));
        if let Some(id) = found.and_then(|status| status["id"].as_str()) {
            self.remember(note, id);
        }
        found.is_some()
    }

    async fn count(&self, reaction: Reaction, note: &str) -> Result<u64, Trouble> {
        let name = match reaction {
            Reaction::Like => "favourites_count",
            Reaction::Announce => "reblogs_count",
        };
        let status = self.status(note).await?;
        status[name]
            .as_u64()
            .ok_or_else(|| Trouble::new(format!("the status has no {name}")))
    }
}

fn has_text(status: &Value, text: &str) -> bool {
    status["content"]
        .as_str()
        .is_some_and(|content| content.contains(text))
}

impl Named for Instance {
    fn name(&self) -> &str {
        "instance"
    }
}

#[async_trait]
impl Side for Instance {
    fn actor(&self) -> &str {
        &self.actor
    }

    fn handle(&self) -> &str {
        &self.handle
    }

    async fn lookup(&self, handle: &str) -> Result<String, Trouble> {
        let query: String = byte_serialize(handle.as_bytes()).collect();
        let path = format!("/api/v2/search?q={query}&resolve=true&type=accounts");
        let found = self.api.get(&path).await?.ok("search")?;
        let account = &found["accounts"][0];
        let id = account["id"]
            .as_str()
            .ok_or_else(|| Trouble::new(format!("nobody was found for {handle}")))?;
        let uri = account["uri"].as_str().unwrap_or_default();
        self.remember(uri, id);
        Ok(uri.to_owned())
    }

    async fn follow(&self, actor: &str) -> Result<(), Trouble> {
        self.towards(actor, "follow").await
    }

    async fn unfollow(&self, actor: &str) -> Result<(), Trouble> {
        self.towards(actor, "unfollow").await
    }

    async fn post(&self, content: &str, in_reply_to: Option<&str>) -> Result<String, Trouble> {
        let parent = in_reply_to.map(|note| self.id(note)).transpose()?;
        let body = json!({ "status": content, "visibility": "public", "in_reply_to_id": parent });
        let status = self.api.post("/api/v1/statuses", &body).await?.ok("post")?;
        let note = text(&status, "uri");
        self.remember(&note, &text(&status, "id"));
        Ok(note)
    }

    async fn edit(&self, note: &str, content: &str) -> Result<(), Trouble> {
        let path = format!("/api/v1/statuses/{}", self.id(note)?);
        self.api
            .call(Method::PUT, &path, Some(&json!({ "status": content })))
            .await?
            .ok("edit")
            .map(drop)
    }

    async fn delete(&self, note: &str) -> Result<(), Trouble> {
        let path = format!("/api/v1/statuses/{}", self.id(note)?);
        self.api
            .call(Method::DELETE, &path, None)
            .await?
            .ok("delete")
            .map(drop)
    }

    async fn react(&self, reaction: Reaction, note: &str) -> Result<(), Trouble> {
        match reaction {
            Reaction::Like => self.act(note, "favourite").await,
            Reaction::Announce => self.act(note, "reblog").await,
        }
    }

    async fn take_back(&self, reaction: Reaction, note: &str) -> Result<(), Trouble> {
        match reaction {
            Reaction::Like => self.act(note, "unfavourite").await,
            Reaction::Announce => self.act(note, "unreblog").await,
        }
    }

    async fn rename(&self, name: &str) -> Result<(), Trouble> {
        let path = "/api/v1/accounts/update_credentials";
        self.api
            .call(Method::PATCH, path, Some(&json!({ "display_name": name })))
            .await?
            .ok("update_credentials")
            .map(drop)
    }

    async fn reject(&self, actor: &str) -> Result<(), Trouble> {
        self.towards(actor, "remove_from_followers").await
    }

    async fn block(&self, actor: &str) -> Result<(), Trouble> {
        self.towards(actor, "block").await
    }

    async fn unblock(&self, actor: &str) -> Result<(), Trouble> {
        self.towards(actor, "unblock").await
    }

    async fn sees_follower(&self, actor: &str) -> Result<bool, Trouble> {
        Ok(self.relationship(actor).await?["followed_by"] == true)
    }

    async fn sees_accept(&self, actor: &str) -> Result<bool, Trouble> {
        let relationship = self.relationship(actor).await?;
        Ok(relationship["following"] == true && relationship["requested"] != true)
    }

    async fn sees_note(&self, note: &str, text: &str) -> Result<bool, Trouble> {
        let home = self
            .api
            .get("/api/v1/timelines/home")
            .await?
            .ok("the home timeline")?;
        Ok(self.find(&home, note, text))
    }

    async fn sees_reply(&self, note: &str, text: &str, parent: &str) -> Result<bool, Trouble> {
        let context = self
            .api
            .get(&format!("/api/v1/statuses/{}/context", self.id(parent)?))
            .await?
            .ok("the context")?;
        Ok(self.find(&context["descendants"], note, text))
    }

    async fn sees_edit(&self, note: &str, text: &str) -> Result<bool, Trouble> {
        let status = self.status(note).await?;
        Ok(has_text(&status, text) && status["edited_at"].is_string())
    }

    async fn sees_delete(&self, note: &str) -> Result<bool, Trouble> {
        let answer = self
            .api
            .get(&format!("/api/v1/statuses/{}", self.id(note)?))
            .await?;
        Ok(answer.status == 404)
    }

    async fn sees_reaction(&self, reaction: Reaction, note: &str, actor: &str) -> Result<bool, Trouble> {
        let verb = match reaction {
            Reaction::Like => "favourite",
            Reaction::Announce => "reblog",
        };
        let all = self.api.get("/api/v1/notifications").await?.ok("notifications")?;
        let is_told = all.as_array().into_iter().flatten().any(|notification| {
            notification["type"] == verb
                && notification["account"]["uri"] == actor
                && notification["status"]["uri"] == note
        });
        Ok(is_told && self.count(reaction, note).await? == 1)
    }

    async fn sees_taken_back(&self, reaction: Reaction, note: &str, _actor: &str) -> Result<bool, Trouble> {
        Ok(self.count(reaction, note).await? == 0)
    }

    async fn sees_name(&self, actor: &str, name: &str) -> Result<bool, Trouble> {
        let path = format!("/api/v1/accounts/{}", self.id(actor)?);
        Ok(self.api.get(&path).await?.ok("the account")?["display_name"] == name)
    }

    async fn sees_reject(&self, actor: &str) -> Result<bool, Trouble> {
        let relationship = self.relationship(actor).await?;
        Ok(relationship["following"] == false && relationship["requested"] == false)
    }

    async fn sees_block(&self, actor: &str) -> Result<bool, Trouble> {
        Ok(self.relationship(actor).await?["blocked_by"] == true)
    }

    async fn sees_move(&self, from: &str, to: &str) -> Result<bool, Trouble> {
        let follows = |relationship: Value| relationship["following"] == true;
        Ok(!follows(self.relationship(from).await?) && follows(self.relationship(to).await?))
    }

    async fn forge(&self, activity: &Value, signature: Option<&str>) -> Result<u16, Trouble> {
        self.api
            .forge(&format!("{}/inbox", self.actor), activity, signature)
            .await
    }

    async fn knows(&self, note: &str) -> Result<bool, Trouble> {
        let public = self
            .api
            .get("/api/v1/timelines/public")
            .await?
            .ok("the public timeline")?;
        Ok(self.find(&public, note, ""))
    }
}

/// Builds the instance beside ourselves: same target directory, same profile.
async fn build() -> Result<PathBuf, Trouble> {
    let own = std::env::current_exe().map_err(at("where are we"))?;
    let folder = own
        .parent()
        .ok_or_else(|| Trouble::new("the driver lies in no directory"))?;
    out("building the instance: cargo build -p instance");
    let mut cargo = Command::new(env!("CARGO"));
    cargo
        .args(["build", "--quiet", "-p", "instance"])
        .current_dir(env!("CARGO_MANIFEST_DIR"));
    if folder.ends_with("release") {
        cargo.arg("--release");
    }
    let status = cargo
        .stdin(Stdio::null())
        .status()
        .await
        .map_err(at("cargo build -p instance"))?;
    if !status.success() {
        return Err(Trouble::new(format!("cargo build -p instance failed ({status})")));
    }
    Ok(folder.join(format!("instance{}", std::env::consts::EXE_SUFFIX)))
}

/// Makes the account and returns its token.
async fn create_account(program: &Path, folder: &Path) -> Result<String, Trouble> {
    let output = Command::new(program)
        .args(["account", "create", NAME, "--data"])
        .arg(folder)
        .stdin(Stdio::null())
        .output()
        .await
        .map_err(at("account create"))?;
    let printed = String::from_utf8_lossy(&output.stdout);
    match printed.lines().last() {
        Some(token) if output.status.success() => Ok(token.trim().to_owned()),
        _ => Err(Trouble::new(format!(
            "account create ended with {}: {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim()
        ))),
    }
}

async fn wait_until_it_listens(process: &mut Child, log: &Path) -> Result<(), Trouble> {
    let stdout = process
        .stdout
        .take()
        .ok_or_else(|| Trouble::new("the instance has no output"))?;
    let mut lines = BufReader::new(stdout).lines();
    let ready = async {
        while let Ok(Some(line)) = lines.next_line().await {
            if line.starts_with("listening on ") {
                return true;
            }
        }
        false
    };
    match timeout(START, ready).await {
        Ok(true) => {}
        Ok(false) => return Err(Trouble::new(format!("the instance ended at once: {}", tail(log)))),
        Err(_) => {
            return Err(Trouble::new(format!(
                "the instance does not listen: {}",
                tail(log)
            )));
        }
    }
    // Whatever else it prints is read, so that it never waits for us.
    tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });
    Ok(())
}

fn tail(log: &Path) -> String {
    let text = std::fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines
        .iter()
        .skip(lines.len().saturating_sub(TAIL))
        .copied()
        .collect::<Vec<_>>()
        .join("\n")
}

/// A port that was free a moment ago.
fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}
