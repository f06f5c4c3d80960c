//! HTTP signatures as the fediverse signs, with an answer to 'why 401?'. Sans-io.
