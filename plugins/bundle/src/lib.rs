//! The bundled components, built for `wasm32-wasip2` by `build.rs` and embedded.
