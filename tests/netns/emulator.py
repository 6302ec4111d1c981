"""A running emulator, for tests."""

import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
DEADLINE_S = 20


class Emulator:
    """Started with emulate.py's flags; it and all that runs in its namespaces end with the block."""

    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [sys.executable, HERE / "emulate.py", *flags],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        line = self.process.stdout.readline()
        if not line:
            raise AssertionError("the emulator did not start; see what it printed above")
        self.names = json.loads(line)

    def start(self, side, *command, **settings):
        """Starts a program in a namespace."""
        return subprocess.Popen(["ip", "netns", "exec", self.names[side], *command], text=True, **settings)

    def ask(self, command):
        """Changes conditions; the counts so far."""
        self.process.stdin.write(json.dumps(command) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def change(self, **conditions):
        """Changes conditions, which must be right; the counts so far."""
        counts = self.ask(conditions)
        if "error" in counts:
            raise AssertionError(counts["error"])
        return counts

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(timeout=DEADLINE_S)
        self.process.stdout.close()
