//! Who is in which lesson.

use std::fmt;
use std::str::FromStr;

/// Most participants of a load: publishers are numbered in 16 bits, and each has a socket.
const MAX_PARTICIPANTS: usize = 20_000;

/// Lessons and their participants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// `LESSONSxSUBSCRIBERS`: one publisher a lesson, who does not subscribe.
    Spread {
        /// Lessons.
        lessons: usize,
        /// Of each.
        subscribers: usize,
    },
    /// `pairs:LESSONS`: two participants a lesson, each publishes and gets the other.
    Pairs {
        /// Lessons.
        lessons: usize,
    },
}

impl FromStr for Shape {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("'{text}' is no shape: say 20x5 or pairs:30");
        let number = |part: &str| part.parse::<usize>().ok().filter(|number| *number > 0);
        let shape = if let Some(lessons) = text.strip_prefix("pairs:") {
            Shape::Pairs { lessons: number(lessons).ok_or_else(wrong)? }
        } else {
            let (lessons, subscribers) = text.split_once('x').ok_or_else(wrong)?;
            Shape::Spread {
                lessons: number(lessons).ok_or_else(wrong)?,
                subscribers: number(subscribers).ok_or_else(wrong)?,
            }
        };
        let participants = shape.publishers().checked_add(shape.subscribers());
        match participants {
            Some(count) if count <= MAX_PARTICIPANTS => Ok(shape),
            _ => Err(format!("'{text}' has more than {MAX_PARTICIPANTS} participants")),
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Spread { lessons, subscribers } => write!(f, "{lessons}x{subscribers}"),
            Shape::Pairs { lessons } => write!(f, "pairs:{lessons}"),
        }
    }
}

/// A session of a participant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The lesson's number.
    pub lesson: usize,
    /// The participant's number in the lesson; the first is the supporting school.
    pub participant: usize,
    /// The publisher's number in the load; none: a subscriber.
    pub publisher: Option<u16>,
}

impl Shape {
    /// How many lessons.
    pub fn lessons(&self) -> usize {
        let (Shape::Spread { lessons, .. } | Shape::Pairs { lessons }) = self;
        *lessons
    }

    /// How many sessions publish.
    pub fn publishers(&self) -> usize {
        match self {
            Shape::Spread { lessons, .. } => *lessons,
            Shape::Pairs { lessons } => lessons.saturating_mul(2),
        }
    }

    /// How many sessions subscribe.
    pub fn subscribers(&self) -> usize {
        match self {
            Shape::Spread { lessons, subscribers } => lessons.saturating_mul(*subscribers),
            Shape::Pairs { lessons } => lessons.saturating_mul(2),
        }
    }

    /// The sessions that publish.
    pub fn publishing(&self) -> Vec<Place> {
        let each = if matches!(self, Shape::Pairs { .. }) { 2 } else { 1 };
        let place = |number: usize| Place {
            lesson: number / each,
            participant: number % each,
            publisher: Some(number as u16),
        };
        (0..self.publishers()).map(place).collect()
    }

    /// The sessions that subscribe; lessons in turn, so that all grow alike.
    pub fn subscribing(&self) -> Vec<Place> {
        let (lessons, first) = (self.lessons(), usize::from(matches!(self, Shape::Spread { .. })));
        let place = |number: usize| Place {
            lesson: number % lessons,
            participant: first + number / lessons,
            publisher: None,
        };
        (0..self.subscribers()).map(place).collect()
    }

    /// Further sessions that subscribe, after `before` such ones; lessons in turn.
    pub fn more_subscribers(&self, before: usize, count: usize) -> Vec<Place> {
        let (lessons, first) = (self.lessons(), 2 + self.subscribers() / self.lessons());
        let place = |number: usize| Place {
            lesson: number % lessons,
            participant: first + number / lessons,
            publisher: None,
        };
        (before..before + count).map(place).collect()
    }

    /// Whether this participant publishes.
    pub fn publishes(&self, place: &Place) -> bool {
        match self {
            Shape::Spread { .. } => place.participant == 0,
            Shape::Pairs { .. } => place.participant < 2,
        }
    }

    /// Whether this participant subscribes.
    pub fn subscribes(&self, place: &Place) -> bool {
        matches!(self, Shape::Pairs { .. }) || place.participant > 0
    }

    /// The same with another size: subscribers of a lesson, or lessons of pairs.
    pub fn resized(&self, size: usize) -> Self {
        match self {
            Shape::Spread { lessons, .. } => Shape::Spread { lessons: *lessons, subscribers: size },
            Shape::Pairs { .. } => Shape::Pairs { lessons: size },
        }
    }

    /// Its size, as in [`Self::resized`].
    pub fn size(&self) -> usize {
        match self {
            Shape::Spread { subscribers, .. } => *subscribers,
            Shape::Pairs { lessons } => *lessons,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read_and_written() {
        for text in ["1x100", "20x5", "pairs:30"] {
            assert_eq!(text.parse::<Shape>().unwrap().to_string(), text);
        }
        for text in ["", "x", "0x5", "5x0", "pairs:", "pairs:0", "pairs:x", "5", "99999x99999"] {
            assert!(text.parse::<Shape>().is_err(), "{text}");
        }
    }

    #[test]
    fn nobody_is_a_publishers_double() {
        for text in ["3x4", "pairs:5"] {
            let shape: Shape = text.parse().unwrap();
            let (publishing, subscribing) = (shape.publishing(), shape.subscribing());
            assert_eq!((publishing.len(), subscribing.len()), (shape.publishers(), shape.subscribers()));
            assert!(publishing.iter().enumerate().all(|(at, place)| place.publisher == Some(at as u16)));
            for place in &subscribing {
                let same = subscribing.iter().filter(|other| *other == place).count();
                assert_eq!(same, 1, "{place:?}");
            }
        }
    }

    #[test]
    fn more_subscribers_are_nobody_who_is_there() {
        let shape: Shape = "3x4".parse().unwrap();
        let mut places = [shape.publishing(), shape.subscribing()].concat();
        places.extend(shape.more_subscribers(0, 5).into_iter().chain(shape.more_subscribers(5, 5)));
        let mut who: Vec<_> = places.iter().map(|place| (place.lesson, place.participant)).collect();
        who.sort_unstable();
        who.dedup();
        assert_eq!(who.len(), 3 + 12 + 10);
        assert!(places.iter().all(|place| shape.publishes(place) != shape.subscribes(place)));
    }

    #[test]
    fn in_a_pair_each_participant_publishes_and_subscribes() {
        let shape = Shape::Pairs { lessons: 2 };
        let who = |places: Vec<Place>| {
            let mut who: Vec<_> = places.iter().map(|place| (place.lesson, place.participant)).collect();
            who.sort_unstable();
            who
        };
        assert_eq!(who(shape.publishing()), [(0, 0), (0, 1), (1, 0), (1, 1)]);
        assert_eq!(who(shape.subscribing()), who(shape.publishing()));
    }
}
