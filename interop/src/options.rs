use std::path::PathBuf;

use crate::launch::Kind;

const USAGE: &str = "usage: cargo run -p interop -- [--instance FILE] [--capture DIR] [--first-knock rfc9421|draft-cavage-http-signatures-12] [--peer fedify|apkit] [--self-check] [--verbose]";

/// What was asked for.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// The instance's binary; built with cargo if none is given.
    pub(crate) instance: Option<PathBuf>,
    /// Where everything that crossed is written.
    pub(crate) capture: Option<PathBuf>,
    /// With which kind of signature the peer tries a server that it does not know.
    pub(crate) first_knock: Option<String>,
    /// This peer alone.
    pub(crate) peer: Option<Kind>,
    /// Two peers against each other, without an instance.
    pub(crate) self_check: bool,
    /// The logs of both sides go to stderr.
    pub(crate) verbose: bool,
    /// Whether a run that is skipped counts as failed.
    pub(crate) skipping_is_failure: bool,
}

impl Options {
    pub(crate) fn from_arguments(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        #[expect(
            clippy::disallowed_methods,
            reason = "CI tells by its environment that it is one"
        )]
        let ci = std::env::var("CI").unwrap_or_default();
        let mut options = Self {
            skipping_is_failure: ci == "true" || ci == "1",
            ..Self::default()
        };
        while let Some(argument) = arguments.next() {
            let mut value = || {
                arguments
                    .next()
                    .ok_or_else(|| format!("{argument} needs a value; {USAGE}"))
            };
            match argument.as_str() {
                "--instance" => options.instance = Some(value()?.into()),
                "--capture" => options.capture = Some(value()?.into()),
                "--first-knock" => options.first_knock = Some(value()?),
                "--peer" => {
                    let name = value()?;
                    let known = Kind::ALL.into_iter().find(|kind| kind.name() == name);
                    options.peer = Some(known.ok_or_else(|| format!("there is no peer {name}; {USAGE}"))?);
                }
                "--self-check" => options.self_check = true,
                "--verbose" => options.verbose = true,
                _ => return Err(format!("{argument} is not understood; {USAGE}")),
            }
        }
        if options.self_check && options.capture.is_some() {
            return Err("--capture keeps what an instance says: it does not go with --self-check".to_owned());
        }
        Ok(options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Result<Options, String> {
        Options::from_arguments(line.split_whitespace().map(str::to_owned))
    }

    #[test]
    fn options_are_read() {
        let options = parse("--capture there --first-knock rfc9421").unwrap();
        assert_eq!(options.capture, Some(PathBuf::from("there")));
        assert_eq!(options.first_knock.as_deref(), Some("rfc9421"));
        assert!(!options.self_check && !options.verbose && options.instance.is_none());
        assert_eq!(parse("--peer apkit").unwrap().peer, Some(Kind::Apkit));
        assert!(parse("--peer nobody").unwrap_err().contains("there is no peer"));
        assert!(parse("--capture").unwrap_err().contains("needs a value"));
        assert!(parse("--self-check --capture there").is_err());
        assert!(parse("--nonsense").unwrap_err().contains("not understood"));
    }
}
