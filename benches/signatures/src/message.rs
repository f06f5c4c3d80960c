//! The message and the key that all candidates are given.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use federate_signatures::{KeyId, PrivateKey, Signer as _, cavage, rfc9421};
use http::{HeaderMap, HeaderValue, Request, header, request::Parts};
use std::time::SystemTime;

pub const PEM: &str = include_str!("../../../crates/federate-signatures/tests/keys/rsa2048.pkcs8.pem");
pub const KEY_ID: &str = "https://a.example/users/alice#main-key";
pub const URI: &str = "https://b.example/inbox";
pub const HOST: &str = "b.example";
pub const TYPE: &str = "application/activity+json";

pub fn body() -> Bytes {
    Bytes::from(vec![b'x'; 3 << 10])
}

/// PKCS#8.
pub fn der() -> Vec<u8> {
    let lines: String = PEM.lines().filter(|line| !line.starts_with('-')).collect();
    STANDARD.decode(lines).unwrap()
}

pub fn key() -> PrivateKey {
    PrivateKey::from_pem(KeyId::from(KEY_ID), PEM).unwrap()
}

pub fn public_pem() -> String {
    key().public_key().to_pem()
}

/// The request before anything was done to it.
pub fn post(body: &Bytes) -> Request<Bytes> {
    Request::post(URI)
        .header(header::CONTENT_TYPE, TYPE)
        .header(header::ACCEPT, TYPE)
        .header(header::USER_AGENT, "bench/1.0 (+https://a.example/)")
        .body(body.clone())
        .unwrap()
}

/// The same with what draft-cavage signs and what a peer leaves to its caller.
pub fn post_with_headers(body: &Bytes, digest: &str) -> Request<Bytes> {
    let mut request = post(body);
    let headers = request.headers_mut();
    headers.insert(header::HOST, HeaderValue::from_static(HOST));
    headers.insert(
        header::DATE,
        HeaderValue::from_str(&httpdate::fmt_http_date(SystemTime::now())).unwrap(),
    );
    headers.insert("digest", HeaderValue::from_str(digest).unwrap());
    request
}

/// What a signer signs here.
pub fn base() -> Vec<u8> {
    cavage(post(&body()), SystemTime::now()).base().to_vec()
}

/// As it arrives: with the headers that a client and a proxy add, and only a path for a target.
pub fn received(is_cavage: bool) -> (Parts, Bytes) {
    let (mut head, body) = received_absolute(is_cavage);
    head.uri = "/inbox".parse().unwrap();
    (head, body)
}

/// The same for peers that want the whole URI.
pub fn received_absolute(is_cavage: bool) -> (Parts, Bytes) {
    let key = key();
    let (request, now) = (post(&body()), SystemTime::now());
    let unsigned = if is_cavage {
        cavage(request, now)
    } else {
        rfc9421(request, key.key_id(), now)
    };
    let (mut head, body) = unsigned.sign(&key).unwrap().into_parts();
    head.headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    head.headers
        .insert(header::ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers
        .insert("x-forwarded-for", HeaderValue::from_static("192.0.2.1"));
    head.headers
        .insert("x-forwarded-proto", HeaderValue::from_static("https"));
    (head, body)
}

pub fn text<'a>(headers: &'a HeaderMap, name: &str) -> &'a str {
    headers[name].to_str().unwrap()
}

pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

pub fn unbase64(text: &str) -> Vec<u8> {
    STANDARD.decode(text).unwrap()
}
