//! What others wrote. Each does the whole of what ours does: date, host and digest of the body on the way out, and the
//! digest recomputed on the way in, by its own function where it has one and otherwise by that of its backend.

mod actpub;
mod apx;
mod httpsig;
mod lemmy;
mod normalization;
mod sigh;

use crate::case::Case;

pub fn cases() -> Vec<Case> {
    let mut all = normalization::cases();
    all.extend(actpub::cases());
    all.extend(httpsig::cases());
    all.extend(sigh::cases());
    all.extend(apx::cases());
    all.extend(lemmy::cases());
    all
}
