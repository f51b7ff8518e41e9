# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mode of quic-peer: the run ends, its memory is bounded, and what is said of it is true. The three modes of the engine take turns."""

import unittest

import hostile
import peers
import probe

TIMEOUT = 1
CEILING = 2


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())
        chain, key = cls.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            usual = hostile.measure("-4", f"--cacert={cls.certs.ca}", f"https://localhost:{peer.port}/")
        assert usual.result.status == 0, usual.result.text
        cls.usual = usual.memory
        cls.told = hostile.is_told()

    def meet(self, item):
        number, (mode, *_) = item
        with hostile.peer("quic-peer", mode, self.certs) as port:
            return hostile.measure(
                f"--cacert={self.certs.ca}", "--alpn=h3", f"--mode={hostile.MODES[number % 3]}", "--experiments=none",
                f"--timeout={TIMEOUT}", f"--max-time={CEILING}", *hostile.target("https", port))  # fmt: skip

    def test_all(self):
        rows = list(enumerate(hostile.modes("quic-peer")))
        self.assertGreater(len(rows), 40)
        for (_, (mode, _, finding, most)), run in peers.side_by_side(self, self.meet, rows, at_once=2):
            with self.subTest(mode):
                self.assertEqual(run.result.status, 1, run.result.text)
                self.assertTrue(run.result.errors, run.result.text)
                if finding is not None:
                    self.assertEqual(run.result.errors[0], finding, run.result.text)
                if self.told:
                    self.assertLess(run.memory, self.usual + most)


if __name__ == "__main__":
    peers.main()
