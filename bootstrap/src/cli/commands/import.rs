//! `import`: brings in the audit log of the originating platform.

use crate::cli::args::ImportArgs;
use crate::cli::{Context, Failure};

pub(super) async fn run(args: ImportArgs, context: Context<'_>) -> Result<(), Failure> {
    let _ = (args, context);
    Ok(())
}
