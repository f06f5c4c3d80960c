//! Bodies: actix's, read as anybody's; and an answer, as actix writes it.

use std::cell::RefCell;
use std::convert::Infallible;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::dev::Payload;
use actix_web::error::PayloadError;
use bytes::Bytes;
use futures_util::Stream;
use http_body::Frame;

/// The body of a request. A clone is the same body.
#[derive(Clone)]
pub(crate) struct Unread(Rc<RefCell<Payload>>);

impl Unread {
    pub(crate) fn new(payload: Payload) -> Self {
        Unread(Rc::new(RefCell::new(payload)))
    }

    /// What of it has not been read.
    pub(crate) fn take(&self) -> Payload {
        self.0.replace(Payload::None)
    }
}

impl http_body::Body for Unread {
    type Data = Bytes;
    type Error = PayloadError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, PayloadError>>> {
        let mut payload = self.0.borrow_mut();
        Pin::new(&mut *payload).poll_next(cx).map_ok(Frame::data)
    }
}

/// An answer of federation's.
pub struct AnswerBody {
    bytes: Bytes,
    /// What it says of its length: that of the body that it would have, where the request is HEAD.
    length: u64,
    /// While this lives, actix knows that the body was not read, and closes the connection behind the answer. It would read
    /// on otherwise, to the end of a chunked body that may have none.
    _request: Unread,
}

impl AnswerBody {
    pub(crate) fn new(bytes: Bytes, length: u64, request: Unread) -> Self {
        AnswerBody {
            bytes,
            length,
            _request: request,
        }
    }
}

impl std::fmt::Debug for AnswerBody {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnswerBody")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl MessageBody for AnswerBody {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.length)
    }

    fn poll_next(mut self: Pin<&mut Self>, _cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, Infallible>>> {
        let bytes = std::mem::take(&mut self.bytes);
        Poll::Ready((!bytes.is_empty()).then_some(Ok(bytes)))
    }
}
