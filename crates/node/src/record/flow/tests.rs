use super::*;

fn id(name: &str) -> ParticipantId {
    name.parse().unwrap()
}

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

/// A room that sends and plays without a pause: after so long.
fn flowing(time: Duration) -> Totals {
    let played = Played { sound: time, pictures: time };
    Totals { sent_sound: time, sent_pictures: time, got: BTreeMap::from([(id("oak"), played)]) }
}

struct Room {
    book: FlowBook,
    begun: Instant,
}

impl Room {
    fn new() -> Self {
        let begun = Instant::now();
        Self { book: FlowBook::begin(id("hill"), begun, Totals::default()), begun }
    }

    fn take(&mut self, after: Duration, totals: Totals, ahead_us: u64) -> FactKind {
        let begun = self.begun;
        let on_relay =
            |at: Instant| WallTime(1_000_000_000 + at.duration_since(begun).as_micros() as u64 + ahead_us);
        self.book.take(begun + after, totals, on_relay).unwrap()
    }
}

/// Number, begin and end in ms after the begin, sound and pictures sent.
fn brief(fact: &FactKind) -> (u64, u64, u64, u64, u64) {
    let FactKind::Flow { seq, from_us, until_us, sent_audio_ms, sent_video_ms, .. } = fact else {
        panic!("{fact:?}")
    };
    let ms = |us: &u64| (us - 1_000_000_000) / 1_000;
    (*seq, ms(from_us), ms(until_us), *sent_audio_ms, *sent_video_ms)
}

fn got(fact: FactKind) -> Vec<(String, u64, u64)> {
    let FactKind::Flow { got, .. } = fact else { panic!("{fact:?}") };
    got.into_iter().map(|it| (it.participant.to_string(), it.audio_ms, it.video_ms)).collect()
}

#[test]
fn stretches_follow_each_other_without_gaps_and_their_sums_are_the_totals() {
    let mut room = Room::new();
    let mut ends = Vec::new();
    let mut facts = Vec::new();
    while ends.len() < 6 {
        let due = room.book.due().duration_since(room.begun);
        // The session looks once a second.
        let late = due + Duration::from_millis(700);
        ends.push(due.as_secs());
        facts.push(room.take(late, flowing(late), 0));
    }
    assert_eq!(ends, [5, 20, 60, 120, 180, 240]);
    let last = s(250);
    facts.push(room.take(last, flowing(last), 0));
    let brief: Vec<_> = facts.iter().map(brief).collect();
    assert!(brief.windows(2).all(|pair| pair[0].2 == pair[1].1 && pair[0].0 + 1 == pair[1].0), "{brief:?}");
    assert_eq!((brief[0].0, brief[0].1, brief[6].2), (0, 0, 250_000));
    let sum = |part: fn(&(u64, u64, u64, u64, u64)) -> u64| brief.iter().map(part).sum::<u64>();
    assert_eq!((sum(|it| it.3), sum(|it| it.4)), (250_000, 250_000));
    assert_eq!(facts.into_iter().flat_map(got).map(|(_, audio, _)| audio).sum::<u64>(), 250_000);
}

#[test]
fn who_was_neither_heard_nor_seen_is_not_named() {
    let mut room = Room::new();
    room.take(s(5), flowing(s(5)), 0);
    let mut totals = flowing(s(5));
    totals.got.insert(id("lake"), Played { sound: Duration::ZERO, pictures: s(3) });
    totals.got.insert(id("reed"), Played::default());
    assert_eq!(got(room.take(s(20), totals, 0)), [("lake".to_owned(), 0, 3_000)]);
}

#[test]
fn nothing_is_longer_than_its_stretch() {
    let mut room = Room::new();
    // The loudspeaker's clock runs a little faster.
    let fact = room.take(s(5), flowing(Duration::from_millis(5_040)), 0);
    assert_eq!(brief(&fact), (0, 0, 5_000, 5_000, 5_000));
    assert!(room.book.take(room.begun + s(5), Totals::default(), |_| WallTime(0)).is_none(), "no length");
}

#[test]
fn a_clock_that_is_known_better_leaves_no_gap_and_one_that_was_wrong_is_not_followed() {
    let mut room = Room::new();
    room.take(s(5), flowing(s(5)), 0);
    let fact = room.take(s(20), flowing(s(20)), 300_000);
    assert_eq!(brief(&fact), (1, 5_000, 20_300, 15_000, 15_000));
    let fact = room.take(s(60), flowing(s(60)), 7_200_000_000);
    assert_eq!(brief(&fact), (2, 7_220_000, 7_260_000, 40_000, 40_000));
}

#[test]
fn a_machine_that_stood_still_tells_of_what_it_may_know_and_leaves_a_number_out() {
    let mut room = Room::new();
    room.take(s(5), flowing(s(5)), 0);
    let fact = room.take(s(1_005), flowing(s(1_005)), 0);
    assert_eq!(brief(&fact), (2, 765_000, 1_005_000, 240_000, 240_000));
    assert_eq!(room.book.due(), room.begun + s(1_020));
}
