//! Asking a server for a file, from wherever it has been moved to, and understanding the answer.

use std::io::Read;
use std::net::IpAddr;

use ureq::http::{HeaderMap, StatusCode, Uri, header};
use ureq::{Agent, Body};
use url::Url;

use super::part::Resume;
use super::{FetchError, Order, Timeouts};

/// Most addresses that one may lead to.
const MAX_REDIRECTS: usize = 10;

/// What a server is about to send.
pub(super) struct Answer {
    pub body: Box<dyn Read>,
    /// Where it goes on, in bytes from the beginning.
    pub from: u64,
    /// Size of the whole file.
    pub total: Option<u64>,
    /// See [`Resume::validator`].
    pub validator: Option<String>,
}

/// Asks for the rest of a file, or else for all of it.
///
/// # Errors
/// One line for the user.
pub(super) fn ask(
    agent: &Agent,
    order: &Order,
    timeouts: Timeouts,
    resume: Option<Resume>,
) -> Result<Answer, FetchError> {
    if let Some(resume) = resume {
        let response = follow(agent, order, timeouts, Some(&resume))?;
        if response.status() != StatusCode::PARTIAL_CONTENT
            && response.status() != StatusCode::RANGE_NOT_SATISFIABLE
        {
            return understand(order, response);
        }
        if let Some((from, total)) = content_range(response.headers())
            && response.status() == StatusCode::PARTIAL_CONTENT
            && from == resume.from
        {
            let validator = validator(response.headers()).or(resume.validator);
            let body = Box::new(response.into_body().into_reader());
            return Ok(Answer { body, from, total, validator });
        }
        // It cannot go on from there, or thinks that it can from elsewhere: all of it, then.
    }
    understand(order, follow(agent, order, timeouts, None)?)
}

type Response = ureq::http::Response<Body>;

/// Sends the question to where the file is now.
fn follow(
    agent: &Agent,
    order: &Order,
    timeouts: Timeouts,
    resume: Option<&Resume>,
) -> Result<Response, FetchError> {
    let mut url = order.url.clone();
    check(&url, order.plain_http)?;
    for _ in 0..=MAX_REDIRECTS {
        let mut request = agent.get(&url);
        if let Some(Resume { from, validator }) = resume {
            request = request.header(header::RANGE, format!("bytes={from}-"));
            if let Some(validator) = validator {
                request = request.header(header::IF_RANGE, validator);
            }
        }
        let response = request.call().map_err(|error| {
            let waited = match error {
                ureq::Error::Timeout(ureq::Timeout::PerRead | ureq::Timeout::RecvResponse) => {
                    timeouts.silence
                }
                _ => timeouts.connect,
            };
            FetchError::while_asking(error, host(&url), waited)
        })?;
        let is_moved = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
        if !is_moved {
            return Ok(response);
        }
        let to = text(response.headers(), header::LOCATION).unwrap_or_default();
        let next = joined(&url, &to)
            .ok_or_else(|| FetchError::BadRedirect(url.clone(), to.as_str().into()))?;
        // From an encrypted address to another one, whatever was allowed.
        let is_plain_ok = order.plain_http && !url.starts_with("https:");
        let is_step_down = url.starts_with("https:") && !next.starts_with("https:");
        if is_step_down || check(&next, is_plain_ok).is_err() {
            return Err(FetchError::BadRedirect(url, next.into()));
        }
        url = next;
    }
    Err(FetchError::RedirectLoop(order.url.clone()))
}

/// An answer that brings the whole file.
fn understand(order: &Order, response: Response) -> Result<Answer, FetchError> {
    let (status, headers) = (response.status(), response.headers());
    match status {
        StatusCode::OK => {}
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            return Err(FetchError::NotFound(order.url.clone()));
        }
        _ => {
            let (url, status) = (order.url.clone(), status.as_u16());
            return Err(FetchError::Status { url, status });
        }
    }
    if text(headers, header::CONTENT_TYPE).is_some_and(|kind| kind.starts_with("text/html")) {
        return Err(FetchError::WebPage(host(&order.url)));
    }
    let total = text(headers, header::CONTENT_LENGTH).and_then(|length| length.trim().parse().ok());
    let validator = validator(headers);
    let body = Box::new(response.into_body().into_reader());
    Ok(Answer { body, from: 0, total, validator })
}

fn text(headers: &HeaderMap, name: header::HeaderName) -> Option<String> {
    Some(headers.get(name)?.to_str().ok()?.to_owned())
}

/// A strong `ETag`, or else the date.
fn validator(headers: &HeaderMap) -> Option<String> {
    let tag = text(headers, header::ETAG).filter(|tag| !tag.starts_with("W/"));
    tag.or_else(|| text(headers, header::LAST_MODIFIED))
}

/// `bytes 100-199/200`: the first byte, and the size of the whole.
fn content_range(headers: &HeaderMap) -> Option<(u64, Option<u64>)> {
    let range = text(headers, header::CONTENT_RANGE)?;
    let (range, total) = range.trim().strip_prefix("bytes")?.trim().split_once('/')?;
    let (from, _) = range.split_once('-')?;
    Some((from.trim().parse().ok()?, total.trim().parse().ok()))
}

/// Whether an address may be used.
fn check(url: &str, plain_http: bool) -> Result<(), FetchError> {
    let bad = || FetchError::BadAddress(url.to_owned());
    let uri: Uri = url.parse().map_err(|_| bad())?;
    match (uri.scheme_str(), uri.host()) {
        (Some("https"), Some(_)) => Ok(()),
        (Some("http"), Some(_)) if plain_http || is_this_computer(url) => Ok(()),
        (Some("http"), Some(_)) => Err(FetchError::NotEncrypted(url.to_owned())),
        _ => Err(bad()),
    }
}

/// Whether an address is one of this computer itself.
pub(super) fn is_this_computer(url: &str) -> bool {
    let host = host(url);
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// The computer in an address; all of it if there is none in it.
pub(super) fn host(url: &str) -> String {
    let uri = url.parse::<Uri>();
    let host = uri.as_ref().ok().and_then(Uri::host);
    host.unwrap_or(url).to_owned()
}

/// Where an address leads, which may be given relative to it (RFC 3986).
fn joined(url: &str, to: &str) -> Option<String> {
    if to.is_empty() {
        return None;
    }
    let mut joined = Url::parse(url).ok()?.join(to).ok()?;
    joined.set_fragment(None);
    joined.has_host().then(|| joined.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_encrypted_addresses_and_this_computer() {
        let allowed = |url| check(url, false).is_ok();
        for url in
            ["https://a.org/x", "http://127.0.0.1:9/x", "http://[::1]/x", "http://localhost/"]
        {
            assert!(allowed(url), "{url}");
        }
        for url in
            ["http://a.org/x", "http://10.0.0.1/x", "ftp://a.org/x", "file:///etc/passwd", "x"]
        {
            assert!(!allowed(url), "{url}");
        }
        assert!(check("http://a.org/x", true).is_ok() && check("ftp://a.org/x", true).is_err());
    }

    #[test]
    fn addresses_are_joined() {
        let url = "https://a.org/b/c?d";
        for (to, expected) in [
            ("https://e.org/f", Some("https://e.org/f")),
            ("//e.org/f", Some("https://e.org/f")),
            ("/f?g", Some("https://a.org/f?g")),
            ("f", Some("https://a.org/b/f")),
            ("?q=1", Some("https://a.org/b/c?q=1")),
            ("../f#g", Some("https://a.org/f")),
            ("f:g", None),
            ("", None),
            ("javascript:alert(1)", None),
        ] {
            assert_eq!(joined(url, to).as_deref(), expected, "{to}");
        }
    }
}
