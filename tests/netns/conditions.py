"""What a direction of a link does to packets."""

import re
from dataclasses import dataclass

# In a pattern: it comes; it is lost; it comes later than anybody waits, which at a link is the same as lost.
COMES, LOST, TOO_LATE = ".", "L", "D"
_RUN = re.compile(rf"\s*(\d*)([{COMES}{LOST}{TOO_LATE}])\s*")


@dataclass
class Conditions:
    """May be changed while the link runs."""

    loss: float = 0.0
    """Share of the packets lost, 0 to 1."""
    loss_run: float = 0.0
    """Mean number of packets lost in a row (Gilbert-Elliott, everything lost in the bad state); 0: each by chance."""
    pattern: str = ""
    """What becomes of the first packets instead of chance: `50. 2L D` loses the 51st to 53rd; the rest come."""
    delay_ms: float = 0.0
    """One way, besides the time that the rate takes."""
    variation_ms: float = 0.0
    """σ of what is added to the delay: |N(0, σ²)|, at most 3σ (RFC 8868 §4)."""
    overtaking: bool = False
    """Whether a packet with a shorter delay leaves before one that came earlier."""
    late: float = 0.0
    """Share of the packets held back by `late_ms`, which those behind them overtake."""
    late_ms: float = 30.0
    """How long these are held back."""
    pause_ms: float = 0.0
    """How much longer the next packet takes, and what is behind it waits, as when a route changes; once."""
    rate_kbps: float = 0.0
    """Bottleneck, in IP packets' bits; 0: none."""
    queue_bytes: int = 64_000
    """What waits before the bottleneck; more is dropped, the newest first."""
    block: str = "nothing"
    """`udp`, `tcp`, `all` or a port: packets of this kind vanish, as behind a school's firewall."""
    only_port: int = 0
    """Only UDP packets of this port, at either end, are lost, delayed and narrowed; 0: all are."""

    def change(self, changes):
        """Takes over the conditions named in `changes`; a name or value that makes no sense is a ValueError."""
        checked = {name: self._checked(name, value) for name, value in changes.items()}
        for name, value in checked.items():
            setattr(self, name, value)

    def _checked(self, name, value):
        if name not in self.__dataclass_fields__:
            raise ValueError(f"no such condition: {name}")
        if name == "pattern":
            return written_out(value)
        if name == "block":
            right = value in ("nothing", "udp", "tcp", "all") or str(value).isdigit()
        elif name == "overtaking":
            right = isinstance(value, bool)
        elif name in ("loss", "late"):
            right = 0 <= value <= 1
        elif name == "loss_run":
            right = value == 0 or value >= 1
        else:
            right = value >= 0
        if not right:
            raise ValueError(f"{name} cannot be {value!r}")
        return value


def written_out(pattern):
    """A pattern with one character for each packet: `3. L` is `...L`."""
    runs = _RUN.findall(pattern)
    if "".join(pattern.split()) != "".join(count + fate for count, fate in runs):
        raise ValueError(f"pattern cannot be {pattern!r}: it is made of {COMES} {LOST} {TOO_LATE} and counts before them")
    return "".join(fate * int(count or 1) for count, fate in runs)
