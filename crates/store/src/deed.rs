//! What is done with a file, a socket or a terminal: whose fault it is when it fails follows from it.

use std::fmt;

/// Something that is done with a file, a folder, a socket or a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// Its contents are read.
    Read,
    /// It is opened.
    Open,
    /// What comes after what was read.
    ReadOn,
    /// A socket is connected to.
    Connect,
    /// A socket is listened at.
    Listen,
    /// A terminal is drawn on.
    Draw,
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
    /// A socket is made.
    MakeSocket,
    /// A thread that reads it is started.
    StartReader,
}

impl Deed {
    /// Whether it only takes what the user named: a file to read, an address, a terminal.
    pub fn is_taking(self) -> bool {
        match self {
            Self::Open
            | Self::Read
            | Self::ReadOn
            | Self::List
            | Self::Connect
            | Self::Listen
            | Self::Draw => true,
            Self::CreateFolder
            | Self::Create
            | Self::Lock
            | Self::Encode
            | Self::Write
            | Self::Append
            | Self::Remove
            | Self::MakeSocket
            | Self::StartReader => false,
        }
    }
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Open => "open",
            Self::ReadOn => "read on",
            Self::Connect => "connect",
            Self::Listen => "listen",
            Self::Draw => "draw on",
            Self::List => "list the folder",
            Self::CreateFolder => "create the folder",
            Self::Create => "create",
            Self::Lock => "lock",
            Self::Encode => "encode",
            Self::Write => "write",
            Self::Append => "append",
            Self::Remove => "remove",
            Self::MakeSocket => "make a socket",
            Self::StartReader => "start a reader of",
        })
    }
}
