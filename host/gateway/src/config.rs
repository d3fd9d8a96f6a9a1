//! The gateway's configuration: what it listens on, who may call, which tools are shown.

use crate::tool::{Group, RESERVED, Route, choose};
use indexmap::IndexMap;
use memstrata_kernel::CallError;
use memstrata_store::Namespace;
use serde::Deserialize;
use serde_json::{Map, Value};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

/// The most bytes any result may have, whatever the configuration says.
pub const HARD_RESULT_BYTES: usize = 100_000;

/// The most tools a list may show, built-in ones included.
const MOST_TOOLS: usize = 64;

/// Configuration of the gateway. Unknown keys are refused; every key has a default.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GatewayConfig {
    /// Address and port to listen on; port 0 takes a free one. Default `127.0.0.1:7077`.
    pub bind: String,
    /// Bearer tokens by name, which is the principal's name. None: whoever reaches a loopback address may do everything.
    pub tokens: IndexMap<String, TokenConfig>,
    /// Names a client may use in `Host`, with or without port; `*` lets any in. Default `localhost`, `127.0.0.1`, `::1`.
    pub allowed_hosts: Vec<String>,
    /// Origins whose web pages may call, like `http://localhost:*`. Default: loopback on any port.
    pub allowed_origins: Vec<String>,
    /// The most bytes of a request's body. Default 4 MiB.
    pub max_body_bytes: usize,
    /// The most bytes of an answer to a model; at most 100,000. Default 40,000, about 10,000 tokens.
    pub result_bytes: usize,
    /// The most sessions of clients before protocol 2026-07-28. Default 256.
    pub sessions: usize,
    /// Seconds after which a session without an open stream ends. Default 120.
    pub session_idle_s: u64,
    /// Calls a minute for each principal: operation, tool or `*` -> count. Default: no limit.
    pub rate_limits: IndexMap<String, u32>,
    /// The space of callers who name none. Default `default`.
    pub default_space: String,
    /// Tools shown to clients: name -> `layer.operation`. Default: none; the app brings its own.
    pub tools: IndexMap<String, String>,
    /// Other names of operations, not shown: name -> `layer.operation`. Default: none; the app brings its own.
    pub aliases: IndexMap<String, Route>,
    /// Grouped tools: name -> the operations its argument `operation` chooses from. Default: none; the app brings its own.
    pub groups: IndexMap<String, Group>,
    /// Whether clients are shown grouped tools in the list, beside those of `tools`. Default: no; they can be called all the same.
    pub show_groups: bool,
    /// Seconds that requests in flight get at shutdown. Default 10.
    pub drain_s: u64,
}

/// One bearer token. Give exactly one of `token_env` and `token_file`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TokenConfig {
    /// The environment variable that holds the secret; the app reads it.
    pub token_env: Option<String>,
    /// The file that holds the secret; the app reads it.
    pub token_file: Option<String>,
    /// Spaces it may use. Default: all.
    pub spaces: Option<Vec<String>>,
    /// The namespace it is confined to. Default: whole spaces.
    pub namespace: Option<String>,
    /// Whether it may only read.
    pub read_only: bool,
}

impl Default for GatewayConfig {
    fn default() -> Self {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Self {
            bind: "127.0.0.1:7077".into(),
            tokens: IndexMap::new(),
            allowed_hosts: owned(&["localhost", "127.0.0.1", "::1"]),
            allowed_origins: owned(&["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"]),
            max_body_bytes: 4 * 1024 * 1024,
            result_bytes: 40_000,
            sessions: 256,
            session_idle_s: 120,
            rate_limits: IndexMap::new(),
            default_space: "default".into(),
            tools: IndexMap::new(),
            aliases: IndexMap::new(),
            groups: IndexMap::new(),
            show_groups: false,
            drain_s: 10,
        }
    }
}

impl GatewayConfig {
    /// Every fault, in words that say what to change; empty if there is none.
    #[must_use]
    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        match self.address() {
            None => faults.push(format!("bind `{}` is not an address with a port, like 127.0.0.1:7077", self.bind)),
            Some(address) if !address.ip().is_loopback() && self.tokens.is_empty() => faults.push(format!(
                "bind `{}` can be reached from other machines: add a [gateway.tokens] entry, or bind to 127.0.0.1",
                self.bind
            )),
            Some(_) => {}
        }
        for (name, token) in &self.tokens {
            token.faults(name, &mut faults);
        }
        self.faults_of_numbers(&mut faults);
        self.faults_of_lists(&mut faults);
        self.faults_of_tools(&mut faults);
        faults
    }

    fn faults_of_numbers(&self, faults: &mut Vec<String>) {
        let mut within = |name: &str, value: u64, least: u64, most: u64| {
            if value < least || value > most {
                faults.push(format!("{name} is {value}: use {least} to {most}"));
            }
        };
        within("max_body_bytes", self.max_body_bytes as u64, 1024, 1 << 30);
        within("result_bytes", self.result_bytes as u64, 1_000, HARD_RESULT_BYTES as u64);
        within("sessions", self.sessions as u64, 1, 100_000);
        within("session_idle_s", self.session_idle_s, 1, 86_400);
        within("drain_s", self.drain_s, 0, 600);
        for (operation, calls) in &self.rate_limits {
            within(&format!("rate_limits.{operation}"), u64::from(*calls), 1, 1_000_000);
        }
    }

    fn faults_of_lists(&self, faults: &mut Vec<String>) {
        if !is_space(&self.default_space) {
            faults.push(format!("default_space `{}` is not a space's name: use A-Z a-z 0-9 _ -", self.default_space));
        }
        if self.allowed_hosts.iter().any(|host| host.trim().is_empty()) || self.allowed_hosts.is_empty() {
            faults.push("allowed_hosts must name at least one host, and no empty one; `*` lets any in".into());
        }
        for origin in &self.allowed_origins {
            if !is_origin(origin) {
                faults.push(format!(
                    "allowed_origins has `{origin}`: write scheme://host, scheme://host:port or scheme://host:*"
                ));
            }
        }
        for operation in self.rate_limits.keys() {
            let known = operation == "*"
                || is_operation(operation)
                || RESERVED.contains(&operation.as_str())
                || self.tools.contains_key(operation);
            if !known {
                faults
                    .push(format!("rate_limits.{operation} is neither `*`, nor `layer.operation`, nor a tool's name"));
            }
        }
    }

    fn faults_of_tools(&self, faults: &mut Vec<String>) {
        for (name, operation) in &self.tools {
            if !is_tool(name) {
                faults.push(format!("tools.{name}: a tool's name is a-z, then a-z 0-9 _, at most 40 characters"));
            }
            if RESERVED.contains(&name.as_str()) {
                faults.push(format!("tools.{name}: this name belongs to a built-in tool, choose another"));
            }
            if !is_operation(operation) {
                faults.push(format!("tools.{name} = `{operation}` is not `layer.operation`"));
            }
        }
        let shown = self.tools.len() + if self.show_groups { self.groups.len() } else { 0 };
        if shown + RESERVED.len() > MOST_TOOLS {
            faults.push(format!(
                "{shown} tools are to be shown: with {} built-in ones, at most {MOST_TOOLS} may be",
                RESERVED.len()
            ));
        }
        let mut taken: Vec<&String> = self.tools.keys().collect();
        let aliases = self.aliases.keys().map(|name| ("aliases", name));
        for (kind, name) in aliases.chain(self.groups.keys().map(|name| ("groups", name))) {
            if !is_tool(name) || RESERVED.contains(&name.as_str()) || taken.contains(&name) {
                faults.push(format!(
                    "{kind}.{name}: the name is taken, or not a-z, then a-z 0-9 _, at most 40 characters"
                ));
            }
            taken.push(name);
        }
        let grouped = self.groups.iter().flat_map(|(group, operations)| {
            operations.iter().map(move |(name, operation)| (format!("groups.{group}.{name}"), operation))
        });
        let aliases = self.aliases.iter().map(|(name, operation)| (format!("aliases.{name}"), operation));
        for (name, operation) in aliases.chain(grouped).filter(|(_, route)| !is_operation(route.operation())) {
            let operation = operation.operation();
            faults.push(format!("{name} = `{operation}` is not `layer.operation`"));
        }
    }

    /// The operation a name means, of those a configuration gives names; arguments of a grouped tool lose their choice.
    ///
    /// # Errors
    /// `invalid.argument` where a grouped tool has no such operation.
    pub fn operation(&self, name: &str, arguments: &mut Map<String, Value>) -> Result<String, CallError> {
        if let Some(group) = self.groups.get(name) {
            return choose(name, group, arguments);
        }
        if let Some(route) = self.aliases.get(name) {
            route.rename(arguments);
            return Ok(route.operation().to_owned());
        }
        Ok(self.tools.get(name).map_or(name, String::as_str).to_owned())
    }

    /// The address to listen on; `localhost` means 127.0.0.1.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        match self.bind.strip_prefix("localhost:") {
            Some(port) => port.parse().ok().map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port)),
            None => self.bind.parse().ok(),
        }
    }

    pub(crate) fn session_idle(&self) -> Duration {
        Duration::from_secs(self.session_idle_s)
    }

    pub(crate) fn drain(&self) -> Duration {
        Duration::from_secs(self.drain_s)
    }

    /// The rate limits by operation: rules for a tool hold for the operation behind it.
    pub(crate) fn limits(&self) -> IndexMap<String, u32> {
        self.rate_limits.iter().map(|(name, calls)| (self.tools.get(name).unwrap_or(name).clone(), *calls)).collect()
    }
}

impl TokenConfig {
    fn faults(&self, name: &str, faults: &mut Vec<String>) {
        if !is_space(name) {
            faults.push(format!("tokens.{name}: a token's name is A-Z a-z 0-9 _ -, at most 100 characters"));
        }
        match (&self.token_env, &self.token_file) {
            (None, None) => faults.push(format!("tokens.{name} has no secret: give token_env or token_file")),
            (Some(_), Some(_)) => {
                faults.push(format!("tokens.{name} has two secrets: keep one of token_env and token_file"))
            }
            (Some(source), None) | (None, Some(source)) if source.trim().is_empty() => {
                faults.push(format!("tokens.{name}: the name of its secret is empty"));
            }
            _ => {}
        }
        for space in self.spaces.iter().flatten() {
            if !is_space(space) {
                faults.push(format!("tokens.{name}.spaces has `{space}`, which is not a space's name"));
            }
        }
        if self.spaces.as_ref().is_some_and(Vec::is_empty) {
            faults.push(format!("tokens.{name}.spaces is empty: name spaces, or drop the key to allow all"));
        }
        if let Some(Err(error)) = self.namespace.as_deref().map(Namespace::parse) {
            faults.push(format!("tokens.{name}.namespace: {error}"));
        }
    }
}

/// Whether `name` may name a space.
pub(crate) fn is_space(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

fn is_word(name: &str) -> bool {
    name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
        && name.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
}

fn is_tool(name: &str) -> bool {
    name.len() <= 40 && is_word(name)
}

fn is_operation(name: &str) -> bool {
    name.split_once('.').is_some_and(|(layer, operation)| is_word(layer) && is_word(operation))
}

fn is_origin(origin: &str) -> bool {
    if origin.eq_ignore_ascii_case("null") {
        return true;
    }
    let base = origin.strip_suffix(":*").unwrap_or(origin);
    http::Uri::try_from(base).is_ok_and(|uri| {
        uri.scheme().is_some()
            && uri.authority().is_some()
            && uri.path() == "/"
            && !base.ends_with('/')
            && uri.query().is_none()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn config(value: serde_json::Value) -> GatewayConfig {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn the_default_has_no_fault() {
        assert_eq!(GatewayConfig::default().faults(), Vec::<String>::new());
        assert_eq!(config(json!({})).bind, "127.0.0.1:7077");
    }

    #[test]
    fn unknown_keys_are_refused() {
        assert!(serde_json::from_value::<GatewayConfig>(json!({"bnid": "x"})).is_err());
        assert!(serde_json::from_value::<GatewayConfig>(json!({"tokens": {"a": {"token": "secret"}}})).is_err());
    }

    #[test]
    fn an_open_bind_needs_tokens() {
        for bind in ["0.0.0.0:7077", "[::]:7077", "192.168.1.4:80"] {
            let open = config(json!({"bind": bind}));
            assert!(open.faults().iter().any(|fault| fault.contains("tokens")), "{bind}");
            let closed = config(json!({"bind": bind, "tokens": {"ci": {"token_env": "T"}}}));
            assert_eq!(closed.faults(), Vec::<String>::new(), "{bind}");
        }
        for bind in ["127.0.0.1:0", "[::1]:7077", "localhost:7077"] {
            assert_eq!(config(json!({"bind": bind})).faults(), Vec::<String>::new(), "{bind}");
        }
    }

    #[test]
    fn all_faults_come_at_once() {
        let faults = config(json!({
            "bind": "nowhere", "default_space": "a b", "result_bytes": 200_000, "allowed_hosts": [],
            "allowed_origins": ["localhost", "https://x.y/path", "null", "https://x.y:443"],
            "rate_limits": {"*": 0, "what": 5, "rcl": 5},
            "tools": {"Bad": "x.y", "forget": "x.y", "rcl": "noperiod"},
            "tokens": {"both": {"token_env": "A", "token_file": "B"}, "none": {"spaces": [], "namespace": "::"}},
        }))
        .faults();
        for part in [
            "bind `nowhere`",
            "default_space",
            "result_bytes is 200000",
            "allowed_hosts",
            "`localhost`",
            "`https://x.y/path`",
            "rate_limits.* is 0",
            "rate_limits.what",
            "tools.Bad",
            "tools.forget",
            "tools.rcl",
            "tokens.both",
            "tokens.none has no",
            "tokens.none.spaces",
            "tokens.none.namespace",
        ] {
            assert!(faults.iter().any(|fault| fault.contains(part)), "{part} is missing in {faults:#?}");
        }
        assert_eq!(faults.len(), 15, "{faults:#?}");
    }

    #[test]
    fn names_of_tokens_and_of_their_spaces_are_sound() {
        let token = |name: &str, space: &str| {
            let faults = config(json!({"tokens": {name: {"token_env": "T", "spaces": [space]}}})).faults();
            assert!(faults.len() <= 1, "{faults:?}");
            faults.join("")
        };
        assert_eq!(token("ci", "work"), "");
        assert!(token("c i", "work").starts_with("tokens.c i: a token's name"));
        assert!(token("ci", "../work").starts_with("tokens.ci.spaces has `../work`"));
    }

    #[test]
    fn limits_of_a_tool_hold_for_its_operation() {
        let limits = config(json!({"tools": {"a": "x.y"}, "rate_limits": {"a": 3, "*": 9}})).limits();
        assert_eq!(limits.get("x.y"), Some(&3));
        assert_eq!(limits.get("*"), Some(&9));
    }

    #[test]
    fn aliases_and_groups_have_sound_names_of_their_own_and_name_operations() {
        let faults = config(json!({
            "tools": {"rcl": "x.y"},
            "aliases": {"rcl": "x.y", "forget": "x.y", "Loud": "x.y", "old": "noperiod", "fine": "x.y"},
            "groups": {"fine": {"a": "x.y"}, "many": {"good": "x.y", "bad": "noperiod"}},
        }))
        .faults();
        let parts = [
            "aliases.rcl",
            "aliases.forget",
            "aliases.Loud",
            "aliases.old = `noperiod`",
            "groups.fine",
            "groups.many.bad",
        ];
        for part in parts {
            assert!(faults.iter().any(|fault| fault.starts_with(part)), "{part} is missing in {faults:#?}");
        }
        assert_eq!(faults.len(), parts.len(), "{faults:#?}");
    }

    #[test]
    fn too_many_tools_are_a_fault() {
        let tools: IndexMap<String, String> = (0..61).map(|n| (format!("t{n}"), "x.y".to_owned())).collect();
        let faults = GatewayConfig { tools, ..GatewayConfig::default() }.faults();
        assert!(faults.iter().any(|fault| fault.contains("at most 64")), "{faults:?}");
    }
}
