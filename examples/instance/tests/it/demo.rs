//! `instance demo`.

use crate::program::run;

#[test]
fn everything_crosses_in_both_directions() {
    let out = run(&["demo"]);
    let said = String::from_utf8(out.stdout).unwrap();
    assert!(
        out.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&out.stderr)
    );
    assert!(
        said.lines()
            .last()
            .unwrap()
            .starts_with("all 26 steps were observed"),
        "{said}"
    );
    for step in [
        "follow",
        "accept",
        "post",
        "reply",
        "like",
        "boost",
        "edit",
        "undo the like",
        "undo the boost",
        "delete",
        "unfollow",
    ] {
        let seen = said
            .lines()
            .filter(|line| line.contains(&format!("ms  {step} ")))
            .count();
        assert_eq!(seen, 2, "{step}: {said}");
    }
}
