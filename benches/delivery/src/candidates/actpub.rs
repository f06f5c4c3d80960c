//! actpub: its outbox with its own deliverer; a bounded channel in memory, and aws-lc-rs.

use std::sync::Arc;

use actpub_federation::{Error, FederationConfig, Outbox, ReqwestDeliverer, RetryPolicy, UrlPolicy};
use actpub_httpsig::SigningKey;
use url::Url;

use super::{AGENT, IN_FLIGHT};
use crate::alice;
use crate::parent::Parent;
use crate::town::Town;

pub async fn run(town: &Town, parent: &mut Parent) {
    let mut policy = UrlPolicy::default();
    policy.require_https = false;
    policy.forbid_ip_literals = false;
    policy.forbid_loopback_hosts = false;
    // It would look names up, of which there are none.
    policy.forbid_private_resolved_ip = false;
    let config = FederationConfig::builder()
        .signing_key(SigningKey::from_pem(alice::PEM).unwrap())
        .key_id(alice::KEY_ID.parse().unwrap())
        .user_agent(AGENT.to_owned())
        .delivery_concurrency(IN_FLIGHT)
        .url_policy(policy)
        .build()
        .shared();
    let deliverer = ReqwestDeliverer::new(Arc::clone(&config)).unwrap();
    let fetcher = actpub_federation::ReqwestFetcher::new(Arc::clone(&config)).unwrap();
    let outbox = Outbox::new(deliverer, fetcher, RetryPolicy::mastodon(), config);
    parent.go().await;
    let activity = Arc::new(alice::document(0));
    for number in 0..town.inboxes {
        let inbox: Url = town.inbox(number).parse().unwrap();
        let queued: Result<(), Error> = outbox.enqueue_arc(Arc::clone(&activity), inbox).await;
        queued.unwrap();
    }
    parent.arrived().await;
}
