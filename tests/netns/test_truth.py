"""What became of packets is read while it is being written."""

import tempfile
import unittest
from pathlib import Path

from truth import TruthFile, read_truth


class Truth(unittest.TestCase):
    def test_a_line_that_is_still_being_written_is_no_packet_yet(self):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "truth")
            with TruthFile(path) as truth:
                note = truth.note_of("far")
                for number in range(2):
                    note(number, "delivered", 1.0, 1.25, bytes(60))
            whole = path.read_text(encoding="ascii")
            first, second = whole.splitlines(keepends=True)
            for end in range(1, len(second)):
                path.write_text(first + second[:end], encoding="ascii")
                self.assertEqual([packet.number for packet in read_truth(path)], [0])
            path.write_text(whole, encoding="ascii")
            self.assertEqual([packet.number for packet in read_truth(path)], [0, 1])


if __name__ == "__main__":
    unittest.main()
