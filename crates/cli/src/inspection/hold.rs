//! How long a call is held, as it is written on the command line.

use std::str::FromStr;
use tongke_protocol::inspect::MAX_CALL_S;

/// A lesson of a secondary school, in seconds.
const LESSON_S: u32 = 45 * 60;

/// How long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// So many seconds.
    Seconds(u32),
    /// A whole lesson.
    Lesson,
}

impl Hold {
    /// In seconds.
    pub fn seconds(self) -> u32 {
        match self {
            Hold::Seconds(seconds) => seconds,
            Hold::Lesson => LESSON_S,
        }
    }
}

impl FromStr for Hold {
    type Err = String;
    fn from_str(text: &str) -> Result<Hold, String> {
        if text == "lesson" {
            return Ok(Hold::Lesson);
        }
        let (number, factor) = match (text.strip_suffix('m'), text.strip_suffix('s')) {
            (Some(minutes), _) => (minutes, 60),
            (_, Some(seconds)) => (seconds, 1),
            _ => (text, 1),
        };
        let wrong = || format!("'{text}' is no time; write seconds (90), minutes (5m) or lesson");
        let seconds: u32 = number.parse().map_err(|_| wrong())?;
        let seconds = seconds.saturating_mul(factor);
        if (1..=MAX_CALL_S).contains(&seconds) {
            Ok(Hold::Seconds(seconds))
        } else {
            Err(format!("a call is held for 1 to {MAX_CALL_S} seconds, not for {seconds}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_as_people_write_them() {
        for (text, seconds) in [("60", 60), ("90s", 90), ("5m", 300), ("lesson", 2_700), ("60m", 3_600)] {
            assert_eq!(text.parse::<Hold>().unwrap().seconds(), seconds, "{text}");
        }
        for text in ["", "0", "61m", "5h", "-3", "lessons", "99999999999"] {
            assert!(text.parse::<Hold>().is_err(), "{text}");
        }
    }
}
