//! The command line.

/// What was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// How many requests are drawn.
    pub requests: usize,
    /// From where; a run with the same seed draws the same.
    pub seed: u64,
}

impl Options {
    /// `--requests N`, by default 1,000, and `--seed N`, by default the one of `.ci/run`.
    ///
    /// # Errors
    /// A line for the user.
    pub fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut options = Self {
            requests: 1000,
            seed: 1922,
        };
        while let Some(argument) = arguments.next() {
            let value = arguments.next().and_then(|value| value.parse::<u64>().ok());
            match (argument.as_str(), value) {
                ("--requests", Some(value)) => {
                    options.requests = usize::try_from(value).unwrap_or(usize::MAX);
                }
                ("--seed", Some(value)) => options.seed = value,
                _ => {
                    return Err(format!(
                        "{argument} is not understood; usage: [--requests N] [--seed N]"
                    ));
                }
            }
        }
        Ok(options)
    }
}
