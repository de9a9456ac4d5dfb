//! What is done with a file: whose fault it is when it fails follows from it.

use std::fmt;

/// Something that is done with a file or a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Its contents are read.
    Read,
    /// The entries of a folder are read.
    List,
    /// A folder is created.
    CreateFolder,
    /// A file is created.
    Create,
    /// It is locked.
    Lock,
    /// What it will hold is encoded.
    Encode,
    /// It is written.
    Write,
    /// A line is added to it.
    Append,
    /// It is removed.
    Remove,
}

impl Deed {
    /// Whether it only reads what the user gave.
    pub fn is_reading(self) -> bool {
        match self {
            Self::Read | Self::List => true,
            Self::CreateFolder
            | Self::Create
            | Self::Lock
            | Self::Encode
            | Self::Write
            | Self::Append
            | Self::Remove => false,
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::List => "list the folder",
            Self::CreateFolder => "create the folder",
            Self::Create => "create",
            Self::Lock => "lock",
            Self::Encode => "encode",
            Self::Write => "write",
            Self::Append => "append",
            Self::Remove => "remove",
        })
    }
}
