//! Step 2 of 7 (HTTP): who may come in, by Host, Origin and bearer token, and into which space.

use super::Front;
use super::error::HttpError;
use crate::config::GatewayConfig;
use crate::error::GatewayError;
use crate::token::{self, ResolvedToken};
use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, HOST, ORIGIN};
use http::uri::Authority;
use http::{HeaderMap, Uri};
use memstrata_kernel::Principal;
use memstrata_store::Namespace;
use std::sync::Arc;

const SPACE_HEADER: &str = "x-memstrata-space";
const SPACE_QUERY: &str = "space";

/// The lists and tokens that decide who comes in.
pub(super) struct Guard {
    hosts: Vec<String>,
    origins: Vec<String>,
    tokens: Vec<ResolvedToken>,
    /// The principal of the token with the same index.
    principals: Vec<Principal>,
}

impl Guard {
    /// Joins the configuration's tokens with their secrets.
    ///
    /// # Errors
    /// Every token without a secret, and every secret without a token.
    pub(super) fn new(config: &GatewayConfig, tokens: Vec<ResolvedToken>) -> Result<Self, GatewayError> {
        let mut faults = Vec::new();
        for name in config.tokens.keys() {
            if !tokens.iter().any(|token| token.name() == name && !token.is_empty()) {
                faults.push(format!("tokens.{name} has no secret, or an empty one"));
            }
        }
        let mut principals = Vec::new();
        for token in &tokens {
            let Some(settings) = config.tokens.get(token.name()) else {
                faults.push(format!("the secret `{}` belongs to no token of the configuration", token.name()));
                continue;
            };
            match Namespace::parse(settings.namespace.as_deref().unwrap_or_default()) {
                Ok(scope) => principals.push(Principal {
                    name: token.name().to_owned(),
                    scope,
                    spaces: settings.spaces.clone(),
                    may_write: !settings.read_only,
                }),
                Err(error) => faults.push(format!("tokens.{}.namespace: {error}", token.name())),
            }
        }
        if !faults.is_empty() {
            return Err(GatewayError::Config(faults));
        }
        Ok(Self { hosts: config.allowed_hosts.clone(), origins: config.allowed_origins.clone(), tokens, principals })
    }

    /// Whether callers differ, so that their lists may.
    pub(super) fn has_tokens(&self) -> bool {
        !self.tokens.is_empty()
    }

    /// Refuses what a browser was tricked into sending: a foreign Host (DNS rebinding) or Origin (another site).
    fn check_headers(&self, uri: &Uri, headers: &HeaderMap) -> Result<(), HttpError> {
        let host = match headers.get(HOST) {
            Some(value) => value.to_str().ok().and_then(|host| Authority::try_from(host).ok()),
            None => uri.authority().cloned(),
        };
        if !host.is_some_and(|host| host_allowed(&host, &self.hosts)) {
            return Err(HttpError::new(
                "denied.host",
                "This Host is not allowed; the operator may add it to allowed_hosts.",
            ));
        }
        let origin = headers.get(ORIGIN);
        if origin.is_some_and(|origin| !origin.to_str().is_ok_and(|origin| origin_allowed(origin, &self.origins))) {
            return Err(HttpError::new(
                "denied.origin",
                "This Origin is not allowed; the operator may add it to allowed_origins.",
            ));
        }
        Ok(())
    }

    /// Who the bearer of this request is.
    fn principal(&self, headers: &HeaderMap) -> Result<Principal, HttpError> {
        if self.tokens.is_empty() {
            return Ok(Principal::local());
        }
        let secret = headers
            .get(AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(token::bearer)
            .ok_or_else(|| {
                HttpError::new("unauthenticated.missing", "Send `Authorization: Bearer` and a token this server knows.")
            })?;
        token::find(&self.tokens, secret)
            .and_then(|index| self.principals.get(index).cloned())
            .ok_or_else(|| HttpError::new("unauthenticated.token", "This token is not known here."))
    }
}

/// Lets a request in with its access, or answers why not. Health is told to everybody, though not all of it.
pub(super) async fn enter(State(front): State<Arc<Front>>, mut request: Request, next: Next) -> Response {
    if let Err(error) = front.guard.check_headers(request.uri(), request.headers()) {
        return error.into_response();
    }
    let is_open = request.uri().path() == "/health";
    let access = front.guard.principal(request.headers()).and_then(|principal| {
        let space = space(request.uri(), request.headers());
        front.gate.access(principal, space.as_deref()).map_err(HttpError)
    });
    match access {
        Ok(access) => {
            request.extensions_mut().insert(access);
        }
        Err(_) if is_open => {}
        Err(error) => return error.into_response(),
    }
    next.run(request).await
}

/// The space a request names: in the path of MCP; in a header or the query of REST. Never in a body, which a model writes.
fn space(uri: &Uri, headers: &HeaderMap) -> Option<String> {
    if let Some(rest) = uri.path().strip_prefix("/mcp") {
        return rest.strip_prefix('/').filter(|space| !space.is_empty()).map(str::to_owned);
    }
    // What is no text names no space, and is refused as such; to pass over it would use another space in silence.
    let header = headers.get(SPACE_HEADER).map(|value| value.to_str().unwrap_or("?").to_owned());
    header.or_else(|| {
        uri.query()?.split('&').find_map(|pair| {
            let (name, value) = pair.split_once('=')?;
            (name == SPACE_QUERY).then(|| value.to_owned())
        })
    })
}

fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

/// Entries without a port allow every port.
fn host_allowed(host: &Authority, allowed: &[String]) -> bool {
    allowed.iter().any(|entry| {
        let entry = entry.trim();
        if entry == "*" {
            return true;
        }
        // A bare IPv6 address is no authority, but operators write it.
        match Authority::try_from(entry).ok().filter(|_| !entry.contains("::") || entry.starts_with('[')) {
            Some(entry) => {
                bare(entry.host()) == bare(host.host())
                    && entry.port_u16().is_none_or(|port| host.port_u16() == Some(port))
            }
            None => bare(entry) == bare(host.host()),
        }
    })
}

/// Entries compare scheme, host and port; `:*` allows every port, no port means the scheme's own.
fn origin_allowed(origin: &str, allowed: &[String]) -> bool {
    if origin == "null" {
        return allowed.iter().any(|entry| entry == "null");
    }
    let Some(origin) = site(origin) else { return false };
    allowed.iter().any(|entry| match entry.strip_suffix(":*") {
        Some(base) => {
            site(base).is_some_and(|(scheme, host, _)| (scheme, host) == (origin.0.clone(), origin.1.clone()))
        }
        None => site(entry).is_some_and(|entry| entry == origin),
    })
}

fn site(origin: &str) -> Option<(String, String, Option<u16>)> {
    let uri = Uri::try_from(origin).ok()?;
    let scheme = uri.scheme_str()?.to_ascii_lowercase();
    let authority = uri.authority()?;
    let own = match scheme.as_str() {
        "http" => Some(80),
        "https" => Some(443),
        _ => None,
    };
    Some((scheme, bare(authority.host()), authority.port_u16().or(own)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn owned(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|entry| (*entry).to_owned()).collect()
    }

    #[test]
    fn hosts() {
        let local = GatewayConfig::default().allowed_hosts;
        for (host, allowed, expected) in [
            ("localhost:7077", &local, true),
            ("LOCALHOST", &local, true),
            ("127.0.0.1:9", &local, true),
            ("[::1]:7077", &local, true),
            ("evil.example", &local, false),
            ("localhost.evil.example:7077", &local, false),
            ("evil.example", &owned(&["*"]), true),
            ("a.example:80", &owned(&["a.example:80"]), true),
            ("a.example:81", &owned(&["a.example:80"]), false),
            ("a.example", &owned(&["a.example:80"]), false),
        ] {
            assert_eq!(host_allowed(&Authority::try_from(host).unwrap(), allowed), expected, "{host} {allowed:?}");
        }
    }

    #[test]
    fn origins() {
        let local = GatewayConfig::default().allowed_origins;
        for (origin, allowed, expected) in [
            ("http://localhost:3000", &local, true),
            ("http://[::1]:3000", &local, true),
            ("http://localhost", &local, true),
            ("https://localhost", &local, false),
            ("http://evil.example", &local, false),
            ("null", &local, false),
            ("null", &owned(&["null"]), true),
            ("rubbish", &local, false),
            ("https://a.example", &owned(&["https://a.example:443"]), true),
            ("https://a.example:444", &owned(&["https://a.example"]), false),
        ] {
            assert_eq!(origin_allowed(origin, allowed), expected, "{origin} {allowed:?}");
        }
    }

    #[test]
    fn the_space_stands_in_path_header_or_query() {
        let mut headers = HeaderMap::new();
        let of = |uri: &str, headers: &HeaderMap| space(&Uri::try_from(uri).unwrap(), headers);
        assert_eq!(of("/mcp", &headers), None);
        assert_eq!(of("/mcp/work", &headers), Some("work".into()));
        assert_eq!(of("/recall?a=b&space=work", &headers), Some("work".into()));
        assert_eq!(of("/mcp?space=work", &headers), None);
        headers.insert(SPACE_HEADER, "home".parse().unwrap());
        assert_eq!(of("/recall?space=work", &headers), Some("home".into()));
        assert_eq!(of("/mcp", &headers), None);
    }

    #[test]
    fn every_token_needs_its_secret() {
        let config: GatewayConfig =
            serde_json::from_value(serde_json::json!({"tokens": {"a": {"token_env": "A", "read_only": true}}}))
                .unwrap();
        assert!(Guard::new(&config, vec![]).is_err());
        assert!(Guard::new(&config, vec![ResolvedToken::new("a", " ")]).is_err());
        assert!(Guard::new(&config, vec![ResolvedToken::new("a", "x"), ResolvedToken::new("b", "y")]).is_err());
        let guard = Guard::new(&config, vec![ResolvedToken::new("a", "x")]).unwrap();
        let mut headers = HeaderMap::new();
        assert_eq!(guard.principal(&headers).unwrap_err().0.code, "unauthenticated.missing");
        headers.insert(AUTHORIZATION, "Bearer y".parse().unwrap());
        assert_eq!(guard.principal(&headers).unwrap_err().0.code, "unauthenticated.token");
        headers.insert(AUTHORIZATION, "Bearer x".parse().unwrap());
        let principal = guard.principal(&headers).unwrap();
        assert_eq!((principal.name.as_str(), principal.may_write), ("a", false));
    }
}
