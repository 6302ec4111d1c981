#!/usr/bin/env bash
# OpenH264's build falls back to plain C without a word when it finds no assembler, and encodes 2 to 4
# times slower then. This looks for the names of its assembler routines in a built program.
#
#   deploy/assert-openh264-simd.sh PROGRAM
set -euo pipefail

program=${1:?which program?}
case "$(uname -m)" in
  x86_64) routine=WelsSampleSatd16x16_sse41 ;;
  aarch64) routine=WelsSampleSatd16x16_AArch64_neon ;;
  *) exit 0 ;; # no routines exist for other machines
esac

if ! grep --quiet --binary-files=text WelsSampleSatd16x16_c "$program"; then
  echo "error: $program carries no symbol names: whether OpenH264 got its SIMD cannot be seen" >&2
  exit 1
fi
if ! grep --quiet --binary-files=text "$routine" "$program"; then
  echo "error: OpenH264 was built without its SIMD routines (no $routine in $program)" >&2
  echo "hint: install nasm, unset OPENH264_NO_ASM, then: cargo clean -p openh264-sys2, and build again" >&2
  exit 1
fi
