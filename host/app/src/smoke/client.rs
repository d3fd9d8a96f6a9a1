//! The HTTP door from outside: REST calls on a running host.

use serde_json::Value;
use std::time::Duration;

/// The longest a call may take: consolidations and searches that wait for a model too.
const TIME_OUT: Duration = Duration::from_secs(120);

/// A client of one space of a host.
#[derive(Clone)]
pub(crate) struct Client {
    agent: ureq::Agent,
    url: String,
    space: String,
    token: Option<String>,
}

/// What a host answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Value,
}

impl Client {
    pub(crate) fn new(url: &str, space: &str, token: Option<String>) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).timeout_global(Some(TIME_OUT)).build();
        Self { agent: agent.into(), url: url.trim_end_matches('/').to_owned(), space: space.to_owned(), token }
    }

    /// Calls an operation or tool.
    ///
    /// # Errors
    /// In words, when no answer comes.
    pub(crate) fn call(&self, operation: &str, arguments: &Value) -> Result<Answer, String> {
        let mut request =
            self.agent.post(format!("{}/tools/{operation}", self.url)).header("content-type", "application/json");
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        self.answer(request.send(arguments.to_string()))
    }

    /// Reads a path.
    ///
    /// # Errors
    /// In words, when no answer comes.
    pub(crate) fn get(&self, path: &str) -> Result<Answer, String> {
        let mut request = self.agent.get(format!("{}{path}", self.url));
        for (name, value) in self.headers() {
            request = request.header(name, value);
        }
        self.answer(request.call())
    }

    fn headers(&self) -> impl Iterator<Item = (&'static str, String)> + '_ {
        let token = self.token.iter().map(|token| ("authorization", format!("Bearer {token}")));
        std::iter::once(("x-memstrata-space", self.space.clone())).chain(token)
    }

    fn answer(&self, sent: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer, String> {
        let mut response = sent.map_err(|error| format!("no answer from {}: {error}", self.url))?;
        let status = response.status().as_u16();
        let text = response.body_mut().read_to_string().map_err(|error| format!("the answer broke off: {error}"))?;
        Ok(Answer { status, body: serde_json::from_str(&text).unwrap_or(Value::String(text)) })
    }
}
