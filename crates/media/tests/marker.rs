//! What markers look like, for readers in other languages: `samples/marker.json`, which the page's decoder
//! (crates/web/assets/signal) is tested against, says what is drawn here.

#![allow(clippy::unwrap_used, reason = "a test")]

use std::fmt::Write as _;
use std::path::Path;
use std::time::Instant;
use tongke_media::Picture;
use tongke_media::marker::{Stamp, draw};

/// Pictures whose markers have cells of 16 pixels, and how many of them stand in a row.
const SIZES: [(u32, u32, usize); 2] = [(1280, 720, 20), (320, 240, 10)];
const STAMPS: [(u16, u32, u32); 5] = [
    (0, 0, 0),
    (0xBEEF, 1, 0x8000_0001),
    (7, 0x7f_ffff, 4_102_444_800),
    (0xffff, 0xff_ffff, 0xffff_ffff),
    (31_337, 5040, 1),
];

/// The cells as they are drawn, row by row: `#` black, `.` white.
fn cells(width: u32, height: u32, columns: usize, stamp: Stamp) -> String {
    let mut picture = Picture::filled(width, height, [90, 128, 128], Instant::now());
    draw(&mut picture, stamp).unwrap();
    let luma = picture.planes().0;
    let middle = |n: usize| 16 + (n + 1) * 16 + 8;
    let cell = |n: usize| match luma[middle(n / columns) * width as usize + middle(n % columns)] {
        16 => '#',
        235 => '.',
        other => panic!("a cell of luma {other}"),
    };
    (0..100).map(cell).collect()
}

fn vectors() -> String {
    let mut lines = Vec::new();
    for (width, height, columns) in SIZES {
        for (session, frame, timestamp_ms) in STAMPS {
            let cells = cells(width, height, columns, Stamp { session, frame, timestamp_ms });
            let mut line = String::new();
            write!(
                line,
                "  {{ \"session\": {session}, \"frame\": {frame}, \"timestamp_ms\": {timestamp_ms}, "
            )
            .unwrap();
            write!(line, "\"columns\": {columns}, \"cells\": \"{cells}\" }}").unwrap();
            lines.push(line);
        }
    }
    format!("[\n{}\n]\n", lines.join(",\n"))
}

/// `KEEP=1` writes them anew.
#[test]
fn the_kept_markers_are_those_that_are_drawn() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/samples/marker.json");
    if std::env::var_os("KEEP").is_some() {
        std::fs::write(&file, vectors()).unwrap();
    }
    let kept = std::fs::read_to_string(&file).unwrap();
    assert_eq!(
        kept,
        vectors(),
        "the marker was changed: so must be its readers; KEEP=1 writes {}",
        file.display()
    );
}
