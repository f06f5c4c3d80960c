//! A peer, driven through its control API.

use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::http::{Api, text};
use crate::launch::Launch;
use crate::side::{Named, Reaction, Side};
use crate::trouble::{Trouble, at};

/// How long a peer may take to start.
const START: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Peer {
    name: String,
    actor: String,
    handle: String,
    software: String,
    /// What it is known not to take, by the step, with the reason.
    cannot: Value,
    /// Whether it says what it thinks of a document by itself, as its inbox does not get so far.
    judges: bool,
    api: Api,
    /// Ends when its standard input closes, and with us at the latest.
    _process: Child,
}

impl Peer {
    pub(crate) async fn start(launch: &Launch, name: &str) -> Result<Self, Trouble> {
        let mut process = Command::new(&launch.program)
            .args(&launch.arguments)
            .current_dir(&launch.folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .map_err(at("the peer does not start"))?;
        let stdout = process
            .stdout
            .take()
            .ok_or_else(|| Trouble::new("the peer has no output"))?;
        let mut lines = BufReader::new(stdout).lines();
        let line = timeout(START, lines.next_line())
            .await
            .map_err(at("the peer does not say where it is"))?
            .map_err(at("the peer does not say where it is"))?
            .ok_or_else(|| Trouble::new("the peer ended before it said where it is"))?;
        let said: Value = serde_json::from_str(&line).map_err(at("the peer's first line"))?;
        Ok(Self {
            name: name.to_owned(),
            actor: text(&said, "actor"),
            handle: text(&said, "handle"),
            software: text(&said, "software"),
            cannot: said["cannot"].clone(),
            judges: said["judges"] == true,
            api: Api::new(&text(&said, "control"), None)?,
            _process: process,
        })
    }

    /// Name and version of what the peer runs on.
    pub(crate) fn software(&self) -> &str {
        &self.software
    }

    /// The types of activities that the peer knows, and that it can be told to send; none where it cannot be told.
    pub(crate) async fn types(&self) -> Vec<String> {
        let said = self.control("types", &json!({})).await.unwrap_or_default();
        let types = said["types"].as_array().cloned().unwrap_or_default();
        types
            .iter()
            .filter_map(|name| name.as_str().map(str::to_owned))
            .collect()
    }

    /// Moves to its other account, and returns the id of that.
    pub(crate) async fn move_away(&self) -> Result<String, Trouble> {
        Ok(text(&self.control("move", &json!({})).await?, "id"))
    }

    /// Whether this actor follows the account to which the peer's moved, and no more the one before.
    pub(crate) async fn is_followed_elsewhere(&self, actor: &str) -> Result<bool, Trouble> {
        let state = self.control("state", &json!({})).await?;
        let has = |list: &str| {
            state[list]
                .as_array()
                .is_some_and(|all| all.iter().any(|id| id == actor))
        };
        Ok(has("followedElsewhere") && !has("followers"))
    }

    pub(crate) fn judges(&self) -> bool {
        self.judges
    }

    /// What the peer says of a proof and of a Linked Data Signature of a document, each where there is one.
    pub(crate) async fn judge(&self, document: &Value) -> Result<Value, Trouble> {
        self.control("judge", &json!({ "document": document })).await
    }

    /// Sends an activity of any type about an object, and returns how it was answered.
    pub(crate) async fn send(&self, kind: &str, object: &str, inbox: &str) -> Result<u16, Trouble> {
        let said = self
            .control("send", &json!({ "type": kind, "object": object, "inbox": inbox }))
            .await?;
        let status = said["statuses"][0].as_u64().unwrap_or_default();
        u16::try_from(status).map_err(at("the status of an answer"))
    }

    /// All that crossed, in order.
    pub(crate) async fn crossed(&self) -> Result<Vec<Value>, Trouble> {
        let said = self.control("crossed", &json!({})).await?;
        Ok(said["crossed"].as_array().cloned().unwrap_or_default())
    }

    /// What went wrong in the peer's listeners, a line each.
    pub(crate) async fn errors(&self) -> Result<String, Trouble> {
        let said = self.control("received", &json!({})).await?;
        let errors = said["errors"].as_array().cloned().unwrap_or_default();
        Ok(errors
            .iter()
            .filter_map(Value::as_str)
            .collect::<Vec<_>>()
            .join("\n"))
    }

    async fn control(&self, verb: &str, body: &Value) -> Result<Value, Trouble> {
        self.api.post(&format!("/control/{verb}"), body).await?.ok(verb)
    }

    /// Whether something was received, verified and handled for which `matches` holds.
    async fn received(&self, matches: impl Fn(&Value) -> bool) -> Result<bool, Trouble> {
        let said = self.control("received", &json!({})).await?;
        Ok(said["received"]
            .as_array()
            .is_some_and(|all| all.iter().any(matches)))
    }
}

fn has_text(activity: &Value, text: &str) -> bool {
    activity["content"]
        .as_str()
        .is_some_and(|content| content.contains(text))
}

impl Named for Peer {
    fn name(&self) -> &str {
        &self.name
    }
}

#[async_trait]
impl Side for Peer {
    fn actor(&self) -> &str {
        &self.actor
    }

    fn handle(&self) -> &str {
        &self.handle
    }

    fn cannot(&self, step: &str) -> Option<&str> {
        self.cannot[step].as_str()
    }

    async fn lookup(&self, handle: &str) -> Result<String, Trouble> {
        Ok(text(
            &self.control("lookup", &json!({ "handle": handle })).await?,
            "id",
        ))
    }

    async fn follow(&self, actor: &str) -> Result<(), Trouble> {
        self.control("follow", &json!({ "actor": actor })).await.map(drop)
    }

    async fn unfollow(&self, actor: &str) -> Result<(), Trouble> {
        self.control("unfollow", &json!({ "actor": actor }))
            .await
            .map(drop)
    }

    async fn post(&self, content: &str, in_reply_to: Option<&str>) -> Result<String, Trouble> {
        let said = self
            .control("post", &json!({ "content": content, "inReplyTo": in_reply_to }))
            .await?;
        Ok(text(&said, "id"))
    }

    async fn edit(&self, note: &str, content: &str) -> Result<(), Trouble> {
        self.control("update", &json!({ "id": note, "content": content }))
            .await
            .map(drop)
    }

    async fn delete(&self, note: &str) -> Result<(), Trouble> {
        self.control("delete", &json!({ "id": note })).await.map(drop)
    }

    async fn react(&self, reaction: Reaction, note: &str) -> Result<(), Trouble> {
        let verb = match reaction {
            Reaction::Like => "like",
            Reaction::Announce => "announce",
        };
        self.control(verb, &json!({ "object": note })).await.map(drop)
    }

    async fn take_back(&self, reaction: Reaction, note: &str) -> Result<(), Trouble> {
        let verb = match reaction {
            Reaction::Like => "unlike",
            Reaction::Announce => "unannounce",
        };
        self.control(verb, &json!({ "object": note })).await.map(drop)
    }

    async fn rename(&self, name: &str) -> Result<(), Trouble> {
        self.control("rename", &json!({ "name": name })).await.map(drop)
    }

    async fn reject(&self, actor: &str) -> Result<(), Trouble> {
        self.control("reject", &json!({ "actor": actor })).await.map(drop)
    }

    async fn block(&self, actor: &str) -> Result<(), Trouble> {
        self.control("block", &json!({ "actor": actor })).await.map(drop)
    }

    async fn unblock(&self, actor: &str) -> Result<(), Trouble> {
        self.control("unblock", &json!({ "actor": actor }))
            .await
            .map(drop)
    }

    async fn sees_follower(&self, actor: &str) -> Result<bool, Trouble> {
        let state = self.control("state", &json!({})).await?;
        Ok(state["followers"]
            .as_array()
            .is_some_and(|all| all.iter().any(|id| id == actor)))
    }

    async fn sees_accept(&self, actor: &str) -> Result<bool, Trouble> {
        let state = self.control("state", &json!({})).await?;
        Ok(state["following"][actor] == "accepted")
    }

    async fn sees_note(&self, note: &str, text: &str) -> Result<bool, Trouble> {
        self.received(|a| a["type"] == "Create" && a["object"] == note && has_text(a, text))
            .await
    }

    async fn sees_reply(&self, note: &str, text: &str, parent: &str) -> Result<bool, Trouble> {
        self.received(|a| {
            a["type"] == "Create" && a["object"] == note && a["inReplyTo"] == parent && has_text(a, text)
        })
        .await
    }

    async fn sees_edit(&self, note: &str, text: &str) -> Result<bool, Trouble> {
        self.received(|a| a["type"] == "Update" && a["object"] == note && has_text(a, text))
            .await
    }

    async fn sees_delete(&self, note: &str) -> Result<bool, Trouble> {
        self.received(|a| a["type"] == "Delete" && a["object"] == note)
            .await
    }

    async fn sees_reaction(&self, reaction: Reaction, note: &str, actor: &str) -> Result<bool, Trouble> {
        self.received(|a| a["type"] == reaction.activity() && a["object"] == note && a["actor"] == actor)
            .await
    }

    async fn sees_taken_back(&self, reaction: Reaction, note: &str, actor: &str) -> Result<bool, Trouble> {
        self.received(|a| {
            a["type"] == "Undo"
                && a["inner"] == reaction.activity()
                && a["innerObject"] == note
                && a["actor"] == actor
        })
        .await
    }

    async fn sees_name(&self, actor: &str, name: &str) -> Result<bool, Trouble> {
        self.received(|a| a["type"] == "Update" && a["object"] == actor && a["name"] == name)
            .await
    }

    async fn sees_reject(&self, actor: &str) -> Result<bool, Trouble> {
        let state = self.control("state", &json!({})).await?;
        Ok(state["following"][actor] == "rejected")
    }

    async fn sees_block(&self, actor: &str) -> Result<bool, Trouble> {
        let state = self.control("state", &json!({})).await?;
        Ok(state["blockedBy"]
            .as_array()
            .is_some_and(|all| all.iter().any(|id| id == actor)))
    }

    async fn sees_move(&self, from: &str, to: &str) -> Result<bool, Trouble> {
        let state = self.control("state", &json!({})).await?;
        Ok(state["following"][from].is_null() && state["following"][to] == "accepted")
    }

    async fn forge(&self, activity: &Value, signature: Option<&str>) -> Result<u16, Trouble> {
        self.api
            .forge(&format!("{}/inbox", self.actor), activity, signature)
            .await
    }

    async fn knows(&self, note: &str) -> Result<bool, Trouble> {
        self.received(|a| a["object"] == note).await
    }
}
