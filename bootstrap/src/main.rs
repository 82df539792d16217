//! The `indelible` program.

fn main() {}
