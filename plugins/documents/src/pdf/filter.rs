//! Unpacking streams, each step with a limit (ISO 32000-1, 7.4). Pictures stay packed: they hold no text.
//!
//! Inflating is miniz_oxide's, which stops at the bytes it is given; the older ways to pack are short enough to stand here.

use super::bounds::{MOST_UNPACKED, Meter};
use super::syntax::{Dict, Object, digit, is_blank};
use super::trouble::Trouble;
use miniz_oxide::inflate::TINFLStatus;
use miniz_oxide::inflate::core::inflate_flags::{
    TINFL_FLAG_IGNORE_ADLER32, TINFL_FLAG_PARSE_ZLIB_HEADER, TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF,
};
use miniz_oxide::inflate::core::{DecompressorOxide, decompress};

/// Ways to pack, one over the other, at most.
const MOST_STEPS: usize = 6;
const BOMB: Trouble = Trouble::TooMuch("a part of it unpacks to more than 6 MB");

/// What came out.
#[derive(Debug, PartialEq)]
pub(super) struct Unpacked {
    pub(super) bytes: Vec<u8>,
    /// Whether it ended where it should.
    pub(super) whole: bool,
}

/// Unpacks a stream by the names in its dictionary, whose references are resolved; none for what is no text.
///
/// # Errors
/// [`Trouble::TooMuch`] for what unpacks to too much.
pub(super) fn unpack(raw: &[u8], steps: &[(Vec<u8>, Dict)], meter: &Meter<'_>) -> Result<Option<Unpacked>, Trouble> {
    if steps.len() > MOST_STEPS {
        return Err(Trouble::TooMuch("a part of it is packed more than six times over"));
    }
    if raw.len() > MOST_UNPACKED && steps.is_empty() {
        return Err(BOMB);
    }
    let mut out: Option<Unpacked> = None;
    for (name, options) in steps {
        let input = out.as_ref().map_or(raw, |out| out.bytes.as_slice());
        meter.spend(input.len())?;
        let mut step = match name.as_slice() {
            b"FlateDecode" | b"Fl" => inflate(input)?,
            b"LZWDecode" | b"LZW" => {
                lzw(input, options.get(b"EarlyChange".as_slice()).and_then(Object::whole) != Some(0))?
            }
            b"ASCIIHexDecode" | b"AHx" => hexadecimal(input),
            b"ASCII85Decode" | b"A85" => base85(input),
            b"RunLengthDecode" | b"RL" => run_length(input)?,
            b"Crypt" => Unpacked { bytes: input.to_vec(), whole: true },
            _ => return Ok(None),
        };
        meter.spend(step.bytes.len())?;
        step.bytes = predicted(step.bytes, options);
        step.whole &= out.is_none_or(|out| out.whole);
        out = Some(step);
    }
    Ok(Some(out.unwrap_or_else(|| Unpacked { bytes: raw.to_vec(), whole: true })))
}

/// What writers call Flate: a zlib stream, or a bare one of those that leave out the two bytes of the head or have them wrong.
fn inflate(input: &[u8]) -> Result<Unpacked, Trouble> {
    let body = input.get(2..).unwrap_or_default();
    for (input, flags) in [(input, TINFL_FLAG_PARSE_ZLIB_HEADER), (input, 0)] {
        let found = inflated(input, flags)?;
        if found.whole || !found.bytes.is_empty() {
            return Ok(found);
        }
    }
    inflated(body, 0)
}

/// Inflates as far as it goes.
fn inflated(input: &[u8], flags: u32) -> Result<Unpacked, Trouble> {
    // The checksum is not looked at: writers get that wrong.
    let flags = flags | TINFL_FLAG_USING_NON_WRAPPING_OUTPUT_BUF | TINFL_FLAG_IGNORE_ADLER32;
    let mut state = Box::<DecompressorOxide>::default();
    let mut bytes = vec![0; input.len().saturating_mul(3).clamp(1 << 10, MOST_UNPACKED)];
    let (mut taken, mut made) = (0, 0);
    loop {
        let rest = input.get(taken..).unwrap_or_default();
        let (status, read, written) = decompress(&mut state, rest, &mut bytes, made, flags);
        taken += read;
        made += written;
        if status == TINFLStatus::HasMoreOutput {
            if bytes.len() >= MOST_UNPACKED {
                return Err(BOMB);
            }
            bytes.resize((bytes.len() * 2).min(MOST_UNPACKED), 0);
        } else {
            bytes.truncate(made);
            return Ok(Unpacked { bytes, whole: status == TINFLStatus::Done });
        }
    }
}

fn push(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), Trouble> {
    if out.len() + bytes.len() > MOST_UNPACKED {
        return Err(BOMB);
    }
    out.extend_from_slice(bytes);
    Ok(())
}

/// LZW as in TIFF: codes of 9 to 12 bits, 256 begins anew, 257 ends. A code stands for a piece of what came out before.
fn lzw(input: &[u8], early: bool) -> Result<Unpacked, Trouble> {
    let mut out = Vec::new();
    // Where each code's bytes lie in `out`: from, length. Codes below 258 are not in it.
    let mut table: Vec<(usize, usize)> = Vec::new();
    let (mut buffer, mut bits, mut last) = (0u32, 0u32, None::<(usize, usize)>);
    let mut input = input.iter();
    loop {
        let width = match table.len() + 258 + usize::from(early) {
            0..512 => 9,
            512..1024 => 10,
            1024..2048 => 11,
            _ => 12,
        };
        while bits < width {
            let Some(byte) = input.next() else { return Ok(Unpacked { bytes: out, whole: false }) };
            buffer = buffer << 8 | u32::from(*byte);
            bits += 8;
        }
        bits -= width;
        let code = (buffer >> bits) & ((1 << width) - 1);
        buffer &= (1 << bits) - 1;
        let begin = out.len();
        match code {
            256 => {
                table.clear();
                last = None;
                continue;
            }
            257 => return Ok(Unpacked { bytes: out, whole: true }),
            _ => {}
        }
        // The code before gets a new one: its bytes and the first that follows, which lie side by side.
        if let Some((from, length)) = last
            && table.len() + 258 < 4096
        {
            table.push((from, length + 1));
        }
        if let Ok(byte) = u8::try_from(code) {
            push(&mut out, &[byte])?;
        } else {
            let known = usize::try_from(code).ok().and_then(|code| table.get(code.wrapping_sub(258)).copied());
            let Some((from, length)) = known else { return Ok(Unpacked { bytes: out, whole: false }) };
            if begin + length > MOST_UNPACKED {
                return Err(BOMB);
            }
            // It may reach into what is just being written.
            for at in from..from + length {
                out.extend(out.get(at).copied());
            }
        }
        last = Some((begin, out.len() - begin));
    }
}

fn hexadecimal(input: &[u8]) -> Unpacked {
    let (mut bytes, mut half, mut whole) = (Vec::with_capacity(input.len() / 2), None, false);
    for byte in input {
        if *byte == b'>' {
            whole = true;
            break;
        }
        let Some(digit) = digit(*byte) else { continue };
        match half.take() {
            None => half = Some(digit),
            Some(high) => bytes.push(high * 16 + digit),
        }
    }
    bytes.extend(half.map(|high| high * 16));
    Unpacked { bytes, whole }
}

fn base85(input: &[u8]) -> Unpacked {
    let (mut bytes, mut value, mut count) = (Vec::with_capacity(input.len() / 5 * 4), 0u32, 0usize);
    for byte in input.strip_prefix(b"<~").unwrap_or(input) {
        match byte {
            b'z' if count == 0 => bytes.extend([0; 4]),
            b'!'..=b'u' => {
                value = value.wrapping_mul(85).wrapping_add(u32::from(byte - b'!'));
                count += 1;
                if count == 5 {
                    bytes.extend(value.to_be_bytes());
                    (value, count) = (0, 0);
                }
            }
            b'~' => {
                for _ in count..5 {
                    value = value.wrapping_mul(85).wrapping_add(84);
                }
                if count > 0 {
                    bytes.extend(value.to_be_bytes().into_iter().take(count - 1));
                }
                return Unpacked { bytes, whole: true };
            }
            byte if is_blank(*byte) => {}
            _ => break,
        }
    }
    Unpacked { bytes, whole: false }
}

fn run_length(input: &[u8]) -> Result<Unpacked, Trouble> {
    let (mut out, mut rest) = (Vec::new(), input);
    while let Some((length, after)) = rest.split_first() {
        let length = usize::from(*length);
        match length {
            128 => return Ok(Unpacked { bytes: out, whole: true }),
            0..128 => {
                let Some((piece, after)) = after.split_at_checked(length + 1) else { break };
                push(&mut out, piece)?;
                rest = after;
            }
            _ => {
                let Some((byte, after)) = after.split_first() else { break };
                push(&mut out, &vec![*byte; 257 - length])?;
                rest = after;
            }
        }
    }
    Ok(Unpacked { bytes: out, whole: false })
}

/// Undoes the predictors of PNG (W3C PNG, 9.2) and the one of TIFF for bytes; sizes that make no sense leave the bytes as they are.
fn predicted(bytes: Vec<u8>, options: &Dict) -> Vec<u8> {
    let option = |name: &[u8], usual: usize| {
        options.get(name).and_then(Object::whole).and_then(|value| usize::try_from(value).ok()).unwrap_or(usual)
    };
    let kind = option(b"Predictor", 1);
    let (colors, depth, columns) = (option(b"Colors", 1), option(b"BitsPerComponent", 8), option(b"Columns", 1));
    let bits = colors.saturating_mul(depth);
    let (pixel, row) = (bits.div_ceil(8).max(1), bits.saturating_mul(columns).div_ceil(8));
    if kind < 2 || row == 0 || row > bytes.len() || (kind == 2 && depth != 8) {
        return bytes;
    }
    let mut out: Vec<u8> = Vec::with_capacity(bytes.len());
    for line in bytes.chunks(row + usize::from(kind >= 10)) {
        let (how, line) =
            if kind == 2 { (1, line) } else { line.split_first().map_or((0, line), |(how, line)| (*how, line)) };
        let begin = out.len();
        for (at, byte) in line.iter().enumerate() {
            let back = |distance: usize| {
                begin.checked_add(at).and_then(|at| out.get(at.checked_sub(distance)?).copied()).unwrap_or(0)
            };
            let left = if at >= pixel { back(pixel) } else { 0 };
            let (up, corner) = (back(row), if at >= pixel { back(row + pixel) } else { 0 });
            let guess = match how {
                1 => left,
                2 => up,
                3 => u8::midpoint(left, up),
                4 => paeth(left, up, corner),
                _ => 0,
            };
            out.push(byte.wrapping_add(guess));
        }
    }
    out
}

fn paeth(left: u8, up: u8, corner: u8) -> u8 {
    let guess = i16::from(left) + i16::from(up) - i16::from(corner);
    let far = |byte: u8| (guess - i16::from(byte)).abs();
    if far(left) <= far(up) && far(left) <= far(corner) {
        left
    } else if far(up) <= far(corner) {
        up
    } else {
        corner
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::pdf::bounds::MOST_WORK;
    use miniz_oxide::deflate::compress_to_vec_zlib;

    fn unpacked(raw: &[u8], names: &[&str]) -> Result<Option<Unpacked>, Trouble> {
        let steps: Vec<(Vec<u8>, Dict)> = names.iter().map(|name| (name.as_bytes().to_vec(), Dict::new())).collect();
        unpack(raw, &steps, &Meter::new(MOST_WORK, &|| true))
    }

    fn text(raw: &[u8], names: &[&str]) -> String {
        String::from_utf8(unpacked(raw, names).unwrap().unwrap().bytes).unwrap()
    }

    #[test]
    fn every_way_to_pack_is_undone() {
        assert_eq!(text(b"tea", &[]), "tea");
        assert_eq!(text(&compress_to_vec_zlib(b"green tea", 6), &["FlateDecode"]), "green tea");
        assert_eq!(text(&compress_to_vec_zlib(b"green tea", 6)[2..], &["Fl"]), "green tea", "without its head");
        assert_eq!(text(b"67 7265 656E>", &["ASCIIHexDecode"]), "green");
        assert_eq!(text(b"<~87cURD]i,\"Ebo80~>", &["A85"]), "Hello World!");
        assert_eq!(text(&[2, b't', b'e', b'a', 254, b'!', 128], &["RunLengthDecode"]), "tea!!!");
        // The example of the standard (ISO 32000-1, 7.4.4.2).
        let lzw = [0x80, 0x0B, 0x60, 0x50, 0x22, 0x0C, 0x0C, 0x85, 0x01];
        assert_eq!(text(&lzw, &["LZWDecode"]), "-----A---B");
        let twice = compress_to_vec_zlib(&compress_to_vec_zlib(b"tea", 6), 6);
        assert_eq!(text(&twice, &["FlateDecode", "FlateDecode"]), "tea");
        assert_eq!(unpacked(b"x", &["DCTDecode"]).unwrap(), None, "a picture");
    }

    #[test]
    fn bombs_end_at_the_limit() {
        let bomb = compress_to_vec_zlib(&vec![0; 64 << 20], 9);
        assert!(bomb.len() < 100_000);
        assert_eq!(unpacked(&bomb, &["FlateDecode"]), Err(BOMB));
        let nested = compress_to_vec_zlib(&bomb, 9);
        assert_eq!(unpacked(&nested, &["FlateDecode", "FlateDecode"]), Err(BOMB));
        assert_eq!(unpacked(&[129, 0].repeat(100_000), &["RunLengthDecode"]), Err(BOMB));
        assert!(matches!(unpacked(b"x", &["FlateDecode"; 50]), Err(Trouble::TooMuch(_))));
        // 512 zeros a code, over and over: 9 bits each at the end.
        let mut bits: Vec<bool> = Vec::new();
        let mut put = |code: u32, width: u32| bits.extend((0..width).rev().map(|bit| code >> bit & 1 == 1));
        put(256, 9);
        put(0, 9);
        for code in 258u32..4095 {
            let width = match code + 1 {
                0..512 => 9,
                512..1024 => 10,
                1024..2048 => 11,
                _ => 12,
            };
            put(code, width);
        }
        (0..4_000).for_each(|_| put(4_000, 12));
        let packed: Vec<u8> =
            bits.chunks(8).map(|byte| byte.iter().fold(0, |all, bit| all << 1 | u8::from(*bit))).collect();
        assert_eq!(unpacked(&packed, &["LZWDecode"]), Err(BOMB));
    }

    #[test]
    fn what_is_cut_off_is_known_to_be() {
        let packed = compress_to_vec_zlib("tea and trains ".repeat(1_000).as_bytes(), 6);
        let half = unpacked(&packed[..packed.len() / 2], &["FlateDecode"]).unwrap().unwrap();
        assert!(!half.whole);
        assert!(unpacked(b"no zlib at all", &["FlateDecode"]).unwrap().unwrap().bytes.len() < 100);
    }

    #[test]
    fn predictors_are_undone_and_sizes_without_sense_do_no_harm() {
        let options = |fields: &[(&str, f64)]| -> Dict {
            fields.iter().map(|(name, value)| (name.as_bytes().to_vec(), Object::Number(*value))).collect()
        };
        let png = options(&[("Predictor", 12.0), ("Columns", 3.0)]);
        assert_eq!(predicted(vec![2, 1, 2, 3, 2, 1, 1, 1], &png), [1, 2, 3, 2, 3, 4]);
        assert_eq!(predicted(vec![1, 1, 1, 1, 4, 1, 0, 0], &png), [1, 2, 3, 2, 2, 3]);
        let tiff = options(&[("Predictor", 2.0), ("Columns", 3.0)]);
        assert_eq!(predicted(vec![1, 1, 1, 5, 1, 1], &tiff), [1, 2, 3, 5, 6, 7]);
        for columns in [0.0, 4_294_967_295.0] {
            let odd = options(&[("Predictor", 15.0), ("Columns", columns), ("Colors", 4_294_967_295.0)]);
            assert_eq!(predicted(vec![1, 2], &odd), [1, 2]);
        }
    }
}
