//! Moments as order lines write them, and the month of a statement in the tariff's zone.
//!
//! `2026-10-31T23:30:00Z` is November in Zurich, and 25 October has 25 hours there: a day is whatever lies between
//! two local midnights. The month's midnights are looked up once, so that a million lines need no calendar.

use jiff::{
    Timestamp,
    civil::{Date, date},
    tz::TimeZone,
};

use crate::pricing::tariff::read::midnight;

/// A month of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Month {
    first: Date,
}

impl Month {
    /// Reads `YYYY-MM`.
    pub fn parse(text: &str) -> Option<Self> {
        let (year, month) = text.split_once('-')?;
        let digits = |text: &str, count| text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return None;
        }
        Date::new(year.parse().ok()?, month.parse().ok()?, 1).ok().map(|first| Self { first })
    }

    /// `YYYY-MM`.
    pub fn text(self) -> String {
        format!("{:04}-{:02}", self.first.year(), self.first.month())
    }
}

/// The days of a month in a zone.
#[derive(Debug, Clone)]
pub struct Calendar {
    zone: TimeZone,
    month: Month,
    /// `YYYY-MM`.
    text: String,
    /// The first second of each day, and of the first day after the month.
    midnights: Vec<i64>,
    /// `YYYY-MM-DD` of each day.
    days: Vec<String>,
}

impl Calendar {
    /// The month's days; nothing at the very end of time.
    pub fn new(month: Month, zone: TimeZone) -> Option<Self> {
        let count = month.first.days_in_month();
        let dates = (1..=count).filter_map(|day| month.first.with().day(day).build().ok());
        let dates: Vec<Date> = dates.chain([month.first.last_of_month().tomorrow().ok()?]).collect();
        let midnights = dates.iter().map(|date| Some(midnight(*date, &zone)?.as_second())).collect::<Option<_>>()?;
        let days = dates.iter().map(Date::to_string).collect();
        Some(Self { zone, month, text: month.text(), midnights, days })
    }

    /// `YYYY-MM`.
    pub fn month(&self) -> &str {
        &self.text
    }

    /// Its first second.
    pub fn start(&self) -> i64 {
        self.midnights.first().copied().unwrap_or(i64::MAX)
    }

    /// The first second after it.
    pub fn end(&self) -> i64 {
        self.midnights.last().copied().unwrap_or(i64::MIN)
    }

    /// Its last second.
    pub fn last_moment(&self) -> Timestamp {
        Timestamp::from_second(self.end().saturating_sub(1)).unwrap_or(Timestamp::MAX)
    }

    /// Whether a moment lies in it.
    #[inline]
    pub fn holds(&self, second: i64) -> bool {
        self.start() <= second && second < self.end()
    }

    /// `YYYY-MM-DD` of the local day of a moment in the month.
    pub fn day(&self, second: i64) -> &str {
        let day = self.midnights.partition_point(|midnight| *midnight <= second);
        self.days.get(day.wrapping_sub(1)).map_or("", |day| day)
    }

    /// The first second of a local date.
    fn midnight(&self, year: i16, month: i8, day: i8) -> Option<i64> {
        let index = usize::try_from(day - 1).ok()?;
        if (year, month) == (self.month.first.year(), self.month.first.month()) && index + 1 < self.midnights.len() {
            return self.midnights.get(index).copied();
        }
        midnight(Date::new(year, month, day).ok()?, &self.zone).map(Timestamp::as_second)
    }

    /// The second of a moment: RFC 3339 with an offset, or a date, which means its local midnight.
    ///
    /// # Errors
    /// What is expected instead.
    #[inline]
    pub fn second(&self, text: &[u8]) -> Result<i64, &'static str> {
        match text {
            [b'0'..=b'9', .., b'Z'] if text.len() == 20 => utc(text).ok_or(()).or_else(|()| self.any_second(text)),
            _ => self.any_second(text),
        }
    }

    fn any_second(&self, text: &[u8]) -> Result<i64, &'static str> {
        let (head, rest) = text.split_at_checked(10).ok_or(FORM)?;
        let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = head else { return Err(FORM) };
        let (century, year) = (two(*y1, *y2).ok_or(FORM)?, two(*y3, *y4).ok_or(FORM)?);
        let year = i16::from(century) * 100 + i16::from(year);
        let (month, day) = (two(*m1, *m2).ok_or(FORM)?, two(*d1, *d2).ok_or(FORM)?);
        let no_date = "there is no such date";
        let date = Date::new(year, month, day).map_err(|_| no_date)?;
        if rest.is_empty() {
            return self.midnight(year, month, day).ok_or(no_date);
        }
        Ok(days_before(date) * 86_400 + time(rest)?)
    }
}

const FORM: &str = "expected YYYY-MM-DDTHH:MM:SS with Z or an offset such as +02:00, or a date";

/// Days from 1 January 1970.
fn days_before(day: Date) -> i64 {
    i64::from((day - date(1970, 1, 1)).get_days())
}

/// Seconds of a time of day with its offset, which starts with the `T`.
fn time(text: &[u8]) -> Result<i64, &'static str> {
    let [b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2, rest @ ..] = text else { return Err(FORM) };
    let hour = two(*h1, *h2).ok_or(FORM)?;
    let (minute, second) = (two(*m1, *m2).ok_or(FORM)?, two(*s1, *s2).ok_or(FORM)?);
    if hour > 23 || minute > 59 || second > 59 {
        return Err("there is no such time of day");
    }
    let rest = match rest {
        [b'.', digits @ ..] => {
            let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
            if count == 0 || count > 9 {
                return Err("expected 1 to 9 digits behind the seconds' point");
            }
            &digits[count..]
        }
        rest => rest,
    };
    Ok(i64::from(hour) * 3600 + i64::from(minute) * 60 + i64::from(second) - offset(rest)?)
}

fn offset(text: &[u8]) -> Result<i64, &'static str> {
    match text {
        [b'Z' | b'z'] => Ok(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let (hours, minutes) = (two(*h1, *h2).ok_or(FORM)?, two(*m1, *m2).ok_or(FORM)?);
            if hours > 23 || minutes > 59 {
                return Err("there is no such offset");
            }
            let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
            Ok(if *sign == b'-' { -seconds } else { seconds })
        }
        [] => Err("expected Z or an offset such as +02:00 behind the time"),
        _ => Err(FORM),
    }
}

#[inline]
fn two(high: u8, low: u8) -> Option<i8> {
    let (high, low) = (high.wrapping_sub(b'0'), low.wrapping_sub(b'0'));
    (high < 10 && low < 10).then(|| (high * 10 + low).cast_signed())
}

/// The usual form, `YYYY-MM-DDTHH:MM:SSZ`, on a day that every month has; anything else goes the long way.
#[inline]
fn utc(text: &[u8]) -> Option<i64> {
    let [y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2, b'T', h1, h2, b':', n1, n2, b':', s1, s2, b'Z'] = text else {
        return None;
    };
    let year = i64::from(two(*y1, *y2)?) * 100 + i64::from(two(*y3, *y4)?);
    let (month, day) = (i64::from(two(*m1, *m2)?), i64::from(two(*d1, *d2)?));
    let (hour, minute, second) = (i64::from(two(*h1, *h2)?), i64::from(two(*n1, *n2)?), i64::from(two(*s1, *s2)?));
    let usual = (1..=12).contains(&month) && (1..=28).contains(&day) && hour < 24 && minute < 60 && second < 60;
    if !usual || year < 1 {
        return None;
    }
    // Years that start in March: a leap day is then the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 719_469;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second)
}
