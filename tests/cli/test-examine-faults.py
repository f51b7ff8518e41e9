# SPDX-License-Identifier: GPL-3.0-or-later
"""The report card finds faults: a good server is made a faulty one on the way, by one thing each, and the check that is about it fails. Beside it
the same server as it is passes."""

import json
import os
import unittest

import peers
import probe

UNKNOWN = bytes.fromhex("1a2a3a4a")


def is_long(data):
    return data[0] & 0x80 != 0


def ids(data):
    """Destination and source connection id of a long header."""
    at = 6 + data[5]
    return data[6:at], data[at + 1 : at + 1 + data[at]]


def negotiation(data, swapped=True):
    dcid, scid = ids(data)
    first, second = (scid, dcid) if swapped else (dcid, scid)
    return b"\xc0\0\0\0\0" + bytes([len(first)]) + first + bytes([len(second)]) + second + b"\0\0\0\x01"


def pass_on(_up, data):
    return [data], []


def amplify(up, data):
    """Each datagram of the server four times."""
    return ([data] if up else [data] * 4), []


def answer_small(up, data):
    if up and len(data) < 1200 and data[1:5] == UNKNOWN:
        return [], [negotiation(data)]
    return [data], []


def answer_negotiation(up, data):
    if up and is_long(data) and data[1:5] == b"\0\0\0\0":
        return [], [negotiation(data)]
    return [data], []


def keep_ids(up, data):
    if up and data[1:5] == UNKNOWN:
        return [], [negotiation(data, swapped=False)]
    return [data], []


def offer_drafts(up, data):
    if up and data[1:5] == UNKNOWN:
        return [], [negotiation(data) + bytes.fromhex("ff00001d")]
    return [data], []


def take_small(up, data):
    """What stands behind the packet is no part of it."""
    if up and is_long(data) and len(data) < 1200:
        return [data.ljust(1200, b"\0")], []
    return [data], []


def echo_stray(up, data):
    """Answers the short header of a connection that nobody has with as many bytes."""
    if up and not is_long(data) and len(data) == 100:
        return [], [bytes([data[0]]) + os.urandom(len(data) - 1)]
    return [data], []


# Which check, and how the server is made faulty.
FAULTS = {
    "A1": amplify,
    "A2": amplify,
    "V3": answer_small,
    "V4": answer_negotiation,
    "V1": keep_ids,
    "A3": take_small,
    "C2": echo_stray,
}


class Faults(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()

    @classmethod
    def tearDownClass(cls):
        cls.certs.__exit__(None, None, None)

    def serve(self, *options, leaf="good"):
        chain, key = self.certs.leaf(leaf)
        return peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", *options)

    def examine(self, port, checks, *options, host="localhost"):
        trust = f"--cacert={self.certs.ca}"
        result = probe.run("-q", "-4", "--examine", "--json", trust, f"--checks={checks}", *options, f"https://{host}:{port}/", timeout=240)
        return json.loads(result.text)

    def verdict(self, card, id):
        return next(check["verdict"] for check in card["checks"] if check["id"] == id)

    def test_faults(self):
        with self.serve("--no-retry") as peer:

            def meet(item):
                checks, forge = item
                with peers.udp_forger(peer.port, forge) as faulty:
                    return self.examine(faulty.port, f"{checks},D1")

            # The same server as it is, too.
            items = [*FAULTS.items(), ("A1,A2,V1,V3,A3,C2", pass_on)]
            for (id, forge), card in peers.side_by_side(self, meet, items, at_once=8):
                if forge is pass_on:
                    self.assertEqual(card["counts"]["fail"], 0, card)
                    self.assertEqual(self.verdict(card, "A1"), "pass")
                    continue
                self.assertEqual(self.verdict(card, id), "fail", card)
                check = next(check for check in card["checks"] if check["id"] == id)
                self.assertEqual(check["runs"], 3)

    def test_old_versions(self):
        with self.serve() as peer, peers.udp_forger(peer.port, offer_drafts) as faulty:
            self.assertEqual(self.verdict(self.examine(faulty.port, "V2"), "V2"), "warn")

    def test_negotiation(self):
        """OpenSSL answers it by itself; behind one that does not, the check passes."""
        with self.serve() as peer:
            with peers.udp_forger(peer.port, lambda up, data: ([], []) if up and data[1:5] == b"\0\0\0\0" and is_long(data) else ([data], [])) as good:
                self.assertEqual(self.verdict(self.examine(good.port, "V4"), "V4"), "pass")

    def test_rebinding(self):
        """A server that forbids migration may lose a client whose port changes: that is told, and does not fail it."""
        with peers.ngtcp2_server(self.certs) as peer:
            self.assertEqual(self.verdict(self.examine(peer.port, "M1"), "M1"), "pass")
            with peers.udp_forger(peer.port, pass_on) as relay:
                self.assertEqual(self.verdict(self.examine(relay.port, "M1"), "M1"), "pass")
        with self.serve() as peer:
            self.assertEqual(self.verdict(self.examine(peer.port, "M1"), "M1"), "warn")

    def test_dead(self):
        """A server that goes away in the middle: said once, and no other check is blamed."""
        seen = []

        def forge(up, data):
            if up and is_long(data):
                seen.append(ids(data)[0])
            return ([], []) if len(set(seen)) > 12 else ([data], [])

        with self.serve("--no-retry") as peer, peers.udp_forger(peer.port, forge) as dying:
            card = self.examine(dying.port, "frames,D1,C5")
        self.assertEqual(self.verdict(card, "C5"), "fail")
        self.assertEqual(card["grade"], "F", card)
        self.assertLessEqual(card["counts"]["fail"], 3, card)
        self.assertGreater(card["counts"]["not-tested"], 5)

    def test_killed_by_a_check(self):
        """What ends the server is named, and what its silence said of others before it was noticed is taken back."""
        dead = []

        def forge(up, data):
            if up and is_long(data) and data[1:5] == UNKNOWN:
                dead.append(True)
            return ([], []) if dead else ([data], [])

        with self.serve("--no-retry") as peer, peers.udp_forger(peer.port, forge) as dying:
            card = self.examine(dying.port, "D1,V1,T1,T6,T15,A3,C5")
        self.assertEqual(self.verdict(card, "C5"), "fail")
        told = next(check["text"] for check in card["checks"] if check["id"] == "C5")
        self.assertRegex(told, r"these were under way: .*\bV1\b", card)
        self.assertEqual(self.verdict(card, "V1"), "not-tested", card)
        blamed = [check["id"] for check in card["checks"] if check["verdict"] in ("fail", "warn")]
        self.assertEqual(blamed, ["C5"], card)

    def test_certificates(self):
        for leaf, grade in (("wrong-name", "M"), ("expired", "T")):
            with self.subTest(leaf), self.serve(leaf=leaf) as peer:
                card = self.examine(peer.port, "D1,T10")
                self.assertEqual((card["grade"], card["grade_if_trusted"]), (grade, "A+"), card)

    def test_chain(self):
        with peers.quicserve(probe.SERVER, "--scenario=oversized-chain,no-retry") as peer:
            card = self.examine(peer.port, "A5,D1")
            self.assertEqual(self.verdict(card, "A5"), "warn", card)


if __name__ == "__main__":
    peers.main()
