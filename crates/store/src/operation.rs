//! An operation on a file, a socket or a terminal. Its kind decides whose fault a failure is.

use std::fmt;

/// An operation on a file, a folder, a socket or a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Reading its contents.
    Read,
    /// Opening it.
    Open,
    /// Reading more of it.
    ReadOn,
    /// Connecting to a socket.
    Connect,
    /// Listening at a socket.
    Listen,
    /// Drawing on a terminal.
    Draw,
    /// Reading the entries of a folder.
    List,
    /// Creating a folder.
    CreateFolder,
    /// Creating a file.
    Create,
    /// Locking it.
    Lock,
    /// Encoding its contents.
    Encode,
    /// Writing it.
    Write,
    /// Appending a line to it.
    Append,
    /// Removing it.
    Remove,
    /// Creating a socket.
    MakeSocket,
    /// Starting the thread that reads it.
    StartReader,
}

impl Operation {
    /// Whether it only reads what the user named: a file, an address, a terminal.
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

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Open => "open",
            Self::ReadOn => "read more of",
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
            Self::StartReader => "start the reader of",
        })
    }
}
