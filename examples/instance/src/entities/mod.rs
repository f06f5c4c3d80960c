//! Mastodon's JSON: <https://docs.joinmastodon.org/entities/>.

mod account;
mod instance;
mod notification;
mod relationship;
mod status;

pub(crate) use account::{Account, CredentialAccount, account, accounts, credential_account, note_html};
pub(crate) use instance::{v1, v2};
pub(crate) use notification::notifications;
pub(crate) use relationship::{Relationship, relationship};
pub(crate) use status::{Status, source, status, statuses, tag};
