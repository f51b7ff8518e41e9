# SPDX-License-Identifier: GPL-3.0-or-later
"""A handshake that is refused ends at once: against four servers, for four reasons, with and without a delay, in each mode.

What is measured is the trace's own time, from the first answer to the end: a busy machine does not count for the server's
part, and a run that waits for its time-out cannot hide. QS_REFUSED_RUNS makes more of them than the test does by itself.
"""

import itertools
import json
import os
import tempfile
import unittest

import peers
import probe

RUNS = int(os.environ.get("QS_REFUSED_RUNS", "60"))
SLOWEST_MS = 1000
ATTEMPTS = 3
MODES = ("nonblocking", "blocking", "thread-assisted")


def first_answer_ms(path):
    """When the first packet came."""
    with open(path, encoding="utf-8") as file:
        events = [json.loads(line.lstrip("\x1e")) for line in file]
    times = [event["time"] for event in events if event.get("name", "").endswith("packet_received")]
    return min(times)


class Refused(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)
        cls.stranger = peers.Certificates()
        cls.addClassCleanup(cls.stranger.__exit__)
        cls.folder = tempfile.TemporaryDirectory(prefix="qs-refused-")
        cls.addClassCleanup(cls.folder.cleanup)

    def server(self, start, *arguments, **options):
        peer = start(*arguments, **options)
        self.addCleanup(peer.stop)
        return peer

    def cases(self):
        """(name, arguments, the finding): whatever the machine has of the servers."""
        trust = f"--cacert={self.certs.ca}"
        cases = []
        for name, start in (("caddy", peers.caddy), ("ngtcp2", peers.ngtcp2_server)):
            try:
                port = self.server(start, self.certs).port
            except unittest.SkipTest:
                continue
            target = f"quic://localhost:{port}"
            cases.append((f"{name}: ALPN", (trust, "--alpn=nobody-speaks-this", target), "alpn-mismatch"))
            cases.append((f"{name}: unknown CA", (f"--cacert={self.stranger.ca}", target), "certificate-unknown-ca"))
            if name == "ngtcp2":
                cases.append((f"{name}: name", (trust, "--sni=elsewhere.example", target), "certificate-name-mismatch"))
            else:
                cases.append((f"{name}: SNI", (trust, "--sni=elsewhere.example", target), "sni-unknown"))
        for scenario, finding in (
            ("sni-unknown", "sni-unknown"),
            ("alpn-mismatch", "alpn-mismatch"),
            ("wrong-name", "certificate-name-mismatch"),
            ("unknown-ca", "certificate-unknown-ca"),
        ):
            ca = os.path.join(self.folder.name, f"{scenario}.pem")
            peer = self.server(peers.quicserve, probe.SERVER, f"--scenario={scenario}", f"--write-ca={ca}")
            cases.append((f"quicserve: {scenario}", (f"--cacert={ca}", f"quic://localhost:{peer.port}"), finding))
        try:
            nginx = self.server(peers.nginx, self.certs, extra="ssl_reject_handshake on;")
            cases.append(("nginx: SNI", (trust, f"tls://localhost:{nginx.port}"), "sni-unknown"))
        except unittest.SkipTest:
            pass
        return cases

    def run_one(self, name, arguments, finding, number):
        """This machine may be busy, the program may not be slow: of a few runs one has to be in time."""
        took = [self.time_one(name, arguments, finding, number)]
        while took[-1] >= SLOWEST_MS and len(took) < ATTEMPTS:
            took.append(self.time_one(name, arguments, finding, number))
        self.assertLess(took[-1], SLOWEST_MS, name)
        return took[-1]

    def time_one(self, name, arguments, finding, number):
        path = os.path.join(self.folder.name, f"{number}.sqlog")
        tls = arguments[-1].startswith("tls://")  # which has no qlog, and no delay on loopback
        result = probe.probe("-4", "--groups=X25519", *([] if tls else [f"--qlog={path}"]), *arguments)
        self.assertEqual((result.status, result.errors[:1]), (1, [finding]), f"{name}\n{result.text}")
        return result.report["timings_ms"]["total"] - (0 if tls else first_answer_ms(path))

    def test_all_end_at_once(self):
        cases = self.cases()
        rows = itertools.product(MODES, ("", "--impair=delay=30ms"), cases)
        slowest = {}
        for number, (mode, delay, (name, arguments, finding)) in zip(range(RUNS), itertools.cycle(list(rows))):
            more = [f"--mode={mode}"] + ([delay] if delay and "tls://" not in arguments[-1] else [])
            took = self.run_one(name, (*more, *arguments), finding, number)
            slowest[name] = max(slowest.get(name, 0), took)
        for name, took in sorted(slowest.items()):
            print(f"# {name}: {took:.1f} ms from the first answer to the end at most")


if __name__ == "__main__":
    peers.main()
