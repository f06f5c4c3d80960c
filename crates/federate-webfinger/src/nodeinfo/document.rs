use serde_json::{Map, Value};

use super::names::software_name;

/// What a server says about itself. Texts of other servers are plain text: escape them before you show them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeInfo {
    /// `software.name`. The schema wants `[a-z0-9-]+`; what comes from others may have other characters.
    pub software: String,
    /// `software.version`.
    pub version: String,
    /// `software.repository` (from 2.1).
    pub repository: Option<String>,
    /// `software.homepage` (from 2.1).
    pub homepage: Option<String>,
    /// `instance.name` (from 2.2). See [`name`](Self::name).
    pub instance_name: Option<String>,
    /// `instance.description` (from 2.2). See [`description`](Self::description).
    pub instance_description: Option<String>,
    /// `protocols`; of the old forms with two directions, those of both.
    pub protocols: Vec<String>,
    /// `services.inbound`: where it gets messages from.
    pub services_inbound: Vec<String>,
    /// `services.outbound`: where it can publish.
    pub services_outbound: Vec<String>,
    /// `openRegistrations`.
    pub open_registrations: bool,
    /// `usage.users.total`.
    pub users_total: Option<u64>,
    /// `usage.users.activeWeek` (from 2.2).
    pub users_active_week: Option<u64>,
    /// `usage.users.activeMonth`.
    pub users_active_month: Option<u64>,
    /// `usage.users.activeHalfyear`.
    pub users_active_halfyear: Option<u64>,
    /// `usage.localPosts`.
    pub local_posts: Option<u64>,
    /// `usage.localComments`.
    pub local_comments: Option<u64>,
    /// `metadata`: whatever else.
    pub metadata: Map<String, Value>,
}

impl NodeInfo {
    /// A document for a server that speaks ActivityPub. The rest is set by field.
    ///
    /// `software` is brought to what the schema wants: lower case, everything else becomes `-`.
    #[must_use]
    pub fn new(software: &str, version: &str) -> Self {
        Self {
            software: software_name(software),
            version: version.to_owned(),
            protocols: vec!["activitypub".to_owned()],
            ..Self::default()
        }
    }

    /// Names the instance, where 2.2 has it and where those look for it who read older versions (`metadata.nodeName` and
    /// `nodeDescription`).
    #[must_use]
    pub fn named(mut self, name: &str, description: &str) -> Self {
        for (key, text) in [(NODE_NAME, name), (NODE_DESCRIPTION, description)] {
            self.metadata.insert(key.to_owned(), text.into());
        }
        self.instance_name = Some(name.to_owned());
        self.instance_description = Some(description.to_owned());
        self
    }

    /// What the instance is called: by 2.2, or by the metadata of older versions. May have control characters in it there.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.instance_name.as_deref().or_else(|| self.text(NODE_NAME))
    }

    /// What the instance says about itself, in the same way.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.instance_description
            .as_deref()
            .or_else(|| self.text(NODE_DESCRIPTION))
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.metadata.get(key).and_then(Value::as_str)
    }
}

const NODE_NAME: &str = "nodeName";
const NODE_DESCRIPTION: &str = "nodeDescription";
