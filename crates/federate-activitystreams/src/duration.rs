//! How long something takes.

use std::time::Duration;

use crate::{Json, Value, tape::Node};

/// An XML Schema duration of days and less (`P1DT2H3M4.5S`), or a number of seconds as some servers write it. Years
/// and months are of no fixed length, and are not read.
///
/// Spec: <https://www.w3.org/TR/xmlschema11-2/#duration>
impl Value for Duration {
    const EXPECTED: &'static str = "duration";

    fn read(node: Node<'_>) -> Option<Self> {
        let value = crate::property::value_of(node);
        match value.as_number() {
            Some(seconds) => seconds_of(seconds),
            None => {
                let text = value.as_str()?;
                parse(&text).or_else(|| seconds_of(&text))
            }
        }
    }

    fn write(&self) -> Json {
        let nanos = format!("{:09}", self.subsec_nanos());
        let fraction = nanos.trim_end_matches('0');
        let dot = if fraction.is_empty() { "" } else { "." };
        Json::string(&format!("PT{}{dot}{fraction}S", self.as_secs()))
    }
}

fn seconds_of(text: &str) -> Option<Duration> {
    Duration::try_from_secs_f64(text.parse().ok()?).ok()
}

fn parse(text: &str) -> Option<Duration> {
    const DAY: u64 = 86_400;
    let text = text.trim().strip_prefix('P')?;
    let (days, time) = text.split_once('T').unwrap_or((text, ""));
    if text.ends_with('T') || text.is_empty() {
        return None;
    }
    let mut sum = Duration::ZERO;
    for (part, units) in [
        (days, &[('W', 7 * DAY), ('D', DAY)][..]),
        (time, &[('H', 3_600), ('M', 60), ('S', 1)][..]),
    ] {
        let mut rest = part;
        for (unit, seconds) in units {
            let Some((number, after)) = rest.split_once(*unit) else {
                continue;
            };
            rest = after;
            let whole = number.bytes().all(|byte| byte.is_ascii_digit());
            let added = if whole {
                Duration::from_secs(number.parse::<u64>().ok()?.checked_mul(*seconds)?)
            } else if *unit == 'S' && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
                Duration::try_from_secs_f64(number.parse().ok()?).ok()?
            } else {
                return None;
            };
            sum = sum.checked_add(added)?;
        }
        if !rest.is_empty() {
            return None;
        }
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use crate::Object;

    #[test]
    fn durations_as_servers_write_them() {
        let read = |text: &str| Object::parse(format!("{{\"duration\":{text}}}").as_bytes()).unwrap();
        for (text, millis) in [
            (r#""PT1M30S""#, 90_000),
            (r#""P1DT2H""#, 93_600_000),
            (r#""P2W""#, 1_209_600_000),
            (r#""PT0.5S""#, 500),
            ("3305", 3_305_000),
            (r#""42.5""#, 42_500),
            (r#""PT0S""#, 0),
        ] {
            let object = read(text);
            assert_eq!(object.duration(), Some(Duration::from_millis(millis)), "{text}");
            assert_eq!(object.rewritten().to_value(), object.to_value(), "{text}");
        }
        for text in [
            r#""P1Y""#,
            r#""P1M""#,
            r#""PT""#,
            r#""P""#,
            r#""""#,
            "-1",
            "1e30",
            r#""PT1S2H""#,
            r#""-PT1S""#,
            r#""PT1H1""#,
            r#""P99999999999999999999D""#,
            r#""PTS""#,
            r#""P1DT""#,
            "true",
        ] {
            assert_eq!(read(text).duration(), None, "{text}");
            assert_eq!(read(text).warnings().len(), 1, "{text}");
        }
    }
}
