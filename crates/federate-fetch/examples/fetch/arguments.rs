//! What stands on the command line.

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Arguments {
    pub(crate) asked: String,
    pub(crate) allow_loopback: bool,
    pub(crate) extra_root_ca: Option<String>,
    pub(crate) json: bool,
}

impl Arguments {
    pub(crate) fn parse(texts: &[String]) -> Result<Self, String> {
        let mut arguments = Self::default();
        let mut asked = Vec::new();
        let mut texts = texts.iter();
        while let Some(text) = texts.next() {
            match text.as_str() {
                "--dangerous-allow-loopback" => arguments.allow_loopback = true,
                "--json" => arguments.json = true,
                "--extra-root-ca" => {
                    let path = texts.next().ok_or("--extra-root-ca needs a file")?;
                    if arguments.extra_root_ca.replace(path.clone()).is_some() {
                        return Err(
                            "--extra-root-ca stands twice; one file may hold several certificates".to_owned(),
                        );
                    }
                }
                option if option.starts_with('-') => {
                    return Err(format!("{option} is no option; --help shows them"));
                }
                other => asked.push(other),
            }
        }
        match asked.as_slice() {
            [one] if !one.trim().is_empty() => {
                arguments.asked = (*one).to_owned();
                Ok(arguments)
            }
            [] | [_] => Err("what is to be looked up is missing; --help shows how".to_owned()),
            [_, second, ..] => Err(format!("one handle or URL at a time, and {second} is a second")),
        }
    }
}
