"""The real program on both sides of an emulated link: a relay at the far end, schools at the near end."""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from emulator import Emulator
from truth import read_truth

TOP = Path(__file__).parents[2]
TONGKE = Path(os.environ.get("TONGKE_BIN", TOP / "target/debug/tongke"))
REFLECTOR_PORT = 5003
LESSON = "math"
READY_S = 20
SELFTEST_S = 120
AT_ONCE = 6
# Waits until the relay answers, inside its namespace: nobody outside can ask.
AWAIT_READY = f"""
import sys, time, urllib.request
deadline = time.monotonic() + {READY_S}
while True:
    try:
        urllib.request.urlopen("http://127.0.0.1:8080/readyz", timeout=1)
        sys.exit(0)
    except OSError as error:
        if time.monotonic() > deadline:
            sys.exit(f"the relay is not ready: {{error}}")
    time.sleep(0.05)
"""


class Stage(Emulator):
    """A link with a relay behind it. Logs are kept in its folder, and shown if the test fails."""

    def __init__(self, *flags, relay=(), relay_environment=None):
        self._folder = tempfile.TemporaryDirectory(prefix="tongke-netns-")
        self.folder = Path(self._folder.name)
        self.secret = self.write("secret", "s" * 40)
        self.truth_file = self.folder / "truth"
        self._programs = []
        super().__init__("--truth", str(self.truth_file), *flags)
        command = ("relay", "--secret-file", self.secret, *relay)
        self.relay = self.program("far", "relay", *command, environment=relay_environment)
        self.start("far", sys.executable, "-c", AWAIT_READY).wait()
        if self.relay.poll() is not None:
            raise AssertionError(f"the relay did not start:\n{self.log('relay')}")

    @property
    def url(self):
        """Where the near end finds the relay."""
        return f"http://{self.names['far_ip']}:8080"

    def write(self, name, text):
        """A file in the folder; its path."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return str(path)

    def log(self, name):
        """What a program said on standard error."""
        return (self.folder / f"{name}.log").read_text(encoding="utf-8")

    def program(self, side, name, *args, environment=None, out=None):
        """Starts the program at one end; what it says goes to its log."""
        with open(self.folder / f"{name}.log", "w", encoding="utf-8") as log:
            settings = {"env": without_settings() | (environment or {}), "stderr": log, "stdout": out or log}
            program = self.start(side, TONGKE, *map(str, args), **settings)
        self._programs.append(program)
        return program

    def token(self, participant, role, lesson=LESSON):
        """A file with a grant."""
        words = ("--secret-file", self.secret, "--lesson", lesson, "--participant", participant, "--role", role)
        said = subprocess.run(
            [TONGKE, "token", *words], env=without_settings(), capture_output=True, text=True, check=True
        )
        return self.write(f"{participant}.token", said.stdout.strip())

    def begin_selftest(self, *flags, environment=None):
        """Starts a self-test at the near end, without load unless `--most-mbps` is given."""
        words = ("selftest", "--relay", self.url, "--token-file", self.token("hill", "receiving"), "--json")
        silent = ("--camera", "none", "--microphone", "none", "--loudspeaker", "none")
        if "--most-mbps" not in flags:
            # Load takes half a minute.
            silent = (*silent, "--most-mbps", 0)
        return self.program("near", "selftest", *words, *silent, *flags, environment=environment, out=subprocess.PIPE)

    def facts_of(self, selftest, whole=False):
        """Ends a self-test once it has watched the idle line, unless the whole of it is wanted; its facts."""
        if not whole:
            done = lambda: selftest.poll() is not None or self._sessions() > 1
            eventually("the end of an idle line", done, within_s=SELFTEST_S)
            selftest.terminate()
        out, _ = selftest.communicate(timeout=SELFTEST_S)
        if selftest.returncode != 0:
            raise AssertionError(f"the self-test ended with {selftest.returncode}:\n{self.log('selftest')}")
        return Facts(json.loads(out))

    def selftest(self, *flags, **settings):
        """Runs a self-test at the near end; its facts."""
        return self.facts_of(self.begin_selftest(*flags, **settings), whole="--most-mbps" in flags)

    def _sessions(self):
        """How many tests of a line have begun: each has a session, and a socket, of its own."""
        to_reflector = lambda packet: packet.to == "far" and packet.ports and packet.ports[1] == REFLECTOR_PORT
        return len({packet.ports[0] for packet in self.truth() if to_reflector(packet)})

    def await_probes(self, number):
        """Waits until so many packets of a line's test have gone to the relay since the link was set up."""
        eventually(f"{number} packets of a line's test", lambda: self.change()["to_far"]["offered"] >= number)

    def truth(self):
        """What became of each packet so far that the link's conditions are for."""
        self.change()
        return read_truth(self.truth_file)

    def __exit__(self, *why):
        super().__exit__(*why)
        for program in self._programs:
            program.communicate()
        self._folder.cleanup()


class Node:
    """A classroom box in the lesson: a drawn camera with its marker, a microphone like speech, no window and no
    loudspeaker."""

    def __init__(self, stage, side, name, *flags, environment=None):
        command, role = ("send", "supporting") if name == "teacher" else ("receive", "receiving")
        relay = stage.url if side == "near" else "http://127.0.0.1:8080"
        self._file = stage.folder / f"{name}.facts.json"
        devices = ("--camera", "test", "--microphone", "test", "--video-out", "none", "--sound-out", "none")
        light = ("--width", 320, "--height", 180, "--fps", 15, "--status", "false")
        lesson = ("--relay", relay, "--token-file", stage.token(name, role), "--facts", self._file)
        words = (command, *lesson, *devices, *light, *flags)
        self._log = lambda: stage.log(name)
        self.process = stage.program(side, name, *words, environment=environment)

    def facts(self):
        """What it measured so far, written once a second; None: nothing yet."""
        try:
            return json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def received(self, source, track="camera"):
        """What it measured so far of somebody's track; None: nothing yet."""
        tracks = (self.facts() or {"received": []})["received"]
        return next((one for one in tracks if (one["from"], one["track"]) == (source, track)), None)

    def await_shown(self, source, pictures):
        """Waits until it has shown so many of somebody's pictures."""

        def enough():
            if self.process.poll() is not None:
                raise AssertionError(f"a node ended:\n{self._log()}")
            received = self.received(source)
            return received and received["frames_decoded"] >= pictures

        eventually(f"{pictures} pictures of {source}", enough, within_s=60)

    def end(self):
        """Ends it in good order."""
        self.process.terminate()
        if self.process.wait(timeout=READY_S) != 0:
            raise AssertionError(f"a node ended badly:\n{self._log()}")


def at_once(measure, cases):
    """What is measured in each case, several at a time, each on a stage of its own: most of the time nothing happens."""
    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        return list(zip(cases, pool.map(lambda case: measure(*case), cases)))


def eventually(what, condition, within_s=READY_S):
    """Waits until a condition holds."""
    deadline_s = time.monotonic() + within_s
    while not condition():
        if time.monotonic() > deadline_s:
            raise AssertionError(f"waited {within_s} s in vain for {what}")
        time.sleep(0.02)


def without_settings():
    """The environment, without what would change the program; nor does it know that the schools share a machine."""
    wanted = lambda name: not name.startswith("TONGKE_") and name != "XDG_RUNTIME_DIR"
    return {name: value for name, value in os.environ.items() if wanted(name)}


class Facts:
    """The facts of a test, by quantity and way."""

    def __init__(self, document):
        self.document = document
        self._outcomes = {
            (finding["quantity"], finding.get("way")): finding["outcome"] for finding in document["findings"]
        }

    def outcome(self, quantity, way=None):
        """What is said of a quantity; None: nothing."""
        return self._outcomes.get((quantity, way))

    def measured(self, quantity, way=None):
        """Its numbers, which must be there."""
        outcome = self.outcome(quantity, way)
        if not outcome or "measured" not in outcome:
            raise AssertionError(f"{quantity} {way or ''} was not measured: {outcome}")
        return outcome["measured"]

    @property
    def clock(self):
        """The near end's clock against the relay's; None: they were not compared."""
        return next(iter(self.document["time"].get("clocks", [])), None)
