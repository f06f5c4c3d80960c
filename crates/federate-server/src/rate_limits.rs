//! How much of what comes is taken: token buckets for those who send.

use std::net::IpAddr;
use std::time::Duration;

use federate_protocol::activitystreams::Iri;
use federate_protocol::domain;
use http::HeaderMap;

use crate::Rate;
use crate::buckets::Buckets;

/// How many hosts, domains and addresses are remembered.
const MOST_HOSTS: usize = 20_000;

/// How many actors are.
const MOST_ACTORS: usize = 50_000;

const FIVE_MINUTES: Duration = Duration::from_secs(5 * 60);

/// What one sender may post, and what one address may read, before the answer is 429 and says when to come again.
///
/// | limit | default | why |
/// |---|---|---|
/// | [`host`](RateLimits::host) | 30,000 in 5 min | 28,000 people of one server who join something at once, and 100 activities a second of the largest one there is |
/// | [`domain`](RateLimits::domain) | 60,000 in 5 min | a domain has as many hosts below it as its owner likes; where many share one, they share this |
/// | [`actor`](RateLimits::actor) | 6,000 in 5 min | 20 a second: a relay or a group, which speaks for many |
/// | [`look_ups`](RateLimits::look_ups) | 3,000 in 5 min, twice as many of a domain | keys of one host that are not known here yet: each costs a request of ours, to a host that whoever signed has named |
/// | [`address`](RateLimits::address) | none | who connects is not known to every adapter, and many may stand behind one address |
/// | [`reads`](RateLimits::reads) | none | as above; a page with forty pictures behind the [media proxy](crate::Builder::media_proxy) is forty of them |
/// | hosts, domains and addresses of which something is kept | 20,000 each | some 100 bytes each; of the others nothing is known, and they begin anew |
/// | actors of which something is kept | 50,000 | |
///
/// Whoever has proven who they are is counted by host, domain and actor. Before that there is only a name that anybody may write into a
/// header, so that it counts for look-ups and nothing else: a stranger cannot use up what a host may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RateLimits {
    /// Activities of one host.
    pub host: Rate,
    /// Activities of one registered domain, with all hosts below it.
    pub domain: Rate,
    /// Activities of one actor.
    pub actor: Rate,
    /// Keys of one host that are not known here, for what is posted and for signed GETs. Twice as many of one domain.
    pub look_ups: Rate,
    /// What is posted from one address, or from one /64 of IPv6, whoever signed it: to inboxes, and by [clients](crate::Builder::client_to_server)
    /// to outboxes. Only where an adapter says who connected: see
    /// [`PeerAddress`]. Without that, nothing is counted by address.
    pub address: Option<Rate>,
    /// What is asked for (GET and HEAD) from one address, or from one /64 of IPv6: documents, collections, WebFinger, NodeInfo, media
    /// files. Counted apart from what is posted, and as [`address`](RateLimits::address) only where an adapter says who connected.
    pub reads: Option<Rate>,
    /// How many proxies of ours stand before this instance, each of which adds to `X-Forwarded-For`. 0: none, and that header is not read.
    pub trusted_proxies: usize,
}

impl Default for RateLimits {
    fn default() -> Self {
        RateLimits {
            host: Rate::new(30_000, FIVE_MINUTES),
            domain: Rate::new(60_000, FIVE_MINUTES),
            actor: Rate::new(6_000, FIVE_MINUTES),
            look_ups: Rate::new(3_000, FIVE_MINUTES),
            address: None,
            reads: None,
            trusted_proxies: 0,
        }
    }
}

impl RateLimits {
    /// Activities of one host.
    #[must_use]
    pub fn host(mut self, rate: Rate) -> Self {
        self.host = rate;
        self
    }

    /// Activities of one registered domain, with all hosts below it.
    #[must_use]
    pub fn domain(mut self, rate: Rate) -> Self {
        self.domain = rate;
        self
    }

    /// Activities of one actor.
    #[must_use]
    pub fn actor(mut self, rate: Rate) -> Self {
        self.actor = rate;
        self
    }

    /// Keys of one host that are not known here.
    #[must_use]
    pub fn look_ups(mut self, rate: Rate) -> Self {
        self.look_ups = rate;
        self
    }

    /// What is posted from one address.
    #[must_use]
    pub fn address(mut self, rate: Rate) -> Self {
        self.address = Some(rate);
        self
    }

    /// What is asked for from one address.
    #[must_use]
    pub fn reads(mut self, rate: Rate) -> Self {
        self.reads = Some(rate);
        self
    }

    /// How many proxies of ours stand before this instance. The address is that many entries from the end of `X-Forwarded-For`; where it has
    /// fewer, or no address there, whoever connected counts. With too great a number that is the proxy, for everybody.
    #[must_use]
    pub fn trusted_proxies(mut self, proxies: usize) -> Self {
        self.trusted_proxies = proxies;
        self
    }
}

/// Who connected: an extension of the request, from an adapter that knows it. Behind proxies of ours that is the last of them.
///
/// | what serves | where it comes from |
/// |---|---|
/// | `federate_axum::serve` | it is there |
/// | axum's own `serve`, and `federate_axum::layer` or `service` | axum's `ConnectInfo<SocketAddr>`, where the application is served with it: `app.into_make_service_with_connect_info::<SocketAddr>()` |
/// | actix, and `federate_actix::middleware` | it is there, but for Unix sockets |
/// | the [layer](crate::Federation::layer) or the [service](crate::Federation::service) in a server of one's own | whoever accepts the connection puts it in: `request.extensions_mut().insert(PeerAddress(address.ip()))` |
///
/// Where it is not there, nobody is counted by address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

/// What was taken lately.
#[derive(Debug)]
pub(crate) struct Limiter {
    hosts: Buckets,
    domains: Buckets,
    actors: Buckets,
    look_ups: Buckets,
    look_ups_of_domain: Buckets,
    addresses: Option<Buckets>,
    readers: Option<Buckets>,
    trusted_proxies: usize,
}

/// How long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limited(pub(crate) Duration);

impl Limiter {
    pub(crate) fn new(limits: &RateLimits) -> Self {
        Limiter {
            hosts: Buckets::new(limits.host, MOST_HOSTS),
            domains: Buckets::new(limits.domain, MOST_HOSTS),
            actors: Buckets::new(limits.actor, MOST_ACTORS),
            look_ups: Buckets::new(limits.look_ups, MOST_HOSTS),
            look_ups_of_domain: Buckets::new(limits.look_ups.times(2), MOST_HOSTS),
            addresses: limits.address.map(|rate| Buckets::new(rate, MOST_HOSTS)),
            readers: limits.reads.map(|rate| Buckets::new(rate, MOST_HOSTS)),
            trusted_proxies: limits.trusted_proxies,
        }
    }

    /// Something that is posted from this address.
    pub(crate) fn address(
        &self,
        connected: Option<IpAddr>,
        headers: &HeaderMap,
        now: std::time::SystemTime,
    ) -> Result<(), Limited> {
        self.take_of(self.addresses.as_ref(), connected, headers, now)
    }

    /// Something that is asked for from this address.
    pub(crate) fn read(
        &self,
        connected: Option<IpAddr>,
        headers: &HeaderMap,
        now: std::time::SystemTime,
    ) -> Result<(), Limited> {
        self.take_of(self.readers.as_ref(), connected, headers, now)
    }

    fn take_of(
        &self,
        buckets: Option<&Buckets>,
        connected: Option<IpAddr>,
        headers: &HeaderMap,
        now: std::time::SystemTime,
    ) -> Result<(), Limited> {
        let Some(buckets) = buckets else {
            return Ok(());
        };
        match forwarded_for(connected, headers, self.trusted_proxies) {
            Some(address) => buckets.take(&block_of(address), now).map_err(Limited),
            None => Ok(()),
        }
    }

    /// A key that has to be asked for.
    pub(crate) fn look_up(&self, key: &Iri, now: std::time::SystemTime) -> Result<(), Limited> {
        let (host, domain) = whose(key);
        self.look_ups_of_domain.take(&domain, now).map_err(Limited)?;
        self.look_ups.take(&host, now).map_err(Limited)
    }

    /// An activity whose actor is proven.
    pub(crate) fn activity(&self, actor: &Iri, now: std::time::SystemTime) -> Result<(), Limited> {
        let (host, domain) = whose(actor);
        self.actors.take(actor.as_str(), now).map_err(Limited)?;
        self.hosts.take(&host, now).map_err(Limited)?;
        self.domains.take(&domain, now).map_err(Limited)
    }
}

fn whose(id: &Iri) -> (String, String) {
    let host = id.host().unwrap_or_default().to_ascii_lowercase();
    let domain = domain::of_id(id);
    (host, domain)
}

/// The address behind so many proxies of ours: what the outermost of them saw. Whatever stands further to the left was written by whoever
/// connected to it, and may say anything (GHSA-c2r5), in bytes that are no text too. Where no address stands there, whoever connected is
/// counted: nothing that a stranger sends may turn the limit off.
fn forwarded_for(connected: Option<IpAddr>, headers: &HeaderMap, proxies: usize) -> Option<IpAddr> {
    if proxies == 0 {
        return connected;
    }
    let lines = headers.get_all("x-forwarded-for");
    let entries: Vec<&[u8]> = lines
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b','))
        .collect();
    let entry = entries.len().checked_sub(proxies).and_then(|at| entries.get(at));
    entry.and_then(|entry| address_in(entry)).or(connected)
}

fn address_in(entry: &[u8]) -> Option<IpAddr> {
    let entry = std::str::from_utf8(entry).ok()?.trim();
    let bare = entry
        .trim_start_matches('[')
        .split(']')
        .next()
        .unwrap_or_default();
    let address = entry.parse().or_else(|_| bare.parse());
    // A port after it, as some proxies write it.
    address
        .or_else(|_| entry.parse::<std::net::SocketAddr>().map(|socket| socket.ip()))
        .ok()
}

/// An address of IPv6 is one of 2^64 that somebody has.
fn block_of(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            format!("{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use http::{HeaderMap, HeaderValue};

    use super::{block_of, forwarded_for};

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ghsa_c2r5_an_address_is_believed_of_our_own_proxies_only() {
        let connected = Some(ip("10.0.0.1"));
        let headers = |lines: &[&'static str]| {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", line.parse().unwrap());
            }
            headers
        };
        let spoofed = headers(&["1.1.1.1, 2.2.2.2", "3.3.3.3"]);
        for (proxies, expected) in [
            (0, Some("10.0.0.1")),
            (1, Some("3.3.3.3")),
            (2, Some("2.2.2.2")),
            (3, Some("1.1.1.1")),
            (4, Some("10.0.0.1")),
        ] {
            assert_eq!(
                forwarded_for(connected, &spoofed, proxies),
                expected.map(ip),
                "{proxies}"
            );
        }
        for (entry, expected) in [
            ("[2001:db8::1]:443", Some("2001:db8::1")),
            ("2001:db8::1", Some("2001:db8::1")),
            ("3.3.3.3:99", Some("3.3.3.3")),
            ("unknown", Some("10.0.0.1")),
            ("", Some("10.0.0.1")),
        ] {
            assert_eq!(
                forwarded_for(connected, &headers(&[entry]), 1),
                expected.map(ip),
                "{entry}"
            );
        }
    }

    #[test]
    fn ghsa_c2r5_no_bytes_of_a_stranger_turn_the_limit_off() {
        let connected = Some(ip("10.0.0.1"));
        for (lines, expected) in [
            (&[&b"\xff, 3.3.3.3"[..]][..], "3.3.3.3"),
            (&[&b"\xff"[..], &b"3.3.3.3"[..]][..], "3.3.3.3"),
            (&[&b"3.3.3.3, \xff"[..]][..], "10.0.0.1"),
            (&[&b"3.3.3.3, 4.4.4.4.4"[..]][..], "10.0.0.1"),
            (&[][..], "10.0.0.1"),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append("x-forwarded-for", HeaderValue::from_bytes(line).unwrap());
            }
            let counted = forwarded_for(connected, &headers, 1);
            assert_eq!(counted, Some(ip(expected)), "{lines:?}");
        }
    }

    #[test]
    fn addresses_that_one_has_together_are_one() {
        assert_eq!(
            block_of(ip("2001:db8:0:1::1")),
            block_of(ip("2001:db8:0:1:ffff::2"))
        );
        assert_ne!(block_of(ip("2001:db8:0:1::1")), block_of(ip("2001:db8:0:2::1")));
        assert_eq!(block_of(ip("::ffff:3.3.3.3")), block_of(ip("3.3.3.3")));
    }
}
