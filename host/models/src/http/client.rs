//! One POST to a provider, with all that makes it dependable: budget, retries, breaker, key, size limit.

use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use ureq::http::header::{AUTHORIZATION, HeaderName, RETRY_AFTER};
use ureq::http::{HeaderValue, Response};
use ureq::{Agent, Body};

use super::backoff::{backoff, jitter, retry_after};
use super::breaker::Breaker;
use super::config::{ProviderConfig, ProviderKind};
use super::secret::Secret;
use crate::{ModelError, Role};

/// Above the largest sane answer: 2,048 vectors of 1,536 numbers are about 35 MB of JSON.
const MAX_RESPONSE_BYTES: u64 = 64 << 20;
/// A longer budget is cut to this, so that arithmetic on instants cannot overflow.
const MAX_BUDGET: Duration = Duration::from_secs(24 * 3600);
/// The version of Anthropic's API that is spoken here; it is fixed by date.
const ANTHROPIC_VERSION: &str = "2023-06-01";
/// How much of a refusal's body goes to the log.
const LOGGED_CHARS: usize = 500;

/// Talks to one provider. Shared by threads; connections are kept and reused.
pub(super) struct Client {
    agent: Agent,
    role: Role,
    /// Kind and address, for errors.
    provider: String,
    root: String,
    key: Option<Secret>,
    /// What every request carries, the key among it.
    headers: Vec<(HeaderName, HeaderValue)>,
    timeout: Duration,
    retries: u32,
    breaker: Mutex<Breaker>,
}

/// Why an answer cannot be used.
pub(super) enum Unusable {
    /// It is not what the protocol promises.
    Malformed(String),
    /// It says that there will be none.
    Declined(&'static str),
}

impl From<String> for Unusable {
    fn from(reason: String) -> Self {
        Self::Malformed(reason)
    }
}

impl From<&str> for Unusable {
    fn from(reason: &str) -> Self {
        Self::Malformed(reason.to_owned())
    }
}

/// The header that carries a key, and what stands before it.
fn key_header(kind: ProviderKind) -> (HeaderName, &'static str) {
    match kind {
        ProviderKind::Ollama | ProviderKind::OpenAi => (AUTHORIZATION, "Bearer "),
        ProviderKind::Anthropic => (HeaderName::from_static("x-api-key"), ""),
        ProviderKind::Gemini => (HeaderName::from_static("x-goog-api-key"), ""),
    }
}

/// A failed try.
struct Failure {
    error: ModelError,
    /// Another try may go better.
    again: bool,
    /// The provider, not the request, is at fault: count it against the breaker.
    provider_down: bool,
}

impl Client {
    /// Checks the configuration; sends nothing.
    pub(super) fn new(role: Role, config: &ProviderConfig, key: Option<Secret>) -> Result<Self, ModelError> {
        let not_configured = |reason| ModelError::NotConfigured { role, reason };
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(not_configured(faults.join("; ")));
        }
        let mut headers = Vec::new();
        if let Some(key) = &key {
            let (name, prefix) = key_header(config.kind);
            let value = key.header(prefix).ok_or_else(|| {
                not_configured("the API key is empty or holds blanks or non-ASCII characters".to_owned())
            })?;
            headers.push((name, value));
        }
        if config.kind == ProviderKind::Anthropic {
            let version = (HeaderName::from_static("anthropic-version"), HeaderValue::from_static(ANTHROPIC_VERSION));
            headers.push(version);
        }
        let agent = Agent::config_builder()
            .http_status_as_error(false)
            // a key must not follow a redirect, and a POST does not survive one
            .max_redirects(0)
            // no proxy from the environment: only the app floor reads that
            .proxy(None)
            .user_agent(concat!("memstrata/", env!("CARGO_PKG_VERSION")))
            .build()
            .new_agent();
        Ok(Self {
            agent,
            role,
            provider: format!("{} at {}", config.kind.name(), config.root()),
            root: config.root().to_owned(),
            key,
            headers,
            timeout: Duration::from_millis(config.timeout_ms),
            retries: config.retries,
            breaker: Mutex::new(Breaker::new(
                config.breaker_failures,
                Duration::from_millis(config.breaker_cooldown_ms),
            )),
        })
    }

    /// Kind and address, for errors.
    pub(super) fn provider(&self) -> &str {
        &self.provider
    }

    /// When a budget that starts now ends.
    pub(super) fn deadline(budget: Duration) -> Instant {
        Instant::now() + budget.min(MAX_BUDGET)
    }

    /// Posts a JSON body and decodes the answer, trying again while that can help and time allows.
    pub(super) fn post<T>(
        &self,
        path: &str,
        body: &[u8],
        deadline: Instant,
        decode: impl Fn(&[u8]) -> Result<T, Unusable>,
    ) -> Result<T, ModelError> {
        let mut attempt = 0;
        // the first cause says more than "no time left" or "the breaker is open"
        let mut cause = None;
        loop {
            let time_left = deadline.saturating_duration_since(Instant::now());
            if time_left.is_zero() {
                return Err(cause.unwrap_or_else(|| self.timed_out(time_left)));
            }
            if let Err(open) = self.admit() {
                return Err(cause.unwrap_or(open));
            }
            let failure = match self.try_once(path, body, time_left.min(self.timeout), &decode) {
                Ok(answer) => {
                    self.with_breaker(Breaker::succeeded);
                    return Ok(answer);
                }
                Err(failure) => failure,
            };
            self.count(&failure);
            let Failure { error, again, .. } = failure;
            let wait = error.retry_after().unwrap_or_else(|| backoff(attempt, jitter()));
            let time_left = deadline.saturating_duration_since(Instant::now());
            if !again || attempt >= self.retries || wait >= time_left {
                return Err(error);
            }
            tracing::debug!(provider = %self.provider, attempt, ?wait, %error, "trying again");
            thread::sleep(wait);
            attempt += 1;
            cause = Some(error);
        }
    }

    /// One request and its answer, within `allowed`.
    fn try_once<T>(
        &self,
        path: &str,
        body: &[u8],
        allowed: Duration,
        decode: &impl Fn(&[u8]) -> Result<T, Unusable>,
    ) -> Result<T, Failure> {
        let mut request = self.agent.post(format!("{}{path}", self.root)).content_type("application/json");
        for (name, value) in &self.headers {
            request = request.header(name, value.clone());
        }
        let sent = request.config().timeout_global(Some(allowed)).build().send(body);
        let response = sent.map_err(|error| self.no_answer(error, allowed))?;
        let status = response.status().as_u16();
        let asked_wait = response.headers().get(RETRY_AFTER).and_then(|value| retry_after(value.to_str().ok()?));
        let read = read_limited(response);
        if !(200..300).contains(&status) {
            return Err(self.bad_status(status, asked_wait, &read.unwrap_or_default()));
        }
        let bytes = read.map_err(|error| self.no_answer(error, allowed))?;
        decode(&bytes).map_err(|unusable| match unusable {
            Unusable::Malformed(reason) => self.malformed(reason),
            Unusable::Declined(reason) => {
                let error = ModelError::Declined { role: self.role, provider: self.provider.clone(), reason };
                // it answers, so it is up
                Failure { error, again: false, provider_down: false }
            }
        })
    }

    /// A transport error: nothing came, or not all of it.
    fn no_answer(&self, error: ureq::Error, allowed: Duration) -> Failure {
        let (role, provider) = (self.role, self.provider.clone());
        tracing::debug!(provider = %self.provider, %error, "no answer");
        let reason = match &error {
            ureq::Error::Timeout(_) => {
                let error = self.timed_out(allowed);
                return Failure { error, again: false, provider_down: true };
            }
            ureq::Error::BodyExceedsLimit(limit) => {
                return self.malformed(format!("it is larger than {limit} bytes"));
            }
            ureq::Error::Protocol(_) | ureq::Error::LargeResponseHeader(..) => {
                return self.malformed("it is not HTTP/1.1".to_owned());
            }
            ureq::Error::HostNotFound => "its host name does not resolve".to_owned(),
            ureq::Error::Io(error) => format!("connection failed: {}", error.kind()),
            ureq::Error::Tls(_) | ureq::Error::Rustls(_) => "its TLS handshake failed".to_owned(),
            _ => "connection failed".to_owned(),
        };
        let error = ModelError::Unavailable { role, provider, reason, retry_after: None };
        Failure { error, again: true, provider_down: true }
    }

    fn bad_status(&self, status: u16, asked_wait: Option<Duration>, body: &[u8]) -> Failure {
        let (role, provider) = (self.role, self.provider.clone());
        let words = self.loggable(body);
        tracing::debug!(provider = %self.provider, status, body = %words, "error status");
        if status == 429 || status >= 500 {
            let reason = format!("HTTP status {status}");
            let error = ModelError::Unavailable { role, provider, reason, retry_after: asked_wait };
            return Failure { error, again: true, provider_down: true };
        }
        let advice = match status {
            401 | 403 => "check the API key",
            404 => "check `base_url`, and that the provider has `model` (Ollama: `ollama pull`)",
            413 => "send shorter texts or lower `batch`",
            300..=399 => "set `base_url` to the address it redirects to",
            _ if self.role == Role::Llm => "check `model`; the debug log has the provider's words",
            _ => "check `model`, `dimension` and `shorten`; the debug log has the provider's words",
        };
        let error = ModelError::Refused { role, provider, status, advice };
        // it answers, so it is up
        Failure { error, again: false, provider_down: false }
    }

    /// The start of a provider's words for the debug log, without the key.
    fn loggable(&self, body: &[u8]) -> String {
        // blotted before it is cut, so that no half key is left at the end
        let words = String::from_utf8_lossy(body.get(..16 * LOGGED_CHARS).unwrap_or(body));
        self.blot(&words).chars().take(LOGGED_CHARS).collect()
    }

    /// A provider's words without the key.
    pub(super) fn blot(&self, words: &str) -> String {
        self.key.as_ref().map_or_else(|| words.to_owned(), |key| key.blot(words))
    }

    fn timed_out(&self, waited: Duration) -> ModelError {
        ModelError::Timeout { role: self.role, provider: self.provider.clone(), waited }
    }

    fn malformed(&self, reason: String) -> Failure {
        let error = ModelError::Malformed { role: self.role, provider: self.provider.clone(), reason };
        Failure { error, again: false, provider_down: true }
    }

    fn admit(&self) -> Result<(), ModelError> {
        self.with_breaker(|breaker| breaker.admit(Instant::now())).map_err(|wait| ModelError::Unavailable {
            role: self.role,
            provider: self.provider.clone(),
            reason: "it failed repeatedly and is left alone for a while".to_owned(),
            retry_after: Some(wait),
        })
    }

    fn count(&self, failure: &Failure) {
        if !failure.provider_down {
            self.with_breaker(Breaker::succeeded);
        } else if self.with_breaker(|breaker| breaker.failed(Instant::now())) {
            tracing::warn!(provider = %self.provider, error = %failure.error, "circuit breaker opened");
        }
    }

    fn with_breaker<T>(&self, work: impl FnOnce(&mut Breaker) -> T) -> T {
        work(&mut self.breaker.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn read_limited(response: Response<Body>) -> Result<Vec<u8>, ureq::Error> {
    response.into_body().into_with_config().limit(MAX_RESPONSE_BYTES).read_to_vec()
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Client({})", self.provider)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::http::config::ProviderKind;

    #[test]
    fn a_providers_words_are_logged_short_and_without_the_key() {
        let config = ProviderConfig::new(ProviderKind::Ollama, "http://localhost:1", "m");
        let client = Client::new(Role::Llm, &config, Some(Secret::new("sk-hidden"))).unwrap();
        assert_eq!(client.loggable(b"sk-hidden is no key of ours"), "[secret] is no key of ours");
        // A key across the end is blotted before the end is cut.
        let across = format!("{}sk-hidden{}", "x".repeat(LOGGED_CHARS - 4), "y".repeat(5_000));
        let logged = client.loggable(across.as_bytes());
        assert!(logged.chars().count() == LOGGED_CHARS && !logged.contains("sk-"), "{logged}");
        assert_eq!(client.loggable(&[0xff; 3]), "\u{fffd}\u{fffd}\u{fffd}");
    }
}
