use super::*;

const MIB: u64 = 1 << 20;

fn stage(count: usize, core: f64) -> Stage {
    Stage {
        count,
        core,
        cpu_us_per_packet: 4.0,
        memory_bytes: 10 * MIB + count as u64 * MIB,
        frame_end_p99_ms: 1.0,
        loss: 0.0,
        waited: 0.0,
        load_limit: None,
    }
}

/// A relay that needs `each` of a core for a lesson and a tenth of that for a subscriber.
fn measured(each: f64) -> Measured {
    Measured {
        lessons: [4, 20, 50].map(|count| stage(count, 0.02 + each * count as f64)).to_vec(),
        demonstration: [20, 80].map(|count| stage(count, 0.02 + each / 10.0 * count as f64)).to_vec(),
        stream_bps: 2.8e6,
    }
}

const LARGE: Means = Means { cores: 4, free_memory_bytes: 64 << 30, line_bps: None };

#[test]
fn a_relay_that_costs_twice_as_much_carries_half_the_lessons() {
    let (one, two) = (capacity(&measured(0.005), &LARGE), capacity(&measured(0.01), &LARGE));
    // A core at 70 %, of which 2 % are the relay's own.
    assert_eq!((one.lessons_per_core, two.lessons_per_core), (136, 68));
    assert_eq!((one.subscribers, two.subscribers), (1_360, 680));
    assert_eq!((one.lessons, two.lessons), (489, 244));
    assert_eq!(one.first_limit, Limit::Processor);
}

#[test]
fn the_largest_stage_is_foretold_by_the_smaller_ones() {
    let mut measured = measured(0.005);
    let (foretold, was) = capacity(&measured, &LARGE).check.unwrap();
    assert!((foretold - was).abs() < 1e-9);
    measured.lessons[2].core *= 2.0;
    let (foretold, was) = capacity(&measured, &LARGE).check.unwrap();
    assert!((was / foretold - 2.0).abs() < 1e-9);
    measured.lessons.truncate(2);
    assert_eq!(capacity(&measured, &LARGE).check, None);
}

#[test]
fn memory_or_the_line_may_end_first() {
    let small = Means { free_memory_bytes: 100 * MIB, ..LARGE };
    let by_memory = capacity(&measured(0.005), &small);
    assert_eq!((by_memory.lessons, by_memory.first_limit), (70, Limit::Memory));
    assert_eq!(by_memory.needed_memory_bytes, 80 * MIB);
    let slow = Means { line_bps: Some(100e6), ..LARGE };
    let by_line = capacity(&measured(0.005), &slow);
    assert_eq!((by_line.lessons, by_line.first_limit), (12, Limit::Network));
    assert_eq!((by_line.lessons_by_line, by_line.subscribers), (Some(12), 25));
    assert!((by_line.needed_bps - 12.0 * 5.6e6).abs() < 1.0);
}

#[test]
fn late_pictures_end_it_before_the_processor_is_full() {
    let mut measured = measured(0.005);
    measured.lessons[2].frame_end_p99_ms = 6.0;
    let late = capacity(&measured, &LARGE);
    assert_eq!((late.lessons_per_core, late.first_limit), (20, Limit::Delay));
    measured.lessons[2].frame_end_p99_ms = 1.0;
    measured.lessons[0].loss = 0.001;
    assert_eq!(capacity(&measured, &LARGE).lessons, 0);
}

#[test]
fn delays_that_others_made_do_not_count() {
    let mut measured = measured(0.005);
    measured.lessons[2].frame_end_p99_ms = 60.0;
    measured.lessons[2].waited = 0.5;
    assert_eq!(capacity(&measured, &LARGE).first_limit, Limit::Processor);
    measured.lessons[2].waited = 0.0;
    measured.lessons[2].load_limit = Some("its processor was full".to_owned());
    assert_eq!(capacity(&measured, &LARGE).first_limit, Limit::Processor);
}

#[test]
fn points_that_are_noise_give_a_line_through_the_origin() {
    let near = |line: Line, base: f64, each: f64| {
        assert!((line.base - base).abs() < 1e-9 && (line.each - each).abs() < 1e-9, "{line:?}");
    };
    near(Line::through(&[(10.0, 1.5), (20.0, 2.5)]), 0.5, 0.1);
    near(Line::through(&[(10.0, 1.0), (20.0, 4.0)]), 0.0, 0.18);
    near(Line::through(&[(10.0, 1.0)]), 0.0, 0.1);
    assert_eq!(Line { base: 0.8, each: 0.1 }.most(0.7), 0);
}
