//! Days, terms and bells. Times of day are those of the schools' clocks: China has one time zone and
//! no summer time, so a day and a time of day are a moment.

use crate::id::{RegionId, TermId};
use jiff::civil::{Date, DateTime, Time, date};
use jiff::tz::{Offset, TimeZone};
use serde::{Deserialize, Serialize};
use tongke_protocol::WallTime;
use utoipa::ToSchema;

/// Hours by which the schools' clocks are ahead of UTC (GB/T 7408: 北京时间).
const UTC_OFFSET_HOURS: i8 = 8;

/// The schools' time zone.
pub fn zone() -> TimeZone {
    TimeZone::fixed(Offset::constant(UTC_OFFSET_HOURS))
}

/// The moment that the schools' clocks show `at`. Before 1970 it is 1970.
pub fn moment(at: DateTime) -> WallTime {
    let us = at.to_zoned(zone()).map_or(0, |at| at.timestamp().as_microsecond());
    WallTime(u64::try_from(us).unwrap_or(0))
}

/// What the schools' clocks show at `at`. Beyond year 9999 it is the last day of that year.
pub fn local(at: WallTime) -> DateTime {
    let us = i64::try_from(at.as_unix_us()).unwrap_or(i64::MAX);
    let timestamp = jiff::Timestamp::from_microsecond(us).unwrap_or(jiff::Timestamp::MAX);
    zone().to_datetime(timestamp)
}

/// The first day that anything here can be on: earlier ones are mistakes.
pub const FIRST_DAY: Date = date(2000, 1, 1);
/// The last one.
pub const LAST_DAY: Date = date(2199, 12, 31);

/// Whether a day can be meant.
pub fn is_plausible(day: Date) -> bool {
    (FIRST_DAY..=LAST_DAY).contains(&day)
}

/// Days from one day to another; negative when `until` is earlier.
pub fn days_between(from: Date, until: Date) -> i32 {
    let span = until.duration_since(from);
    i32::try_from(span.as_hours() / 24).unwrap_or(if until < from { i32::MIN } else { i32::MAX })
}

/// A term: what is owed and done is counted by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// Its name.
    pub id: TermId,
    /// As people say it: 2020学年第一学期.
    pub name: String,
    /// Whose.
    pub region: RegionId,
    /// First day.
    #[schema(value_type = String, format = Date)]
    pub first: Date,
    /// Last day, included.
    #[schema(value_type = String, format = Date)]
    pub last: Date,
    /// Days without lessons within it.
    #[serde(default)]
    #[schema(value_type = Vec<String>)]
    pub holidays: Vec<Date>,
}

/// One period of the school day (节).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BellPeriod)]
pub struct Period {
    /// Its number, from 1.
    pub number: u8,
    /// The bell that begins it.
    #[schema(value_type = String)]
    pub start: Time,
    /// The bell that ends it.
    #[schema(value_type = String)]
    pub end: Time,
}
