use super::*;
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

/// A disk in memory that fills up and breaks off in mid-write. What is on it outlasts its stores.
#[derive(Debug, Clone, Default)]
struct Memory(Arc<Mutex<Contents>>);

#[derive(Debug, Default)]
struct Contents {
    files: BTreeMap<String, Vec<u8>>,
    capacity: Option<usize>,
    /// So many bytes of the next write get through, then it fails, and nothing can be undone.
    break_after: Option<usize>,
}

impl Memory {
    fn set(&self, change: impl FnOnce(&mut Contents)) {
        change(&mut self.0.lock().unwrap());
    }
}

impl Disk for Memory {
    fn list(&self) -> io::Result<Vec<(String, u64)>> {
        let contents = self.0.lock().unwrap();
        Ok(contents.files.iter().map(|(name, bytes)| (name.clone(), bytes.len() as u64)).collect())
    }

    fn read(&self, name: &str) -> io::Result<Vec<u8>> {
        self.0.lock().unwrap().files.get(name).cloned().ok_or(io::ErrorKind::NotFound.into())
    }

    fn append(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut contents = self.0.lock().unwrap();
        let used: usize = contents.files.values().map(Vec::len).sum();
        let room = contents.capacity.map_or(usize::MAX, |capacity| capacity.saturating_sub(used));
        let taken = bytes.len().min(room).min(contents.break_after.unwrap_or(usize::MAX));
        contents.files.entry(name.to_owned()).or_default().extend_from_slice(&bytes[..taken]);
        match taken == bytes.len() {
            true => Ok(()),
            false if contents.break_after.is_some() => Err(io::Error::other("broken off")),
            false => Err(io::ErrorKind::StorageFull.into()),
        }
    }

    fn cut(&mut self, name: &str, len: u64) -> io::Result<()> {
        let mut contents = self.0.lock().unwrap();
        if contents.break_after.is_some() {
            return Err(io::Error::other("broken off"));
        }
        contents.files.get_mut(name).unwrap().truncate(len as usize);
        Ok(())
    }

    fn remove(&mut self, name: &str) -> io::Result<()> {
        let mut contents = self.0.lock().unwrap();
        if contents.break_after.is_some() {
            return Err(io::Error::other("broken off"));
        }
        contents.files.remove(name).map(drop).ok_or(io::ErrorKind::NotFound.into())
    }
}

const SMALL: Limits = Limits { bytes: 4096, segment_bytes: 512 };

fn open(disk: &Memory) -> Store<Memory> {
    Store::open(disk.clone(), SMALL).unwrap()
}

fn fact(number: usize) -> Vec<u8> {
    format!(r#"{{"id":"n-{number}","lesson":"math","at_us":{number},"fact":"locked","locked":true}}"#)
        .into_bytes()
}

fn attendance(store: &mut Store<Memory>, number: usize) -> Result<(), PutError> {
    store.put(Worth::Attendance, &fact(number))
}

fn detail(store: &mut Store<Memory>, number: usize) -> Result<(), PutError> {
    store.put(Worth::Detail, &fact(number))
}

/// The numbers of all facts that wait.
fn waiting(store: &mut Store<Memory>) -> Vec<usize> {
    let taken = store.take().map(|taken| taken.facts).unwrap_or_default();
    let number = |fact: &Vec<u8>| {
        let json: serde_json::Value = serde_json::from_slice(fact).unwrap();
        json["at_us"].as_u64().unwrap() as usize
    };
    taken.iter().map(number).collect()
}

#[test]
fn what_was_kept_is_found_after_a_write_that_broke_off_at_any_byte() {
    let len = frame(&fact(2)).len();
    for through in 0..len {
        let disk = Memory::default();
        let mut store = open(&disk);
        attendance(&mut store, 1).unwrap();
        disk.set(|contents| contents.break_after = Some(through));
        attendance(&mut store, 2).unwrap_err();
        disk.set(|contents| contents.break_after = None);
        // The same run goes on, and another one after a power cut.
        attendance(&mut store, 3).unwrap();
        assert_eq!(waiting(&mut store), [1, 3], "{through} bytes got through");
        let mut store = open(&disk);
        attendance(&mut store, 4).unwrap();
        assert_eq!(waiting(&mut store), [1, 3, 4], "{through} bytes got through");
    }
}

#[test]
fn every_file_cut_at_every_byte_gives_what_is_whole_and_takes_more() {
    let disk = Memory::default();
    let mut store = open(&disk);
    (0..4).for_each(|number| attendance(&mut store, number).unwrap());
    let (name, whole) =
        disk.0.lock().unwrap().files.first_key_value().map(|(k, v)| (k.clone(), v.clone())).unwrap();
    let each = frame(&fact(0)).len();
    for len in 0..whole.len() {
        disk.set(|contents| contents.files = BTreeMap::from([(name.clone(), whole[..len].to_vec())]));
        let mut store = open(&disk);
        attendance(&mut store, 9).unwrap();
        let expected: Vec<usize> = (0..len / each).chain([9]).collect();
        assert_eq!(waiting(&mut store), expected, "cut to {len} bytes");
    }
}

#[test]
fn facts_with_answers_go_and_those_that_came_meanwhile_stay() {
    let disk = Memory::default();
    let mut store = open(&disk);
    detail(&mut store, 1).unwrap();
    attendance(&mut store, 2).unwrap();
    assert_eq!(waiting(&mut store), [2, 1], "attendance goes first");
    let mark = store.take().unwrap().mark;
    attendance(&mut store, 3).unwrap();
    store.settle(&mark);
    assert_eq!(waiting(&mut store), [3]);
    let mark = store.take().unwrap().mark;
    store.settle(&mark);
    assert_eq!((waiting(&mut store), store.bytes()), (vec![], 0));
    assert!(disk.list().unwrap().is_empty(), "nothing is left of what is done with");
    attendance(&mut store, 4).unwrap();
    store.settle(&mark);
    assert_eq!(waiting(&mut open(&disk)), [4]);
}

#[test]
fn a_full_outbox_drops_the_oldest_details_and_never_attendance() {
    let disk = Memory::default();
    let mut store = open(&disk);
    (0..20).for_each(|number| detail(&mut store, number).unwrap());
    let mut kept = Vec::new();
    let refused = (100..).find(|number| {
        let put = attendance(&mut store, *number);
        kept.extend(put.is_ok().then_some(*number));
        assert!(store.bytes() <= SMALL.bytes);
        let all = waiting(&mut store);
        let details: Vec<usize> = all.iter().copied().filter(|number| *number < 100).collect();
        assert!(details.iter().copied().eq(20 - details.len()..20), "the newest details stay: {details:?}");
        assert!(kept.iter().all(|number| all.contains(number)));
        put.is_err()
    });
    assert!(kept.len() > 20 && refused.is_some());
    assert!(matches!(attendance(&mut store, 1), Err(PutError::Full(_))));
    assert!(matches!(detail(&mut store, 1), Err(PutError::Full(_))));
    assert_eq!(waiting(&mut open(&disk)), kept);
    let mark = store.take().unwrap().mark;
    store.settle(&mark);
    attendance(&mut store, 1).unwrap();
}

#[test]
fn a_full_disk_costs_details_first_and_then_says_so() {
    let disk = Memory::default();
    disk.set(|contents| contents.capacity = Some(2048));
    let mut store = open(&disk);
    (0..5).for_each(|number| detail(&mut store, number).unwrap());
    let kept: Vec<usize> = (100..200).take_while(|number| attendance(&mut store, *number).is_ok()).collect();
    assert!(kept.len() > 10);
    assert_eq!(waiting(&mut store), kept);
    assert!(store.dropped > 0);
    let Err(PutError::Disk(error)) = attendance(&mut store, 1) else { panic!("the disk is full") };
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    disk.set(|contents| contents.capacity = None);
    attendance(&mut store, 200).unwrap();
    let all: Vec<usize> = kept.into_iter().chain([200]).collect();
    assert_eq!(waiting(&mut open(&disk)), all);
}

#[test]
fn what_is_taken_goes_into_one_request() {
    let limits = Limits { bytes: 64 << 20, segment_bytes: 64 << 10 };
    let mut store = Store::open(Memory::default(), limits).unwrap();
    (0..2_500).for_each(|number| attendance(&mut store, number).unwrap());
    let long = format!(r#"{{"id":"long","x":"{}"}}"#, "x".repeat(150_000));
    (0..10).for_each(|_| store.put(Worth::Detail, long.as_bytes()).unwrap());
    let mut sizes = Vec::new();
    while let Some(Taken { facts, mark }) = store.take() {
        let signed: usize = facts.iter().map(|fact| fact.len().div_ceil(3) * 4 + 200).sum();
        assert!(signed < 1 << 20);
        sizes.push(facts.len());
        store.settle(&mark);
    }
    assert_eq!(sizes.iter().sum::<usize>(), 2_510);
    assert_eq!(sizes[..2], [1_000, 1_000]);
    let too_long = vec![b'x'; MAX_FACT_LEN + 1];
    assert!(matches!(store.put(Worth::Attendance, &too_long), Err(PutError::TooLong(_))));
}

#[test]
fn nothing_that_was_kept_is_lost_whatever_happens_in_whatever_order() {
    // xorshift64: the same history for the same seed.
    for seed in 1..=60_u64 {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let mut chance = |of: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % of
        };
        let disk = Memory::default();
        disk.set(|contents| contents.capacity = Some(3000));
        let mut store = open(&disk);
        let (mut kept, mut delivered) = (BTreeSet::new(), BTreeSet::new());
        let mut in_flight = None;
        for number in 0..400 {
            match chance(12) {
                // An earlier run's requests end with it.
                0 => (store, in_flight) = (open(&disk), None),
                1..=2 => drop(detail(&mut store, 10_000 + number)),
                3..=4 => in_flight = store.take().map(|taken| (waiting(&mut store), taken.mark)),
                5..=6 => {
                    if let Some((numbers, mark)) = in_flight.take() {
                        delivered.extend(numbers);
                        store.settle(&mark);
                    }
                }
                7 => {
                    let through = chance(60) as usize;
                    disk.set(|contents| contents.break_after = Some(through));
                    let _ = attendance(&mut store, 20_000 + number);
                    disk.set(|contents| contents.break_after = None);
                }
                _ => kept.extend(attendance(&mut store, number).is_ok().then_some(number)),
            }
        }
        delivered.extend(waiting(&mut open(&disk)));
        let lost: Vec<_> = kept.difference(&delivered).collect();
        assert!(lost.is_empty(), "seed {seed}: {lost:?}");
    }
}
