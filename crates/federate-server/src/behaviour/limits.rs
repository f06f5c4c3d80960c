//! What peers can make ready-made behaviour remember and do, and for how long.
//!
//! | limit | default | why |
//! |---|---|---|
//! | [`follow_requests`](BehaviourLimits::follow_requests) | 10,000 | of one actor of ours, that wait for approval; nobody looks through more |
//! | [`reactions`](BehaviourLimits::reactions) | 20 | different emoji of one actor for one object; Pleroma's users give a handful |
//! | [`reacted`](BehaviourLimits::reacted) | 10,000 | likes of one object, boosts of it, and emoji for it, of which it is kept whose they are; nobody looks through more, and those beyond are counted, about |
//! | [`reaction`](BehaviourLimits::reaction) | 128 bytes | one emoji: a sequence of code points, or a shortcode |
//! | [`reports_per_hour`](BehaviourLimits::reports_per_hour) | 30 | of one host; a moderator reads fewer (W11) |
//! | [`reports_per_host`](BehaviourLimits::reports_per_host) | 500 | of one host that nobody has closed |
//! | [`reports`](BehaviourLimits::reports) | 20,000 | of all hosts that nobody has closed |
//! | [`quote_requests`](BehaviourLimits::quote_requests) | 1,000 | of one object, that wait for an answer |
//! | [`quotes`](BehaviourLimits::quotes) | 20 | of one object by one actor, however they were answered; people quote a post once or twice |
//! | [`reply_links`](BehaviourLimits::reply_links) | 32 | different things of ours that one activity links to and that are looked for before it is [forwarded](crate::Builder::forward_replies); each is a query |
//! | [`subscribers`](BehaviourLimits::subscribers) | 5,000 | to the relay that we are, also those that wait; the largest relays have a third of it |
//! | [`subscribers_per_host`](BehaviourLimits::subscribers_per_host) | 3 | of those; a server has one actor for each kind of relay, and one that it had before |
//! | [`subscribers_per_domain`](BehaviourLimits::subscribers_per_domain) | 30 | of those, of one registered domain, which has as many hosts below it as its owner likes; where many share one, they share this |
//! | [`subscribers_waiting`](BehaviourLimits::subscribers_waiting) | 500 | of those, that nobody has accepted; so strangers never take the place of those who would be |
//! | [`subscriber_waits`](BehaviourLimits::subscriber_waits) | 30 days | for that, then it is forgotten; who still wants to asks again |
//! | [`relayed_per_minute`](BehaviourLimits::relayed_per_minute) | 1,200 | activities of one registered domain that the relay that we are passes on, each once; the largest server there is says some 500 things to everybody in a busy minute |
//! | [`relayed_bytes`](BehaviourLimits::relayed_bytes) | 128 KiB | of one that is passed on as it came, to thousands; a post has some 5 KiB, and of a longer one its id is announced |
//! | [`moved_at_once`](BehaviourLimits::moved_at_once) | 500 | of our people who follow somebody that moved, in one turn (W9) |
//! | [`move_pause`](BehaviourLimits::move_pause) | 30 s | between two such turns |
//! | [`undone`](BehaviourLimits::undone) | 7 days | an `Undo` that came before what it undoes; so long do senders try (W14) |
//! | [`tombstones`](BehaviourLimits::tombstones) | 30 days | what was deleted; as long as the ids of received activities are known (I16) |
//! | [`reported`](BehaviourLimits::reported) | 90 days | a report that nobody closes |
//! | [`refused`](BehaviourLimits::refused) | 30 days | that somebody refused one of ours, or took a quote back |

use std::time::Duration;

/// What peers can make ready-made behaviour remember and do, and for how long. The table of figures stands at its fields.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BehaviourLimits {
    /// Follow requests that wait, of one actor of ours. 10,000: nobody looks through more.
    pub follow_requests: u64,
    /// Different emoji of one actor for one object. 20.
    pub reactions: u64,
    /// Likes of one object, boosts of it, and emoji for it, each, of which it is kept whose they are. 10,000: nobody looks through more.
    /// Those beyond are only counted: to within some percent, each actor once, and for good, as nobody knows who takes one back.
    pub reacted: u64,
    /// Bytes of one emoji. 128: a sequence of code points, or a shortcode.
    pub reaction: usize,
    /// Reports of one host in an hour. 30: a moderator reads fewer.
    pub reports_per_hour: u64,
    /// Reports of one host that nobody has closed. 500.
    pub reports_per_host: u64,
    /// Reports of all hosts that nobody has closed. 20,000.
    pub reports: u64,
    /// Requests to quote one object that wait for an answer. 1,000.
    pub quote_requests: u64,
    /// Quotes of one object by one actor, however they were answered; more are refused. 20: people quote a post once or twice.
    pub quotes: u64,
    /// Different things of ours that one activity links to and that are looked for, before it is
    /// [forwarded](crate::Builder::forward_replies) to those who read their authors. 32: each is a query of the application.
    pub reply_links: usize,
    /// Who subscribes to the relay that we are, or waits for it. 5,000: each post goes to all of them.
    pub subscribers: u64,
    /// Of one host. 3: a server has one actor for each kind of relay.
    pub subscribers_per_host: u64,
    /// Of one registered domain, with all hosts below it. 30: where many share a domain, they share this.
    pub subscribers_per_domain: u64,
    /// Of those who wait for approval; more are refused. 500: they never take all the room there is.
    pub subscribers_waiting: u64,
    /// How long one of them waits before it is forgotten. 30 days.
    pub subscriber_waits: Duration,
    /// Activities of one registered domain that the relay that we are passes on within a minute, in each process; the rest is not. 1,200: what
    /// the largest server says to everybody, twice over.
    pub relayed_per_minute: u32,
    /// Bytes of one that is passed on as it came. Of a longer `Create` the id is announced, and anything else that is longer is not passed on.
    /// 128 KiB.
    pub relayed_bytes: usize,
    /// How many of our people follow somebody who moved, in one turn. 500.
    pub moved_at_once: usize,
    /// The pause between two such turns. 30 seconds: 60,000 in an hour.
    pub move_pause: Duration,
    /// How long an `Undo` is known that came before what it undoes. 7 days: so long do senders try.
    pub undone: Duration,
    /// How long what was deleted is known. 30 days: as long as the ids of received activities.
    pub tombstones: Duration,
    /// How long a report lies there that nobody closes. 90 days.
    pub reported: Duration,
    /// How long it is known that somebody refused a follow of ours. 30 days.
    pub refused: Duration,
}

impl Default for BehaviourLimits {
    fn default() -> Self {
        const DAY: Duration = Duration::from_secs(24 * 3600);
        Self {
            follow_requests: 10_000,
            reactions: 20,
            reacted: 10_000,
            reaction: 128,
            reports_per_hour: 30,
            reports_per_host: 500,
            reports: 20_000,
            quote_requests: 1_000,
            quotes: 20,
            reply_links: 32,
            subscribers: 5_000,
            subscribers_per_host: 3,
            subscribers_per_domain: 30,
            subscribers_waiting: 500,
            subscriber_waits: 30 * DAY,
            relayed_per_minute: 1_200,
            relayed_bytes: 128 * 1024,
            moved_at_once: 500,
            move_pause: Duration::from_secs(30),
            undone: 7 * DAY,
            tombstones: 30 * DAY,
            reported: 90 * DAY,
            refused: 30 * DAY,
        }
    }
}
