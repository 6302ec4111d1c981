#!/usr/bin/env python3
"""Two network namespaces joined by a link that loses, delays, reorders and narrows, by a seed.

The kernels that this is tested on have no netem. Each namespace gets a TUN device, and this program
carries the IP packets between the two, so whatever runs in them, a browser too, goes through it:

    emulate.py --seed 7 --loss 0.03 --delay-ms 30 --to-near '{"delay_ms": 90}'
    {"near": "tongke-123-near", "far": "tongke-123-far", "near_ip": "10.77.0.1", "far_ip": "10.77.0.2"}

Standard input takes one JSON object a line: conditions to change (conditions.py), both ways or one
(`{"block": "udp"}`, `{"loss": 0.1, "to": "far"}`), answered with the counts so far of both directions.
With `--truth FILE` it writes down what became of each packet that the conditions are for (truth.py).
It ends, and takes the namespaces and what runs in them away, at the end of standard input or on SIGTERM.
"""

import argparse
import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import asdict

from conditions import Conditions
from link import Direction
from namespaces import end_of_link, remove, sweep
from truth import TruthFile

NEAR_IP, FAR_IP = "10.77.0.1", "10.77.0.2"
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
        before_others()
        with TruthFile(settings.truth) if settings.truth else nullcontext() as truth:
            carry(devices, settings, truth)
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
    for side in ("far", "near"):
        words = f"conditions of the direction to the {side} end, as JSON"
        parser.add_argument(f"--to-{side}", type=json.loads, default={}, metavar="CONDITIONS", help=words)
    parser.add_argument("--truth", metavar="FILE", help="write down what became of each packet")
    return parser.parse_args()


def before_others():
    """A link takes no processor from its users, and does not wait for one: it goes before them where that is allowed."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(1))
    except OSError:
        pass


def directions_of(settings, truth):
    """The two ways; the first one is fed by the near end's device."""
    both = {name: getattr(settings, name) for name in ("loss", "delay_ms", "rate_kbps", "queue_bytes")}
    ways = {}
    for number, (side, changes) in enumerate((("far", settings.to_far), ("near", settings.to_near))):
        conditions = Conditions()
        conditions.change(both | changes)
        note = truth.note_of(side) if truth else None
        ways[side] = Direction(settings.seed * 2 + number, conditions, note)
    return ways


def carry(devices, settings, truth):
    """Carries packets until standard input ends."""
    ways = directions_of(settings, truth)
    # directions[n] is fed by devices[n] and empties into the other one.
    directions = list(ways.values())
    commands = Commands(ways, truth)
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

    def __init__(self, directions, truth):
        self._directions = directions
        self._truth = truth
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
                self._directions[name].change(changes)
            if self._truth:
                self._truth.flush()
            say({f"to_{name}": asdict(way.counts) for name, way in self._directions.items()})
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            say({"error": str(error)})


def say(value):
    """One JSON line."""
    print(json.dumps(value), flush=True)


if __name__ == "__main__":
    main()
