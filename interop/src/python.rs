//! Where Python and the packages of the peer in Python are.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;
use tokio::time::timeout;

use crate::out;
use crate::trouble::{Trouble, at};

/// The oldest Python that the peer's packages take: 3.11.
const OLDEST: u32 = 11;
/// How long the packages may take to be installed.
const INSTALL: Duration = Duration::from_secs(300);

/// The interpreter of an environment in which the packages are, and the folder of the peer.
#[derive(Debug)]
pub(crate) struct Python {
    pub(crate) program: PathBuf,
    pub(crate) folder: PathBuf,
}

impl Python {
    /// Finds Python, and makes an environment with the peer's packages if there is none for this list of them. The inner
    /// error is a reason to skip the run.
    pub(crate) async fn find() -> Result<Result<Self, String>, Trouble> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("apkit");
        let wanted = std::fs::read(folder.join("requirements.txt")).map_err(at("the list of packages"))?;
        let environment = folder.join(".venv");
        let program = environment.join("bin/python");
        // Written last, with what was installed.
        let installed = environment.join("installed.txt");
        if std::fs::read(&installed).is_ok_and(|list| list == wanted) {
            return Ok(Ok(Self { program, folder }));
        }
        let Some(python) = newest().await else {
            return Ok(Err(format!("there is no Python 3.{OLDEST} or later")));
        };
        out("installing the peer's packages: pip install -r requirements.txt");
        let mut make = Command::new(python);
        make.args(["-m", "venv", "--clear"]).arg(&environment);
        if !succeeds(&mut make).await? {
            return Ok(Err("python -m venv failed: is python3-venv installed?".to_owned()));
        }
        let mut install = Command::new(&program);
        install
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "-r",
            ])
            .arg("requirements.txt")
            .current_dir(&folder);
        if !succeeds(&mut install).await? {
            return Ok(Err("pip install failed".to_owned()));
        }
        std::fs::write(&installed, wanted).map_err(at("the environment"))?;
        Ok(Ok(Self { program, folder }))
    }
}

/// A Python that is new enough.
async fn newest() -> Option<&'static str> {
    for program in ["python3", "python3.13", "python3.12", "python3.11"] {
        let version = Command::new(program)
            .args(["-c", "import sys; print(sys.version_info.minor)"])
            .stdin(Stdio::null())
            .output()
            .await;
        let minor = version.ok().and_then(|said| {
            let minor = String::from_utf8(said.stdout).ok()?;
            minor.trim().parse::<u32>().ok()
        });
        if minor.is_some_and(|minor| minor >= OLDEST) {
            return Some(program);
        }
    }
    None
}

async fn succeeds(command: &mut Command) -> Result<bool, Trouble> {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).status();
    let status = timeout(INSTALL, running)
        .await
        .map_err(at("the installation of the packages takes too long"))?
        .map_err(at("the installation of the packages"))?;
    Ok(status.success())
}
