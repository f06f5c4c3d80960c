//! The command line, and with what the program ends.

use crate::{
    db, demo,
    federation::Options,
    serve::{self, Settings},
};
use clap::{Parser, Subcommand, error::ErrorKind};
use std::{io::Write, net::SocketAddr, path::PathBuf};

/// Why the program ends: one line on stderr and an exit status.
#[derive(Debug)]
pub(crate) struct Stop {
    pub(crate) message: String,
    pub(crate) code: u8,
}

impl Stop {
    /// What the caller can mend: a flag, a directory, a port.
    pub(crate) fn usage(message: impl Into<String>) -> Stop {
        Stop {
            message: message.into(),
            code: 2,
        }
    }

    /// What went wrong at work.
    pub(crate) fn failed(message: impl Into<String>) -> Stop {
        Stop {
            message: message.into(),
            code: 1,
        }
    }
}

/// A small Mastodon-like instance.
#[derive(Debug, Parser)]
#[command(name = "instance", version, about, subcommand_required = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Show two instances talking: everything that people do, in both directions.
    Demo,
    /// Run one instance until Ctrl-C or SIGTERM.
    Serve {
        /// Where to listen; port 0 takes a free one.
        #[arg(long, value_name = "ADDRESS")]
        listen: SocketAddr,
        /// Scheme and host under which others reach this instance.
        #[arg(long, value_name = "URL")]
        base_url: String,
        /// The directory of its database.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// A PEM file with one more certification authority to trust.
        #[arg(long, value_name = "FILE")]
        extra_root_ca: Option<PathBuf>,
        /// Talk to peers on this machine too. Anybody can then make this instance ask its own machine.
        #[arg(long)]
        dangerous_allow_loopback: bool,
        /// Show posts and profiles to other servers only where they sign for it.
        #[arg(long)]
        authorized_fetch: bool,
    },
    /// Manage the people of an instance.
    Account {
        #[command(subcommand)]
        command: AccountCommand,
    },
}

#[derive(Debug, Subcommand)]
enum AccountCommand {
    /// Make an account; its bearer token is the last line.
    Create {
        /// Lower-case letters, digits and underscores, at most 30.
        name: String,
        /// The directory of the instance's database.
        #[arg(long, value_name = "DIR")]
        data: PathBuf,
        /// The name that people see.
        #[arg(long, value_name = "TEXT", default_value = "")]
        display_name: String,
        /// Followers must be approved.
        #[arg(long)]
        locked: bool,
        /// Marked as automated.
        #[arg(long)]
        bot: bool,
    },
}

/// Reads the command line and does what it says.
pub(crate) fn run() -> Result<(), Stop> {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(e) if matches!(e.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) => {
            let _ = write!(std::io::stdout(), "{e}");
            return Ok(());
        }
        Err(e) if e.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand => {
            return Err(Stop::usage(
                "no command: demo, serve, account create; --help says more",
            ));
        }
        Err(e) => return Err(Stop::usage(first_line(&e.to_string()))),
    };
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|e| Stop::failed(format!("cannot start: {e}")))?;
    runtime.block_on(Box::pin(dispatch(arguments.command)))
}

async fn dispatch(command: Command) -> Result<(), Stop> {
    match command {
        Command::Demo => {
            serve::logging("error");
            demo::run().await
        }
        Command::Serve {
            listen,
            base_url,
            data,
            extra_root_ca,
            dangerous_allow_loopback,
            authorized_fetch,
        } => {
            serve::logging("info,sqlx=warn");
            let extra_root_ca = match extra_root_ca {
                None => None,
                Some(file) => Some(std::fs::read(&file).map_err(|e| {
                    Stop::usage(format!("cannot read the certificate {}: {e}", file.display()))
                })?),
            };
            let settings = Settings {
                base_url,
                data,
                federation: Options {
                    extra_root_ca,
                    allow_loopback: dangerous_allow_loopback,
                    authorized_fetch,
                },
            };
            serve::serve(listen, &settings).await
        }
        Command::Account {
            command:
                AccountCommand::Create {
                    name,
                    data,
                    display_name,
                    locked,
                    bot,
                },
        } => {
            let token = create_account(&name, &data, &display_name, locked, bot).await?;
            writeln!(std::io::stdout(), "{token}")
                .map_err(|e| Stop::failed(format!("cannot print the token: {e}")))
        }
    }
}

/// Makes an account and returns its token. The server may run meanwhile.
pub(crate) async fn create_account(
    name: &str,
    data: &std::path::Path,
    display_name: &str,
    locked: bool,
    bot: bool,
) -> Result<String, Stop> {
    let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if name.is_empty() || name.len() > 30 || !name.chars().all(good) {
        return Err(Stop::usage(format!(
            "{name:?} cannot be a name: one to 30 lower-case letters, digits and underscores"
        )));
    }
    let db = db::open(data).await.map_err(Stop::usage)?;
    let made = async {
        let mut tx = db::begin(&db).await?;
        let Some(id) = db::accounts::create(&mut tx, name, display_name, locked, bot).await? else {
            return Ok(None);
        };
        let token = db::tokens::create_login(&mut tx, id).await?;
        tx.commit().await?;
        Ok::<_, sqlx::Error>(Some(token))
    };
    let token = made
        .await
        .map_err(|e| Stop::failed(format!("cannot write the account: {e}")))?;
    db.close().await;
    token.ok_or_else(|| Stop::usage(format!("there is an account {name:?} already")))
}

/// clap explains at length; a script wants one line.
fn first_line(text: &str) -> String {
    let mut lines = text
        .lines()
        .map(str::trim)
        .take_while(|l| !l.starts_with("Usage:"))
        .filter(|l| !l.is_empty());
    let first = lines.next().unwrap_or("the command line cannot be read");
    let first = first.strip_prefix("error: ").unwrap_or(first).to_owned();
    let rest: Vec<&str> = lines
        .take_while(|l| !l.starts_with("tip:") && !l.starts_with("For more"))
        .collect();
    if rest.is_empty() {
        first
    } else {
        format!("{first} {}", rest.join(" "))
    }
}
