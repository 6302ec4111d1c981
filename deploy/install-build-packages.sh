#!/usr/bin/env bash
# Installs the Debian packages that the build needs, with --node those that the type check of the page
# needs too, and with --tests those that the tests need.
# Only what is missing is installed, and what is missing is named with its reason. With nothing
# missing it neither asks for a password nor touches the network.
#
#   deploy/install-build-packages.sh [--node] [--tests] [--list]
set -euo pipefail

# package | why
build_packages=(
  "cmake|builds libopus, the sound codec"
  "nasm|assembles OpenH264's SIMD; without it the encoder is 2 to 4 times slower"
  "pkg-config|finds the sound library"
  "libasound2-dev|ALSA headers, for microphones and loudspeakers"
  "libclang-dev|reads the kernel's camera headers (V4L2)"
)
node_packages=(
  "nodejs|checks the types of the page's modules and drives the browsers; 20 or newer"
)
# Some packages of Node.js bring it along, Debian's does not.
command -v npm >/dev/null || node_packages+=("npm|installs what drives the browsers, from a lock file")
test_packages=(
  "python3-venv|runs the third-party WebRTC client (aiortc)"
  "python3-gi|runs the RTSP camera of the tests (GStreamer's server)"
  "gir1.2-gst-rtsp-server-1.0|RTSP server"
  "gstreamer1.0-plugins-base|its test picture"
  "gstreamer1.0-plugins-good|its RTP packets"
  "gstreamer1.0-plugins-bad|its H.264 parser"
  "gstreamer1.0-plugins-ugly|its H.264 encoder (x264), also with B-frames"
  "chromium|the browser that schools have, with H.264; also drives the accessibility check"
  "firefox-esr|the other browser"
  "xvfb|a screen without hardware, for windows"
  "fonts-noto-cjk|Chinese letters on the screenshots"
  "valgrind|counts the instructions of the hot path (callgrind)"
  "postgresql|the other database of the registry: every test of its store runs on both"
  "iproute2|network namespaces, for browsers behind a link that loses and delays"
)

wanted=("${build_packages[@]}")
list=false
for argument in "$@"; do
  case "$argument" in
    --node) wanted+=("${node_packages[@]}") ;;
    --tests) wanted+=("${node_packages[@]}" "${test_packages[@]}") ;;
    --list) list=true ;;
    *) echo "error: unknown argument '$argument'; use --node, --tests or --list" >&2; exit 2 ;;
  esac
done

if $list; then
  for entry in "${wanted[@]}"; do echo "${entry%%|*}  ${entry#*|}"; done
  exit 0
fi

if ! command -v dpkg-query >/dev/null || ! command -v apt-get >/dev/null; then
  echo "error: this installer knows Debian and Ubuntu only; install the like of these by hand:" >&2
  for entry in "${wanted[@]}"; do echo "  ${entry%%|*} (${entry#*|})" >&2; done
  echo "hint: then run make with PACKAGES=skip" >&2
  exit 1
fi

is_installed() {
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null)" = installed ]
}

missing=()
for entry in "${wanted[@]}"; do
  package=${entry%%|*}
  if ! is_installed "$package"; then
    [ ${#missing[@]} -gt 0 ] || echo "Packages to install:"
    echo "  $package: ${entry#*|}"
    missing+=("$package")
  fi
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
if [ "$(id -u)" -ne 0 ]; then
  if ! command -v sudo >/dev/null; then
    echo "error: installing packages needs root, and there is no sudo here" >&2
    echo "hint: as root, run: apt-get install ${missing[*]}" >&2
    exit 1
  fi
  # Without a terminal a password prompt would wait for ever.
  as_root=(sudo)
  [ -t 0 ] || as_root=(sudo -n)
fi

install_missing() {
  ${as_root[@]+"${as_root[@]}"} env DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --quiet --no-install-recommends "${missing[@]}" </dev/null
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
# The package lists of a fresh machine are empty or old; they are fetched only if the first try
# shows that they are needed.
if ! install_missing >"$log" 2>&1; then
  if ! ${as_root[@]+"${as_root[@]}"} apt-get update --quiet </dev/null >>"$log" 2>&1 ||
     ! install_missing >>"$log" 2>&1; then
    tail -n 20 "$log" >&2
    echo "error: the packages could not be installed: ${missing[*]}" >&2
    if [ "$(id -u)" -ne 0 ]; then
      echo "hint: as root, run: apt-get update && apt-get install ${missing[*]}" >&2
    fi
    exit 1
  fi
fi
echo "Installed: ${missing[*]}"
