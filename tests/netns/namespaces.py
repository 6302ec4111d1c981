"""Network namespaces with a TUN device each."""

import fcntl
import os
import signal
import struct
import subprocess

TUNSETIFF = 0x400454CA
IFF_TUN = 0x0001
IFF_NO_PI = 0x1000
PREFIX = 30
DEVICE = "link0"
# Packets that wait at a device while the emulator is held up: 0.4 s of 100 Mbit/s. What does not fit is lost by nobody's
# seed.
QUEUE_PACKETS = 4_000


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
    ip("-n", namespace, "link", "set", DEVICE, "txqueuelen", str(QUEUE_PACKETS))
    ip("-n", namespace, "link", "set", DEVICE, "up")
    ip("-n", namespace, "link", "set", "lo", "up")
    # A browser finds its address by a route to the world; nothing answers there.
    ip("-n", namespace, "route", "add", "default", "dev", DEVICE)
    return device


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
