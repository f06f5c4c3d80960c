//! Federation for your application: become an instance of the fediverse in an afternoon.
