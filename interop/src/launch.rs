//! The peers that there are, and what starts them.

use std::path::PathBuf;

use crate::node::Node;
use crate::options::Options;
use crate::python::Python;
use crate::trouble::Trouble;

/// A peer that others wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A server on Fedify, in node.
    Fedify,
    /// A server on apkit, in Python.
    Apkit,
}

/// A program that is a peer, with its packages installed.
#[derive(Debug)]
pub(crate) struct Launch {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<String>,
    pub(crate) folder: PathBuf,
}

impl Kind {
    pub(crate) const ALL: [Self; 2] = [Self::Fedify, Self::Apkit];

    /// What `--peer` calls it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Fedify => "fedify",
            Self::Apkit => "apkit",
        }
    }

    /// How it is started under a name, after its packages are installed. The inner error is a reason to skip it.
    pub(crate) async fn launch(
        self,
        name: &str,
        options: &Options,
    ) -> Result<Result<Launch, String>, Trouble> {
        let (program, folder, script) = match self {
            Self::Fedify => match Node::find().await? {
                Ok(node) => (node.program, node.folder, "peer.mjs"),
                Err(why) => return Ok(Err(why)),
            },
            Self::Apkit => match Python::find().await? {
                Ok(python) => (python.program, python.folder, "peer.py"),
                Err(why) => return Ok(Err(why)),
            },
        };
        let mut arguments = vec![script.to_owned(), "--name".to_owned(), name.to_owned()];
        if self == Self::Fedify
            && let Some(kind) = &options.first_knock
        {
            arguments.extend(["--first-knock".to_owned(), kind.clone()]);
        }
        if options.verbose {
            arguments.push("--log".to_owned());
        }
        Ok(Ok(Launch {
            program,
            arguments,
            folder,
        }))
    }
}
