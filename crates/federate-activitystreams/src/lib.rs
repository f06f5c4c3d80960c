//! ActivityStreams 2.0 and ActivityPub types that read the whole fediverse and lose nothing.
