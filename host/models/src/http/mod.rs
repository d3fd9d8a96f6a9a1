//! Providers reached over HTTP: one machinery (time-out, retry, breaker, limits), four wire formats, two traits.
//!
//! [`client`] is the machinery; [`breaker`] and [`backoff`] are its pure parts. [`ollama`], [`openai`], [`anthropic`] and
//! [`gemini`] know the bodies of one protocol each and nothing of networks. [`embeddings`] and [`chat`] join them to the traits.

mod anthropic;
mod backoff;
mod breaker;
mod chat;
mod client;
mod config;
mod embeddings;
mod gemini;
mod ollama;
mod openai;
mod secret;

pub use chat::HttpLlm;
pub use config::{ProviderConfig, ProviderKind};
pub use embeddings::HttpEmbedder;
pub use secret::Secret;
