//! Addresses of pages: the one form in which a link is kept, so that the same page is kept once.

/// Parameters that say where a reader came from, not what is read.
const NOISE: [&str; 6] = ["fbclid", "gclid", "mc_cid", "mc_eid", "ref", "utm_"];

/// The link without fragment, tracking parameters and trailing slash, scheme and host in lower case.
///
/// # Errors
/// A sentence for the caller, when it is no web address.
pub fn tidy(url: &str) -> Result<String, String> {
    let url = url.trim();
    let (scheme, rest) = url.split_once("://").ok_or_else(|| wrong(url))?;
    let scheme = scheme.to_ascii_lowercase();
    if scheme != "http" && scheme != "https" {
        return Err(wrong(url));
    }
    let rest = rest.split('#').next().unwrap_or_default();
    let (before, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (host, path) = before.split_once('/').unwrap_or((before, ""));
    if host.is_empty() || host.contains(char::is_whitespace) {
        return Err(wrong(url));
    }
    let kept: Vec<&str> = query.split('&').filter(|part| !part.is_empty() && !is_noise(part)).collect();
    let mut tidy = format!("{scheme}://{}/{path}", host.to_ascii_lowercase()).trim_end_matches('/').to_owned();
    if !kept.is_empty() {
        tidy.push('?');
        tidy.push_str(&kept.join("&"));
    }
    Ok(tidy)
}

fn is_noise(parameter: &str) -> bool {
    let name = parameter.split('=').next().unwrap_or_default();
    NOISE.iter().any(|noise| name == *noise || (noise.ends_with('_') && name.starts_with(noise)))
}

fn wrong(url: &str) -> String {
    format!("`{url}` is no web address: give one like https://example.org/page")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_page_has_one_form() {
        let forms = [
            "https://Example.org/a/b",
            " HTTPS://example.org/a/b/ ",
            "https://example.org/a/b#part",
            "https://example.org/a/b?utm_source=mail&ref=x",
        ];
        for form in forms {
            assert_eq!(tidy(form).as_deref(), Ok("https://example.org/a/b"), "{form}");
        }
        assert_eq!(tidy("https://example.org/?id=7&utm_medium=x").as_deref(), Ok("https://example.org?id=7"));
    }

    #[test]
    fn anything_else_is_refused() {
        for text in ["", "example.org", "ftp://example.org", "https://", "https:///path", "https://a b/"] {
            assert!(tidy(text).is_err(), "{text}");
        }
    }
}
