//! Where in a tree a value is.

use std::fmt;

/// The keys from the top down to a value.
#[derive(Clone, Copy)]
pub(super) enum Path<'a> {
    Root,
    Key(&'a Path<'a>, &'a str),
    Index(&'a Path<'a>, usize),
}

impl fmt::Display for Path<'_> {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        let (above, last): (_, &dyn fmt::Display) = match self {
            Path::Root => return Ok(()),
            Path::Key(above, key) => (above, key),
            Path::Index(above, index) => (above, index),
        };
        match above {
            Path::Root => write!(f, "{last}"),
            _ => write!(f, "{above}.{last}"),
        }
    }
}
