"""What the model of a link does, under a virtual clock."""

import unittest

from link import Conditions, Direction

UDP_PACKET = bytes([0x45] + [0] * 8 + [17] + [0] * 90)
TCP_PACKET = bytes([0x45] + [0] * 8 + [6] + [0] * 90)


def survivors(seed, loss, count=10_000):
    """Numbers of the packets that come through."""
    way = Direction(seed, Conditions(loss=loss))
    for number in range(count):
        way.offer(0.0, number.to_bytes(4, "big"))
    return [int.from_bytes(packet, "big") for packet in way.due(0.0)]


class Loss(unittest.TestCase):
    def test_a_share_of_the_packets_is_lost(self):
        self.assertAlmostEqual(len(survivors(1, 0.03)) / 10_000, 0.97, delta=0.006)
        self.assertEqual(len(survivors(1, 0.0)), 10_000)
        self.assertEqual(survivors(1, 1.0), [])

    def test_the_seed_decides_which(self):
        self.assertEqual(survivors(7, 0.03), survivors(7, 0.03))
        self.assertNotEqual(survivors(7, 0.03), survivors(8, 0.03))

    def test_a_blocked_packet_does_not_shift_the_fate_of_the_next(self):
        plain = Direction(3, Conditions(loss=0.5))
        mixed = Direction(3, Conditions(loss=0.5, block="tcp"))
        for number in range(100):
            plain.offer(0.0, UDP_PACKET + bytes([number]))
            mixed.offer(0.0, TCP_PACKET if number == 10 else UDP_PACKET + bytes([number]))
        expected = [packet for packet in plain.due(0.0) if packet[-1] != 10]
        self.assertEqual(list(mixed.due(0.0)), expected)


class Delay(unittest.TestCase):
    def test_a_packet_comes_out_after_the_delay_and_not_before(self):
        way = Direction(1, Conditions(delay_ms=30))
        way.offer(5.0, b"a")
        self.assertEqual(list(way.due(5.029)), [])
        self.assertEqual(way.next_due_s(), 5.03)
        self.assertEqual(list(way.due(5.03)), [b"a"])

    def test_a_shorter_delay_does_not_let_packets_overtake(self):
        way = Direction(1, Conditions(delay_ms=30))
        way.offer(0.0, b"a")
        way.conditions.change({"delay_ms": 0})
        way.offer(0.001, b"b")
        self.assertEqual(list(way.due(0.02)), [])
        self.assertEqual(list(way.due(0.03)), [b"a", b"b"])


class Rate(unittest.TestCase):
    def test_a_bottleneck_spreads_packets_and_its_queue_overflows(self):
        way = Direction(1, Conditions(rate_kbps=800, queue_bytes=3_000))
        for _ in range(5):
            way.offer(0.0, bytes(1_000))
        self.assertEqual(way.counts.overflowed, 2)
        self.assertEqual([len(list(way.due(at))) for at in (0.009, 0.01, 0.02, 0.03)], [0, 1, 1, 1])


class Blocking(unittest.TestCase):
    def test_only_the_named_kind_is_blocked(self):
        for block, expected in [("udp", [TCP_PACKET]), ("tcp", [UDP_PACKET]), ("all", [])]:
            way = Direction(1, Conditions(block=block))
            way.offer(0.0, UDP_PACKET)
            way.offer(0.0, TCP_PACKET)
            self.assertEqual(list(way.due(0.0)), expected, block)
            self.assertEqual(way.counts.blocked, 2 - len(expected))

    def test_a_port_is_blocked_both_ways_and_others_are_not(self):
        head = UDP_PACKET[:20]
        packets = [head + ports + bytes(4) for ports in (b"\x13\x8c\x80\x00", b"\x80\x00\x13\x8c", b"\x13\x8d\x80\x00")]
        way = Direction(1, Conditions(block="5004"))
        for packet in packets:
            way.offer(0.0, packet)
        self.assertEqual(list(way.due(0.0)), packets[2:])

    def test_a_condition_that_does_not_exist_is_refused(self):
        for changes in ({"los": 1}, {"block": "icmp"}):
            with self.assertRaises(ValueError):
                Conditions().change(changes)


if __name__ == "__main__":
    unittest.main()
