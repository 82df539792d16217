//! The audit log in memory, for tests and demonstrations.
