//! `cargo run --release -p federate-differential [-- --requests N --seed N]`: what we sign, actpub-httpsig, httpsig and
//! Fedify verify, and the other way round. Fedify is left out, with a line that says so, where there is no node.

mod actpub;
mod httpsig;

use signature_differential::{Fedify, Options, Peer, run};
use std::process::ExitCode;

fn main() -> ExitCode {
    let options = match Options::from_arguments(std::env::args().skip(1)) {
        Ok(options) => options,
        Err(line) => {
            eprintln!("{line}");
            return ExitCode::from(2);
        }
    };
    let mut peers: Vec<Box<dyn Peer>> =
        vec![Box::new(actpub::Actpub::new()), Box::new(httpsig::Httpsig::new())];
    match Fedify::start() {
        Ok(fedify) => peers.push(Box::new(fedify)),
        Err(why) => println!("without Fedify: {why}"),
    }
    let mut good = true;
    for peer in &mut peers {
        good &= run(peer.as_mut(), options.seed, options.requests);
    }
    if good {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}
