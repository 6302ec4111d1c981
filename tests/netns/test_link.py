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


def reordered(numbers):
    """How many of these come after a larger one."""
    largest, count = -1, 0
    for number in numbers:
        count += number < largest
        largest = max(number, largest)
    return count


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
        way.change({"delay_ms": 0})
        way.offer(0.001, b"b")
        self.assertEqual(list(way.due(0.02)), [])
        self.assertEqual(list(way.due(0.03)), [b"a", b"b"])


class Bursts(unittest.TestCase):
    def test_loss_comes_in_runs_of_the_mean_length_and_keeps_its_share(self):
        way = Direction(1, Conditions(loss=0.02, loss_run=4.0))
        for number in range(200_000):
            way.offer(0.0, number.to_bytes(4, "big"))
        arrived = [int.from_bytes(packet, "big") for packet in way.due(0.0)]
        runs = [after - before - 1 for before, after in zip(arrived, arrived[1:]) if after - before > 1]
        self.assertAlmostEqual(way.counts.lost / 200_000, 0.02, delta=0.002)
        self.assertAlmostEqual(sum(runs) / len(runs), 4.0, delta=0.3)

    def test_runs_of_one_packet_never_join(self):
        way = Direction(1, Conditions(loss=0.3, loss_run=1.0))
        for number in range(10_000):
            way.offer(0.0, number.to_bytes(4, "big"))
        arrived = [int.from_bytes(packet, "big") for packet in way.due(0.0)]
        self.assertTrue(all(after - before <= 2 for before, after in zip(arrived, arrived[1:])))


class Patterns(unittest.TestCase):
    def through(self, way, count):
        for number in range(count):
            way.offer(0.0, bytes([number]))
        return [packet[0] for packet in way.due(0.0)]

    def test_exactly_the_packets_of_the_pattern_are_lost_and_the_rest_comes(self):
        way = Direction(1, Conditions(loss=1.0))
        way.change({"pattern": "3. L . 2L D 2."})
        self.assertEqual(self.through(way, 14), [0, 1, 2, 4, 8, 9, 10, 11, 12, 13])

    def test_a_pattern_begins_when_it_is_set(self):
        way = Direction(1, Conditions())
        self.through(way, 5)
        for _ in range(2):
            way.change({"pattern": ".L"})
            self.assertEqual(self.through(way, 3), [0, 2])


class Variation(unittest.TestCase):
    def delays_ms(self, **conditions):
        """How long each packet took, by its number, and in which order they left."""
        left = []

        def note(number, fate, came_s, left_s, packet):
            left.append((number, (left_s - came_s) * 1000))

        way = Direction(5, Conditions(**conditions), note)
        for number in range(2_000):
            way.offer(number * 0.01, bytes(50))
        while (due_s := way.next_due_s()) is not None:
            list(way.due(due_s))
        self.assertEqual(way.counts.reordered, reordered(number for number, _ in left))
        return dict(left), way.counts

    def test_each_packet_is_late_by_another_half_of_a_normal_distribution(self):
        delays_ms, counts = self.delays_ms(delay_ms=20, variation_ms=2)
        values = sorted(delays_ms.values())
        self.assertGreaterEqual(values[0], 20)
        self.assertLessEqual(values[-1], 26.001)
        self.assertAlmostEqual(values[1_000], 20 + 0.6745 * 2, delta=0.15)
        self.assertEqual(counts.reordered, 0)

    def test_packets_overtake_each_other_only_where_that_is_allowed(self):
        _, kept = self.delays_ms(variation_ms=20)
        self.assertEqual(kept.reordered, 0)
        _, free = self.delays_ms(variation_ms=20, overtaking=True)
        self.assertGreater(free.reordered, 200)

    def test_a_share_of_the_packets_is_held_back_and_overtaken(self):
        delays_ms, counts = self.delays_ms(delay_ms=10, late=0.05, late_ms=25)
        held_back = [number for number, delay_ms in delays_ms.items() if delay_ms > 30]
        self.assertEqual(counts.reordered, len([number for number in held_back if number < 1_998]))
        self.assertAlmostEqual(len(held_back) / 2_000, 0.05, delta=0.015)


class Pauses(unittest.TestCase):
    def test_after_a_pause_everything_comes_at_once_and_in_order(self):
        way = Direction(1, Conditions(delay_ms=10))
        way.offer(0.0, b"a")
        way.change({"pause_ms": 500})
        for number in range(10):
            way.offer(0.02 + number * 0.1, bytes([number]))
        self.assertEqual(list(way.due(0.529)), [b"a"])
        self.assertEqual(list(way.due(0.5301)), [bytes([number]) for number in range(6)])
        self.assertAlmostEqual(way.next_due_s(), 0.63)


class Rate(unittest.TestCase):
    def test_a_bottleneck_spreads_packets_and_its_queue_overflows(self):
        way = Direction(1, Conditions(rate_kbps=800, queue_bytes=3_000))
        for _ in range(5):
            way.offer(0.0, bytes(1_000))
        self.assertEqual(way.counts.overflowed, 2)
        self.assertEqual([len(list(way.due(at))) for at in (0.009, 0.01, 0.02, 0.03)], [0, 1, 1, 1])


    def test_a_hundred_megabits_a_second_are_shaped_to_the_packet(self):
        way = Direction(1, Conditions(rate_kbps=100_000, queue_bytes=10_000_000))
        for _ in range(5_000):
            way.offer(0.0, bytes(1_250))
        self.assertEqual([len(list(way.due(at + 1e-9))) for at in (0.1, 0.25, 0.5)], [1_000, 1_500, 2_500])


class OnePort(unittest.TestCase):
    def test_what_is_not_of_the_port_passes_at_once_and_in_order(self):
        head = UDP_PACKET[:20]
        of_port = [head + ports + bytes(4) for ports in (b"\x13\x8c\x80\x00", b"\x80\x00\x13\x8c")]
        other = [head + b"\x13\x8d\x80\x00" + bytes([n]) for n in range(3)]
        way = Direction(1, Conditions(delay_ms=50, only_port=5004))
        way.change({"pattern": "L."})
        for packet in (other[0], of_port[0], other[1], of_port[1], TCP_PACKET, other[2]):
            way.offer(0.0, packet)
        self.assertEqual(list(way.due(0.0)), [other[0], other[1], TCP_PACKET, other[2]])
        self.assertEqual(list(way.due(0.05)), [of_port[1]])
        counts = way.counts
        self.assertEqual((counts.offered, counts.lost, counts.delivered, counts.others), (2, 1, 1, 4))


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
        wrong = {"los": 1, "block": "icmp", "loss": 2, "loss_run": 0.5, "pattern": "..x", "delay_ms": -1, "overtaking": 1}
        for name, value in wrong.items():
            conditions = Conditions()
            with self.assertRaises(ValueError, msg=name):
                conditions.change({"delay_ms": 5, name: value})
            self.assertEqual(conditions, Conditions(), "nothing is taken over")


if __name__ == "__main__":
    unittest.main()
