//! Reactions beyond those of which it is kept whose they are: how many, and no more.
//!
//! They stand in one row for each object and kind, whose actor is nobody: the object itself.

use federate_protocol::activitystreams::Iri;
use federate_store::{Relation, RelationKey, RelationKind as Kind, RelationState as State};

use super::sketch::Sketch;
use crate::{Directory, Failure, Federation};

/// What the digests of those who react are for. Without the secret nobody can find an id that counts for many.
const PURPOSE: &str = "reactions";

/// Counts one more, unless it was counted before. Two processes that count at once may lose one.
pub(super) async fn count<App: Directory>(
    federation: &Federation<App>,
    key: &RelationKey,
) -> Result<(), Failure> {
    let inner = &federation.inner;
    let Some(row) = row_of(key.kind, &key.subject) else {
        return Ok(());
    };
    let who = format!("{}\n{}", key.actor, key.name);
    let code = inner.secret.code(PURPOSE, who.as_bytes());
    let digest = code.first_chunk().map_or(0, |first| u64::from_be_bytes(*first));
    let _one = inner.managed.counting.lock().await;
    let relations = &inner.stores.relations;
    let before = relations.get(&row).await?;
    let mut sketch = Sketch::read(before.as_ref().map_or("", |before| &before.note));
    if sketch.add(digest) {
        let counted = Relation {
            state: State::Pending,
            note: sketch.text(),
            ..Relation::new(row, federation.now())
        };
        relations.put(&counted).await?;
    }
    Ok(())
}

/// About how many were counted.
pub(super) async fn counted<App: Directory>(
    federation: &Federation<App>,
    kind: Kind,
    subject: &str,
) -> Result<u64, crate::Error> {
    let Some(row) = row_of(kind, subject) else {
        return Ok(0);
    };
    let found = federation.stores().relations.get(&row).await?;
    Ok(found.map_or(0, |row| Sketch::read(&row.note).count()))
}

fn row_of(kind: Kind, subject: &str) -> Option<RelationKey> {
    Some(RelationKey::new(kind, subject, &Iri::parse(subject).ok()?))
}
