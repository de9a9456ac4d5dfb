//! Datagrams: each holds whole lines or whole frames, in either order of arrival.

use std::io::ErrorKind;
use std::net::UdpSocket;

use super::{PATIENCE, Reading, spawn};
use crate::LiveError;
use crate::protocol::Decoder;
use crate::queue::{Feeder, Message};
use saturn_store::operation::Operation;

/// Listens at `address`.
pub fn start(reading: &Reading, address: &str, mut feeder: Feeder) -> Result<String, LiveError> {
    let failed = |source| LiveError::Io {
        place: format!("udp:{address}"),
        what: Operation::Listen,
        source,
        hint: "choose an address of this machine and a free port; port 0 chooses one",
    };
    let socket = UdpSocket::bind(address).map_err(failed)?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(failed)?;
    let bound = socket.local_addr().map_err(failed)?;
    let mut decoder = Decoder::new(reading.format, reading.channels);
    spawn("datagrams", move || {
        let mut buffer = vec![0; 1 << 16];
        while !feeder.ends() {
            match socket.recv(&mut buffer) {
                Ok(n) => {
                    feeder.arrived();
                    decoder.feed(&buffer[..n], &mut feeder);
                    decoder.finish(&mut feeder);
                }
                Err(e)
                    if matches!(
                        e.kind(),
                        ErrorKind::WouldBlock
                            | ErrorKind::TimedOut
                            | ErrorKind::Interrupted
                            | ErrorKind::ConnectionRefused
                            | ErrorKind::ConnectionReset
                    ) => {}
                Err(e) => {
                    feeder.say(Message::Failed(format!("no datagrams can be read: {e}")));
                    return;
                }
            }
        }
    })?;
    Ok(format!("datagrams at udp:{bound}"))
}
