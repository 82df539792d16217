//! What the bookkeeping of a runner promises by itself.

mod declaration;
mod window;
