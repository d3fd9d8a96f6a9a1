//! zlib streams whose size is known before: nothing larger is ever made.

use super::{MOST_OBJECT, broken};
use memstrata_sdk::Fault;
use miniz_oxide::inflate::stream::{InflateState, inflate as step};
use miniz_oxide::{DataFormat, MZFlush, MZStatus};

/// Makes exactly `size` bytes from a stream that comes in pieces; an empty piece is its end.
///
/// # Errors
/// `invalid.git` for a damaged stream, one that is longer or shorter than it says, or one of more than [`MOST_OBJECT`] bytes.
pub fn exactly(size: usize, pieces: impl FnMut() -> Result<Vec<u8>, Fault>) -> Result<Vec<u8>, Fault> {
    if size > MOST_OBJECT {
        return Err(broken(format!("an object of {size} bytes is larger than {MOST_OBJECT}: it is not read")));
    }
    // One byte more than wanted: a stream that fills it is too long.
    let (bytes, ended) = at_most(size + 1, pieces)?;
    match bytes.len() {
        got if got == size && ended => Ok(bytes),
        got if got > size => Err(broken(format!("an object says it has {size} bytes and has more"))),
        got => Err(broken(format!("an object says it has {size} bytes and ends after {got}"))),
    }
}

/// Makes at most `most` bytes; answers them, and whether the stream ended.
///
/// # Errors
/// `invalid.git` for a damaged stream.
pub fn at_most(most: usize, mut pieces: impl FnMut() -> Result<Vec<u8>, Fault>) -> Result<(Vec<u8>, bool), Fault> {
    let mut state = InflateState::new_boxed(DataFormat::Zlib);
    let mut out = vec![0; most];
    let mut filled = 0;
    loop {
        let piece = pieces()?;
        let mut rest = piece.as_slice();
        loop {
            let done = step(&mut state, rest, out.get_mut(filled..).unwrap_or_default(), MZFlush::None);
            filled += done.bytes_written;
            rest = rest.get(done.bytes_consumed..).unwrap_or_default();
            match done.status {
                Ok(MZStatus::StreamEnd) => {
                    out.truncate(filled);
                    return Ok((out, true));
                }
                Ok(_) | Err(miniz_oxide::MZError::Buf) => {}
                Err(_) => return Err(broken("a compressed object is damaged")),
            }
            if filled >= most {
                out.truncate(filled);
                return Ok((out, false));
            }
            if rest.is_empty() || (done.bytes_consumed == 0 && done.bytes_written == 0) {
                break;
            }
        }
        if piece.is_empty() {
            return Err(broken("a compressed object is cut off"));
        }
    }
}
