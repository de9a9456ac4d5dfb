//! How large a file may be.

/// Most nodes of a file, subgraphs and entries of metadata included.
pub const MAX_NODES: usize = 100_000;
/// Most levels of subgraphs, and of metadata.
pub const MAX_DEPTH: usize = 32;
/// Most numbers of all signals, and of all buffers, of a graph.
pub(super) const MAX_ELEMENTS: usize = 1 << 28;
