//! OpenH264's build falls back to plain C without a word when it finds no assembler (or when
//! `OPENH264_NO_ASM` is set), and the encoder is then two to four times slower. So this program, which
//! the encoder is linked into, looks for the names of the assembler routines in its own symbol table.

#![allow(clippy::unwrap_used, reason = "a test")]

use tongke_media::VideoFormat;
use tongke_media::encode::{Content, H264Encoder};

/// The beginning of the names of the encoder's block comparison, of which every build has the C one.
const ROUTINE: &str = "WelsSampleSatd16x16";

#[test]
fn the_encoder_was_built_with_its_simd_routines() {
    // Without a use the linker would leave the encoder out.
    H264Encoder::new(VideoFormat::default(), 1_000_000, Content::Camera).unwrap();
    let program = std::fs::read(std::env::current_exe().unwrap()).unwrap();
    // Put together here, so that the names searched for do not stand in the program themselves.
    let has = |suffix: &str| {
        let name = format!("{ROUTINE}{suffix}");
        program.windows(name.len()).any(|window| window == name.as_bytes())
    };
    assert!(has("_c"), "this program carries no symbol names; the check cannot see anything");
    let simd = match std::env::consts::ARCH {
        "x86_64" => has("_sse41"),
        "aarch64" => has("_AArch64_neon"),
        // No routines exist for other machines.
        _ => true,
    };
    assert!(
        simd,
        "OpenH264 was built without SIMD and is two to four times slower. Install nasm (Debian: apt-get \
         install nasm), unset OPENH264_NO_ASM, then build it again: cargo clean -p openh264-sys2"
    );
}
