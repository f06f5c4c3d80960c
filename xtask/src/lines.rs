//! How many lines federation costs, as the README says it.
//!
//! Counted is what stands in the repository, formatted by `cargo fmt`: lines that are neither blank nor a comment. Of
//! `examples/bot` all of them, imports and braces too; of `examples/embed`, which was a forum before, the whole of `federation.rs`
//! and every line of the other files that ends in `// +`. Of what is added there, no line may be without that mark that
//! names `federat`. The page of its moderators (`moderation.rs`) is not counted: it is the forum's own, whatever it moderates.

use std::fs;

/// Fewer than so many lines make a bot, and an application federate.
const BOT: usize = 40;
const EMBED: usize = 150;
const MARK: &str = "// +";

/// Both examples are as short as they are said to be.
pub(crate) fn check() -> Result<String, Vec<String>> {
    let bot = read("examples/bot/src/main.rs")?;
    let whole = read("examples/embed/src/federation.rs")?;
    let others = [
        read("examples/embed/src/lib.rs")?,
        read("examples/embed/src/main.rs")?,
    ]
    .concat();
    judge(&bot, &whole, &others)
}

fn read(path: &str) -> Result<String, Vec<String>> {
    fs::read_to_string(path).map_err(|e| vec![format!("cannot read {path}: {e}")])
}

fn judge(bot: &str, whole: &str, others: &str) -> Result<String, Vec<String>> {
    let mut problems = Vec::new();
    let (bot, marked) = (
        code(bot).count(),
        code(others).filter(|line| line.ends_with(MARK)).count(),
    );
    let embed = code(whole).count() + marked;
    for (name, lines, limit) in [("bot", bot, BOT), ("embed", embed, EMBED)] {
        if lines >= limit {
            problems.push(format!(
                "examples/{name} has {lines} lines, not fewer than {limit}"
            ));
        }
    }
    let unmarked = code(others).filter(|line| line.contains("federat") && !line.ends_with(MARK));
    problems.extend(unmarked.map(|line| format!("not marked by `{MARK}`: {line}")));
    if problems.is_empty() {
        Ok(format!("lines: bot {bot} of {BOT}, embed {embed} of {EMBED}"))
    } else {
        Err(problems)
    }
}

fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("//"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limits_are_exact() {
        let lines = |n: usize| "let x = 1;\n// a comment\n\n".repeat(n);
        assert!(
            judge(
                &lines(39),
                &lines(147),
                "federate(); // +\nother();\n  more(); // +\n"
            )
            .is_ok()
        );
        assert!(judge(&lines(40), &lines(1), "").is_err());
        assert!(judge(&lines(1), &lines(149), "federate(); // +\n").is_err());
        assert!(judge(&lines(1), &lines(1), "federate();\n").is_err());
    }

    #[test]
    fn both_examples_are_short() {
        std::env::set_current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
        check().unwrap();
    }
}
