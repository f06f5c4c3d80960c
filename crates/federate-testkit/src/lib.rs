//! A simulated fediverse: instances that talk without sockets, on a virtual clock.
