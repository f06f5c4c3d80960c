//! Fetching with authority: actors, keys, objects and handles, believed only where they may be.
