# SPDX-License-Identifier: GPL-3.0-or-later
"""HTTP/3 requests of quicprobe's to other people's servers, in each way to drive a connection."""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import unittest

import peers

QUICPROBE = sys.argv.pop(1)
MODES = ("nonblocking", "blocking", "thread-assisted")
BODY = os.urandom(1 << 20) * 5 + b"end"


class Live(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.temporary = tempfile.TemporaryDirectory(prefix="qs-http-")
        cls.folder = cls.temporary.name
        cls.certs = peers.Certificates()
        with open(os.path.join(cls.folder, "body.bin"), "wb") as file:
            file.write(BODY)

    @classmethod
    def tearDownClass(cls):
        cls.certs.__exit__(None, None, None)
        cls.temporary.cleanup()

    def fetch(self, peer, path, mode, *options):
        out = os.path.join(self.folder, "out.bin")
        done = subprocess.run(
            [QUICPROBE, "--json", "-4", f"--cacert={self.certs.ca}", f"--mode={mode}", f"--output={out}", *options]
            + [f"https://localhost:{peer.port}{path}"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )
        report = json.loads(done.stdout)
        with open(out, "rb") as file:
            return done.returncode, report, file.read()

    def check_body(self, peer):
        for mode in MODES:
            with self.subTest(mode=mode):
                status, report, body = self.fetch(peer, "/body.bin", mode)
                self.assertEqual(status, 0, report)
                self.assertEqual(report["http"]["version"], "3")
                self.assertEqual(report["http"]["status"], 200)
                self.assertEqual(report["http"]["bytes"], len(BODY))
                self.assertIn(["content-length", str(len(BODY))], report["http"]["headers"])
                self.assertEqual(hashlib.sha256(body).digest(), hashlib.sha256(BODY).digest())
                self.assertEqual(report["quic"]["close"]["by"], "local")
                self.assertEqual(report["quic"]["close"]["code"], 0x100)

    def test_caddy(self):
        with peers.caddy(self.certs, files=self.folder) as peer:
            self.check_body(peer)

    def test_ngtcp2(self):
        with peers.ngtcp2_server(self.certs, files=self.folder) as peer:
            self.check_body(peer)

    def test_ngtcp2_with_retry(self):
        with peers.ngtcp2_server(self.certs, files=self.folder, options=["--validate-addr"]) as peer:
            status, report, body = self.fetch(peer, "/body.bin", "nonblocking")
            self.assertEqual(status, 0, report)
            self.assertTrue(report["quic"]["retry"])
            self.assertEqual(len(body), len(BODY))

    def test_not_found(self):
        with peers.caddy(self.certs, files=self.folder) as peer:
            status, report, _ = self.fetch(peer, "/nothing", "nonblocking")
            self.assertEqual(status, 0)
            self.assertEqual(report["http"]["status"], 404)


if __name__ == "__main__":
    peers.main()
