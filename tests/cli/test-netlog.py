# SPDX-License-Identifier: GPL-3.0-or-later
"""Chromium's net-export logs: real ones (cut down to one session), with what happened, and with as many packets as the log tells of."""

import json
import os
import tempfile
import unittest

import peers
import probe

FOLDER = os.path.join(os.environ["QS_SRCDIR"], "tests", "cli", "captures")


def read(path, *options):
    result = probe.run("--json", f"--read={path}", *options)
    probe.read_report(result)
    return result


class Netlog(unittest.TestCase):
    # file, outcome, errors, a fact of the report, what must not be found
    CASES = (
        ("quic-ok", "ok", [], {"version": "1", "alpn": "h3"}),
        ("quic-cut", "ok", [], {"version": "1", "alpn": "h3"}),
        ("quic-hello-retry-request", "ok", [], {"version": "1", "alpn": "h3"}),
        ("quic-alpn-mismatch", "failed", ["alpn-mismatch"], {}),
        ("quic-expired", "failed", ["certificate-expired"], {}),
        ("quic-no-reply", "failed", ["no-reply"], {}),
        ("quic-stateless-reset", "failed", ["stateless-reset"], {}),
        ("quic-version-negotiation", "failed", ["version-negotiation"], {}),
        ("tls-tls12", "ok", [], {"tls": "TLS 1.2"}),
        ("tls-expired", "failed", ["certificate-expired"], {"tls": "TLS 1.3"}),
        ("tls-client-certificate", "failed", ["client-certificate-required"], {}),
        ("tls-tcp-plain", "failed", ["plain-tcp"], {}),
        ("tls-tcp-reset", "failed", ["connection-reset"], {}),
        ("tls-refused", "failed", ["connection-refused"], {}),
    )

    def test_verdicts(self):
        for name, outcome, errors, facts in self.CASES:
            with self.subTest(log=name):
                result = read(os.path.join(FOLDER, f"netlog-{name}.json"))
                report = result.report
                self.assertEqual(report["outcome"], outcome, result.text)
                self.assertEqual(result.errors, errors, result.text)
                self.assertEqual(report["source"]["format"], "netlog")
                self.assertEqual(report["target"]["host"], "quic.test")
                if "version" in facts:
                    self.assertEqual(report["quic"]["version"], facts["version"])
                    self.assertEqual(report["tls"]["alpn"], facts["alpn"])
                if "tls" in facts:
                    self.assertEqual(report["tls"]["version"], facts["tls"])

    def test_packets(self):
        """As many packets as Chromium tells of, but for datagrams of which it read none."""
        for name in ("quic-ok", "quic-hello-retry-request", "quic-expired", "quic-stateless-reset"):
            with open(os.path.join(FOLDER, f"netlog-{name}.json"), encoding="utf-8") as file:
                log = json.load(file)
            types = {number: name for name, number in log["constants"]["logEventTypes"].items()}
            events = [types[event["type"]] for event in log["events"]]
            sent = events.count("QUIC_SESSION_PACKET_SENT")
            headers = events.count("QUIC_SESSION_UNAUTHENTICATED_PACKET_HEADER_RECEIVED")
            unread = 0
            for at, event in enumerate(events):
                if event == "QUIC_SESSION_PACKET_RECEIVED":
                    behind = events[at + 1 :]
                    ends = behind.index("QUIC_SESSION_PACKET_RECEIVED") if "QUIC_SESSION_PACKET_RECEIVED" in behind else len(behind)
                    unread += "QUIC_SESSION_UNAUTHENTICATED_PACKET_HEADER_RECEIVED" not in behind[:ends]
            with self.subTest(log=name):
                report = read(os.path.join(FOLDER, f"netlog-{name}.json")).report
                self.assertEqual(report["trace"]["packets"], sent + headers + unread)

    def test_two_connections(self):
        result = probe.run("--json", "--read=" + os.path.join(FOLDER, "netlog-tls-ok.json"))
        connections = json.loads(result.out)["connections"]
        self.assertEqual([c["outcome"] for c in connections], ["ok", "ok"])
        self.assertEqual([c["tls"]["resumed"] for c in connections], [False, True])
        self.assertEqual(connections[0]["http"]["status"], 200)

    def test_cut_anywhere(self):
        """A log that is cut is read as far as it goes, and accuses nobody of what is missing."""
        n = 0
        for name in ("quic-ok", "tls-ok"):
            with open(os.path.join(FOLDER, f"netlog-{name}.json"), "rb") as file:
                whole = file.read()
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "cut.json")
                for at in range(2000, len(whole) - 1, len(whole) // 12):
                    with open(path, "wb") as file:
                        file.write(whole[:at])
                    result = probe.run("--json", f"--read={path}", "--connection=1")
                    if not result.out:  # too little for a connection: a message says so
                        self.assertTrue(result.err)
                        continue
                    n += 1
                    report = json.loads(result.out)
                    self.assertEqual([f["id"] for f in report["findings"] if f["severity"] == "error"], [], f"{name} at {at}")
        self.assertGreater(n, 12)


if __name__ == "__main__":
    peers.main()
