//! One guarded way out: an HTTP client that connects only to public addresses, with deadlines and budgets.
