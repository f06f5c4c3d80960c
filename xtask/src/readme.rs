//! The commands and the program that `README.md` shows are those that are run and compiled.

/// The two commands that a newcomer types, as they stand in the README and in `.ci/run`.
const COMMANDS: [&str; 2] = [
    "cargo run --release -p instance -- demo",
    "cargo test --workspace",
];

/// README, `.ci/run` and `examples/bot` agree.
pub(crate) fn check() -> Result<String, Vec<String>> {
    let read =
        |path: &str| std::fs::read_to_string(path).map_err(|e| vec![format!("cannot read {path}: {e}")]);
    let (readme, ci, bot) = (
        read("README.md")?,
        read(".ci/run")?,
        read("examples/bot/src/main.rs")?,
    );

    let mut problems = Vec::new();
    for command in COMMANDS {
        for (page, text) in [("README.md", &readme), (".ci/run", &ci)] {
            if !text.contains(command) {
                problems.push(format!("{page} does not hold `{command}`"));
            }
        }
    }
    let program: Vec<&str> = bot
        .lines()
        .skip_while(|line| line.starts_with("//!") || line.is_empty())
        .collect();
    if !readme.contains(program.join("\n").trim()) {
        problems.push("the program in README.md is not that of examples/bot".to_owned());
    }
    if problems.is_empty() {
        Ok(format!(
            "readme: both commands are run by .ci/run, the program has {} lines and is compiled",
            program.len()
        ))
    } else {
        Err(problems)
    }
}
