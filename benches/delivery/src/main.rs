//! The processes of the bench `delivery`: who is delivered to, and who delivers.
//!
//! Each prints what its parent has to know, and ends when its standard input closes.

use std::path::Path;

use federate_benches_delivery::{candidates, dead, queue, sink, worker};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["dead"] => dead::run(),
        ["sink", hosts] => sink::run(hosts.parse().unwrap()),
        ["deliver", name, town, folder] => {
            candidates::run(name, &serde_json::from_str(town).unwrap(), Path::new(folder));
        }
        ["rate", store, how] => queue::rate(store, how),
        ["record", store, how] => queue::record(store, how),
        ["fill", store, town, activities] => worker::fill(
            store,
            &serde_json::from_str(town).unwrap(),
            activities.parse().unwrap(),
        ),
        ["work", options] => worker::run(serde_json::from_str(options).unwrap()),
        ["restart", options] => worker::restart(&serde_json::from_str(options).unwrap()),
        other => panic!("this is started by `cargo bench`: {other:?}"),
    }
}
