//! Serves a federate instance through axum.
