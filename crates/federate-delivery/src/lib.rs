//! The delivery engine: accepted means delivered, or you are told why not.
