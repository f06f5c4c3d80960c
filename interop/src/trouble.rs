use std::fmt;

/// Why a step or the run cannot go on: a line for people.
#[derive(Debug, Clone)]
pub(crate) struct Trouble(String);

impl Trouble {
    pub(crate) fn new(line: impl Into<String>) -> Self {
        Self(line.into())
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Trouble {}

/// A cause with what was being done when it came up.
pub(crate) fn at<E: std::error::Error>(what: &str) -> impl FnOnce(E) -> Trouble {
    move |error| {
        let mut line = format!("{what}: {error}");
        let mut cause = error.source();
        while let Some(error) = cause {
            line.push_str(&format!(": {error}"));
            cause = error.source();
        }
        Trouble(line)
    }
}
