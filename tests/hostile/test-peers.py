# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mode of quic-peer and of tls-peer: the run ends, its memory is bounded, and what is said of it is true. The three modes of the engine
take turns."""

import unittest

import hostile
import peers
import probe

TIMEOUT = 1
CEILING = 2


class Hostile:
    peer = scheme = least = None

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
        number, (mode, _, finding, _) = item
        with hostile.peer(self.peer, mode, self.certs) as port:
            return hostile.measure(
                f"--cacert={self.certs.ca}", f"--mode={hostile.MODES[number % 3]}", "--experiments=none",
                *hostile.patience(finding, TIMEOUT, CEILING), *hostile.target(self.scheme, port))  # fmt: skip

    def test_all(self):
        rows = list(enumerate(hostile.modes(self.peer)))
        self.assertGreater(len(rows), self.least)
        for (_, (mode, _, finding, most)), run in peers.side_by_side(self, self.meet, rows, at_once=2):
            with self.subTest(mode):
                self.assertEqual(run.result.status, 1, run.result.text)
                self.assertTrue(run.result.errors, run.result.text)
                if finding is not None:
                    self.assertEqual(run.result.errors[0], finding, run.result.text)
                if self.told:
                    self.assertLess(run.memory, self.usual + most)


class Quic(Hostile, unittest.TestCase):
    peer, scheme, least = "quic-peer", "https", 40

    def test_how_long(self):
        """An answer without an end says how long it went on and how much of it came."""
        with hostile.peer(self.peer, "endless", self.certs) as port:
            run = hostile.measure(f"--cacert={self.certs.ca}", "--max-time=1", *hostile.target("https", port))
        self.assertEqual(run.result.errors, ["timeout"], run.result.text)
        self.assertRegex(run.result.findings["timeout"]["detail"], r"went on for .*s: [1-9]\d* bytes of its body came")


class Tls(Hostile, unittest.TestCase):
    peer, scheme, least = "tls-peer", "tls", 15

    def test_who_gave_up(self):
        """Warnings end nothing; who has had enough of them does."""
        with hostile.peer(self.peer, "warnings", self.certs) as port:
            run = hostile.measure(f"--cacert={self.certs.ca}", *hostile.target("tls", port))
        found = run.result.findings["tls-alert"]
        self.assertRegex(found["title"], "This side ended the connection .*unexpected_message")
        self.assertRegex(found["detail"], "too many warn alerts")


if __name__ == "__main__":
    peers.main()
