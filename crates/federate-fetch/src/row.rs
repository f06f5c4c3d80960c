//! Which row of the threat catalogue a failure belongs to, for those who want to read more of it there.

use crate::error::{FetchError, FetchErrorKind};
use federate_http::{HttpErrorKind, Refused};
use federate_protocol::fetch::NotAdmitted;
use federate_protocol::{FetchRefusal, activitystreams::ParseError};

impl FetchError {
    /// The row of the catalogue (`SECURITY.md`, "Rows and their tests") that tells what this protects from, such as `I1`; `None` for what is no
    /// attack but a peer that does not answer, or answers something else.
    #[must_use]
    pub fn row(&self) -> Option<&'static str> {
        match self.kind() {
            FetchErrorKind::Refused(refusal) => of_refusal(refusal),
            FetchErrorKind::Http(error) => of_request(error.kind()),
            FetchErrorKind::Deadline { .. } => Some("R10"),
            FetchErrorKind::Handle(_) => Some("N10"),
            FetchErrorKind::Gone
            | FetchErrorKind::Sign(_)
            | FetchErrorKind::Unknown
            | FetchErrorKind::Signer(_)
            | FetchErrorKind::Busy
            | FetchErrorKind::Lately { .. } => None,
        }
    }
}

fn of_refusal(refusal: &FetchRefusal) -> Option<&'static str> {
    Some(match refusal {
        FetchRefusal::NotAdmitted { reason, .. } => return of_url(*reason),
        FetchRefusal::Redirect(NotAdmitted::Scheme)
        | FetchRefusal::NoLocation
        | FetchRefusal::TooManyRedirects => "I2",
        FetchRefusal::Redirect(_) => "N5",
        FetchRefusal::TooLarge => "R1",
        FetchRefusal::ContentType => "I3",
        FetchRefusal::ForeignAlternate => "I19",
        FetchRefusal::Document(error) => return of_json(error),
        FetchRefusal::NoId => "I7",
        FetchRefusal::WrongId { .. } => "I1",
        FetchRefusal::ForeignOwner => "I8",
        FetchRefusal::NoInbox => "I10",
        FetchRefusal::KeyNotListed => "S4",
        FetchRefusal::KeyOwner => "S1",
        FetchRefusal::BadKey => "S21",
        FetchRefusal::NoActorLink => "W3",
        FetchRefusal::Subject => "W1",
        FetchRefusal::NotBound => "W4",
        FetchRefusal::NoNodeInfo | FetchRefusal::LeftOrigin => "W6",
        FetchRefusal::OtherCollection => "R6",
        _ => return None,
    })
}

fn of_url(reason: NotAdmitted) -> Option<&'static str> {
    Some(match reason {
        NotAdmitted::NotUrl | NotAdmitted::Scheme | NotAdmitted::NoHost => "N8",
        NotAdmitted::Credentials => "N6",
        NotAdmitted::IpLiteral => "N1",
        NotAdmitted::OwnOrigin => "I13",
        _ => return None,
    })
}

fn of_json(error: &ParseError) -> Option<&'static str> {
    Some(match error {
        ParseError::DuplicateKey { .. } => "J1",
        ParseError::NotUtf8 { .. } | ParseError::LoneSurrogate { .. } | ParseError::ByteOrderMark => "J3",
        ParseError::Nul { .. } => "J4",
        ParseError::Syntax { .. } | ParseError::TrailingData { .. } | ParseError::NotAnObject => "J5",
        ParseError::TooLarge { .. } => "R1",
        ParseError::TooDeep { .. } => "R3",
        _ => return None,
    })
}

fn of_request(kind: HttpErrorKind) -> Option<&'static str> {
    Some(match kind {
        HttpErrorKind::Refused(Refused::UserInfo | Refused::Port) => "N6",
        HttpErrorKind::Refused(Refused::IpLiteral) => "N1",
        HttpErrorKind::Refused(Refused::Name | Refused::OwnHost) => "N7",
        HttpErrorKind::Refused(_) => "N8",
        HttpErrorKind::Address => "N4",
        HttpErrorKind::TooLarge => "R1",
        HttpErrorKind::Timeout(_) => "R10",
        HttpErrorKind::HeadTooLarge => "R12",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_elsewhere_has_the_row_that_forbids_it() {
        for (refusal, row) in [
            (FetchRefusal::NoNodeInfo, "W6"),
            (FetchRefusal::LeftOrigin, "W6"),
            (FetchRefusal::OtherCollection, "R6"),
        ] {
            assert_eq!(FetchError::from(refusal).row(), Some(row));
        }
        assert_eq!(FetchError::from(FetchRefusal::Status(404)).row(), None);
    }
}
