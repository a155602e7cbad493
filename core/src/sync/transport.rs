//! The way to the server: the only file that names an HTTP client.
//!
//! Everything else sees [`Transport`], so that the exchange is tested, and simulated, without a network. `Http` never
//! retries and never sleeps: it fails with a reason, and whoever schedules decides when to call again.

use std::error::Error as _;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::blocking::{Client, Response as Reply};
use reqwest::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, ETAG, HeaderMap, HeaderName, RETRY_AFTER,
};
use reqwest::{Url, redirect};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use crate::wire;

/// Sends one request and waits for its answer.
pub trait Transport {
    /// Blocks, at most about a minute.
    fn send(&self, request: &Request) -> Result<Response, Unreachable>;
}

/// The methods of the protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Send.
    Post,
}

/// One request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// What to do.
    pub method: Method,
    /// From the server's address on, with its query: `/v1/sync/hello`.
    pub path: String,
    /// Beyond those that every request has.
    pub headers: Vec<(&'static str, String)>,
    /// Plain; the transport compresses it. Empty for a `Get`.
    pub body: Vec<u8>,
}

/// The server's answer, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// Seconds to wait, if the server named them.
    pub retry_after: Option<u64>,
    /// The version of what was read.
    pub etag: Option<String>,
    /// Plain, and never more than [`wire::MAX_INFLATED`].
    pub body: Vec<u8>,
}

/// Why there is no answer. Whether the request arrived is never known, except where it was not even begun.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreachable {
    /// No network, no such host, nobody listening, or the connection broke.
    #[error("there is no connection to the server")]
    NoConnection,
    /// Too slow.
    #[error("the server did not answer in time")]
    TimedOut,
    /// Whoever answered is not the server that is trusted, or its authority is not given.
    #[error("the server could not prove who it is")]
    Tls,
    /// Clear text goes to this machine only. Nothing was sent.
    #[error("clear text is refused")]
    ClearTextRefused,
    /// Not what the protocol says; or an address or path that is none.
    #[error("the answer is not one of this protocol: {0}")]
    BadAnswer(String),
    /// Given up by the caller.
    #[error("cancelled")]
    Cancelled,
}

/// HTTP/1.1 over TLS, trusting one authority: the server's own.
#[derive(Debug)]
pub struct Http {
    client: Client,
    base: Url,
}

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const TOTAL_TIMEOUT: Duration = Duration::from_mins(1);

impl Http {
    /// Prepares to speak to a server; connects to nothing yet.
    ///
    /// `address` is `https://host:port`, perhaps with a path before the protocol's. `ca_pem` holds the authority, or
    /// authorities while one replaces another; no other is trusted, so that without it only this machine can be
    /// reached, where clear text is allowed.
    pub fn new(address: &str, ca_pem: Option<&str>) -> Result<Self, Unreachable> {
        let base = read_address(address)?;
        match base.scheme() {
            "https" => {}
            "http" if is_loopback(&base) => {}
            "http" => return Err(Unreachable::ClearTextRefused),
            _ => return Err(bad_address()),
        }
        if base.scheme() == "https" && ca_pem.is_none() {
            return Err(Unreachable::Tls);
        }
        let client = Client::builder()
            .tls_backend_preconfigured(tls(ca_pem)?)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .user_agent(concat!("first-hours/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Unreachable::Tls)?;
        Ok(Self { client, base })
    }
}

impl Transport for Http {
    fn send(&self, request: &Request) -> Result<Response, Unreachable> {
        let until = Instant::now() + TOTAL_TIMEOUT;
        let url = join(&self.base, &request.path)?;
        let mut call = match request.method {
            Method::Get => self.client.get(url),
            Method::Post => {
                let body = wire::compress(request.body.clone());
                let mut call = self.client.post(url).header(CONTENT_TYPE, "application/json");
                if let Some(encoding) = body.encoding() {
                    call = call.header(CONTENT_ENCODING, encoding);
                }
                let (wire::Compressed::Zstd(bytes) | wire::Compressed::Identity(bytes)) = body;
                call.body(bytes)
            }
        };
        call = call.header(ACCEPT_ENCODING, "zstd");
        for (name, value) in &request.headers {
            call = call.header(*name, value);
        }
        let reply = call.send().map_err(|error| reason(&error))?;
        let status = reply.status().as_u16();
        let retry_after = header(reply.headers(), &RETRY_AFTER).and_then(|value| value.trim().parse().ok());
        let etag = header(reply.headers(), &ETAG).map(str::to_owned);
        let body = read_body(reply, until)?;
        Ok(Response { status, retry_after, etag, body })
    }
}

/// The authorities given, and nothing else: not the system's, whose list a phone's owner or a proxy may have changed.
/// The provider is named here and not installed for the process, which is not ours to configure.
fn tls(ca_pem: Option<&str>) -> Result<ClientConfig, Unreachable> {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_slice_iter(ca_pem.unwrap_or_default().as_bytes()) {
        let certificate = certificate.map_err(|_| Unreachable::Tls)?;
        roots.add(certificate).map_err(|_| Unreachable::Tls)?;
    }
    if ca_pem.is_some() && roots.is_empty() {
        return Err(Unreachable::Tls);
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|_| Unreachable::Tls)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(config)
}

fn read_address(address: &str) -> Result<Url, Unreachable> {
    let base = Url::parse(address.trim_end_matches('/')).map_err(|_| bad_address())?;
    let plain = base.username().is_empty()
        && base.password().is_none()
        && base.query().is_none()
        && base.fragment().is_none();
    if plain && base.has_host() { Ok(base) } else { Err(bad_address()) }
}

/// The whole of 127.0.0.0/8, `::1` and the name that stands for them.
fn is_loopback(url: &Url) -> bool {
    let Some(host) = url.host_str() else { return false };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    match bare.parse::<std::net::IpAddr>() {
        Ok(address) => address.is_loopback(),
        Err(_) => host == "localhost",
    }
}

/// The path under the server's address; it cannot lead to another server.
fn join(base: &Url, path: &str) -> Result<Url, Unreachable> {
    let whole = format!("{}{path}", base.as_str().trim_end_matches('/'));
    match Url::parse(&whole) {
        Ok(url) if path.starts_with('/') && url.origin() == base.origin() => Ok(url),
        _ => Err(Unreachable::BadAnswer("the path cannot be used".to_owned())),
    }
}

fn read_body(reply: Reply, until: Instant) -> Result<Vec<u8>, Unreachable> {
    let packed = match header(reply.headers(), &CONTENT_ENCODING) {
        None | Some("identity") => false,
        Some("zstd") => true,
        Some(_) => return Err(Unreachable::BadAnswer("an encoding that was not asked for".to_owned())),
    };
    let too_large = || Unreachable::BadAnswer("a body that is too large or damaged".to_owned());
    let limit = u64::try_from(wire::MAX_INFLATED).map_err(|_| too_large())? + 1;
    let mut limited = reply.take(limit);
    let mut body = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        // The client's own limit counts each read anew; a server that drips bytes must not hold a sync for ever.
        if Instant::now() >= until {
            return Err(Unreachable::TimedOut);
        }
        let read = limited.read(&mut chunk).map_err(|error| {
            let cause = error.get_ref().and_then(|cause| cause.downcast_ref::<reqwest::Error>());
            cause.map_or(Unreachable::NoConnection, reason)
        })?;
        if read == 0 {
            break;
        }
        body.extend_from_slice(&chunk[..read]);
    }
    if body.len() > wire::MAX_INFLATED {
        return Err(too_large());
    }
    if packed { wire::inflate(&body, wire::MAX_INFLATED).ok_or_else(too_large) } else { Ok(body) }
}

fn header<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

fn reason(error: &reqwest::Error) -> Unreachable {
    if is_tls(error) {
        Unreachable::Tls
    } else if error.is_timeout() {
        Unreachable::TimedOut
    } else if error.is_decode() || error.is_redirect() || error.is_builder() {
        Unreachable::BadAnswer("not HTTP as it should be".to_owned())
    } else {
        Unreachable::NoConnection
    }
}

/// Whether TLS lies at the bottom of it. An I/O error wraps its cause without naming it as a source.
fn is_tls(error: &reqwest::Error) -> bool {
    let mut cause = error.source();
    while let Some(this) = cause {
        if this.is::<rustls::Error>() {
            return true;
        }
        let wrapped = this.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
        cause = match wrapped {
            Some(inner) => Some(inner),
            None => this.source(),
        };
    }
    false
}

fn bad_address() -> Unreachable {
    Unreachable::BadAnswer("the address cannot be used".to_owned())
}
