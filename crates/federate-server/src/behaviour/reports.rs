//! Reports that others send us, and ours to them; see [`Builder::manage_reports`](crate::Builder::manage_reports).

use std::time::{Duration, SystemTime};

use federate_protocol::Authenticated;
use federate_protocol::Blocks;
use federate_protocol::activitystreams::{Activity, Flag, Iri, Object, terms};
use federate_store::{Relation, RelationKey, RelationKind as Kind, Stores, Which};
use serde_json::json;

use crate::{Admin, Builder, Cursor, Cx, Directory, Enqueued, Error, Failure, Federation};

use super::Listed;

const HOUR: Duration = Duration::from_secs(3600);

/// What is kept of the ids that a report names, in bytes: with the longest comment, a note of a store has room for it.
const IDS: usize = 10 * 1024;

/// Whose reports are taken. By default everybody's, within the [limits](super::BehaviourLimits).
#[derive(Clone, Debug, Default)]
pub struct ReportRules {
    rejected: Blocks,
}

impl ReportRules {
    /// No reports of these hosts (and those below them) are kept: `reject_reports` of a Mastodon block list.
    #[must_use]
    pub fn reject(self, hosts: Blocks) -> Self {
        ReportRules { rejected: hosts }
    }
}

/// A report that somebody sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// By which it is [closed](Admin::close_report).
    pub id: Iri,
    /// Who sent it: with Mastodon the instance, not a person.
    pub by: Iri,
    /// Their host.
    pub host: String,
    /// Those of our ids that it names: people and posts.
    pub about: Vec<Iri>,
    /// What it says, as it came: a stranger's text, to be shown as such.
    pub comment: String,
    /// When it came.
    pub at: SystemTime,
}

impl From<Relation> for Report {
    fn from(relation: Relation) -> Self {
        let note = Object::parse(relation.note.as_bytes()).unwrap_or_default();
        Report {
            id: relation.activity.unwrap_or_else(|| relation.key.actor.clone()),
            by: relation.key.actor,
            host: relation.key.subject,
            about: note.object().ids(),
            comment: note.content().unwrap_or_default(),
            at: relation.at,
        }
    }
}

pub(super) async fn received<App: Directory>(
    cx: &Cx<App>,
    activity: &Authenticated<Activity>,
    rules: &ReportRules,
) -> Result<(), Failure> {
    let Some(flag) = activity.cast::<Flag>() else {
        return Ok(());
    };
    let host = flag.by().authority().unwrap_or_default().to_owned();
    if rules.rejected.covering(flag.by()).is_some() || is_too_much(cx, &host).await? {
        tracing::info!(actor = %flag.by(), "a report was not kept");
        return Ok(());
    }
    let mut bytes = 0;
    let about = flag.object().ids().into_iter().filter(|id| {
        let ours = cx.uris().is_local(id);
        bytes += if ours { id.as_str().len() } else { 0 };
        ours && bytes <= IDS
    });
    let about: Vec<String> = about.map(|id| id.as_str().to_owned()).collect();
    let note = json!({ "object": about, "content": flag.content().unwrap_or_default() });
    let now = cx.now();
    let key = RelationKey::new(Kind::Report, &*host, flag.by()).named(flag.id().as_str());
    let report = Relation {
        activity: Some(flag.id().clone()),
        until: Some(now + cx.federation.inner.managed.limits.reported),
        note: note.to_string(),
        ..Relation::new(key, now)
    };
    cx.federation.stores().relations.put(&report).await?;
    Ok(())
}

/// W11, R20: what nobody reads any more is not kept.
async fn is_too_much<App: Directory>(cx: &Cx<App>, host: &str) -> Result<bool, Failure> {
    let limits = &cx.federation.inner.managed.limits;
    let relations = &cx.federation.stores().relations;
    let all = Which::of(Kind::Report);
    let theirs = all.clone().about(host);
    let hour = cx.now().checked_sub(HOUR).unwrap_or(SystemTime::UNIX_EPOCH);
    Ok(
        relations.count(&theirs.clone().since(hour)).await? >= limits.reports_per_hour
            || relations.count(&theirs).await? >= limits.reports_per_host
            || relations.count(&all).await? >= limits.reports,
    )
}

impl<App: Directory> Builder<App> {
    /// The library keeps the reports (`Flag`) that others send us, within the [limits](super::BehaviourLimits) and by these rules, for
    /// [`Admin::reports`]. The application's handler for `Flag` runs as well, afterwards, for all that are authorised.
    pub fn manage_reports(mut self, rules: ReportRules) -> Self {
        self.managed.reports = Some(rules);
        self
    }
}

impl<App: Directory> Federation<App> {
    /// Reports somebody, and posts of theirs, to their server. It is sent by the instance's own actor: who complained stays here.
    ///
    /// # Errors
    ///
    /// A permanent one where the comment or the posts are more than [a report may have](federate_protocol::Limits::flag_comment), where a
    /// post is of another server, where the reported is of ours; or the store's.
    pub async fn report(&self, whom: &Iri, posts: &[Iri], comment: &str) -> Result<Enqueued, Error> {
        let limits = self.limits();
        if comment.chars().count() > limits.flag_comment || posts.len() >= limits.flag_objects {
            return Err(Error::permanent("the report is too long"));
        }
        if self.uris().is_local(whom) {
            return Err(Error::permanent("the reported is of this instance"));
        }
        if posts.iter().any(|post| !post.same_origin(whom)) {
            return Err(Error::permanent("a reported post is of another server"));
        }
        let about = std::iter::once(whom).chain(posts);
        let flag = Object::of_type("Flag")
            .with_all(&terms::OBJECT, about)
            .with(&terms::CONTENT, comment);
        self.send(crate::INSTANCE, flag).to(whom.clone()).await
    }
}

impl Admin<'_> {
    /// Reports that nobody has closed, the oldest first: at most `max` after the cursor. See
    /// [`Builder::manage_reports`].
    ///
    /// # Errors
    ///
    /// The store's, or a permanent one for a cursor that it did not give.
    pub async fn reports(&self, from: &Cursor, max: usize) -> Result<Listed<Report>, Error> {
        let rows = self
            .stores
            .relations
            .page(&Which::of(Kind::Report), from.as_str(), max)
            .await
            .map_err(|e| crate::error::of_cursor(from, e))?;
        let next = rows.last().filter(|_| rows.len() >= max);
        let next = next.map(|(cursor, _)| Cursor(Some(cursor.clone())));
        Ok(Listed {
            items: rows.into_iter().map(|(_, relation)| relation.into()).collect(),
            next,
        })
    }

    /// Forgets a report that was dealt with. `false`: there was none.
    ///
    /// # Errors
    ///
    /// The store's.
    pub async fn close_report(&self, report: &Report) -> Result<bool, Error> {
        close(self.stores, report).await
    }
}

async fn close(stores: &Stores, report: &Report) -> Result<bool, Error> {
    let key = RelationKey::new(Kind::Report, &*report.host, &report.by).named(report.id.as_str());
    Ok(stores.relations.remove(&Which::exactly(&key), 1).await? > 0)
}
