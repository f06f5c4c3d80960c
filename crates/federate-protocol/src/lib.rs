//! The decisions of federation, sans-io: who sent this, who may do what, whom to reach, when to try again.
