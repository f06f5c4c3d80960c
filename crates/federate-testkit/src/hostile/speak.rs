//! Answering, byte by byte where it has to be.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::answer::{Answer, Cut, Length, Reply, Script};
use super::read;
use super::server::Shared;

/// No body is longer than this: whoever has read so much has failed the test.
const ENDLESS: u64 = 64 * 1024 * 1024;

/// How a conversation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Close,
    Reset,
}

/// Answers request after request, until one ends the connection.
pub(super) async fn converse<S>(stream: &mut S, shared: &Shared) -> Ending
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut buffer = BytesMut::new();
    while let Some(request) = read::request(stream, &mut buffer).await {
        let answer = shared.answer_to(&request);
        shared.remember(request);
        match give(stream, &answer, shared).await {
            Ok(None) => {}
            Ok(Some(ending)) => return ending,
            Err(_) => return Ending::Close,
        }
    }
    Ending::Close
}

/// Writes one answer; `None` where the connection is good for another request.
async fn give<S>(stream: &mut S, answer: &Answer, shared: &Shared) -> std::io::Result<Option<Ending>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    match &answer.0 {
        Script::Reply(reply) => give_reply(stream, reply, shared).await,
        Script::Bytes(bytes) => {
            write(stream, bytes, None, shared).await?;
            Ok(Some(Ending::Close))
        }
        Script::Informational(interval) => loop {
            write(stream, b"HTTP/1.1 100 Continue\r\n\r\n", None, shared).await?;
            tokio::time::sleep(*interval).await;
        },
        // What could not be resolved is silence too.
        Script::Silence | Script::Turns(_) | Script::By(_) => {
            hold(stream).await;
            Ok(Some(Ending::Close))
        }
    }
}

async fn give_reply<S>(stream: &mut S, reply: &Reply, shared: &Shared) -> std::io::Result<Option<Ending>>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    write(stream, head(reply).as_bytes(), reply.drip_head, shared).await?;
    let (upto, cut) = match reply.cut {
        Some((upto, cut)) => (upto, Some(cut)),
        None => (usize::MAX, None),
    };
    let body = reply.body.slice(..reply.body.len().min(upto));
    let mut written = 0;
    loop {
        give_part(stream, reply, &body, shared).await?;
        written += body.len() as u64;
        if !reply.endless || cut.is_some() || written > ENDLESS {
            break;
        }
    }
    match cut {
        Some(Cut::Reset) => return Ok(Some(Ending::Reset)),
        Some(Cut::Close) => return Ok(Some(Ending::Close)),
        Some(Cut::Stall) => {
            hold(stream).await;
            return Ok(Some(Ending::Close));
        }
        None => {}
    }
    if reply.length == Length::Chunked {
        write(stream, b"0\r\n\r\n", reply.drip_body, shared).await?;
    }
    // Where the length was a lie, nobody knows where the next answer would begin.
    let is_clear = matches!(reply.length, Length::True | Length::Chunked);
    Ok((!is_clear).then_some(Ending::Close))
}

/// A piece of the body, in chunks where it comes so: each byte a chunk of its own where it drips.
async fn give_part<S>(stream: &mut S, reply: &Reply, body: &Bytes, shared: &Shared) -> std::io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    if reply.length != Length::Chunked || body.is_empty() {
        return write(stream, body, reply.drip_body, shared).await;
    }
    let size = if reply.drip_body.is_some() { 1 } else { body.len() };
    for part in body.chunks(size) {
        let mut chunk = format!("{:x}\r\n", part.len()).into_bytes();
        chunk.extend_from_slice(part);
        chunk.extend_from_slice(b"\r\n");
        write(stream, &chunk, None, shared).await?;
        if let Some(interval) = reply.drip_body {
            tokio::time::sleep(interval).await;
        }
    }
    Ok(())
}

fn head(reply: &Reply) -> String {
    let mut head = format!("HTTP/1.1 {} Whatever\r\n", reply.status);
    for (name, value) in &reply.headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    match reply.length {
        Length::True => head.push_str(&format!("content-length: {}\r\n", reply.body.len())),
        Length::Says(length) => head.push_str(&format!("content-length: {length}\r\n")),
        Length::Chunked => head.push_str("transfer-encoding: chunked\r\n"),
        Length::Unsaid => head.push_str("connection: close\r\n"),
    }
    head.push_str("\r\n");
    head
}

/// Writes all at once, or a byte in each interval.
pub(super) async fn write<S>(
    stream: &mut S,
    bytes: &[u8],
    drip: Option<Duration>,
    shared: &Shared,
) -> std::io::Result<()>
where
    S: AsyncWrite + Unpin,
{
    let size = if drip.is_some() { 1 } else { bytes.len().max(1) };
    for part in bytes.chunks(size) {
        stream.write_all(part).await?;
        stream.flush().await?;
        shared.count(part.len());
        if let Some(interval) = drip {
            tokio::time::sleep(interval).await;
        }
    }
    Ok(())
}

/// Says nothing until the other side has gone.
pub(super) async fn hold<S: AsyncRead + Unpin>(stream: &mut S) {
    let mut ignored = [0; 1024];
    while !matches!(stream.read(&mut ignored).await, Ok(0) | Err(_)) {}
}
