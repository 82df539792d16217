//! `import`: the audit log of the originating platform comes in once, whole.
