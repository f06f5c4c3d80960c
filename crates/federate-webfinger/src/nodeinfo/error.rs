/// Why bytes are not NodeInfo.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadNodeInfo {
    /// More than 64 KiB.
    #[error("the document is larger than 64 KiB")]
    TooLarge,
    /// Not JSON.
    #[error("the document is not JSON")]
    NotJson(#[source] serde_json::Error),
    /// JSON, but not an object.
    #[error("the document is not a JSON object")]
    NotAnObject,
}
