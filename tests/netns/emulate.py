#!/usr/bin/env python3
"""Two network namespaces joined by a link that loses, delays and narrows, by a seed.

The kernels that this is tested on have no netem. Each namespace gets a TUN device, and this program
carries the IP packets between the two, so whatever runs in them, a browser too, goes through it:

    emulate.py --seed 7 --loss 0.03 --delay-ms 30
    {"near": "tongke-123-near", "far": "tongke-123-far", "near_ip": "10.77.0.1", "far_ip": "10.77.0.2"}

Standard input takes one JSON object a line: conditions to change, both ways or one
(`{"block": "udp"}`, `{"loss": 0.1, "to": "far"}`), answered with the counts so far of both directions.
It ends, and takes the namespaces and what runs in them away, at the end of standard input or on SIGTERM.
"""

import argparse
import fcntl
import json
import os
import select
import signal
import struct
import subprocess
import sys
import time
from dataclasses import asdict

from link import Conditions, Direction

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
NEAR_IP, FAR_IP, PREFIX = "10.77.0.1", "10.77.0.2", 30
DEVICE = "link0"
LONGEST_PACKET = 65_536
# Packets of one device carried in a row before the other one and the clock are looked at.
BATCH = 64


def main():
    """Sets the link up, carries packets, and takes it away whatever happened."""
    settings = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    signal.signal(signal.SIGINT, lambda *_: sys.exit(0))
    sweep()
    near, far = (f"tongke-{os.getpid()}-{side}" for side in ("near", "far"))
    try:
        devices = [end_of_link(near, NEAR_IP), end_of_link(far, FAR_IP)]
        say({"near": near, "far": far, "near_ip": NEAR_IP, "far_ip": FAR_IP})
        carry(devices, settings)
    except (OSError, subprocess.CalledProcessError) as error:
        why = getattr(error, "stderr", None) or str(error)
        print(f"error: cannot join two network namespaces: {why.strip()}", file=sys.stderr)
        print("hint: this needs root, iproute2, /dev/net/tun and a kernel with namespaces", file=sys.stderr)
        sys.exit(1)
    finally:
        remove(near)
        remove(far)


def arguments():
    """The flags."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--loss", type=float, default=0.0)
    parser.add_argument("--delay-ms", type=float, default=0.0)
    parser.add_argument("--rate-kbps", type=float, default=0.0)
    parser.add_argument("--queue-bytes", type=int, default=64_000)
    return parser.parse_args()


def end_of_link(namespace, address):
    """A namespace with its TUN device, up and addressed; the device's file."""
    ip("netns", "add", namespace)
    device = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    name = f"tk{os.getpid()}{namespace[-4:]}"[:15]
    fcntl.ioctl(device, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    # The file stays joined to the device when that moves.
    ip("link", "set", name, "netns", namespace, "name", DEVICE)
    # Without an IPv6 address of its own the kernel sends nothing unasked, and counts are exact.
    ip("-n", namespace, "link", "set", DEVICE, "addrgenmode", "none")
    ip("-n", namespace, "address", "add", f"{address}/{PREFIX}", "dev", DEVICE)
    ip("-n", namespace, "link", "set", DEVICE, "up")
    ip("-n", namespace, "link", "set", "lo", "up")
    # A browser finds its address by a route to the world; nothing answers there.
    ip("-n", namespace, "route", "add", "default", "dev", DEVICE)
    return device


def carry(devices, settings):
    """Carries packets until standard input ends."""
    limits = (settings.loss, settings.delay_ms, settings.rate_kbps, settings.queue_bytes)
    # directions[n] is fed by devices[n] and empties into the other one.
    directions = [Direction(settings.seed * 2 + n, Conditions(*limits)) for n in (0, 1)]
    commands = Commands(directions)
    while True:
        now_s = time.monotonic()
        dues = [due for due in (way.next_due_s() for way in directions) if due is not None]
        wait_s = max(0.0, min(dues) - now_s) if dues else None
        readable, _, _ = select.select([*devices, sys.stdin], [], [], wait_s)
        if sys.stdin in readable and not commands.read():
            return
        for device, direction in zip(devices, directions):
            if device in readable:
                take(device, direction)
        now_s = time.monotonic()
        for target, direction in zip(reversed(devices), directions):
            for packet in direction.due(now_s):
                give(target, packet)


def take(device, direction):
    """Reads what waits at a device."""
    for _ in range(BATCH):
        try:
            packet = os.read(device, LONGEST_PACKET)
        except BlockingIOError:
            return
        direction.offer(time.monotonic(), packet)


def give(device, packet):
    """Writes a packet; a full device drops it, as a network card does."""
    try:
        os.write(device, packet)
    except BlockingIOError:
        pass


class Commands:
    """Lines of standard input."""

    def __init__(self, directions):
        self._directions = dict(zip(("far", "near"), directions))
        self._rest = b""

    def read(self):
        """Carries out the lines that came; False at their end."""
        came = os.read(sys.stdin.fileno(), 65_536)
        *lines, self._rest = (self._rest + came).split(b"\n")
        for line in lines:
            self._answer(line)
        return bool(came)

    def _answer(self, line):
        try:
            changes = json.loads(line)
            to = changes.pop("to", None)
            for name in [to] if to else self._directions:
                self._directions[name].conditions.change(changes)
            say({f"to_{name}": asdict(way.counts) for name, way in self._directions.items()})
        except (ValueError, KeyError, AttributeError) as error:
            say({"error": str(error)})


def sweep():
    """Takes away what emulators left behind that were killed."""
    for line in ip("netns", "list").splitlines():
        name = line.split()[0] if line.split() else ""
        parts = name.split("-")
        if len(parts) == 3 and parts[0] == "tongke" and parts[1].isdigit():
            if not os.path.exists(f"/proc/{parts[1]}"):
                remove(name)


def remove(namespace):
    """Ends what runs in a namespace, and deletes it; one that is not there is fine."""
    pids = subprocess.run(["ip", "netns", "pids", namespace], capture_output=True, text=True, check=False)
    for pid in pids.stdout.split():
        try:
            os.kill(int(pid), signal.SIGKILL)
        except ProcessLookupError:
            pass
    subprocess.run(["ip", "netns", "delete", namespace], capture_output=True, check=False)


def ip(*words):
    """Runs ip(8)."""
    return subprocess.run(["ip", *words], capture_output=True, text=True, check=True).stdout


def say(value):
    """One JSON line."""
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
