//! Decompression of LZF, the fast filter of h5py (HDF5 filter 32000).
//!
//! A stream is a sequence of literal runs and back-references:
//!
//! ```text
//! 000LLLLL, then L+1 bytes                 copy them
//! LLLooooo oooooooo, L in 1..=6            copy L+2 bytes from o+1 back
//! 111ooooo LLLLLLLL oooooooo               copy L+9 bytes from o+1 back
//! ```
//!
//! Source: Marc Lehmann, LibLZF 3 (`lzf_d.c`); the h5py filter adds no header of its own.

/// Decompresses `input` into at most `limit` bytes.
///
/// Returns a description of the fault if the compressed data are malformed.
pub(crate) fn decompress(input: &[u8], limit: usize) -> Result<Vec<u8>, &'static str> {
    let mut output = Vec::with_capacity(limit.min(input.len().saturating_mul(4)));
    let mut rest = input;
    while let Some((&control, after)) = rest.split_first() {
        rest = after;
        let control = usize::from(control);
        if control < 32 {
            let (run, after) = rest
                .split_at_checked(control + 1)
                .ok_or("literal run cut off")?;
            rest = after;
            if output.len() + run.len() > limit {
                return Err("more bytes than the chunk holds");
            }
            output.extend_from_slice(run);
        } else {
            let mut next = || {
                let (&byte, after) = rest.split_first().ok_or("reference cut off")?;
                rest = after;
                Ok::<usize, &'static str>(usize::from(byte))
            };
            let mut length = (control >> 5) + 2;
            if control >> 5 == 7 {
                length += next()?;
            }
            let back = ((control & 31) << 8) + next()? + 1;
            let start = output
                .len()
                .checked_sub(back)
                .ok_or("reference before the start")?;
            if output.len() + length > limit {
                return Err("more bytes than the chunk holds");
            }
            // One by one: a reference may overlap its own output.
            for from in start..start + length {
                output.push(output[from]);
            }
        }
    }
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::decompress;

    #[test]
    fn literals_and_overlapping_references() {
        // "ab", then 5 bytes from 2 back (L = 3).
        let stream = [1, b'a', b'b', (3 << 5), 1];
        assert_eq!(decompress(&stream, 100).as_deref(), Ok(&b"abababa"[..]));
        // A long reference: 9 + 3 bytes from 1 back.
        let stream = [0, b'x', (7 << 5), 3, 0];
        assert_eq!(decompress(&stream, 100), Ok(vec![b'x'; 13]));
    }

    #[test]
    fn broken_streams_are_errors() {
        assert!(decompress(&[3, b'a'], 100).is_err());
        assert!(decompress(&[0, b'a', 32], 100).is_err());
        assert!(decompress(&[32, 0], 100).is_err());
        assert!(decompress(&[0, b'x', (7 << 5), 255, 0], 100).is_err());
    }
}
