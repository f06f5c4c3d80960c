/// What a document may cost. Every field can be set; the defaults let pass what the fediverse sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Levels of nesting.
    pub depth: usize,
    /// Names and values.
    pub members: u64,
    /// Terms of contexts that are processed or copied, for all contexts of the document together.
    pub context_terms: u64,
    /// Terms that the document defines itself.
    pub own_terms: u64,
    /// Bytes that names can grow to: a prefix is written out for each use, and an id and the name of a property for each
    /// value. What the statements hold together, values included, has this limit too.
    pub expanded_bytes: u64,
    /// Statements.
    pub quads: u64,
    /// Steps of canonicalisation.
    pub steps: u64,
    /// Values that the compact form may hold: a node may be written out more than once.
    pub compact: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            members: 25_000,
            context_terms: 10_000,
            own_terms: 256,
            expanded_bytes: 4 << 20,
            quads: 25_000,
            steps: 100_000,
            compact: 25_000,
        }
    }
}
