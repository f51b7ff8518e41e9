# SPDX-License-Identifier: GPL-3.0-or-later
"""A capture written by quicprobe tells by itself what went wrong: the findings need nothing but its packets and secrets."""

import collections
import os
import subprocess
import sys
import tempfile
import unittest

import packets
import peers
import probe

REWRITE = sys.argv.pop(1)

# What no file tells: that a run of ours had no patience left.
LIVE_ONLY = ("timeout",)


class Files(unittest.TestCase):
    def test_qlog(self):
        """Both shapes of one run say the same, and obey the rules."""
        # Single losses, by number: at a random 20 % OpenSSL's server meets bugs of its own under load (a probe packet
        # that repeats what a probe packet lost ends in INTERNAL_ERROR; a lost HANDSHAKE_DONE may stay lost).
        with tempfile.TemporaryDirectory() as folder, peers.quicserve(probe.SERVER, "--no-retry") as peer:
            sequence, contained = os.path.join(folder, "a.sqlog"), os.path.join(folder, "b.qlog")
            result = probe.probe(
                "-k", "--alpn=hq-interop", "--impair=up:drop=1,down:drop=20,down:drop=40", "--timeout=30", f"--qlog={sequence}",
                f"quic://{peers.HOST}:{peer.port}/bytes/200000",
            )  # fmt: skip
            rewritten = subprocess.run([REWRITE, sequence, os.path.join(folder, "c"), ".qlog"], capture_output=True, text=True)
            self.assertEqual(rewritten.returncode, 0, rewritten.stderr)
            os.rename(os.path.join(folder, "c0.qlog"), contained)
            _, _, events = packets.load_qlog(sequence)
            _, _, again = packets.load_qlog(contained)
        self.assertEqual(result.status, 0, result.err)
        names = collections.Counter(event["name"] for event in events)
        for name in ("transport:parameters_set", "transport:alpn_information", "recovery:metrics_updated",
                     "connectivity:connection_state_updated", "connectivity:connection_closed",
                     "recovery:packet_lost"):  # fmt: skip
            self.assertGreater(names[name], 0, name)
        names_again = collections.Counter(event["name"] for event in again)
        for name in ("transport:packet_sent", "transport:packet_received", "transport:packet_dropped", "transport:parameters_set",
                     "transport:alpn_information", "recovery:packet_lost", "connectivity:connection_closed"):  # fmt: skip
            self.assertEqual(names_again[name], names[name], name)

    def diagnose(self, path):
        result = probe.read(path)
        return result.report, result.findings

    def run_and_read(self, name):
        """A scenario, live and from the capture that was made of it."""
        with tempfile.TemporaryDirectory() as folder:
            ca, capture = os.path.join(folder, "ca.pem"), os.path.join(folder, "run.pcapng")
            with peers.quicserve(probe.SERVER, f"--scenario={name}", f"--write-ca={ca}") as peer:
                live = probe.probe(
                    f"--cacert={ca}", "--alpn=hq-interop", "--send=hello", "--timeout=6", f"--pcapng={capture}",
                    "-4", f"quic://localhost:{peer.port}",
                )  # fmt: skip
            return live, *self.diagnose(capture)

    def check(self, wanted, live, report, findings):
        if wanted in live.findings:
            self.assertIn(wanted, findings, f"live: {list(live.findings)}")
        elif live.status == 0:
            self.assertEqual([f for f in findings.values() if f["severity"] == "error"], [])
        # Two of OpenSSL's stacks that wait for each other in the handshake ping as fast as they can: behind the
        # trace's memory bound a capture has no payload.
        if live.report["trace"]["datagrams"] > 10000:
            return
        self.assertEqual(report["tls"]["certificates"], live.report["tls"]["certificates"])
        for member in ("version", "cipher", "alpn"):
            if live.report["tls"][member] is not None:
                self.assertEqual(report["tls"][member], live.report["tls"][member])
        self.assertEqual(report["quic"]["retry"], live.report["quic"]["retry"])
        self.assertEqual(report["quic"]["peer_transport_parameters"], live.report["quic"]["peer_transport_parameters"])

    def test_scenarios(self):
        listing = subprocess.run([probe.SERVER, "--list-scenarios"], capture_output=True, text=True, check=True).stdout
        wanted = dict(line.split("\t")[:2] for line in listing.splitlines())
        names = [name for name in wanted if wanted[name] not in LIVE_ONLY]
        # Nearly all of it is waiting: for a time-out of one side or the other.
        met = peers.side_by_side(self, self.run_and_read, names)
        self.assertEqual(len(met), len(names))
        for name, (live, report, findings) in met:
            with self.subTest(name):
                self.check(wanted[name], live, report, findings)


if __name__ == "__main__":
    peers.main()
