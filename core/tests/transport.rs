//! The way to the server, over real sockets on this machine.

#![cfg(feature = "device")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;

use firsthours_core::sync::{Http, Method, Request, Response, Transport, Unreachable};
use firsthours_core::wire::{self, MAX_INFLATED};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

const OWN_AUTHORITY: &str = include_str!("tls/ca.pem");
const OTHER_AUTHORITY: &str = include_str!("tls/other_ca.pem");

/// What arrived: the head, line by line in lower case, and the body.
struct Arrived {
    head: Vec<String>,
    body: Vec<u8>,
}

impl Arrived {
    fn header(&self, name: &str) -> Option<&str> {
        self.head.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }
}

fn read_request(stream: impl Read) -> Option<Arrived> {
    let mut reader = BufReader::new(stream);
    let mut head = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            line => head.push(line.to_ascii_lowercase()),
        }
    }
    let mut arrived = Arrived { head, body: Vec::new() };
    let length = arrived.header("content-length").map_or(0, |length| length.parse().expect("a number"));
    arrived.body.resize(length, 0);
    reader.read_exact(&mut arrived.body).ok()?;
    Some(arrived)
}

/// Answers one request with these bytes; returns the address and, once answered, what arrived.
fn answer_once(reply: Vec<u8>) -> (String, JoinHandle<Arrived>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    let server = std::thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a caller");
        let arrived = read_request(&stream).expect("a request");
        (&stream).write_all(&reply).ok();
        arrived
    });
    (address, server)
}

fn reply(status: &str, headers: &str, body: &[u8]) -> Vec<u8> {
    let mut reply =
        format!("HTTP/1.1 {status}\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n", body.len())
            .into_bytes();
    reply.extend_from_slice(body);
    reply
}

fn get(path: &str) -> Request {
    Request { method: Method::Get, path: path.to_owned(), headers: Vec::new(), body: Vec::new() }
}

fn send(address: &str, request: &Request) -> Result<Response, Unreachable> {
    Http::new(address, None).and_then(|http| http.send(request))
}

#[test]
fn a_large_body_goes_compressed_and_a_small_one_as_it_is() {
    for (body, packed) in [(vec![b'a'; 20_000], true), (b"{}".to_vec(), false)] {
        let (address, server) = answer_once(reply("200 OK", "", b"{}"));
        let request = Request {
            method: Method::Post,
            path: "/v1/sync/events".to_owned(),
            headers: vec![("fh-nonce", "abc".to_owned()), ("authorization", "Bearer t".to_owned())],
            body: body.clone(),
        };
        assert_eq!(send(&address, &request).expect("answered").status, 200);
        let arrived = server.join().expect("served");
        assert_eq!(arrived.head[0], "post /v1/sync/events http/1.1");
        assert_eq!(arrived.header("fh-nonce"), Some("abc"));
        assert_eq!(arrived.header("authorization"), Some("bearer t"));
        assert_eq!(arrived.header("accept-encoding"), Some("zstd"));
        assert_eq!(arrived.header("content-type"), Some("application/json"));
        assert_eq!(arrived.header("content-encoding"), packed.then_some("zstd"));
        let plain = if packed { wire::inflate(&arrived.body, body.len()) } else { Some(arrived.body) };
        assert_eq!(plain, Some(body));
    }
}

#[test]
fn an_answer_comes_back_plain_with_what_the_session_needs() {
    let body = vec![b'b'; 50_000];
    let packed = wire::compress(body.clone());
    let headers = "Content-Encoding: zstd\r\nETag: \"v7\"\r\nRetry-After: 120\r\n";
    let (address, server) = answer_once(reply("503 Service Unavailable", headers, packed.bytes()));
    let response = send(&address, &get("/v1/directory")).expect("answered");
    server.join().expect("served");
    let expected = Response { status: 503, retry_after: Some(120), etag: Some("\"v7\"".to_owned()), body };
    assert_eq!(response, expected);
}

#[test]
fn an_answer_that_unpacks_to_too_much_or_is_damaged_is_refused() {
    let bomb = wire::compress(vec![0; MAX_INFLATED + 1]);
    let replies = [
        reply("200 OK", "Content-Encoding: zstd\r\n", bomb.bytes()),
        reply("200 OK", "Content-Encoding: zstd\r\n", b"not zstd"),
        reply("200 OK", "Content-Encoding: gzip\r\n", b"not asked for"),
        reply("200 OK", "", &vec![b'x'; MAX_INFLATED + 1]),
    ];
    for reply in replies {
        let (address, server) = answer_once(reply);
        let outcome = send(&address, &get("/v1/policy"));
        assert!(matches!(outcome, Err(Unreachable::BadAnswer(_))));
        server.join().expect("served");
    }
}

#[test]
fn a_redirect_is_an_answer_and_is_not_followed() {
    let (address, server) = answer_once(reply("302 Found", "Location: https://elsewhere.invalid/\r\n", b""));
    assert_eq!(send(&address, &get("/v1/policy")).expect("answered").status, 302);
    server.join().expect("served");
}

#[test]
fn clear_text_goes_to_this_machine_only_and_is_refused_before_any_connection() {
    // Documentation addresses and names: a connection would hang or fail otherwise.
    for address in [
        "http://192.0.2.1:8080",
        "http://station.invalid",
        "http://[2001:db8::1]",
        "http://127.0.0.1.invalid",
        // Names that look like this machine's: whoever answers for them in the network would get the lot.
        "http://evil.localhost",
        "http://localhost.invalid",
        "http://localhost.evil.invalid:80",
        "http://notlocalhost",
        "http://127.0.0.1.nip.invalid",
        "http://[::ffff:192.0.2.1]",
        "http://0.0.0.0:80",
        "http://128.0.0.1",
        "http://126.255.255.255",
    ] {
        assert_eq!(Http::new(address, None).err(), Some(Unreachable::ClearTextRefused), "{address}");
        assert_eq!(
            Http::new(address, Some(OWN_AUTHORITY)).err(),
            Some(Unreachable::ClearTextRefused),
            "{address}"
        );
    }
    for address in ["http://127.0.0.1:1", "http://127.8.8.8:1", "http://localhost:1", "http://[::1]:1"] {
        assert!(Http::new(address, None).is_ok(), "{address}");
    }
}

#[test]
fn an_address_or_path_that_leads_elsewhere_is_refused() {
    for address in [
        "",
        "station",
        "ftp://localhost",
        "http://user@localhost",
        "http://localhost/?a=b",
        "http://localhost/#a",
    ] {
        assert!(matches!(Http::new(address, None), Err(Unreachable::BadAnswer(_))), "{address}");
    }
    let http = Http::new("http://127.0.0.1:1", None).expect("an address");
    for path in ["", "v1", "@elsewhere.invalid/", ":2/"] {
        assert!(matches!(http.send(&get(path)), Err(Unreachable::BadAnswer(_))), "{path}");
    }
}

#[test]
fn a_path_of_the_server_stays_in_front() {
    let (address, server) = answer_once(reply("200 OK", "", b""));
    send(&format!("{address}/fh/"), &get("/v1/policy?after=3")).expect("answered");
    assert_eq!(server.join().expect("served").head[0], "get /fh/v1/policy?after=3 http/1.1");
}

#[test]
fn nobody_there_and_a_broken_connection_are_told_as_such() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    assert_eq!(send(&address, &get("/v1/policy")), Err(Unreachable::NoConnection));

    let (address, server) = answer_once(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort".to_vec());
    let outcome = send(&address, &get("/v1/policy"));
    assert!(matches!(outcome, Err(Unreachable::NoConnection | Unreachable::BadAnswer(_))), "{outcome:?}");
    server.join().expect("served");
}

/// A server with a certificate of `OWN_AUTHORITY` for `localhost` and 127.0.0.1.
fn tls_server() -> (u16, JoinHandle<Option<Arrived>>) {
    tls_server_on("127.0.0.1")
}

fn tls_server_on(host: &str) -> (u16, JoinHandle<Option<Arrived>>) {
    let certificates = CertificateDer::pem_slice_iter(include_bytes!("tls/server.pem"));
    let certificates = certificates.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_slice(include_bytes!("tls/server.key")).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(certificates, key)
        .expect("a pair");
    let listener = TcpListener::bind((host, 0)).expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let server = std::thread::spawn(move || {
        let (stream, _): (TcpStream, _) = listener.accept().expect("a caller");
        let connection = ServerConnection::new(Arc::new(config)).expect("a connection");
        let mut stream = StreamOwned::new(connection, stream);
        let arrived = read_request(&mut stream)?;
        stream.write_all(&reply("200 OK", "", b"{}")).ok()?;
        stream.conn.send_close_notify();
        stream.flush().ok()?;
        Some(arrived)
    });
    (port, server)
}

#[test]
fn only_the_authority_that_was_given_is_trusted() {
    for host in ["127.0.0.1", "localhost"] {
        let (port, server) = tls_server();
        let http = Http::new(&format!("https://{host}:{port}"), Some(OWN_AUTHORITY)).expect("an authority");
        assert_eq!(http.send(&get("/v1/policy")).expect("answered").body, b"{}");
        assert!(server.join().expect("served").is_some());
    }
    let (port, server) = tls_server();
    let http = Http::new(&format!("https://127.0.0.1:{port}"), Some(OTHER_AUTHORITY)).expect("an authority");
    assert_eq!(http.send(&get("/v1/policy")), Err(Unreachable::Tls));
    assert!(server.join().expect("served").is_none(), "nothing was sent");
}

#[test]
fn a_server_of_another_name_is_refused() {
    let (port, server) = tls_server_on("127.0.0.2");
    let http = Http::new(&format!("https://127.0.0.2:{port}"), Some(OWN_AUTHORITY)).expect("an authority");
    assert_eq!(http.send(&get("/v1/policy")), Err(Unreachable::Tls));
    assert!(server.join().expect("served").is_none(), "nothing was sent");
}

#[test]
fn without_an_authority_there_is_no_tls() {
    assert_eq!(Http::new("https://station.invalid", None).err(), Some(Unreachable::Tls));
    for pem in ["", "no certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        assert_eq!(Http::new("https://station.invalid", Some(pem)).err(), Some(Unreachable::Tls), "{pem:?}");
    }
}

/// A proxy that the phone's owner, or somebody else, has set up sees nothing of ours: neither where we go nor what we send.
#[test]
fn the_system_s_proxy_is_not_used() {
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    proxy.set_nonblocking(true).expect("it does not wait");
    let place = format!("http://{}", proxy.local_addr().expect("an address"));
    let (address, server) = answer_once(reply("200 OK", "", b"straight"));
    // The environment of this process is everybody's, so another one is asked with one of its own.
    let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
    let done = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args(["--exact", "transport::asked_with_a_proxy_in_the_environment", "--ignored"])
        .envs(names.map(|name| (name, &place)))
        .env_remove("NO_PROXY")
        .env_remove("no_proxy")
        .env("FIRSTHOURS_TEST_ADDRESS", &address)
        .status()
        .expect("it runs");
    assert!(done.success());
    assert_eq!(server.join().expect("it was asked").head[0], "get /v1/policy http/1.1");
    assert!(proxy.accept().is_err(), "the proxy was asked");
}

#[test]
#[ignore = "the other end of the one above"]
fn asked_with_a_proxy_in_the_environment() {
    let address = std::env::var("FIRSTHOURS_TEST_ADDRESS").expect("an address");
    assert_eq!(send(&address, &get("/v1/policy")).expect("an answer").body, b"straight");
}
