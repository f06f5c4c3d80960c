//! The body of a request: actix's, read as anybody's.

use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

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
