//! Reading a body, with a cap and a deadline.

use std::pin::pin;
use std::time::Duration;

use bytes::{Buf, Bytes, BytesMut};
use http_body_util::BodyExt;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// It is larger than the cap.
    #[error("the body is larger than the cap")]
    TooLarge,
    /// It did not come within the deadline.
    #[error("the body did not come in time")]
    TooSlow,
    /// The connection broke.
    #[error("the body broke off")]
    Broken,
}

/// Reads a whole body of at most `max` bytes within `deadline`, and not a byte more than it takes to know. Where its first part says that it is
/// all, as of HTTP/1 with a length, these are the bytes of that part, which may keep the buffer that they lie in.
///
/// No `Send` bound: every framework's body will do.
///
/// # Errors
///
/// Where the body is too large, too slow or broken.
pub async fn read_limited<B>(body: B, max: usize, deadline: Duration) -> Result<Bytes, ReadError>
where
    B: http_body::Body,
    B::Data: Buf,
{
    if body.size_hint().lower() > u64::try_from(max).unwrap_or(u64::MAX) {
        return Err(ReadError::TooLarge);
    }
    tokio::time::timeout(deadline, read(body, max))
        .await
        .unwrap_or(Err(ReadError::TooSlow))
}

async fn read<B>(body: B, max: usize) -> Result<Bytes, ReadError>
where
    B: http_body::Body,
    B::Data: Buf,
{
    let mut body = pin!(body);
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ReadError::Broken)?;
        let Ok(mut data) = frame.into_data() else { continue };
        if data.remaining() > max - whole.len().min(max) {
            return Err(ReadError::TooLarge);
        }
        // Nearly always there is one part, which needs no copy.
        if whole.is_empty() && body.is_end_stream() {
            return Ok(data.copy_to_bytes(data.remaining()));
        }
        while data.has_remaining() {
            let chunk = data.chunk();
            let len = chunk.len();
            whole.extend_from_slice(chunk);
            data.advance(len);
        }
    }
    Ok(whole.freeze())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;
    use std::time::Duration;

    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};
    use http_body::Frame;
    use http_body_util::{Full, StreamBody};

    use super::{ReadError, read_limited};

    /// Half of a body at once, and the rest after so long.
    fn late(by: Duration) -> impl http_body::Body<Data = Bytes, Error = Infallible> {
        let rest = async move {
            tokio::time::sleep(by).await;
            Ok(Frame::data(Bytes::from_static(b"45")))
        };
        let first = stream::iter([Ok(Frame::data(Bytes::from_static(b"123")))]);
        StreamBody::new(Box::pin(first.chain(stream::once(rest))))
    }

    #[tokio::test(start_paused = true)]
    async fn r10_the_deadline_is_exact_and_of_the_whole_body() {
        let deadline = Duration::from_secs(30);
        let moment = Duration::from_millis(1);
        assert_eq!(
            read_limited(late(deadline - moment), 5, deadline)
                .await
                .as_deref(),
            Ok(&b"12345"[..])
        );
        let began = tokio::time::Instant::now();
        assert_eq!(
            read_limited(late(deadline + moment), 5, deadline).await,
            Err(ReadError::TooSlow)
        );
        assert_eq!(began.elapsed(), deadline);
    }

    #[tokio::test]
    async fn what_comes_in_one_part_is_not_copied() {
        let part = Bytes::from(b"12345".to_vec());
        let read = read_limited(Full::new(part.clone()), 5, Duration::from_secs(5)).await;
        assert_eq!(read.unwrap().as_ptr(), part.as_ptr());
    }

    #[tokio::test]
    async fn the_cap_is_exact() {
        let deadline = Duration::from_secs(5);
        let body = || Full::new(Bytes::from_static(b"12345"));
        assert_eq!(
            read_limited(body(), 5, deadline).await.as_deref(),
            Ok(&b"12345"[..])
        );
        assert_eq!(read_limited(body(), 4, deadline).await, Err(ReadError::TooLarge));
    }
}
