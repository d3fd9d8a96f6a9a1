//! Smoke tests of a running host: checks as data, each a few calls over HTTP with what they must answer.

mod asked;
mod client;
mod expect;
mod run;

pub(crate) use asked::Checks;
pub(crate) use client::Client;
pub(crate) use run::{Outcome, Runner, Surroundings};
