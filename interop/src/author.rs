//! Somebody on the library itself, whose posts prove by themselves who wrote them.

use std::future::pending;

use bytes::Bytes;
use federate::Memory;
use federate::axum::serve_until;
use federate::prelude::*;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use crate::side::Named;
use crate::trouble::{Trouble, at};

const NAME: &str = "author";

/// What the posts of an [`Author`] carry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carries {
    /// A proof (FEP-8b32).
    Proof,
    /// A Linked Data Signature.
    Signature,
    /// A proof, and a Linked Data Signature that covers it.
    Both,
}

#[derive(Debug)]
pub(crate) struct Author {
    federation: Federation<Actors<Memory>>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Author {
    pub(crate) async fn start(carries: Carries) -> Result<Self, Trouble> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await;
        let listener = listener.map_err(at("no port for the author"))?;
        let address = listener.local_addr().map_err(at("no port for the author"))?;
        let mut builder = Federation::builder(
            &format!("http://{address}"),
            Memory::new(),
            Actors::new([Profile::person(NAME)]),
        );
        if carries != Carries::Signature {
            builder = builder.proofs();
        }
        if carries != Carries::Proof {
            builder = builder.manage_relays().ld_signatures();
        }
        let (federation, engine) = builder
            .dangerous()
            .allow_loopback()
            .build()
            .await
            .map_err(at("the author does not start"))?;
        let app = axum::Router::new().layer(federation.layer());
        let server = tokio::spawn(serve_until(listener, app, engine, pending()));
        Ok(Self { federation, server })
    }

    /// Says something in public, sends it to these, and returns it as everybody gets it: with what it carries.
    pub(crate) async fn says(&self, text: &str, to: &[&str]) -> Result<Value, Trouble> {
        let note = self.federation.note(NAME).text(text).build();
        let mut create = self.federation.send(NAME, Create::new(note));
        for who in to {
            create = create.to(Iri::parse(who).map_err(at("who gets it"))?);
        }
        let told = create.await.map_err(at("the author says nothing"))?;
        let request = http::Request::get(told.id.as_str())
            .header("accept", "application/activity+json")
            .header("host", self.federation.uris().host())
            .body(Bytes::new())
            .map_err(at("what the author said"))?;
        let answer = self.federation.handle(request).await;
        let answer = answer.ok_or_else(|| Trouble::new("what the author said is nowhere"))?;
        serde_json::from_slice(answer.body()).map_err(at("what the author said"))
    }
}

impl Named for Author {
    fn name(&self) -> &str {
        NAME
    }
}

impl Drop for Author {
    fn drop(&mut self) {
        self.server.abort();
    }
}
