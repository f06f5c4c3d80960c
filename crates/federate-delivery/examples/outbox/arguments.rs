//! What stands on the command line.

use std::collections::VecDeque;
use std::time::Duration;

/// What is to be done, and to what.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) store: String,
    pub(crate) command: Command,
}

#[derive(Debug)]
pub(crate) enum Command {
    Enqueue { inboxes: String, count: u64, each: bool },
    Work(Work),
    Status { json: bool },
    Retry { host: Option<String> },
    Dead { host: Option<String>, json: bool },
    Inspect { activity: String, inbox: String },
    Purge { host: String },
    Pause { host: String },
    Resume { host: String },
    Transfer { to: String },
    Backup { to: String },
    Allow,
}

/// How a worker works.
#[derive(Debug, Default)]
pub(crate) struct Work {
    pub(crate) until_empty: bool,
    pub(crate) allow_loopback: bool,
    pub(crate) extra_root_ca: Option<String>,
    pub(crate) worker: Option<String>,
    pub(crate) first_retry: Option<Duration>,
}

/// Options that were given and not yet asked for.
struct Options {
    flags: Vec<String>,
    values: Vec<(String, String)>,
    places: VecDeque<String>,
}

const FLAGS: [&str; 4] = ["--each", "--until-empty", "--dangerous-allow-loopback", "--json"];
const VALUES: [&str; 8] = [
    "--store",
    "--inboxes",
    "--count",
    "--extra-root-ca",
    "--worker",
    "--first-retry",
    "--host",
    "--to",
];

impl Arguments {
    pub(crate) fn parse(texts: &[String]) -> Result<Self, String> {
        let (command, rest) = texts
            .split_first()
            .ok_or("what is to be done is missing; --help shows how")?;
        let mut options = Options::read(rest)?;
        let store = options.value("--store")?;
        is_store(&store)?;
        let command = match command.as_str() {
            "enqueue" => Command::Enqueue {
                inboxes: options.value("--inboxes")?,
                count: options
                    .value("--count")?
                    .parse()
                    .map_err(|_| "--count is no number")?,
                each: options.flag("--each"),
            },
            "work" => Command::Work(Work {
                until_empty: options.flag("--until-empty"),
                allow_loopback: options.flag("--dangerous-allow-loopback"),
                extra_root_ca: options.value("--extra-root-ca").ok(),
                worker: options.value("--worker").ok(),
                first_retry: options
                    .value("--first-retry")
                    .ok()
                    .map(|text| seconds(&text))
                    .transpose()?,
            }),
            "status" => Command::Status {
                json: options.flag("--json"),
            },
            "retry" => Command::Retry {
                host: options.value("--host").ok(),
            },
            "dead" => Command::Dead {
                host: options.value("--host").ok(),
                json: options.flag("--json"),
            },
            "inspect" => Command::Inspect {
                activity: options.place("ACTIVITY")?,
                inbox: options.place("INBOX")?,
            },
            "purge" => Command::Purge {
                host: options.value("--host")?,
            },
            "pause" => Command::Pause {
                host: options.value("--host")?,
            },
            "resume" => Command::Resume {
                host: options.value("--host")?,
            },
            "transfer" => {
                let to = options.value("--to")?;
                is_store(&to)?;
                Command::Transfer { to }
            }
            "backup" => Command::Backup {
                to: options.value("--to")?,
            },
            "allow" => Command::Allow,
            other => {
                return Err(format!(
                    "{other} is nothing that can be done; --help shows what is"
                ));
            }
        };
        options.end()?;
        Ok(Self { store, command })
    }
}

fn is_store(name: &str) -> Result<(), String> {
    let kinds = ["sqlite:", "postgres://", "postgresql://"];
    let is_of = |kind: &str| name.strip_prefix(kind).is_some_and(|rest| !rest.is_empty());
    match kinds.into_iter().any(is_of) {
        true => Ok(()),
        false => Err(format!("{name} is no store: sqlite:FILE or postgres://...")),
    }
}

impl Options {
    fn read(texts: &[String]) -> Result<Self, String> {
        let mut options = Self {
            flags: Vec::new(),
            values: Vec::new(),
            places: VecDeque::new(),
        };
        let mut texts = texts.iter();
        while let Some(text) = texts.next() {
            if FLAGS.contains(&text.as_str()) {
                options.flags.push(text.clone());
            } else if VALUES.contains(&text.as_str()) {
                let value = texts.next().ok_or_else(|| format!("{text} needs a value"))?;
                options.values.push((text.clone(), value.clone()));
            } else if !text.starts_with('-') {
                options.places.push_back(text.clone());
            } else {
                return Err(format!("{text} is no option; --help shows them"));
            }
        }
        Ok(options)
    }

    fn flag(&mut self, name: &str) -> bool {
        let before = self.flags.len();
        self.flags.retain(|flag| flag != name);
        self.flags.len() < before
    }

    fn value(&mut self, name: &str) -> Result<String, String> {
        let place = self.values.iter().position(|(given, _)| given == name);
        place
            .map(|place| self.values.remove(place).1)
            .ok_or_else(|| format!("{name} is missing; --help shows how"))
    }

    /// What stands without a name, in its order.
    fn place(&mut self, name: &str) -> Result<String, String> {
        self.places
            .pop_front()
            .ok_or_else(|| format!("{name} is missing; --help shows how"))
    }

    /// What nobody asked for belongs to another command, or stands twice.
    fn end(self) -> Result<(), String> {
        let mut left = self
            .flags
            .into_iter()
            .chain(self.values.into_iter().map(|(name, _)| name))
            .chain(self.places);
        match left.next() {
            Some(name) => Err(format!("{name} does not belong here, or stands twice")),
            None => Ok(()),
        }
    }
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().map(Duration::try_from_secs_f64);
    match seconds {
        Ok(Ok(duration)) if !duration.is_zero() => Ok(duration),
        _ => Err(format!("--first-retry {text} is no number of seconds")),
    }
}
