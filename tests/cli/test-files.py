# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that quicprobe saved is the same run when it is opened; and its packets and secrets alone tell what went wrong."""

import collections
import json
import os
import shutil
import stat
import subprocess
import sys
import tempfile
import unittest

import packets
import peers
import probe

REWRITE = sys.argv.pop(1)

# What no file tells: that a run of ours had no patience left, and what came to a socket beside its own.
LIVE_ONLY = ("timeout", "reply-from-elsewhere")


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

    def assert_same(self, live, saved):
        """A saved run is the same run: in all that is said of it."""
        report = dict(saved.report)
        self.assertEqual(report.pop("source")["format"], "pcapng")
        for member, value in live.report.items():
            self.assertEqual(report[member], value, member)
        self.assertEqual(list(report), list(live.report))
        self.assertEqual(saved.status, live.status)

    def check_packets(self, live, foreign, wanted):
        """What the packets alone tell."""
        report = foreign.report
        if wanted in live.findings and wanted not in LIVE_ONLY:
            self.assertIn(wanted, foreign.findings, f"live: {list(live.findings)}")
        elif live.status == 0:
            self.assertEqual(foreign.errors, [])
        self.assertEqual(report["tls"]["certificates"], live.report["tls"]["certificates"])
        for member in ("version", "cipher", "alpn"):
            if live.report["tls"][member] is not None:
                self.assertEqual(report["tls"][member], live.report["tls"][member])
        self.assertEqual(report["quic"]["retry"], live.report["quic"]["retry"])
        self.assertEqual(report["quic"]["peer_transport_parameters"], live.report["quic"]["peer_transport_parameters"])

    def run_and_read(self, name):
        """A scenario: live, from the capture that was made of it, and from the capture's packets and secrets alone."""
        with tempfile.TemporaryDirectory() as folder:
            ca, capture, foreign = (os.path.join(folder, file) for file in ("ca.pem", "run.pcapng", "foreign.pcapng"))
            with peers.quicserve(probe.SERVER, f"--scenario={name}", f"--write-ca={ca}") as peer:
                live = probe.probe(
                    f"--cacert={ca}", "--alpn=hq-interop", "--send=hello", "--timeout=6", f"--pcapng={capture}",
                    "-4", f"quic://localhost:{peer.port}",
                )  # fmt: skip
            packets.strip_record(capture, foreign)
            # Two of OpenSSL's stacks that wait for each other in the handshake ping as fast as they can: behind the
            # trace's memory bound a capture has no payload.
            few = live.report["trace"]["datagrams"] <= 10000
            return live, probe.read(capture), probe.read(foreign) if few else None

    def test_scenarios(self):
        listing = subprocess.run([probe.SERVER, "--list-scenarios"], capture_output=True, text=True, check=True).stdout
        wanted = dict(line.split("\t")[:2] for line in listing.splitlines())
        # Nearly all of it is waiting: for a time-out of one side or the other.
        met = peers.side_by_side(self, self.run_and_read, list(wanted))
        self.assertEqual(len(met), len(wanted))
        for name, (live, saved, foreign) in met:
            with self.subTest(name):
                self.assert_same(live, saved)
                if foreign is not None:
                    self.check_packets(live, foreign, wanted[name])

    def test_same(self):
        """What no scenario is: HTTP/3, TLS over TCP, nobody there, both families, a bad path, nothing sent at all."""
        with tempfile.TemporaryDirectory() as folder, peers.quicserve(probe.SERVER) as peer, peers.closed_port() as closed:
            capture = os.path.join(folder, "run.pcapng")
            for arguments in (
                (f"https://localhost:{peer.port}/bytes/100000",),
                ("--mode=blocking", f"https://{peers.HOST}:{peer.port}/missing"),
                ("--impair=bad-wifi", f"https://localhost:{peer.port}/bytes/50000"),
                (f"tls://localhost:{peer.port}/bytes/300000",),
                ("--send=hello", f"tls://{peers.HOST}:{peer.port}"),
                ("--alpn=nonsense", f"tls://localhost:{peer.port}/"),
                ("--alpn=a,b", f"quic://localhost:{peer.port}"),
                ("--sni=other.example", f"quic://localhost:{peer.port}/"),
                ("--timeout=5", f"quic://{peers.HOST}:{closed}"),
                ("--timeout=5", f"tls://{peers.HOST}:{closed}/"),
                ("https://nosuch.invalid/",),
            ):
                with self.subTest(arguments):
                    live = probe.probe("-k", f"--pcapng={capture}", *arguments)
                    self.assert_same(live, probe.read(capture))
                    self.assertEqual(stat.S_IMODE(os.stat(capture).st_mode), 0o600)

    def test_altered(self):
        """A verify result is repeated of what is whole as we wrote it, and of nothing else."""
        with tempfile.TemporaryDirectory() as folder, peers.quicserve(
            probe.SERVER, f"--write-ca={folder}/ca.pem"
        ) as peer:
            capture, other, changed = (os.path.join(folder, name) for name in ("a.pcapng", "b.pcapng", "c.pcapng"))
            for path in (capture, other):
                live = probe.probe(
                    f"--cacert={folder}/ca.pem", f"--pcapng={path}", "--alpn=hq-interop", "-4",
                    f"quic://localhost:{peer.port}/",
                )  # fmt: skip
            self.assertEqual(live.report["tls"]["verify"]["code"], 0)
            self.assertEqual(probe.read(capture).report["tls"]["verify"]["code"], 0)
            # Of a later version, with what this one does not know: passed over.
            packets.change_record(capture, changed, b"confirmed", b"conformed")
            self.assertEqual(probe.read(changed).report["tls"], live.report["tls"])
            packets.strip_record(capture, changed)
            self.assertIsNone(probe.read(changed).report["tls"]["verify"])
            if shutil.which("editcap") is None or shutil.which("tshark") is None:
                self.skipTest("editcap and tshark are not here")
            # Wireshark's programs pass the record over, and keep it.
            frames = subprocess.run(["tshark", "-r", capture], capture_output=True, text=True, check=True).stdout.splitlines()
            packets_of_run = probe.read(capture).report["trace"]["datagrams"]
            self.assertEqual(len(frames), packets_of_run)
            subprocess.run(["editcap", capture, changed], check=True, stderr=subprocess.DEVNULL)
            kept = probe.read(changed).report
            self.assertEqual({**kept, "source": None}, {**probe.read(capture).report, "source": None})
            # Some packets gone: the run is told of, its check of the certificate is not.
            subprocess.run(["editcap", capture, changed, "3"], check=True, stderr=subprocess.DEVNULL)
            cut = probe.read(changed)
            self.assertIsNone(cut.report["tls"]["verify"])
            self.assertIn("taken out", cut.err)
            self.assertEqual(cut.report["timings_ms"], kept["timings_ms"])
            # mergecap makes one interface of two: the one run is told of, the other one's packets are as anybody's.
            subprocess.run(["mergecap", "-w", changed, capture, other], check=True)
            both = json.loads(probe.run("--json", f"--read={changed}").text)["connections"]
            self.assertEqual([each["tls"]["verify"] for each in both], [None, None])
            self.assertEqual([each["outcome"] for each in both], ["ok", "ok"])



if __name__ == "__main__":
    peers.main()
