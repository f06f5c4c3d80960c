//! Handles, WebFinger, host-meta and NodeInfo. Sans-io.
