# SPDX-License-Identifier: GPL-3.0-or-later
"""What quicprobe says of itself and of wrong command lines: nothing is sent in any of these."""

import os
import tempfile
import unittest

import peers
import probe


class CommandLine(unittest.TestCase):
    def test_version(self):
        result = probe.run("--version")
        self.assertEqual(result.status, 0)
        self.assertRegex(result.text, r"(?m)^quicprobe \d+\.\d+")
        self.assertRegex(result.text, r"(?m)^OpenSSL 3\.[5-9]|^OpenSSL [4-9]")
        self.assertEqual(result.err, "")

    def test_help(self):
        result = probe.run("--help")
        self.assertEqual(result.status, 0)
        for option in (
            "alpn sni groups ciphersuites cacert cert key insecure resolve timeout send output mode qlog pcapng keylog "
            "trace json quiet version help"
        ).split():
            self.assertIn(f"--{option}", result.text)
        for word in ("-k", "-4", "-6", "https://HOST", "quic://HOST", "tls://HOST", "Exit status"):
            self.assertIn(word, result.text)
        self.assertEqual(result.err, "")
        for line in result.text.splitlines():
            self.assertLessEqual(len(line), 90, line)

    def test_no_regular_file(self):
        """A pipe that nobody writes to, a device without an end, a folder: told, and not waited for."""
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            for path in (pipe, folder, "/dev/zero"):
                for options in (["--session=" + path], ["--cacert=" + path], ["--cert=" + path, "--key=" + path]):
                    with self.subTest(f"{options}"):
                        result = probe.run(*options, "quic://localhost:1", timeout=20)
                        self.assertEqual((result.status, result.out), (2, b""), result.err)
                        self.assertIn(path, result.err)

    def test_wrong(self):
        empty = tempfile.NamedTemporaryFile(suffix=".pem")
        self.addCleanup(empty.close)
        wrong = {
            "no target": ([], "target"),
            "two targets": (["localhost", "other"], "other"),
            "unknown option": (["--frobnicate", "localhost"], "frobnicate"),
            "scheme": (["ftp://localhost/"], "ftp"),
            "port": (["localhost:99999"], "port"),
            "both families": (["-4", "-6", "localhost"], "contradict"),
            "cert without key": (["--cert", empty.name, "localhost"], "--key"),
            "missing file": (["--cacert=/no/such/file", "localhost"], "--cacert"),
            "mode": (["--mode=psychic", "localhost"], "thread-assisted"),
            "timeout word": (["--timeout=soon", "localhost"], "--timeout"),
            "timeout negative": (["--timeout=-1", "localhost"], "--timeout"),
            "timeout nan": (["--timeout=nan", "localhost"], "--timeout"),
            "groups": (["--groups=NoSuchGroup", "localhost"], "--groups"),
            "suites": (["--ciphersuites=NO_SUCH", "localhost"], "--ciphersuites"),
            "alpn": (["--alpn=,", "localhost"], "--alpn"),
            "alpn long": (["--alpn=" + "x" * 256, "localhost"], "--alpn"),
            "resolve": (["--resolve=localhost:443", "localhost"], "--resolve"),
            "resolve address": (["--resolve=localhost:443:nowhere", "localhost"], "--resolve"),
            "every name below": (["--sni=.test", "localhost"], ".test"),
            "wildcard to verify": (["--sni=*.example.test", "localhost"], "*.example.test"),
            "address to send": (["--sni=127.0.0.1", "localhost"], "127.0.0.1"),
            "address with a dot": (["--sni=127.0.0.1.", "localhost"], "127.0.0.1."),
            "name with a port": (["--sni=localhost:443", "localhost"], "localhost:443"),
            "escape": (["\x1b[31mred", "\x1b[32mgreen"], "\\x1b"),
        }
        for name, (arguments, words) in wrong.items():
            with self.subTest(name):
                result = probe.run(*arguments)
                self.assertEqual(result.status, 2, result.err)
                self.assertEqual(result.out, b"")
                self.assertIn(words, result.err)
                self.assertIn("--help", result.err)


if __name__ == "__main__":
    peers.main()
