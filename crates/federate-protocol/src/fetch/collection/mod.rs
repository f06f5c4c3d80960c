//! Collections of others, page by page, within a budget.

mod budget;
mod end;
mod fetch;
mod onward;
mod read;
mod reading;
#[cfg(test)]
mod tests;

pub use budget::CollectionBudget;
pub use end::CollectionEnd;
pub use read::ReadPage;
pub use reading::{CollectionReading, CollectionStep};
