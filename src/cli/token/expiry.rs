//! When a token ends to be good, as people write it.

use jiff::{Timestamp, civil::Date, tz::TimeZone};

use crate::problem::Problem;

/// Longest life in days; more is a typing error.
const MAX_DAYS: i64 = 36_500;

/// Reads `90d`, a date (its first moment, UTC) or a time.
///
/// # Errors
/// It is none of these, or not after now.
pub fn read(when: &str, now: Timestamp) -> Result<Timestamp, Problem> {
    let unreadable = || {
        Problem::new(format!("`{}` is no time that a token can end", when.escape_debug()))
            .help("write days such as `90d`, a date such as `2027-01-31`, or a time such as `2027-01-31T12:00:00Z`")
    };
    let end = match when.strip_suffix('d').map(str::parse::<i64>) {
        Some(Ok(days)) if (1..=MAX_DAYS).contains(&days) => {
            now.checked_add(jiff::SignedDuration::from_hours(24 * days)).map_err(|_| unreadable())?
        }
        Some(_) => return Err(unreadable()),
        None => moment(when).ok_or_else(unreadable)?,
    };
    if end <= now {
        return Err(Problem::new(format!("a token that ends at {end} was never good")).help("name a later time"));
    }
    Ok(end)
}

fn moment(when: &str) -> Option<Timestamp> {
    let date = || Some(when.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    when.parse::<Timestamp>().ok().or_else(date)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn days_dates_and_times_are_read_and_nothing_else() {
        let now = "2026-11-25T12:00:00Z".parse().unwrap();
        for (when, end) in [
            ("90d", "2027-02-23T12:00:00Z"),
            ("1d", "2026-11-26T12:00:00Z"),
            ("2027-01-31", "2027-01-31T00:00:00Z"),
            ("2027-01-31T01:00:00+01:00", "2027-01-31T00:00:00Z"),
        ] {
            assert_eq!(read(when, now).unwrap().to_string(), end, "{when}");
        }
        for when in ["", "d", "0d", "-1d", "90", "36501d", "soon", "2026-11-25", "2026-11-25T12:00:00Z", "2027-02-30"] {
            assert!(read(when, now).is_err(), "{when}");
        }
    }
}
