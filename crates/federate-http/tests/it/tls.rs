//! Certificates, and HTTP/2 above them.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use federate_http::{Guard, HttpClient, HttpErrorKind};
use http::header::HOST;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tokio::io::AsyncWriteExt;
use tokio_rustls::TlsAcceptor;

use crate::server::{Server, ok, read_head};
use crate::{BUDGET, client, fetch, get};

pub(crate) type Ca = CertifiedIssuer<'static, KeyPair>;

pub(crate) fn ca() -> Ca {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

pub(crate) fn params(name: &str) -> CertificateParams {
    CertificateParams::new(vec![name.to_owned()]).unwrap()
}

pub(crate) fn acceptor(ca: &Ca, params: &CertificateParams, alpn: &[&[u8]]) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, ca).unwrap();
    let mut config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    config.alpn_protocols = alpn.iter().map(|protocol| protocol.to_vec()).collect();
    TlsAcceptor::from(Arc::new(config))
}

async fn server(ca: &Ca, params: &CertificateParams) -> Server {
    let acceptor = acceptor(ca, params, &[b"http/1.1"]);
    Server::connections(move |stream| {
        let acceptor = acceptor.clone();
        async move {
            if let Ok(mut stream) = acceptor.accept(stream).await {
                read_head(&mut stream).await;
                let _ = stream.write_all(ok("by TLS").as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    })
    .await
}

/// A server that answers each request of HTTP/2 with what `answer` makes of it.
pub(crate) async fn http2<F>(ca: &Ca, params: &CertificateParams, answer: F) -> Server
where
    F: Fn(http::request::Parts) -> http::Response<&'static str> + Send + Sync + 'static,
{
    let acceptor = acceptor(ca, params, &[b"h2", b"http/1.1"]);
    let answer = Arc::new(answer);
    Server::connections(move |stream| {
        let (acceptor, answer) = (acceptor.clone(), Arc::clone(&answer));
        async move {
            let Ok(stream) = acceptor.accept(stream).await else {
                return;
            };
            let mut connection = h2::server::handshake(stream).await.unwrap();
            while let Some(Ok((request, mut respond))) = connection.accept().await {
                let (head, body) = answer(request.into_parts().0).into_parts();
                let response = http::Response::from_parts(head, ());
                if let Ok(mut stream) = respond.send_response(response, false) {
                    let _ = stream.send_data(Bytes::from_static(body.as_bytes()), true);
                }
            }
        }
    })
    .await
}

pub(crate) fn trusting(ca: &Ca) -> Guard {
    Guard::new()
        .dangerous()
        .allow_loopback()
        .extra_root_ca(ca.pem().as_bytes())
        .unwrap()
}

fn url(server: &Server) -> String {
    format!("https://localhost:{}/", server.address.port())
}

#[tokio::test]
async fn an_extra_root_is_trusted_and_no_other() {
    let ca = ca();
    let server = server(&ca, &params("localhost")).await;
    let response = fetch(&client(trusting(&ca)), &url(&server)).await.unwrap();
    assert_eq!(response.body().as_ref(), b"by TLS");

    for guard in [Guard::new().dangerous().allow_loopback(), trusting(&self::ca())] {
        let error = fetch(&client(guard), &url(&server)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.is_permanent()),
            (HttpErrorKind::Tls, false),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn p5_certificates_that_do_not_hold() {
    let ca = ca();
    let mut expired = params("localhost");
    expired.not_before = date_time_ymd(2001, 1, 1);
    expired.not_after = date_time_ymd(2002, 1, 1);
    let mut early = params("localhost");
    early.not_before = date_time_ymd(2900, 1, 1);
    early.not_after = date_time_ymd(2901, 1, 1);
    for params in [expired, early, params("example.org")] {
        let server = server(&ca, &params).await;
        let error = fetch(&client(trusting(&ca)), &url(&server)).await.unwrap_err();
        assert_eq!(error.kind(), HttpErrorKind::Tls, "{error:?}");
    }
}

#[tokio::test]
async fn p5_a_server_without_tls_on_an_https_port() {
    let server = Server::connections(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        // Reads until the client goes, so that the answer is not lost in a reset.
        read_head(&mut stream).await;
    })
    .await;
    let error = fetch(&client(trusting(&ca())), &url(&server)).await.unwrap_err();
    assert_eq!(error.kind(), HttpErrorKind::Tls, "{error:?}");
}

#[tokio::test]
async fn r11_a_chain_of_certificates_over_64_kib() {
    let ca = ca();
    for (copies, holds) in [(20, true), (300, false)] {
        let key = KeyPair::generate().unwrap();
        let leaf = params("localhost").signed_by(&key, &ca).unwrap();
        let chain = vec![leaf.der().clone(); copies];
        let size: usize = chain.iter().map(|certificate| certificate.len() + 3).sum();
        assert_eq!(size < 0x1_0000, holds, "{size}");
        let mut config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()
                .unwrap()
                .with_no_client_auth()
                .with_single_cert(chain, PrivateKeyDer::Pkcs8(key.serialize_der().into()))
                .unwrap();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let server = Server::connections(move |stream| {
            let acceptor = acceptor.clone();
            async move {
                if let Ok(mut stream) = acceptor.accept(stream).await {
                    read_head(&mut stream).await;
                    let _ = stream.write_all(ok("by TLS").as_bytes()).await;
                    let _ = stream.shutdown().await;
                }
            }
        })
        .await;
        match fetch(&client(trusting(&ca)), &url(&server)).await {
            Ok(response) => assert!(holds && response.body().as_ref() == b"by TLS"),
            Err(error) => assert_eq!((error.kind(), holds), (HttpErrorKind::Tls, false), "{error:?}"),
        }
    }
}

#[tokio::test]
async fn http2_carries_the_host_once() {
    let ca = ca();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let requests = Arc::clone(&seen);
    let server = http2(&ca, &params("localhost"), move |request| {
        requests.lock().unwrap().push(request);
        http::Response::new("by HTTP/2")
    })
    .await;
    let authority = format!("localhost:{}", server.address.port());
    let mut request = get(&url(&server));
    request.headers_mut().insert(HOST, authority.parse().unwrap());
    let response = client(trusting(&ca)).send(request, &BUDGET).await.unwrap();
    assert_eq!(
        (response.body().as_ref(), response.version()),
        (&b"by HTTP/2"[..], http::Version::HTTP_2)
    );
    let head = seen.lock().unwrap().remove(0);
    assert_eq!(head.uri.authority().unwrap().as_str(), authority);
    assert!(!head.headers.contains_key(HOST), "{:?}", head.headers);
}
