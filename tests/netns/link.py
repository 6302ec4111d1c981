"""One direction of a link that loses, delays, reorders and narrows, told the time.

Which packets are lost, held back or delayed by how much is a function of the seed and of their count alone: the
same seed does the same to the same numbers, whatever the timing of the run.
"""

import heapq
import random
from dataclasses import dataclass

from conditions import Conditions
from loss import Loss
from packet import is_blocked, is_udp_of

# What became of a packet.
DELIVERED, LOST, BLOCKED, OVERFLOWED = "delivered", "lost", "blocked", "overflowed"
# Packets that the conditions are not for have numbers below zero.
OTHERS = 1 << 60


@dataclass
class Counts:
    """What became so far of the packets that the conditions are for."""

    offered: int = 0
    lost: int = 0
    blocked: int = 0
    overflowed: int = 0
    delivered: int = 0
    reordered: int = 0
    """Delivered after one that was offered later (RFC 4737 §4.1)."""
    others: int = 0
    """Packets that they are not for, and that passed."""


class Direction:
    """Packets in by `offer`, out by `due`; `now_s` is any steady clock's seconds.

    `note`, if there is one, is told each packet's number, fate, times in and out and bytes when it is known.
    """

    def __init__(self, seed, conditions, note=None):
        self.conditions = conditions
        self.counts = Counts()
        self._note = note
        self._loss = Loss(seed)
        self._late = random.Random(f"{seed} late")
        self._variation = random.Random(f"{seed} variation")
        # (due, number, came, packet), the next one first.
        self._waiting = []
        self._busy_until_s = 0.0
        self._last_due_s = 0.0
        self._newest_delivered = -1

    def change(self, changes):
        """Changes conditions; a pattern begins with the next packet."""
        self.conditions.change(changes)
        if "pattern" in changes:
            self._loss.begin_pattern()

    def offer(self, now_s, packet):
        """A packet enters the link."""
        conditions = self.conditions
        if conditions.only_port and not is_udp_of(packet, conditions.only_port):
            self._pass(now_s, packet)
            return
        number = self.counts.offered
        self.counts.offered += 1
        lost = self._loss.next_is_lost(conditions)
        delay_s = self._delay_s()
        is_late = self._late.random() < conditions.late
        if is_blocked(packet, conditions.block):
            self.counts.blocked += 1
            self._end(number, BLOCKED, now_s, None, packet)
        elif lost:
            self.counts.lost += 1
            self._end(number, LOST, now_s, None, packet)
        else:
            self._queue(number, now_s, packet, delay_s, is_late)

    def _pass(self, now_s, packet):
        if not is_blocked(packet, self.conditions.block):
            self.counts.others += 1
            heapq.heappush(self._waiting, (now_s, self.counts.others - OTHERS, now_s, packet))

    def _delay_s(self):
        spread = self.conditions.variation_ms
        added_ms = min(abs(self._variation.gauss(0, 1)), 3) * spread if spread else 0
        return (self.conditions.delay_ms + added_ms) / 1000

    def _queue(self, number, now_s, packet, delay_s, is_late):
        conditions = self.conditions
        sent_s = now_s
        if conditions.rate_kbps > 0:
            bytes_per_s = conditions.rate_kbps * 125
            begin_s = max(now_s, self._busy_until_s)
            if (begin_s - now_s) * bytes_per_s + len(packet) > conditions.queue_bytes:
                self.counts.overflowed += 1
                self._end(number, OVERFLOWED, now_s, None, packet)
                return
            sent_s = begin_s + len(packet) / bytes_per_s
            self._busy_until_s = sent_s
        due_s = sent_s + delay_s + conditions.pause_ms / 1000
        conditions.pause_ms = 0.0
        if is_late:
            due_s += conditions.late_ms / 1000
        elif not conditions.overtaking:
            # A delay that is or was made shorter must not let a packet overtake another.
            due_s = max(due_s, self._last_due_s)
            self._last_due_s = due_s
        heapq.heappush(self._waiting, (due_s, number, now_s, packet))

    def due(self, now_s):
        """The packets that leave the link by now."""
        while self._waiting and self._waiting[0][0] <= now_s:
            _, number, came_s, packet = heapq.heappop(self._waiting)
            if number >= 0:
                self.counts.delivered += 1
                self.counts.reordered += number < self._newest_delivered
                self._newest_delivered = max(number, self._newest_delivered)
                self._end(number, DELIVERED, came_s, now_s, packet)
            yield packet

    def next_due_s(self):
        """When the next packet leaves; None: none waits."""
        return self._waiting[0][0] if self._waiting else None

    def _end(self, number, fate, came_s, left_s, packet):
        if self._note:
            self._note(number, fate, came_s, left_s, packet)
