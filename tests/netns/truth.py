"""What became of each packet on an emulated link, written down and read again."""

from dataclasses import dataclass

from packet import has_ports, payload_begin, ports


@dataclass(frozen=True)
class Truth:
    """One packet's fate."""

    to: str
    """The end it went to, `near` or `far`."""
    number: int
    """In its direction, from 0."""
    fate: str
    """`delivered`, `lost`, `blocked` or `overflowed`."""
    came_s: float
    """When the link took it, on a steady clock."""
    left_s: float | None
    """When it came out."""
    length: int
    """Bytes of the IP packet."""
    ports: tuple[int, int] | None
    """Source and destination."""
    begin: bytes
    """The first bytes that a UDP packet carries: a test's own number of it."""

    @property
    def delay_ms(self):
        """How long it was on the link."""
        return (self.left_s - self.came_s) * 1000


class TruthFile:
    """One line a packet, in the order in which their fates were decided."""

    def __init__(self, path):
        self._file = open(path, "w", encoding="ascii")

    def note_of(self, to):
        """What a direction tells its packets' fates to."""

        def note(number, fate, came_s, left_s, packet):
            left = "-" if left_s is None else f"{left_s:.6f}"
            source, target = ports(packet) if has_ports(packet) else ("-", "-")
            words = (to, number, fate, f"{came_s:.6f}", left, len(packet), source, target, payload_begin(packet).hex())
            print(*words, file=self._file)

        return note

    def flush(self):
        """What was written can be read."""
        self._file.flush()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._file.close()


def read_truth(path):
    """The packets that are written down. A last line without its end is still being written: no packet yet."""
    with open(path, encoding="ascii") as lines:
        return [_of(line.rstrip("\n").split(" ")) for line in lines if line.endswith("\n")]


def _of(words):
    to, number, fate, came, left, length, source, target, begin = words
    return Truth(
        to=to,
        number=int(number),
        fate=fate,
        came_s=float(came),
        left_s=None if left == "-" else float(left),
        length=int(length),
        ports=None if source == "-" else (int(source), int(target)),
        begin=bytes.fromhex(begin),
    )
