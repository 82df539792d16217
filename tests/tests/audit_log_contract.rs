//! Both audit logs make the same promises.
