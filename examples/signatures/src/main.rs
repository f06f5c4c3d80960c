//! `cargo run -p signatures -- listen 127.0.0.1:8080 KEY-ID KEY.pem` verifies what is posted to it;
//! `cargo run -p signatures -- post 127.0.0.1:8080 /inbox KEY-ID PRIVATE-KEY.pem` posts what it reads from its input.

use std::io::{Read as _, Write as _};
use std::sync::Arc;

use federate_signatures::{KeyId, Policy, PrivateKey, PublicKey};
use signatures::{Site, Trouble, post, serve};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Trouble> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["listen", host, id, file] => {
            let key = PublicKey::from_pem(&std::fs::read_to_string(file)?)?;
            let site = Site {
                keys: [((*id).to_owned(), key)].into(),
                policy: Policy::mastodon().authorities([*host]).external_scheme("http"),
            };
            serve(TcpListener::bind(host).await?, Arc::new(site)).await;
        }
        ["post", host, path, id, file] => {
            let key = PrivateKey::from_pem(KeyId::from(*id), &std::fs::read_to_string(file)?)?;
            let mut body = Vec::new();
            std::io::stdin().read_to_end(&mut body)?;
            let (status, said) = post(&key, host, path, body.into()).await?;
            write!(std::io::stdout(), "{status}: {said}")?;
        }
        _ => return Err("usage: signatures listen HOST KEY-ID FILE | post HOST PATH KEY-ID FILE".into()),
    }
    Ok(())
}
