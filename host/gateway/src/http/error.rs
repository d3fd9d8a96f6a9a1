//! Errors as HTTP: a status for each code, and a JSON object that says what to do.

use axum::Json;
use axum::response::{IntoResponse, Response};
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use memstrata_kernel::CallError;
use serde_json::{Value, json};

/// An error on its way to an HTTP client.
#[derive(Debug)]
pub(super) struct HttpError(pub(super) CallError);

impl From<CallError> for HttpError {
    fn from(error: CallError) -> Self {
        Self(error)
    }
}

impl HttpError {
    pub(super) fn new(code: &str, message: impl Into<String>) -> Self {
        Self(CallError::new(code, message))
    }
}

/// The status of an error's code. Codes of plugins that we do not know are the caller's, like any refused argument.
pub(super) fn status(code: &str) -> StatusCode {
    let (family, rest) = code.split_once('.').unwrap_or((code, ""));
    match (family, rest) {
        ("unauthenticated", _) => StatusCode::UNAUTHORIZED,
        ("denied", _) => StatusCode::FORBIDDEN,
        ("not-found", _) => StatusCode::NOT_FOUND,
        ("method", _) => StatusCode::METHOD_NOT_ALLOWED,
        ("conflict", _) => StatusCode::CONFLICT,
        ("limit", "rate" | "queue" | "concurrency") => StatusCode::TOO_MANY_REQUESTS,
        ("limit", _) => StatusCode::PAYLOAD_TOO_LARGE,
        ("unavailable" | "budget" | "cancelled", _) => StatusCode::SERVICE_UNAVAILABLE,
        ("internal", _) => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::BAD_REQUEST,
    }
}

impl IntoResponse for HttpError {
    fn into_response(self) -> Response {
        let CallError { code, message, details, retry_after_ms, .. } = self.0;
        let status = status(&code);
        let mut body = json!({ "error": code, "message": message, "details": details.unwrap_or(Value::Null) });
        if let (Some(wait), Some(body)) = (retry_after_ms, body.as_object_mut()) {
            body.insert("retry_after_ms".into(), wait.into());
        }
        let mut response = (status, Json(body)).into_response();
        if let Some(wait) = retry_after_ms {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(wait.div_ceil(1000).max(1)));
        }
        if status == StatusCode::UNAUTHORIZED {
            let challenge = if code == "unauthenticated.token" {
                r#"Bearer realm="memstrata", error="invalid_token""#
            } else {
                r#"Bearer realm="memstrata""#
            };
            response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_statuses() {
        for (code, expected) in [
            ("invalid.argument", 400),
            ("invalid.cursor", 400),
            ("plugin.own", 400),
            ("unauthenticated.missing", 401),
            ("denied.write", 403),
            ("denied.space", 403),
            ("not-found", 404),
            ("method.get", 405),
            ("conflict", 409),
            ("limit.body", 413),
            ("limit.result", 413),
            ("limit.rate", 429),
            ("limit.queue", 429),
            ("internal", 500),
            ("budget.time", 503),
            ("unavailable.store", 503),
            ("unavailable.sessions", 503),
            ("cancelled", 503),
        ] {
            assert_eq!(status(code).as_u16(), expected, "{code}");
        }
    }

    #[test]
    fn headers_say_when_and_how_to_come_back() {
        let mut error = CallError::new("limit.rate", "Slow down.");
        error.retry_after_ms = Some(1001);
        let response = HttpError(error).into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "2");
        let response = HttpError::new("unauthenticated.token", "No.").into_response();
        assert!(response.headers()[WWW_AUTHENTICATE].to_str().unwrap().contains("invalid_token"));
    }
}
