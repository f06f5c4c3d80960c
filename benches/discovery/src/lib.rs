//! JRD and actor documents served, actors looked up, activities posted: beside peers, and beside the same without us.
//!
//! What is measured runs in processes of its own, on a core of its own; see `discovery-child`.

pub mod actors;
pub mod alice;
pub mod load;
pub mod post;
pub mod servers;
pub mod sink;

use std::io::Read as _;

/// A child whose parent is gone ends, too.
fn end_with_the_parent() {
    std::thread::spawn(|| {
        let _ = std::io::stdin().read_to_end(&mut Vec::new());
        std::process::exit(0);
    });
}
