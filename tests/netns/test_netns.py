"""The emulator with the kernel's own network stack at both ends."""

import json
import statistics
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

from conditions import Conditions
from emulator import DEADLINE_S, Emulator
from link import Direction
from truth import read_truth

COUNT = 400

# Numbered datagrams to an echo; it prints those that came back with their round trips in ms.
PROBE = """
import json, select, socket, struct, time
probe = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
probe.connect(("10.77.0.2", 9))
sent, trips, number = {{}}, {{}}, 0
deadline = time.monotonic() + 10
quiet = 0
while time.monotonic() < deadline and quiet < 25:
    if number < {count}:
        sent[number] = time.monotonic()
        probe.send(struct.pack("!I", number))
        number += 1
    came = select.select([probe], [], [], 0.002 if number < {count} else 0.02)[0]
    quiet = 0 if came or number < {count} else quiet + 1
    if came:
        back = struct.unpack("!I", probe.recv(64))[0]
        trips[back] = (time.monotonic() - sent[back]) * 1000
print(json.dumps(trips))
"""
ECHO = """
import socket
echo = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
echo.bind(("10.77.0.2", 9))
print("ready", flush=True)
while True:
    packet, sender = echo.recvfrom(64)
    echo.sendto(packet, sender)
"""


class WithEcho(Emulator):
    """An emulator with an echo at the far end."""

    def __init__(self, *flags):
        super().__init__(*flags)
        self.echo = self.inside("far", ECHO)
        self.echo.stdout.readline()

    def inside(self, side, program):
        """Starts a Python program in a namespace."""
        return self.start(side, sys.executable, "-c", program, stdout=subprocess.PIPE)

    def round_trips_ms(self):
        """Round trips by number, of those that came back."""
        with self.inside("near", PROBE.format(count=COUNT)) as probe:
            out, _ = probe.communicate(timeout=DEADLINE_S)
        return {int(number): trip_ms for number, trip_ms in json.loads(out).items()}

    def __exit__(self, *why):
        super().__exit__(*why)
        self.echo_ends()

    def echo_ends(self):
        """Waits until the far end is gone: nobody but the emulator ends it."""
        self.echo.wait(timeout=DEADLINE_S)
        self.echo.stdout.close()


def expected_to_return(seed, loss):
    """The numbers that a seed lets through both ways."""
    there = Direction(seed * 2, Conditions(loss=loss))
    back = Direction(seed * 2 + 1, Conditions(loss=loss))
    for number in range(COUNT):
        there.offer(0.0, number.to_bytes(4, "big"))
    for packet in there.due(0.0):
        back.offer(0.0, packet)
    return {int.from_bytes(packet, "big") for packet in back.due(0.0)}


class OnTheWire(unittest.TestCase):
    def test_exactly_the_packets_of_the_seed_are_lost_and_the_rest_is_late_by_the_delay(self):
        for seed in (1, 2):
            with self.subTest(seed=seed), WithEcho("--seed", str(seed), "--loss", "0.1", "--delay-ms", "30") as link:
                trips_ms = link.round_trips_ms()
                self.assertEqual(set(trips_ms), expected_to_return(seed, 0.1))
                self.assertGreaterEqual(min(trips_ms.values()), 60.0)
                # A busy machine makes packets later, so the top is left open.
                self.assertLess(statistics.median(trips_ms.values()), 80.0)

    def test_udp_can_be_blocked_and_let_through_again_while_it_runs(self):
        with WithEcho("--seed", "1") as link:
            self.assertEqual(len(link.round_trips_ms()), COUNT)
            counts = link.ask({"block": "udp"})
            self.assertEqual(counts["to_far"]["delivered"], COUNT)
            self.assertEqual(link.round_trips_ms(), {})
            self.assertEqual(link.ask({"block": "nothing"})["to_far"]["blocked"], COUNT)
            self.assertEqual(len(link.round_trips_ms()), COUNT)
            self.assertIn("error", link.ask({"nonsense": 1}))

    def test_the_two_ways_may_differ_and_what_became_of_each_packet_is_written_down(self):
        with tempfile.TemporaryDirectory() as folder:
            truth_file = Path(folder, "truth")
            ways = ("--to-far", '{"delay_ms": 10, "pattern": "5. 2L"}', "--to-near", '{"delay_ms": 40, "only_port": 9}')
            with WithEcho("--seed", "1", "--truth", str(truth_file), *ways) as link:
                trips_ms = link.round_trips_ms()
                link.change()
                packets = read_truth(truth_file)
        self.assertEqual(set(trips_ms), set(range(COUNT)) - {5, 6})
        there = [packet for packet in packets if packet.to == "far"]
        back = {int.from_bytes(packet.begin, "big"): packet for packet in packets if packet.to == "near"}
        self.assertEqual([packet.number for packet in there if packet.fate == "lost"], [5, 6])
        self.assertEqual(set(back), set(trips_ms))
        for packet in there:
            number = int.from_bytes(packet.begin, "big")
            self.assertEqual((packet.ports[1], packet.length, number), (9, 32, packet.number))
            if packet.fate == "delivered":
                on_link_ms = packet.delay_ms + back[number].delay_ms
                self.assertGreaterEqual(packet.delay_ms, 10 - 0.002)
                self.assertGreaterEqual(back[number].delay_ms, 40 - 0.002)
                self.assertGreaterEqual(trips_ms[number], on_link_ms - 0.002, "the link is a part of the round trip")

    def test_nothing_is_left_behind_not_even_by_an_emulator_that_was_killed(self):
        def left():
            return subprocess.run(["ip", "netns", "list"], capture_output=True, text=True, check=True).stdout

        with WithEcho("--seed", "1") as link:
            names = link.names
            self.assertIn(names["near"], left())
        self.assertNotIn(names["near"], left())
        killed = WithEcho("--seed", "1")
        killed.process.kill()
        killed.process.communicate()
        self.assertIn(killed.names["near"], left())
        with WithEcho("--seed", "1"):
            self.assertNotIn(killed.names["near"], left())
            self.assertNotIn(killed.names["far"], left())
            killed.echo_ends()


if __name__ == "__main__":
    unittest.main()
