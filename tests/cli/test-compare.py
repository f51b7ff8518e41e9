# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe --compare: the first line names the difference that matters."""

import html
import json
import os
import tempfile
import unittest

import peers
import probe


class Compare(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.runs = {}

        def run(name, *arguments, scenario=(), target="quic://localhost:PORT/"):
            ca, path = os.path.join(folder.name, f"{name}.pem"), os.path.join(folder.name, f"{name}.pcapng")
            with peers.quicserve(probe.SERVER, f"--write-ca={ca}", *scenario) as peer:
                probe.run(f"--cacert={ca}", "-q", f"--pcapng={path}", *arguments, target.replace("PORT", str(peer.port)))
            cls.runs[name] = path

        plain = ("--alpn=hq-interop", "-4")
        run("good", *plain, scenario=("--no-retry",))
        run("again", *plain, scenario=("--no-retry",))
        run("expired", *plain, scenario=("--scenario=expired",))
        run("self-signed", *plain, scenario=("--scenario=self-signed",))
        run("retry", *plain, scenario=("--scenario=retry",))
        run("tls", "-4", scenario=("--no-retry",), target="tls://localhost:PORT/")
        run("classic", *plain, "--groups=X25519", scenario=("--no-retry",))
        run("ipv6", "--alpn=hq-interop", "-6", scenario=("--no-retry", "--address=::1"))
        run("slow", *plain, "--impair=delay=100ms", scenario=("--no-retry",))
        run("loss", *plain, "--impair=drop=1", scenario=("--no-retry",))
        run("hello-retry", *plain, scenario=("--no-retry", "--scenario=hello-retry-request"))
        run("large", *plain, scenario=("--no-retry", "--scenario=oversized-chain"))
        run("http3", "-4", scenario=("--no-retry",), target="https://localhost:PORT/")
        run("chacha", *plain, "--ciphersuites=TLS_CHACHA20_POLY1305_SHA256", scenario=("--no-retry",))
        run("alpn", "--alpn=nonsense", "-4", scenario=("--no-retry",))
        ticket, ca = (os.path.join(folder.name, name) for name in ("ticket", "resumed.pem"))
        with peers.quicserve(probe.SERVER, "--no-retry", f"--write-ca={ca}") as peer:
            for name in ("full", "resumed"):
                cls.runs[name] = os.path.join(folder.name, f"{name}.pcapng")
                probe.run(
                    f"--cacert={ca}", "-q", *plain, f"--session={ticket}", f"--pcapng={cls.runs[name]}",
                    f"quic://localhost:{peer.port}/",
                )  # fmt: skip

    def compare(self, one, other, *arguments):
        return probe.run(*arguments, f"--read={self.runs[one]}", f"--compare={self.runs[other]}")

    def test_headlines(self):
        for one, other, words in (
            ("good", "expired", "Only the other one failed: .*expired"),
            ("expired", "good", "Only this one failed: .*expired"),
            ("expired", "self-signed", "Both failed, for different reasons"),
            ("alpn", "good", "Only this one failed: .*protocol"),
            ("good", "tls", "over QUIC, the other over TLS over TCP"),
            ("good", "ipv6", "over IPv4, the other over IPv6"),
            ("retry", "good", "Retry.*: yes in the one, no in the other"),
            ("good", "classic", "key exchange is X25519MLKEM768 in the one, x25519 in the other"),
            ("good", "chacha", "cipher suite is TLS_AES_256_GCM_SHA384 in the one, TLS_CHACHA20"),
            ("http3", "good", "protocol is h3 in the one, hq-interop in the other"),
            ("slow", "good", "took longer: [0-9.]+ ms, the other one's [0-9.]+ (ms|µs).*path is longer: .* 20[0-9.]+ ms"),
            ("good", "slow", "was faster.*path is shorter"),
            ("good", "loss", "lost on the way: none in the one, [1-9] in the other"),
            ("loss", "good", "lost on the way: [1-9] in the one, none in the other"),
            ("hello-retry", "good", "another ClientHello .HelloRetryRequest.: yes in the one, no in the other"),
            ("good", "hello-retry", "HelloRetryRequest.: no in the one, yes in the other"),
            ("large", "good", "certificates: [0-9]+ of .*KiB in all in the one, 2 of .* in the other"),
            ("resumed", "full", "A resumed session: yes in the one, no in the other"),
            # On a busy machine the one may take much longer than the other.
            ("good", "again", "Their certificates differ|The handshake "),
            ("good", "good", "do not differ"),
        ):
            with self.subTest(one=one, other=other):
                result = self.compare(one, other)
                first = result.text.split("\n\n")[0].replace("\n", " ")
                self.assertRegex(first, words, result.text)
                self.assertEqual(result.status, 0 if one not in ("expired", "alpn") else 1)

    def test_table(self):
        text = self.compare("retry", "classic").text
        for words in ("this one", "the other", "difference", "ServerHello received", "Retry received", "Key exchange"):
            self.assertIn(words, text)
        self.assertIn("Only found in this one\n  [retry]", text)
        self.assertEqual(len(self.compare("retry", "classic", "-q").text.split("\n\n")), 1)

    def test_json(self):
        report = json.loads(self.compare("retry", "classic", "--json").text)
        comparison = report.pop("comparison")
        probe.check_shape(report, {"source": probe.SOURCE, **probe.CONTRACT})
        self.assertEqual(list(comparison), ["headline", "verdicts", "steps", "facts", "findings"])
        self.assertEqual(len(comparison["verdicts"]), 2)
        self.assertIn("retry", comparison["findings"]["only_this"])
        facts = {fact["id"]: fact["values"] for fact in comparison["facts"]}
        self.assertEqual(facts["retry"], ["yes", "no"])
        self.assertEqual(facts["group"], ["X25519MLKEM768", "x25519"])
        steps = {step["id"]: step for step in comparison["steps"]}
        self.assertEqual(steps["retry"]["times_ms"][1], None)
        hello = steps["server-hello"]
        self.assertAlmostEqual(hello["difference_ms"], hello["times_ms"][0] - hello["times_ms"][1], places=2)

    def test_page(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "both.html")
            result = self.compare("slow", "retry", f"--report={path}", "-q")
            with open(path, encoding="utf-8") as file:
                page = file.read()
        headline = result.text.strip().replace("\n", " ")
        self.assertIn(html.escape(headline, quote=False), html.unescape(page))
        # A sequence each, and the charts over each other.
        self.assertEqual(page.count("<svg"), 3)
        for words in ("on one scale", "ServerHello received", "Round trip", "Findings that only one has"):
            self.assertIn(words, page)
        self.assertNotIn("<script", page)
        unwritable = self.compare("slow", "retry", "--report=/nowhere/both.html")
        self.assertEqual(unwritable.status, 1)
        self.assertIn("/nowhere/both.html", unwritable.err)

    def test_live(self):
        with peers.quicserve(probe.SERVER, "--no-retry") as peer:
            result = probe.run(
                "-k", "-4", "--alpn=hq-interop", "--groups=X25519", f"--compare={self.runs['good']}",
                f"quic://localhost:{peer.port}/",
            )  # fmt: skip
        self.assertEqual(result.status, 0, result.err)
        self.assertIn("Key exchange", result.text)
        missing = probe.run("--compare=/nowhere.pcapng", f"quic://{peers.HOST}:{peers.free_port()}/")
        self.assertEqual((missing.status, missing.out), (1, b""))
        self.assertIn("/nowhere.pcapng", missing.err)


if __name__ == "__main__":
    peers.main()
