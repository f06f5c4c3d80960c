//! Hosts that are dead, each in its way.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpSocket, TcpStream};

use crate::parent::Parent;
use crate::town::Dead;

/// Is dead until the parent ends, and prints where.
pub fn run() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let _parent = Parent::listen();
        // Bound, so that it stays free, and not listened on.
        let refused = TcpSocket::new_v4().unwrap();
        refused.bind(([127, 0, 0, 1], 0).into()).unwrap();
        let dead = Dead {
            refused: refused.local_addr().unwrap().port(),
            silent: listen(silent).await,
            slow: listen(slow).await,
            plain: listen(plain).await,
        };
        println!("{}", serde_json::to_string(&dead).unwrap());
        std::future::pending::<()>().await;
    });
}

async fn listen<F: Future<Output = ()> + Send + 'static>(serve: fn(TcpStream) -> F) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        loop {
            let (stream, _) = listener.accept().await.unwrap();
            tokio::spawn(serve(stream));
        }
    });
    port
}

/// Reads what comes.
async fn silent(mut stream: TcpStream) {
    let mut buffer = [0; 4096];
    while stream.read(&mut buffer).await.is_ok_and(|read| read > 0) {}
}

async fn slow(mut stream: TcpStream) {
    for byte in b"HTTP/1.1 202 Accepted\r\ncontent-length: 2\r\n\r\nok" {
        tokio::time::sleep(Duration::from_secs(1)).await;
        if stream.write_all(&[*byte]).await.is_err() {
            return;
        }
    }
}

async fn plain(mut stream: TcpStream) {
    let _ = stream.read(&mut [0; 4096]).await;
    let _ = stream
        .write_all(b"HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n")
        .await;
}
