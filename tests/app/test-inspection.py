# SPDX-License-Identifier: GPL-3.0-or-later
"""The inspector on real traffic: every field says what it is and where it is defined, its bytes lie where they should, and no
byte belongs to none."""

import os
import subprocess
import sys
import tempfile
import unittest

import peers
import probe

INSPECT = sys.argv.pop(1)
PATIENCE = 120


class Inspection(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def inspect(self, target, *options, status=0):
        """Runs quicprobe, and gives the trees of all packets: lines of (packet, depth, name, value)."""
        with tempfile.TemporaryDirectory(prefix="qs-inspect-") as folder:
            capture = os.path.join(folder, "run.pcapng")
            result = probe.probe(f"--cacert={self.certs.ca}", f"--pcapng={capture}", *options, target)
            if status is not None:
                self.assertEqual(result.status, status, result.text)
            done = subprocess.run(
                [INSPECT, capture], capture_output=True, encoding="utf-8", timeout=PATIENCE,
                env={**os.environ, "LC_ALL": "C.UTF-8"},
            )  # fmt: skip
        wrong = done.stderr.splitlines()
        self.assertEqual(done.returncode, 0, f"{len(wrong)} faults:\n" + "\n".join(wrong[:40]))
        lines = [line.split("\t", 3) for line in done.stdout.splitlines()]
        self.assertGreater(len(lines), 100)
        return [(int(packet), int(depth), name, value) for packet, depth, name, value in lines]

    def serve(self, *options):
        chain, key = self.certs.leaf()
        return peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", *options)

    def values(self, lines, wanted):
        return [value for _, _, name, value in lines if name == wanted]

    def check_opened(self, lines):
        """Of each packet that could be read, the protected part of the header is told as well."""
        read = {packet for packet, _, name, value in lines if (name, value) == ("Protection", "decrypted")}
        for wanted in ("Packet Number", "Packet Number Length", "Protected Payload", "Authentication Tag"):
            self.assertEqual({packet for packet, _, name, _ in lines if name == wanted}, read, wanted)
        self.assertGreater(len(read), 5)

    def check_certificate(self, lines):
        self.assertTrue(any("localhost" in value for value in self.values(lines, "DNS Name")), "no name in the certificate")
        for name in ("Subject", "Issuer", "Not Before", "Not After", "Subject Public Key Info", "Serial Number"):
            self.assertTrue(self.values(lines, name), f"no {name} in the certificate")

    def test_h3(self):
        """Control streams, QPACK's streams, a request and its answer."""
        with peers.caddy(self.certs) as peer:
            lines = self.inspect(f"https://localhost:{peer.port}/hello", "-4")
        http3 = self.values(lines, "HTTP/3")
        for wanted in ("control stream", "HEADERS GET /hello", "HEADERS 200"):
            self.assertIn(wanted, http3)
        self.assertTrue(any(value.startswith("SETTINGS") for value in http3), http3)
        self.assertTrue(any(value.startswith("DATA") for value in http3), http3)
        self.assertIn("/hello", self.values(lines, ":path"))
        self.assertIn("200", self.values(lines, ":status"))
        self.assertTrue(self.values(lines, "server"), "caddy's own header field")
        self.check_certificate(lines)
        self.check_opened(lines)

    def test_h3_file(self):
        """A body of many packets: all but the first say which part of the DATA frame they bring."""
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "file"), "wb") as file:
                file.write(bytes(range(256)) * 400)
            with peers.ngtcp2_server(self.certs, files=folder) as peer:
                lines = self.inspect(f"https://127.0.0.1:{peer.port}/file")
        shares = [value for value in self.values(lines, "HTTP/3") if value.startswith("DATA, bytes")]
        self.assertGreater(len(shares), 20)
        self.assertTrue(all(value.endswith("of 102405") for value in shares), shares)

    def test_hq(self):
        for options in (("--no-retry",), ("--retry",), ("--scenario=key-update",), ("--scenario=hello-retry-request",)):
            with self.subTest(options), self.serve(*options) as peer:
                lines = self.inspect(f"quic://127.0.0.1:{peer.port}/", "--alpn=hq-interop", status=None)
                self.check_certificate(lines)
                self.check_opened(lines)
                self.assertEqual(self.values(lines, "HTTP/3"), [])

    def test_version_negotiation(self):
        with self.serve("--scenario=version-negotiation") as peer:
            lines = self.inspect(f"quic://127.0.0.1:{peer.port}/", "--alpn=hq-interop", "--timeout=3", status=1)
        self.assertTrue(self.values(lines, "Supported Version"))

    def test_refusal(self):
        with self.serve("--scenario=alpn-mismatch") as peer:
            lines = self.inspect(f"quic://127.0.0.1:{peer.port}/", "--alpn=hq-interop", status=1)
        self.assertTrue(any("no_application_protocol" in value for value in self.values(lines, "Error Code")))

    def test_tls_over_tcp(self):
        with peers.caddy(self.certs, protocols=("h1",)) as peer:
            lines = self.inspect(f"tls://localhost:{peer.port}/", "-4")
        for name in ("ClientHello", "EncryptedExtensions", "CertificateVerify", "Finished", "Application Data"):
            self.assertTrue(self.values(lines, name), name)
        self.check_certificate(lines)

    def test_tls12_over_tcp(self):
        options = ("-tls1_2", "-www", "-cipher", "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256")
        with peers.openssl_server(self.certs, options=options) as peer:
            lines = self.inspect(f"tls://localhost:{peer.port}/", "-4", status=None)
        for name in ("ServerKeyExchange", "ClientKeyExchange", "Finished", "Application Data"):
            self.assertTrue(self.values(lines, name), name)


if __name__ == "__main__":
    peers.main()
