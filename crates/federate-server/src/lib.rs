//! One object that is the instance: inbox, actors, collections, discovery, sending.
