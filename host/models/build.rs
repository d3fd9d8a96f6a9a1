//! Packs the built-in model for the binary: the file in `data/` stays as it was made.

use std::path::Path;

const MODEL: &str = "data/static-256.sem1";
/// Higher levels gain nothing on these numbers.
const LEVEL: i32 = 9;

fn main() -> std::io::Result<()> {
    println!("cargo::rerun-if-changed={MODEL}");
    let bytes = std::fs::read(MODEL)?;
    let out = std::env::var_os("OUT_DIR").ok_or_else(|| std::io::Error::other("OUT_DIR is not set"))?;
    let (packed, length) = (zstd::bulk::compress(&bytes, LEVEL)?, bytes.len());
    std::fs::write(Path::new(&out).join("static-256.sem1.zst"), packed)?;
    std::fs::write(Path::new(&out).join("static-256.length"), length.to_string())
}
