"""One direction of a link that loses, delays and narrows, told the time.

Which packets are lost is a function of the seed and of their count alone: the same seed loses the
same numbers, whatever the timing of the run.
"""

import random
from collections import deque
from dataclasses import dataclass

UDP = 17
TCP = 6


@dataclass
class Conditions:
    """What a direction does to packets; may be changed while it runs."""

    loss: float = 0.0
    """Share of the packets lost by chance, 0 to 1."""
    delay_ms: float = 0.0
    """One way, besides the time that the rate takes."""
    rate_kbps: float = 0.0
    """Bottleneck; 0: none."""
    queue_bytes: int = 64_000
    """What waits before the bottleneck; more is dropped, the newest first."""
    block: str = "nothing"
    """`udp`, `tcp`, `all` or a port: packets of this kind vanish, as behind a school's firewall."""

    def change(self, changes):
        """Takes over the conditions named in `changes`; a name or value that makes no sense is a ValueError."""
        for name, value in changes.items():
            if name not in self.__dataclass_fields__:
                raise ValueError(f"no such condition: {name}")
            if name == "block" and value not in ("nothing", "udp", "tcp", "all") and not str(value).isdigit():
                raise ValueError(f"cannot block {value!r}")
            setattr(self, name, value)


@dataclass
class Counts:
    """What became of the packets so far."""

    offered: int = 0
    lost: int = 0
    blocked: int = 0
    overflowed: int = 0
    delivered: int = 0


class Direction:
    """Packets in by `offer`, out by `due`, in the same order; `now_s` is any steady clock's seconds."""

    def __init__(self, seed, conditions):
        self.conditions = conditions
        self.counts = Counts()
        self._chance = random.Random(seed)
        self._waiting = deque()
        self._busy_until_s = 0.0
        self._last_due_s = 0.0

    def offer(self, now_s, packet):
        """A packet enters the link."""
        self.counts.offered += 1
        # Drawn for every packet, so that what else happens to one does not shift the fate of the next.
        lost = self._chance.random() < self.conditions.loss
        if is_blocked(packet, self.conditions.block):
            self.counts.blocked += 1
        elif lost:
            self.counts.lost += 1
        else:
            self._queue(now_s, packet)

    def _queue(self, now_s, packet):
        sent_s = now_s
        if self.conditions.rate_kbps > 0:
            bytes_per_s = self.conditions.rate_kbps * 125
            begin_s = max(now_s, self._busy_until_s)
            if (begin_s - now_s) * bytes_per_s + len(packet) > self.conditions.queue_bytes:
                self.counts.overflowed += 1
                return
            sent_s = begin_s + len(packet) / bytes_per_s
            self._busy_until_s = sent_s
        # A delay that was made shorter must not let a packet overtake another.
        due_s = max(sent_s + self.conditions.delay_ms / 1000, self._last_due_s)
        self._last_due_s = due_s
        self._waiting.append((due_s, packet))

    def due(self, now_s):
        """The packets that leave the link by now."""
        while self._waiting and self._waiting[0][0] <= now_s:
            self.counts.delivered += 1
            yield self._waiting.popleft()[1]

    def next_due_s(self):
        """When the next packet leaves; None: none waits."""
        return self._waiting[0][0] if self._waiting else None


def is_blocked(packet, block):
    """Whether an IPv4 packet is of the blocked kind."""
    if block == "nothing":
        return False
    if block == "all":
        return True
    if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] not in (UDP, TCP):
        return False
    if block in ("udp", "tcp"):
        return packet[9] == (UDP if block == "udp" else TCP)
    ports = packet[4 * (packet[0] & 15) :]
    return int(block) in (int.from_bytes(ports[:2], "big"), int.from_bytes(ports[2:4], "big"))
