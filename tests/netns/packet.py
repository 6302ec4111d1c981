"""What a link can see of an IPv4 packet."""

UDP = 17
TCP = 6


def is_blocked(packet, block):
    """Whether a packet is of the blocked kind."""
    if block == "nothing":
        return False
    if block == "all":
        return True
    if not has_ports(packet):
        return False
    if block in ("udp", "tcp"):
        return packet[9] == (UDP if block == "udp" else TCP)
    return int(block) in ports(packet)


def is_udp_of(packet, port):
    """Whether it is a UDP packet from or to this port."""
    return has_ports(packet) and packet[9] == UDP and port in ports(packet)


def ports(packet):
    """Source and destination port of a UDP or TCP packet."""
    head = 4 * (packet[0] & 15)
    return int.from_bytes(packet[head : head + 2], "big"), int.from_bytes(packet[head + 2 : head + 4], "big")


def payload_begin(packet):
    """The first eight bytes that a UDP packet carries; of other packets none."""
    if not has_ports(packet) or packet[9] != UDP:
        return b""
    begin = 4 * (packet[0] & 15) + 8
    return packet[begin : begin + 8]


def has_ports(packet):
    """Whether it is UDP or TCP over IPv4."""
    return len(packet) >= 20 and packet[0] >> 4 == 4 and packet[9] in (UDP, TCP)
