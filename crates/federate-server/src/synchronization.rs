//! Follower synchronisation, FEP-8fcf: what is said to others, and what is done with what they say.
//!
//! | limit | figure | why |
//! |---|---|---|
//! | [`LIFETIME`](sent::LIFETIME) | 10 min | how long the digests of one actor's followers hold before they are read again; what comes and goes here meanwhile is added |
//! | [`MOST_SERVERS`](sent::MOST_SERVERS) | 200,000 | digests that are kept, of all actors together: some 20 MB |
//! | [`MOST_LISTED`](sent::MOST_LISTED) | 10,000 | followers of one server that are listed to it; about 600 KB, and no server reads more than 1 MB |
//! | [`WALKS`](lists::WALKS) | 4, one for each domain | lists that are made at once, as each reads all followers of an actor; more are answered 503, and 429 where one is being made for the same domain |
//! | [`PER_DOMAIN`](lists::PER_DOMAIN) | 60 in [10 min](lists::WHILE) | lists that one domain asks for; more are answered 429. A server asks for one where something differs |
//! | [`EVERY`](received::EVERY) | 1 h | between two looks at what one sender says |
//! | [`AT_ONCE`](received::AT_ONCE) | 4 | senders that are looked at at once; what others say meanwhile is not heeded until they say it again |
//! | [`MOST_UNDONE`](received::MOST_UNDONE) | 100 | follows that are taken back after one look; the rest after the next |

pub(crate) mod lists;
mod ours;
pub(crate) mod received;
pub(crate) mod sent;
