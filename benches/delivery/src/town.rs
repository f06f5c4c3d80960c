//! Whom it goes to: inboxes, spread over hosts that are addresses of loopback, all on one port.

use std::net::Ipv4Addr;

use federate_store::Iri;
use serde::{Deserialize, Serialize};

/// Hosts that one address block holds; the rest of an octet is left out.
const BLOCK: usize = 250;

#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Town {
    pub hosts: usize,
    pub inboxes: usize,
    pub port: u16,
    /// Hosts have names, all at one address: for more hosts than a process can listen on.
    pub named: bool,
    /// Every other host is dead, in five ways.
    pub dead: Option<Dead>,
}

/// Ports of those who are dead.
#[derive(Clone, Copy, Debug, Deserialize, Serialize)]
pub struct Dead {
    /// Nobody listens.
    pub refused: u16,
    /// Who listens says nothing.
    pub silent: u16,
    /// One byte of an answer a second.
    pub slow: u16,
    /// Answers in plain text whom it does not understand.
    pub plain: u16,
}

impl Town {
    /// What names begin with that lead nowhere.
    pub const NAMELESS: &str = "nameless";

    /// The address of a host: 127.0.0.1, 127.0.0.2, and so on.
    pub fn address(host: usize) -> Ipv4Addr {
        let octet = |number: usize| u8::try_from(number % BLOCK).unwrap();
        Ipv4Addr::new(
            127,
            octet(host / BLOCK / BLOCK),
            octet(host / BLOCK),
            octet(host) + 1,
        )
    }

    /// The name of a host, for those who take no address.
    pub fn name(host: usize) -> String {
        format!("h{host}.peers.test")
    }

    /// Which host a name names.
    pub fn host_of(name: &str) -> Option<usize> {
        name.strip_prefix('h')?.strip_suffix(".peers.test")?.parse().ok()
    }

    /// The inbox of this number; inboxes go round the hosts.
    pub fn inbox(&self, number: usize) -> String {
        let host = number % self.hosts;
        if let Some(dead) = self.dead.filter(|_| host % 2 == 1) {
            let (scheme, name, port) = match host / 2 % 5 {
                0 => ("http", "refused", dead.refused),
                1 => ("http", "silent", dead.silent),
                2 => ("http", "slow", dead.slow),
                3 => ("https", "plain", dead.plain),
                // Of the living, so that nothing but the name is wrong.
                _ => ("http", Self::NAMELESS, self.port),
            };
            return format!("{scheme}://{name}{host}.peers.test:{port}/inbox/{number}");
        }
        if self.named {
            return format!("http://{}:{}/inbox/{number}", Self::name(host), self.port);
        }
        format!("http://{}:{}/inbox/{number}", Self::address(host), self.port)
    }

    /// Whether a request goes to one of the dead.
    pub fn is_dead(uri: &http::Uri, port: u16) -> bool {
        let is_nameless = uri.host().is_some_and(|host| host.starts_with(Self::NAMELESS));
        is_nameless || uri.port_u16() != Some(port)
    }

    /// The same by name, without a port.
    pub fn named_inbox(&self, number: usize) -> String {
        format!("http://{}/inbox/{number}", Self::name(number % self.hosts))
    }

    pub fn iri(&self, number: usize) -> Iri {
        Iri::parse(&self.inbox(number)).unwrap()
    }
}
