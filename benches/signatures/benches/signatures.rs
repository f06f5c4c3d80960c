//! `cargo bench -p federate-benches-signatures [-- --no-instructions]`; see ../../README.md.

use federate_benches_signatures::{cases, instructions, print, run_one};

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|argument| argument != "--bench")
        .collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let mut cases = cases();
    match arguments.as_slice() {
        // What valgrind is started with.
        ["--one", index, times] => run_one(&mut cases, index.parse().unwrap(), times.parse().unwrap()),
        ["--no-instructions"] => print(&mut cases, None),
        _ => match instructions(cases.len()) {
            Ok(counts) => print(&mut cases, Some(&counts)),
            Err(why) => {
                println!("no instructions: {why}");
                print(&mut cases, None);
            }
        },
    }
}
