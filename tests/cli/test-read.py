# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe --read: files are reported on as runs are."""

import json
import os
import stat
import subprocess
import tempfile
import unittest

import peers
import probe


def without_source(report):
    return {name: value for name, value in report.items() if name != "source"}


class Read(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.capture, cls.log, cls.keys = cls.file("a.pcapng"), cls.file("a.sqlog"), cls.file("a.keys")
        cls.page = cls.file("a.html")
        with peers.quicserve(probe.SERVER) as peer:
            cls.live = probe.probe(
                "-k", f"--pcapng={cls.capture}", f"--qlog={cls.log}", f"--keylog={cls.keys}", f"--report={cls.page}",
                "--alpn=hq-interop", f"quic://{peers.HOST}:{peer.port}/hello.txt",
            )  # fmt: skip
        # What another program's capture is: without secrets, and not by us.
        cls.plain = cls.file("plain.pcap")
        subprocess.run(["editcap", "--discard-all-secrets", "-F", "nsecpcap", cls.capture, cls.plain], check=False)

    @classmethod
    def file(cls, name):
        return os.path.join(cls.folder.name, name)

    def need(self, path):
        if not os.path.exists(path):
            self.skipTest("editcap is not here")

    def test_live_report(self):
        self.assertEqual(self.live.status, 0, self.live.err)
        with open(self.page, encoding="utf-8") as page:
            text = page.read()
        self.assertTrue(text.startswith("<!DOCTYPE html>"))
        self.assertIn("Connected to", text)
        self.assertEqual(stat.S_IMODE(os.stat(self.capture).st_mode), 0o600)

    def test_source(self):
        for path, kind in ((self.capture, "pcapng"), (self.log, "qlog")):
            source = probe.read(path).report["source"]
            self.assertEqual(source, {"file": path, "format": kind, "connection": 1, "connections": 1})

    def test_text(self):
        result = probe.run(f"--read={self.capture}")
        self.assertEqual(result.status, 0, result.err)
        self.assertRegex(result.text, r"^Connected to \S+ in .* over QUIC v1 with hq-interop\.")
        for words in ("Handshake\n", "Recording ", "Trace ", "a.pcapng (pcapng)"):
            self.assertIn(words, result.text)
        brief = probe.run("-q", f"--read={self.capture}")
        self.assertNotIn("Handshake\n", brief.text)
        traced = probe.run("--trace", f"--read={self.capture}")
        self.assertIn("→  Initial 0", traced.text)

    def test_keys(self):
        self.need(self.plain)
        wrong = self.file("wrong.keys")
        with open(wrong, "w", encoding="ascii") as keys:
            keys.write(f"CLIENT_HANDSHAKE_TRAFFIC_SECRET {'00' * 32} {'11' * 32}\n")
        closed = probe.read(self.plain)
        self.assertIsNone(closed.report["tls"]["alpn"])
        self.assertEqual(closed.report["source"]["format"], "pcap")
        # One that does not fit besides changes nothing: each may be given.
        opened = probe.read(self.plain, f"--keylog={wrong}", f"--keylog={self.keys}")
        self.assertEqual(opened.report["tls"]["alpn"], "hq-interop")
        self.assertEqual(opened.status, 0)
        # What no mark tells of: streams by their frames, the answer by its bytes.
        mine = {stream["id"]: stream for stream in self.live.report["streams"]}
        for stream in opened.report["streams"]:
            for member in ("direction", "initiator", "bytes_sent", "bytes_received"):
                self.assertEqual(stream[member], mine[stream["id"]][member])
        self.assertEqual(len(opened.report["streams"]), len(mine))
        self.assertEqual(opened.report["http"]["version"], "0.9")
        with open(self.keys, encoding="ascii") as keys:
            self.assertIn("CLIENT_TRAFFIC_SECRET_0", keys.read(), "the key log was read, not written")

    def test_several(self):
        self.need(self.plain)
        two = self.file("two.pcap")
        later = self.file("later.pcapng")
        with peers.quicserve(probe.SERVER) as peer:
            probe.probe("-k", f"--pcapng={later}", "--alpn=hq-interop", f"quic://{peers.HOST}:{peer.port}/")
        subprocess.run(["mergecap", "-F", "nsecpcap", "-w", two, self.capture, later], check=True)
        table = probe.run(f"--read={two}", f"--keylog={self.keys}").text.splitlines()
        self.assertEqual(len(table), 3, table)
        for word in ("No.", "Start", "Client", "Server", "Name", "Protocol", "Packets", "Verdict"):
            self.assertIn(word, table[0])
        self.assertRegex(table[1], r"^ *1  20\d\d-\d\d-\d\d .*QUIC v1, hq-interop +\d+  Connected to ")
        result = probe.run("--json", f"--read={two}", f"--keylog={self.keys}")
        reports = json.loads(result.text)
        self.assertEqual(list(reports), ["connections"])
        self.assertEqual([each["source"]["connection"] for each in reports["connections"]], [1, 2])
        self.assertEqual([each["source"]["connections"] for each in reports["connections"]], [2, 2])
        for each in reports["connections"]:
            probe.check_shape(each, {"source": probe.SOURCE, **probe.CONTRACT})
        first = probe.read(two, "--connection=1", f"--keylog={self.keys}")
        self.assertEqual(first.report, reports["connections"][0])
        # Of very many secrets each connection gets its own.
        many = self.file("many.keys")
        with open(self.keys, encoding="ascii") as keys, open(many, "w", encoding="ascii") as out:
            for number in range(60000):
                out.write(f"CLIENT_TRAFFIC_SECRET_0 {number:064x} {number:064x}\n")
            out.write(keys.read())
        picked = probe.read(two, "--connection=1", f"--keylog={many}")
        self.assertEqual(picked.report, first.report)
        beyond = probe.run(f"--read={two}", "--connection=3")
        self.assertEqual((beyond.status, beyond.out), (1, b""))
        self.assertIn("2 connections", beyond.err)
        page = self.file("two.html")
        undecided = probe.run(f"--read={two}", f"--report={page}")
        self.assertEqual(undecided.status, 1)
        self.assertIn("--connection=N", undecided.err)
        self.assertFalse(os.path.exists(page))

    def test_report(self):
        page = self.file("file.html")
        result = probe.run(f"--read={self.capture}", f"--report={page}", "-q")
        self.assertEqual(result.status, 0, result.err)
        with open(page, encoding="utf-8") as file:
            self.assertIn("<svg", file.read())
        nowhere = probe.run(f"--read={self.capture}", "--report=/nowhere/x.html", "-q")
        self.assertEqual(nowhere.status, 1)
        self.assertIn("/nowhere/x.html", nowhere.err)

    def test_written_again(self):
        again = self.file("again.sqlog")
        probe.read(self.capture, f"--qlog={again}")
        self.assertEqual(probe.read(again).report["trace"]["packets"], self.live.report["trace"]["packets"])

    def test_join(self):
        mine, theirs = self.file("mine.pcapng"), self.file("theirs.pcapng")
        with peers.quicserve(probe.SERVER, f"--qlog={theirs}", "--once") as peer:
            probe.probe(
                "-k", f"--pcapng={mine}", "--impair=up:drop=3", "--alpn=hq-interop",
                f"quic://{peers.HOST}:{peer.port}/bytes/20000",
            )  # fmt: skip
            peers.wait_until(lambda: os.path.exists(theirs), "the server's recording", 20)
        result = probe.run("--json", f"--read={mine}", f"--join={theirs}")
        joined = json.loads(result.text)["join"]
        self.assertEqual(joined["client_to_server"]["lost"], 1, joined)
        self.assertEqual(joined["server_to_client"]["lost"], 0, joined)
        self.assertGreater(joined["client_to_server"]["arrived"], 2)
        self.assertIn("Client to server", probe.run(f"--read={mine}", f"--join={theirs}").text)
        other = probe.run(f"--read={mine}", f"--join={self.capture}")
        self.assertEqual(other.status, 1)
        self.assertRegex(other.err, "quicprobe: .*same")

    def test_refused(self):
        nothing = self.file("nothing.pcap")
        open(nothing, "w", encoding="ascii").close()
        for arguments, words in (
            ((f"--read={nothing}",), "empty"),
            ((f"--read={self.keys}",), "key log"),
            (("--read=/nowhere.pcap",), "nowhere.pcap"),
            ((f"--read={self.capture}", "--keylog=/nowhere.keys"), "nowhere.keys"),
        ):
            with self.subTest(arguments):
                result = probe.run(*arguments)
                self.assertEqual((result.status, result.out), (1, b""))
                self.assertIn(words, result.err)
        for arguments in (
            (f"--read={self.capture}", "https://localhost/"),
            (f"--read={self.capture}", "-k"),
            (f"--read={self.capture}", "--connection=0"),
            (f"--read={self.capture}", "--connection=x"),
            ("--connection=1", "https://localhost/"),
            (f"--join={self.log}", "https://localhost/"),
            ("--keylog=/dev/null", "--keylog=/dev/null", "https://localhost/"),
        ):
            with self.subTest(arguments):
                result = probe.run(*arguments)
                self.assertEqual((result.status, result.out), (2, b""), result.err)


if __name__ == "__main__":
    peers.main()
