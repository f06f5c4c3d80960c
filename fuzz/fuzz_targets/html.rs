//! Remote HTML: no panic, and nothing that runs comes out.
#![no_main]

use federate_activitystreams::html;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let safe = html::sanitize(text);
    let lower = safe.to_ascii_lowercase();
    assert!(!lower.contains("<script") && !lower.contains("<style") && !lower.contains("<iframe"));
    assert_eq!(html::sanitize(&safe), safe, "what is safe stays as it is");
    let _ = html::to_plain_text(text);
});
