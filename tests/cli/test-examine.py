# SPDX-License-Identifier: GPL-3.0-or-later
"""The report card against real servers: what each is known to do is found, and nobody is accused of what he does right."""

import concurrent.futures
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree
from html.parser import HTMLParser

import peers
import probe
from card_schema import check_schema

SCHEMA = os.path.join(os.environ["QS_SRCDIR"], "data", "quicscope-report-card.schema.json")


def examine(peer, certs, *options, timeout=240):
    return probe.run("-q", "-4", "--examine", f"--cacert={certs.ca}", *options, f"https://localhost:{peer.port}/", timeout=timeout)


def card(peer, certs, *options):
    result = examine(peer, certs, "--json", *options)
    return json.loads(result.text), result


def verdicts(object):
    return {check["id"]: check["verdict"] for check in object["checks"]}


def unbalanced(html):
    """Elements that are not closed, or closed and not open."""
    stack, wrong = [], []

    class Parser(HTMLParser):
        def handle_starttag(self, tag, attributes):
            if tag != "meta":
                stack.append(tag)

        def handle_endtag(self, tag):
            if not stack or stack.pop() != tag:
                wrong.append(tag)

    Parser().feed(html)
    return wrong + stack


class Examine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()

    @classmethod
    def tearDownClass(cls):
        cls.certs.__exit__(None, None, None)

    def test_list(self):
        result = probe.run("--list-checks")
        self.assertEqual(result.status, 0)
        ids = [line.split()[0] for line in result.text.splitlines()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), 100)

    def test_command_line(self):
        for options, word in (
            (["--examine", "--checks=F999", "localhost"], "F999"),
            (["--examine", "--checks=,", "localhost"], "--checks"),
            (["--checks=F4", "localhost"], "--examine"),
            (["--examine", "--read=x.pcapng"], "--examine"),
            (["--examine", "--profile=royal", "localhost"], "--profile"),
            (["--examine", "--http-port=65536", "localhost"], "--http-port"),
            (["--http-port=80", "localhost"], "--examine"),
            (["--examine", "--baseline=/no/such/card", "localhost"], "/no/such/card"),
        ):
            with self.subTest(options):
                result = probe.run(*options)
                self.assertEqual((result.status, result.out), (2, b""), result.err)
                self.assertIn(word, result.err)

    def test_nobody(self):
        with peers.closed_port() as port:
            result = probe.run("-q", "-4", "--examine", "--json", f"https://localhost:{port}/")
        object = json.loads(result.text)
        self.assertEqual(result.status, 1)
        self.assertEqual(object["grade"], "-")
        # Nothing was seen of it, and nothing is said of it.
        self.assertEqual({id for id, verdict in verdicts(object).items() if verdict != "not-tested"}, {"D1"})
        self.assertEqual(object["counts"]["fail"], 0)
        self.assertIn("failure", object)

    def test_openssl(self):
        """quicserve: OpenSSL's QUIC and nghttp3."""
        with tempfile.TemporaryDirectory() as folder, peers.quicserve(probe.SERVER, *self.serve_options()) as peer:
            junit, capture = os.path.join(folder, "card.xml"), os.path.join(folder, "card.pcapng")
            markdown, page = os.path.join(folder, "card.md"), os.path.join(folder, "card.html")
            object, result = card(peer, self.certs, f"--junit={junit}", f"--pcapng={capture}", f"--markdown={markdown}", f"--report={page}")
            check_schema(json.load(open(SCHEMA, encoding="utf-8")), object)
            found = verdicts(object)
            self.assertEqual(result.status, 1)
            self.assertEqual(object["grade"], "B")
            failed = {id for id, verdict in found.items() if verdict == "fail"}
            # Its packets were looked at: each of these is acknowledged, and the connection goes on.
            self.assertEqual(failed, {"F17", "F24"})
            # OpenSSL does not take the tokens that it gives.
            self.assertEqual(found["A9"], "warn")
            for id in "D1 V1 V3 A1 A2 A3 A8 A10 A11 C2 C5 T1 T6 T10 T17 T18 P8 P14 F1 F2 F3 F5 F6 F16 H0 H1 H7 H15 H26 H31 K1 K9 V4".split():
                self.assertEqual(found[id], "pass", id)
            suites = xml.etree.ElementTree.parse(junit).getroot()
            cases = suites.findall(".//testcase")
            self.assertEqual(len(cases), len(object["checks"]))
            self.assertEqual(len(suites.findall(".//failure")), len(failed))
            self.check_pages(object, markdown, page)
            # The run that shows it is opened as any other.
            read = probe.run("-q", f"--read={capture[:-7]}-F17.pcapng", "--trace")
            self.assertRegex(read.text, r"→  1-RTT \d+, .*\n\s+HANDSHAKE_DONE")
            # What failed before is no news.
            baseline = os.path.join(folder, "card.json")
            with open(baseline, "w", encoding="utf-8") as file:
                file.write(result.text)
            again = examine(peer, self.certs, "--checks=F17,F4", f"--baseline={baseline}")
            self.assertEqual(again.status, 0, again.text)
            alone = examine(peer, self.certs, "--checks=F17,F4")
            self.assertEqual(alone.status, 1)
            self.assertRegex(alone.text, r"(?m)^  fail +F17 ")

    def check_pages(self, object, markdown, page):
        """Each check has its row in what people read."""
        with open(markdown, encoding="utf-8") as file:
            rows = re.findall(r"(?m)^\| ([a-z ]+) \| ([A-Z]\d+[a-z]?) \| ", file.read())
        self.assertEqual({id: verdict.replace(" ", "-") for verdict, id in rows}, verdicts(object))
        with open(page, encoding="utf-8") as file:
            html = file.read()
        self.assertEqual(dict(re.findall(r'<tr id="(\w+)"><td class="verdict ([a-z-]+)">', html)), verdicts(object))
        self.assertTrue('aria-label="Grade: B"' in html)
        row = re.search(r'<tr id="F17">.*?</tr>', html, re.S).group(0)
        self.assertRegex(row, r"<li>[\d.]+ ms → sent: HANDSHAKE_DONE")  # the packet that it is about
        self.assertEqual(unbalanced(html), [])

    def serve_options(self):
        chain, key = self.certs.leaf("good")
        return [f"--cert={chain}", f"--key={key}"]

    def test_untrusted(self):
        with peers.quicserve(probe.SERVER) as peer:
            object, result = card(peer, self.certs, "--checks=D1,T10")
            self.assertEqual((object["grade"], object["grade_if_trusted"]), ("T", "A+"), object)
            self.assertEqual(result.status, 1)
            private, _ = card(peer, self.certs, "--checks=D1,T10", "--profile=private")
            self.assertEqual(private["grade"], "A+")

    def test_ipv6(self):
        chain, key = self.certs.leaf("good")
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", host="::1") as peer:
            result = probe.run("-q", "-6", "--examine", "--json", f"--cacert={self.certs.ca}", "--checks=D1,A1,F1,F17,P14,H0",
                               f"https://localhost:{peer.port}/", timeout=240)  # fmt: skip
        object = json.loads(result.text)
        self.assertTrue(object["illegal"])  # ::1 is this machine
        self.assertEqual(object["address"], f"[::1]:{peer.port}")
        found = verdicts(object)
        self.assertEqual([found[id] for id in "D1 A1 F1 P14 H0 F17".split()], ["pass"] * 5 + ["fail"])

    def test_stop(self):
        """Stopped in the middle: what was not tested is said to be so, and the status is 1."""
        with peers.quicserve(probe.SERVER, *self.serve_options()) as peer:
            program = subprocess.Popen(
                [probe.PROGRAM, "-4", "--examine", "--json", f"--cacert={self.certs.ca}", f"https://localhost:{peer.port}/"],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            )  # fmt: skip
            program.stderr.readline()  # the first warning
            program.send_signal(signal.SIGINT)
            out, err = program.communicate(timeout=probe.PATIENCE)
        self.assertEqual(program.returncode, 1, err)
        object = json.loads(out)
        self.assertTrue(object["stopped"])
        self.assertGreater(object["counts"]["not-tested"], 0)
        self.assertGreater(object["counts"]["pass"], 0)

    def test_others(self):
        """Runs that mostly wait, side by side."""
        looks = (self.look_at_losses, self.look_at_quic_go, self.look_at_ngtcp2)
        with concurrent.futures.ThreadPoolExecutor(len(looks)) as pool:
            runs = [(look.__name__, pool.submit(look)) for look in looks]
        for name, run in runs:
            with self.subTest(name):
                run.result()

    def look_at_losses(self):
        """A path that loses a tenth makes nobody look worse than a warning."""
        with peers.quicserve(probe.SERVER, *self.serve_options()) as peer:
            object, _ = card(peer, self.certs, "--impair=loss=10%,seed=7", "--checks=D1,F1,F3,F16,F20,P8,H1,H7,A10,A15,T6,T18")
            self.assertEqual(object["counts"]["fail"], 0, verdicts(object))

    def look_at_quic_go(self):
        with peers.caddy(self.certs) as peer:
            object, _ = card(peer, self.certs, "--checks=versions,F1,F3,F16,F17,F20,P8,P14,P17,T6,T10,H0,H1,A3,A10,C2,C5")
            found = verdicts(object)
        for id in "D1 V1 V3 V4 F1 F3 F16 F17 F20 P8 P14 P17 T6 T10 H0 H1 A3 A10 C2 C5".split():
            self.assertEqual(found[id], "pass", id)

    def look_at_ngtcp2(self):
        with peers.ngtcp2_server(self.certs) as peer:
            object, _ = card(peer, self.certs, "--checks=versions,parameters,T20,T21,F1,F22,F27,F3,F4,F5,F6,F16,F17,F20,T6,T10,A1,A2,A3,A10,M1,M3,H0,H1,C2,C5")
            found = verdicts(object)
        early = next(check for check in object["checks"] if check["id"] == "T21")
        self.assertIn("accepts 0-RTT", early["text"])
        self.assertGreater(len(early["packets"]), 1)
        self.assertEqual([id for id, verdict in found.items() if verdict == "fail"], [])
        for id in "D1 V1 V3 V4 V8 F1 F22 F27 F3 F4 F5 F6 F16 F17 F20 A1 A2 A3 A10 M1 M3 H0 H1 C2 C5".split():
            self.assertEqual(found[id], "pass", id)


if __name__ == "__main__":
    peers.main()
