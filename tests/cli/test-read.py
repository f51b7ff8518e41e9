# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe --read: files are reported on as runs are."""

import json
import os
import re
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



class Saved(unittest.TestCase):
    """A part of a file, saved as a file of its own: what tshark and we read in it."""

    captures = os.path.join(os.path.dirname(os.path.abspath(__file__)), "captures")

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def file(self, name):
        return os.path.join(self.folder, name)

    def save(self, name, *options, keys=()):
        out = self.file("out.pcapng")
        keylogs = [f"--keylog={os.path.join(self.captures, each)}" for each in keys]
        probe.run(f"--read={os.path.join(self.captures, name)}", *keylogs, f"--pcapng={out}", "--quiet", *options)
        self.assertEqual(stat.S_IMODE(os.stat(out).st_mode), 0o600)
        return out

    def secrets(self, path):
        """Client randoms of the block of secrets."""
        with open(path, "rb") as capture:
            lines = re.findall(rb"^[A-Z0-9_]+ ([0-9a-f]{64}) [0-9a-f]+$", capture.read(), re.MULTILINE)
        return {line.decode() for line in lines}

    def tshark(self, path, *fields):
        command = [peers.find_program("tshark"), "-r", path, "-T", "fields", *(f"-e{field}" for field in fields)]
        told = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
        return [line.split("\t") for line in told.stdout.splitlines()]

    def test_just_its_secrets(self):
        keys = ("tls13.keys", "tls12.keys", "zero-rtt-not-taken.keys", "q.keys")
        out = self.save("tls13-plain.pcap", keys=keys)
        self.assertEqual(len(self.secrets(out)), 1)
        out = self.save("zero-rtt-not-taken.pcap", keys=keys)
        self.assertEqual(len(self.secrets(out)), 1)
        again = probe.read(out)
        self.assertEqual(again.report["tls"]["alpn"], "h3")

    def test_ends_of_tcp(self):
        """FIN and RST, from whom they came and when."""
        out = self.save("tls13-plain.pcap", keys=("tls13.keys",))
        original = self.tshark(os.path.join(self.captures, "tls13-plain.pcap"), "ip.src", "tcp.flags.fin", "tcp.flags.reset")
        ended = [row for row in original if "1" in row[1:]]
        self.assertEqual([row for row in self.tshark(out, "ip.src", "tcp.flags.fin", "tcp.flags.reset") if "1" in row[1:]], ended)
        self.assertEqual(len(ended), 2)
        out = self.save("tls13-client-rst-after-close.pcap", keys=("tls13.keys",))
        resets = [row for row in self.tshark(out, "ip.src", "tcp.flags.reset") if row[1] == "1"]
        self.assertEqual([row[0] for row in resets], ["192.0.2.1"])
        wrong = [row for row in self.tshark(out, "tcp.analysis.flags") if row[0]]
        self.assertEqual(wrong, [])

    def test_filtered(self):
        everything = self.tshark(self.save("zero-rtt-not-taken.pcap", keys=("zero-rtt-not-taken.keys",)), "frame.time_epoch")
        out = self.save("zero-rtt-not-taken.pcap", "--filter=from:server frame:crypto", keys=("zero-rtt-not-taken.keys",))
        rows = self.tshark(out, "frame.time_epoch", "udp.srcport")
        self.assertGreater(len(rows), 0)
        self.assertLess(len(rows), len(everything))
        self.assertEqual({row[1] for row in rows}, {"5581"})
        self.assertTrue({row[0] for row in rows} <= {row[0] for row in everything})

    def test_filtered_tcp(self):
        """All segments that a wanted record lies in, at their places in the stream."""
        fields = ("ip.src", "tcp.seq", "tcp.len")
        rows = self.tshark(self.save("tls13-plain.pcap", "--filter=from:server", keys=("tls13.keys",)), *fields)
        whole = self.tshark(self.save("tls13-plain.pcap", keys=("tls13.keys",)), *fields)
        self.assertEqual([row for row in rows if row[2] != "0"],
                         [row for row in whole if row[2] != "0" and row[0] == "192.0.2.2"])  # fmt: skip

    def test_filter_needs_a_file(self):
        one = os.path.join(self.captures, "tls13-plain.pcap")
        self.assertEqual(probe.run(f"--read={one}", "--filter=dir:tx").status, 2)
        self.assertEqual(probe.run(f"--read={one}", "--filter=nonsense:", f"--pcapng={self.file('x')}").status, 2)
        self.assertEqual(probe.run("--filter=dir:tx", f"--pcapng={self.file('x')}", "quic://127.0.0.1:1").status, 2)
        self.assertFalse(os.path.exists(self.file("x")))


if __name__ == "__main__":
    peers.main()
