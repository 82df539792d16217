//! The event buses: the reactive one, and the decorator that logs.
