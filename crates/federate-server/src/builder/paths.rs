//! Where an instance is, and whether its templates can be told apart.

use federate_protocol::activitystreams::Iri;
use url::{Host, Url};

use super::BuildError;
use crate::media::MediaOption;
use crate::uris::{is_interaction, is_template, shape};
use crate::{Builder, Directory, Paths, Uris};

impl<App: Directory> Builder<App> {
    pub(super) fn checked_uris(&self) -> Result<Uris, BuildError> {
        let url = Url::parse(&self.base_url).map_err(|_| BuildError::BaseUrl)?;
        let host = url.host().ok_or(BuildError::BaseUrl)?;
        let more = url.path() != "/"
            || url.query().is_some()
            || url.fragment().is_some()
            || !url.username().is_empty()
            || url.password().is_some();
        if more {
            return Err(BuildError::BaseUrlHasMore);
        }
        let loopback = match host {
            Host::Domain(name) => name == "localhost" || name.ends_with(".localhost"),
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.is_loopback(),
        };
        match url.scheme() {
            "https" => {}
            // Nobody else reaches it there; whether it may talk to its neighbours is another question.
            "http" if loopback => {}
            "http" => return Err(BuildError::BaseUrlNotHttps),
            _ => return Err(BuildError::BaseUrl),
        }
        // The URL's own spelling is the one in which every peer writes our ids.
        let root = Iri::parse(url.as_str()).map_err(|_| BuildError::BaseUrl)?;
        let origin = root.origin().ok_or(BuildError::BaseUrl)?;
        let mut paths = self.paths.clone();
        if matches!(self.media, MediaOption::Off) {
            paths.media.clear();
        }
        if !self.relaying.has_actor() {
            paths.relay.clear();
        }
        check_paths(&paths)?;
        Ok(Uris::new(root, origin, paths))
    }
}

/// The most parts that an object's key can have.
const MOST_PLACEHOLDERS: usize = 8;

fn check_paths(paths: &Paths) -> Result<(), BuildError> {
    let mut templates = vec![(&paths.actor, 1)];
    templates.extend(paths.profile.iter().map(|template| (template, 1)));
    templates.extend(paths.parts.iter().map(|(_, template)| (template, 1)));
    templates.extend(
        paths
            .objects
            .iter()
            .map(|(_, template)| (template, MOST_PLACEHOLDERS)),
    );
    for (index, (template, most)) in templates.iter().enumerate() {
        if !is_template(template, 1..=*most) {
            return Err(BuildError::Template((*template).clone()));
        }
        if templates
            .iter()
            .skip(index + 1)
            .any(|(other, _)| shape(other) == shape(template))
        {
            return Err(BuildError::TemplateTwice((*template).clone()));
        }
    }
    let media = Some(&paths.media).filter(|path| !path.is_empty());
    let relay = Some(&paths.relay).filter(|path| !path.is_empty());
    let fixed = || {
        [&paths.inbox, &paths.instance]
            .into_iter()
            .chain(media)
            .chain(relay)
    };
    for fixed in fixed() {
        if !fixed.starts_with('/') || fixed.contains(['{', '}', '?', '#']) {
            return Err(BuildError::Template(fixed.clone()));
        }
    }
    if !paths.has_usual_key() {
        return Err(BuildError::Template(paths.key.clone()));
    }
    for (rel, template) in &paths.interactions {
        if !is_interaction(rel, template) {
            return Err(BuildError::Template(template.clone()));
        }
    }
    if let Some(twice) = fixed().find(|one| fixed().filter(|other| other == one).count() > 1) {
        return Err(BuildError::TemplateTwice(twice.clone()));
    }
    Ok(())
}
