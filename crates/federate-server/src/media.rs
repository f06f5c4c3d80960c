//! Media files of other servers at URLs of ours.

use std::fmt;
use std::io;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use federate_fetch::media::{MediaCache, MediaProxy, MediaPurge};
use federate_protocol::Secret;
use federate_protocol::activitystreams::Iri;

use crate::{Builder, Directory, Federation, Uris};

/// For what the secret of the instance makes these codes.
const PURPOSE: &str = "media";

/// Whether media files are passed on, and where they are kept.
#[derive(Clone, Default)]
pub(crate) enum MediaOption {
    #[default]
    Off,
    On(Option<Arc<dyn MediaCache>>),
}

impl fmt::Debug for MediaOption {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            MediaOption::Off => "Off",
            MediaOption::On(None) => "On",
            MediaOption::On(Some(_)) => "On, kept",
        })
    }
}

impl<App: Directory> Builder<App> {
    /// Pictures, sounds and films of other servers are given out at URLs of this instance, so that those servers do not see who looks at them;
    /// [`Federation::media_url`] makes the URLs, [`Paths::media`](crate::Paths::media) says where they are. Nothing is kept: each time that
    /// somebody looks, the file is fetched.
    ///
    /// Only URLs that the instance itself made are answered, so that nobody can use it to fetch what he likes. What is given out is a
    /// [media file by its bytes](federate_protocol::media), and carries headers under which no browser runs it.
    pub fn media_proxy(mut self) -> Self {
        self.media = MediaOption::On(None);
        self
    }

    /// The same, and files are kept for as long as [`Limits::media_lifetime`](federate_protocol::Limits::media_lifetime) says:
    /// `.media_cache(Arc::new(MediaFolder::open("media", 1 << 30).await?))`.
    pub fn media_cache(mut self, cache: Arc<dyn MediaCache>) -> Self {
        self.media = MediaOption::On(Some(cache));
        self
    }
}

impl<App: Directory> Federation<App> {
    /// Where our people see this file of another server: a URL of this instance. A file of our own is where it is.
    ///
    /// `None`: no [proxy](Builder::media_proxy) is switched on, or nothing may be fetched from there, for example because the host
    /// is suspended. It is then better not shown.
    pub fn media_url(&self, file: &Iri) -> Option<Iri> {
        if self.uris().is_local(file) {
            return Some(file.clone());
        }
        self.inner.media.as_ref()?;
        self.inner.fetcher.rules().admit(file).ok()?;
        url(self.uris(), &self.inner.secret, file)
    }

    /// Removes files of others that are kept: those of a host that was suspended, of a time in which something bad came, or of one
    /// URL. How many.
    ///
    /// # Errors
    ///
    /// The cache's.
    pub async fn purge_media(&self, which: &MediaPurge) -> io::Result<u64> {
        match &self.inner.media {
            Some(proxy) => proxy.purge(which).await,
            None => Ok(0),
        }
    }
}

pub(crate) fn proxy(option: MediaOption, fetcher: &Arc<federate_fetch::Fetcher>) -> Option<MediaProxy> {
    match option {
        MediaOption::Off => None,
        MediaOption::On(cache) => Some(MediaProxy::new(Arc::clone(fetcher), cache)),
    }
}

fn url(uris: &Uris, secret: &Secret, file: &Iri) -> Option<Iri> {
    let code = secret.code(PURPOSE, file.as_str().as_bytes());
    let (code, name) = (
        URL_SAFE_NO_PAD.encode(code),
        URL_SAFE_NO_PAD.encode(file.as_str()),
    );
    // A URL at the limit of what is an id has no room for ours around it.
    Iri::parse(&format!("{}{}/{code}/{name}", uris.base(), uris.media())).ok()
}

/// The file that a path below [`Uris::media`] stands for; `None` where it is none that we made.
pub(crate) fn file(secret: &Secret, below: &str) -> Option<Iri> {
    let (code, name) = below.split_once('/')?;
    let code = URL_SAFE_NO_PAD.decode(code).ok()?;
    let name = String::from_utf8(URL_SAFE_NO_PAD.decode(name).ok()?).ok()?;
    secret
        .is_code(PURPOSE, name.as_bytes(), &code)
        .then(|| Iri::parse(&name).ok())?
}
