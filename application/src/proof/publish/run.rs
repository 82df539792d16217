//! One run of publishing: which files are there, and what is put into those that are not.
//!
//! Deliberately absent: the checkpoint, which decides whether a run begins and comes last.

use domain::ports::TreeStanding;
use domain::proof::{
    Digest, MissingHash, TILE_WIDTH, TileId, add_to_bundle, bundle_file, leaf_hash,
    leaves_in_bundle, tile_root,
};
use domain::{AuditTree, Sequence};

use super::{Publication, PublishError, PublishedFiles, failed};

/// A number of leaves of one tile, which fits any machine.
fn small(number: u64) -> usize {
    usize::try_from(number).unwrap_or(TILE_WIDTH)
}

/// A run under way.
pub(super) struct Run<'a> {
    pub(super) tree: &'a dyn AuditTree,
    pub(super) standing: TreeStanding,
    /// How many leaves were published before.
    pub(super) before: u64,
    /// The first entry there is.
    pub(super) first: Option<Sequence>,
    pub(super) files: &'a mut dyn PublishedFiles,
    pub(super) publication: Publication,
}

impl Run<'_> {
    /// Whether the tile was full when something was published last, so that nobody need look into it.
    pub(super) fn was_published(&self, id: TileId) -> bool {
        self.before >> (8 * u32::from(id.level) + 8).min(63) > id.index
    }

    /// The hashes of a tile as the checkpoint has it.
    pub(super) async fn tile(&self, id: TileId, width: usize) -> Result<Vec<u8>, PublishError> {
        let mut hashes = self.tree.tile(id.level, id.index).await?.unwrap_or_default();
        if hashes.len() < 32 * width {
            return Err(MissingHash::Tile(id).into());
        }
        hashes.truncate(32 * width);
        if width == TILE_WIDTH && !self.is_above(id, &hashes).await? {
            return Err(PublishError::NotSigned);
        }
        Ok(hashes)
    }

    /// Whether the tile above holds the hash of this full one.
    async fn is_above(&self, id: TileId, hashes: &[u8]) -> Result<bool, PublishError> {
        let width = TILE_WIDTH as u64;
        let above = self.tree.tile(id.level + 1, id.index / width).await?.unwrap_or_default();
        let place = above.chunks_exact(32).nth(small(id.index % width));
        Ok(place == Some(&tile_root(hashes).0[..]))
    }

    /// Publishes the entries of a tile of leaves, if they are all there.
    pub(super) async fn bundle(
        &mut self,
        name: &str,
        index: u64,
        hashes: &[u8],
    ) -> Result<(), PublishError> {
        if let Some(there) = self.read(name)? {
            let leaves = leaves_in_bundle(&there).unwrap_or_default();
            let ours = leaves.iter().map(|leaf| leaf_hash(leaf).0);
            if !ours.eq(hashes.chunks_exact(32)) {
                return Err(PublishError::Foreign { name: name.to_owned() });
            }
            self.publication.kept += 1;
            return Ok(());
        }
        let start = index * TILE_WIDTH as u64;
        let width = hashes.len() / 32;
        let (from, end) = (self.standing.sequence_of(start), start + width as u64);
        let before = self.bundled_before(index)?;
        // Retention never removes the newest entry: where there is none, somebody else was there.
        let removed = self.first.map_or(start, |first| self.standing.index_of(first).unwrap_or(0));
        let removed = small(removed.clamp(start, end) - start);
        if removed > before.len() {
            self.without_bundle(from, self.standing.sequence_of(end - 1));
            return Ok(());
        }
        let mut leaves = before;
        leaves.truncate(removed);
        // From the first of them that is there on.
        let wanted = u32::try_from(width - removed).unwrap_or(u32::MAX);
        let entries = self.tree.entries(from, wanted).await?;
        for (entry, place) in entries.iter().zip(start + removed as u64..end) {
            let sequence = self.standing.sequence_of(place);
            if entry.sequence != sequence {
                return Err(PublishError::Changed { sequence, source: None });
            }
            let leaf = entry.leaf();
            let leaf =
                leaf.map_err(|source| PublishError::Changed { sequence, source: Some(source) });
            leaves.push(leaf?.encode());
        }
        let mut bundle = Vec::with_capacity(512 * width);
        for place in 0..width {
            let sequence = self.standing.sequence_of(start + place as u64);
            let leaf = leaves.get(place);
            let hash = leaf.map(|leaf| leaf_hash(leaf));
            let kept = hash == Digest::from_slice(&hashes[32 * place..32 * place + 32]).ok();
            if !kept || !leaf.is_some_and(|leaf| add_to_bundle(&mut bundle, leaf)) {
                return Err(PublishError::Changed { sequence, source: None });
            }
        }
        self.write(name, &bundle)?;
        self.publication.written += 1;
        Ok(())
    }

    /// The leaves of this tile that were published while it was not full: what retention has removed since
    /// is there still.
    fn bundled_before(&self, index: u64) -> Result<Vec<Vec<u8>>, PublishError> {
        let width = TILE_WIDTH as u64;
        if self.before / width != index {
            return Ok(Vec::new());
        }
        let there = self.read(&bundle_file(index, small(self.before % width)))?;
        let leaves = there.as_deref().and_then(leaves_in_bundle).unwrap_or_default();
        Ok(leaves.into_iter().map(<[u8]>::to_vec).collect())
    }

    fn without_bundle(&mut self, from: Sequence, last: Sequence) {
        match self.publication.without_bundle.last_mut() {
            Some((_, before)) if before.next() == from => *before = last,
            _ => self.publication.without_bundle.push((from, last)),
        }
    }

    /// Whether a file is there, with so many bytes where that is known.
    pub(super) fn has(&mut self, name: &str, bytes: Option<u64>) -> Result<bool, PublishError> {
        let length = self.files.length(name).map_err(failed(name))?;
        let there = length.is_some_and(|length| bytes.is_none_or(|bytes| bytes == length));
        self.publication.kept += u64::from(there);
        Ok(there)
    }

    /// Publishes a tile, unless it is there.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        match self.read(name)? {
            Some(there) if there == bytes => self.publication.kept += 1,
            Some(_) => return Err(PublishError::Foreign { name: name.to_owned() }),
            None => {
                self.write(name, bytes)?;
                self.publication.written += 1;
            }
        }
        Ok(())
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, PublishError> {
        self.files.read(name).map_err(failed(name))
    }

    pub(super) fn write(&mut self, name: &str, bytes: &[u8]) -> Result<(), PublishError> {
        self.files.write(name, bytes).map_err(failed(name))
    }

    pub(super) fn settle(&mut self) -> Result<(), PublishError> {
        self.files.settle().map_err(failed("."))
    }
}
