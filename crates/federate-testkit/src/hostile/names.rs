//! Names that lead where a test wants.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use federate_http::Resolver;

use super::Hostile;
use crate::wire::lock;

/// A resolver for [`Guard::resolver`](federate_http::Guard::resolver): it knows the names that a test tells it, with all names below them,
/// and no other. What it answers is judged by the guard all the same.
///
/// With it a server on loopback has a public name, so that the rules of production hold: https alone, no IP addresses, no
/// special names.
#[derive(Debug, Default)]
pub struct Names {
    known: Mutex<BTreeMap<String, Vec<IpAddr>>>,
    asked: Mutex<Vec<String>>,
}

/// The most look-ups that are remembered.
const REMEMBERED: usize = 100_000;

impl Names {
    /// Knows no name yet.
    pub fn new() -> Arc<Self> {
        Arc::default()
    }

    /// From now on `name`, and each name below it, leads to these addresses.
    ///
    /// # Panics
    ///
    /// Where one is no address.
    #[track_caller]
    pub fn point(&self, name: &str, addresses: &[&str]) {
        let parse = |text: &&str| match text.parse() {
            Ok(address) => address,
            Err(_) => panic!("{text} is no IP address"),
        };
        let addresses = addresses.iter().map(parse).collect();
        lock(&self.known).insert(name.to_owned(), addresses);
    }

    /// From now on the server's name, and each name below it, leads to the server.
    pub fn point_to(&self, server: &Hostile) {
        self.point(server.host(), &["127.0.0.1"]);
    }

    /// How often a name was looked up, those below it included.
    pub fn asked(&self, name: &str) -> usize {
        lock(&self.asked)
            .iter()
            .filter(|asked| is_below(asked, name))
            .count()
    }
}

#[async_trait]
impl Resolver for Names {
    async fn resolve(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let mut asked = lock(&self.asked);
        if asked.len() < REMEMBERED {
            asked.push(name.to_owned());
        }
        let known = lock(&self.known);
        let found = known
            .iter()
            .filter(|(known, _)| is_below(name, known))
            .max_by_key(|(known, _)| known.len());
        match found {
            Some((_, addresses)) => Ok(addresses.clone()),
            None => Err(io::Error::new(io::ErrorKind::NotFound, "no such name")),
        }
    }
}

fn is_below(name: &str, parent: &str) -> bool {
    name.strip_suffix(parent)
        .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}
