use serde::Serialize;
use serde_json::{Map, Value};

use super::names::{INBOUND, OUTBOUND, known, protocols, software_name};
use super::read::{MAX_DESCRIPTION, MAX_NAME, tidy};
use super::{NodeInfo, Version};

impl NodeInfo {
    /// The bytes to answer with, as the schema of the version has them, whatever stands in the fields.
    ///
    /// The schema is closed: what a version does not have (repository, homepage, the name of the instance), and protocols
    /// and services that it does not name, are left out; a server that speaks none of its protocols speaks `activitypub`.
    #[must_use]
    pub fn to_bytes(&self, version: Version) -> Vec<u8> {
        let has_links = version >= Version::V2_1;
        let has_instance = version >= Version::V2_2;
        let document = Document {
            version: version.as_str(),
            instance: has_instance.then(|| Instance {
                name: self.instance_name.as_deref().map(|text| tidy(text, MAX_NAME)),
                description: self
                    .instance_description
                    .as_deref()
                    .map(|text| tidy(text, MAX_DESCRIPTION)),
            }),
            software: Software {
                name: software_name(&self.software),
                version: &self.version,
                repository: self.repository.as_deref().filter(|_| has_links),
                homepage: self.homepage.as_deref().filter(|_| has_links),
            },
            protocols: protocols(&self.protocols, version),
            services: Services {
                inbound: known(&self.services_inbound, &INBOUND),
                outbound: known(&self.services_outbound, &OUTBOUND),
            },
            open_registrations: self.open_registrations,
            usage: Usage {
                users: Users {
                    total: self.users_total,
                    active_week: self.users_active_week.filter(|_| has_instance),
                    active_month: self.users_active_month,
                    active_halfyear: self.users_active_halfyear,
                },
                local_posts: self.local_posts,
                local_comments: self.local_comments,
            },
            metadata: &self.metadata,
        };
        // Strings, numbers and JSON values always serialise.
        serde_json::to_vec(&document).unwrap_or_default()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    version: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instance: Option<Instance>,
    software: Software<'a>,
    protocols: Vec<&'a str>,
    services: Services<'a>,
    open_registrations: bool,
    usage: Usage,
    metadata: &'a Map<String, Value>,
}

#[derive(Serialize)]
struct Instance {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

#[derive(Serialize)]
struct Software<'a> {
    name: String,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    homepage: Option<&'a str>,
}

#[derive(Serialize)]
struct Services<'a> {
    inbound: Vec<&'a str>,
    outbound: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Usage {
    users: Users,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_posts: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    local_comments: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Users {
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_week: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_month: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    active_halfyear: Option<u64>,
}
