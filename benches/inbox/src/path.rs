//! What one request takes without sockets and without a disk, counted by callgrind: only what [`measured`] does counts.

use std::fs;
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use federate_server::{Actors, Engine, Federation};
use federate_store::Memory;
use http::Request;
use tokio::runtime::Runtime;

use crate::servers::bare::Bare;
use crate::servers::ours::Instance;
use crate::signed::{Pens, from_wire, to_wire};
use crate::tally::Tally;

/// Signs so many Creates into a file: the signing is not to be counted.
pub fn sign(file: &Path, count: u64) {
    let pens = Pens::default();
    let mut bytes = Vec::new();
    for number in 0..count {
        let wire = to_wire(&pens.create(number));
        bytes.extend_from_slice(&u32::try_from(wire.len()).unwrap().to_be_bytes());
        bytes.extend_from_slice(&wire);
    }
    fs::write(file, bytes).unwrap();
}

/// Takes the first of them, in one of these ways:
///
/// - `verify`: digest and signature alone, as the bare handler does;
/// - `bare`: the bare handler;
/// - `accept`: ours up to the answer 202, with the store in memory;
/// - `handle`: what ours does afterwards, to the end of the handler and what is written then.
pub fn run(what: &str, file: &Path, count: usize) {
    let requests = read(file, count);
    let tally = Arc::new(Tally::default());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    match what {
        "verify" | "bare" => {
            let bare = Bare::new(tally);
            for request in &requests {
                measured(&runtime, Box::pin(take_bare(&bare, what, request)));
            }
        }
        "accept" | "handle" => {
            let (instance, engine) = runtime.block_on(Instance::new(Memory::new(), Arc::clone(&tally), None));
            for request in requests {
                let accepting = Box::pin(accept(&instance.federation, request));
                if what == "accept" {
                    measured(&runtime, accepting);
                } else {
                    runtime.block_on(accepting);
                }
            }
            if what == "handle" {
                measured(&runtime, Box::pin(handle(&engine)));
                assert_eq!(tally.report(0).handled, u64::try_from(count).unwrap());
            }
        }
        other => panic!("there is no {other}"),
    }
}

/// The one function whose instructions are counted, and those of all that it calls.
#[inline(never)]
pub fn measured(runtime: &Runtime, work: Pin<Box<dyn Future<Output = ()> + '_>>) {
    runtime.block_on(work);
}

async fn take_bare(bare: &Bare, what: &str, request: &Request<Bytes>) {
    let (target, headers, body) = (request.uri().path(), request.headers(), request.body());
    let taken = match what {
        "verify" => bare.verify("POST", target, headers, body),
        _ => bare.take("POST", target, headers, body),
    };
    assert!(taken.is_some());
}

async fn accept(federation: &Federation<Actors<Memory>>, request: Request<Bytes>) {
    let response = federation.handle(request).await.unwrap();
    assert_eq!(response.status(), 202);
}

async fn handle(engine: &Engine) {
    while !engine.step().await.is_idle() {}
}

fn read(file: &Path, count: usize) -> Vec<Request<Bytes>> {
    let bytes = fs::read(file).unwrap();
    let mut rest = bytes.as_slice();
    let requests: Vec<_> = std::iter::from_fn(|| {
        let (length, after) = rest.split_first_chunk::<4>()?;
        let (wire, after) = after.split_at(usize::try_from(u32::from_be_bytes(*length)).unwrap());
        rest = after;
        Some(from_wire(wire))
    })
    .take(count)
    .collect();
    assert_eq!(requests.len(), count, "there are not so many in the file");
    requests
}
