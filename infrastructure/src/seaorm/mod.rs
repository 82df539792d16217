//! The audit log on SQLite, through SeaORM.
