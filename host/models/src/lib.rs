//! Embedding and language models behind two traits: the built-in static one, and providers reached over HTTP.
//!
//! - [`Embedder`] turns texts into unit vectors. [`StaticEmbedding`] is in the binary and needs no network;
//!   [`HttpEmbedder`] asks an Ollama or OpenAI-compatible server; [`Remembered`] puts a bounded memo before either.
//! - [`Llm`] completes a prompt. [`HttpLlm`] asks an Ollama, OpenAI-compatible, Anthropic or Gemini server.
//! - [`ModelError`] is all that can go wrong in a call; its `code` is what plugins and clients see.
//!
//! Every call takes a budget and keeps it: waiting, retries and back-off included. This crate reads no file and no
//! environment: configuration arrives as [`ProviderConfig`], an already resolved key as [`Secret`].

mod cache;
mod embedder;
mod error;
mod http;
mod llm;
mod static_embedding;

pub use cache::Remembered;
pub use embedder::{Embedder, ModelId};
pub use error::{Budget, ModelError, Role};
pub use http::{HttpEmbedder, HttpLlm, ProviderConfig, ProviderKind, Secret};
pub use llm::{Completion, CompletionAnswer, Llm};
pub use static_embedding::{FormatError, StaticEmbedding};
