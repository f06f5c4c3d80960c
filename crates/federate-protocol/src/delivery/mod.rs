//! When to try again: the classification of what a peer answered, the back-off, and the state of a lane.
