# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of real runs: one page that asks for nothing else, and in which no byte of a peer becomes markup."""

import html.parser
import os
import re
import subprocess
import sys
import tempfile
import unittest

import peers
import probe

WRITE = sys.argv.pop(1)
VOID = {"meta", "br", "hr", "img", "link", "input", "wbr"}
# What a page may be made of: nothing that runs, loads or sends.
ELEMENTS = {
    "html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p", "article", "span", "table", "thead", "tbody", "tr",
    "th", "td", "details", "summary", "figure", "svg", "g", "path", "rect", "defs", "clippath", "use", "symbol", "text", "line",
    "circle", "polygon", "polyline", "nav", "a", "ul", "ol", "li", "div", "section", "main", "header", "footer", "code", "strong",
}  # fmt: skip


class Page(html.parser.HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.problems, self.text = [], [], [], []
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append(f"not closed: {self.open}")

    def handle_starttag(self, tag, attrs):
        if tag not in ELEMENTS:
            self.problems.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name in ("src", "action", "srcset", "ping", "data"):
                self.problems.append(f"<{tag} {name}>")
            if name.endswith("href") and not (value or "").startswith("#"):
                self.problems.append(f"<{tag} {name}={value!r}>")
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}>")

    def handle_data(self, data):
        self.text.append(data)
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


class Report(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def report(self, target, *options):
        with tempfile.TemporaryDirectory() as folder:
            capture, path = os.path.join(folder, "run.pcapng"), os.path.join(folder, "report.html")
            probe.run("-q", "-k", "--timeout=20", f"--pcapng={capture}", *options, target)
            done = subprocess.run([WRITE, capture, path], capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, encoding="utf-8") as file:
                text = file.read()
        page = Page(text)
        self.assertEqual(page.problems, [])
        self.assertIsNone(re.search(r"url\((?!#)|@import|javascript:", text))
        self.assertIsNone(re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text))
        return page

    def check_server(self, scenario, *options):
        with peers.quicserve(probe.SERVER, f"--scenario={scenario}") as peer:
            page = self.report(f"quic://{peers.HOST}:{peer.port}/", "--alpn=hq-interop", *options)
        for heading in ("Findings", "Handshake", "Sequence", "Key facts", "Packets"):
            self.assertIn(heading, page.headings)
        return page

    def test_echo(self):
        page = self.check_server("echo")
        self.assertIn("Certificates, as the server sent them", page.headings)
        self.assertIn("The peer's transport parameters", page.headings)
        self.assertIn("Streams", page.headings)
        self.assertIn("ClientHello", "".join(page.text))

    def test_failures(self):
        for scenario in ("alpn-mismatch", "expired", "application-close", "version-negotiation"):
            with self.subTest(scenario):
                self.check_server(scenario)

    def test_offers(self):
        """What was offered to the server is in the capture, and comes back."""
        page = self.check_server("echo", "--alpn=hq-interop,<script>alert(1)</script>", "--sni=a.example")
        self.assertIn("hq-interop", "".join(page.text))

    def test_tls(self):
        with peers.caddy(self.certs, protocols=("h1",)) as peer:
            page = self.report(f"tls://localhost:{peer.port}/", "-4")
        text = "".join(page.text)
        for word in ("EncryptedExtensions", "ChangeCipherSpec", "bytes of data"):
            self.assertIn(word, text)
        self.assertLess(text.index("TCP connected"), text.index("ClientHello"))


if __name__ == "__main__":
    peers.main()
