# SPDX-License-Identifier: GPL-3.0-or-later
"""The programs of the OpenSSL guide (demos/guide of its source), built here: its clients against quicserve, quicprobe against
its servers, in each way to drive a connection.

    test-guide.py QUICSERVE QUICPROBE
"""

import os
import shutil
import subprocess
import sys
import tempfile
import unittest

import peers

SERVER, PROBE = sys.argv.pop(1), sys.argv.pop(1)
# Beside the private OpenSSL, where the bootstrap leaves them.
PREFIX = os.path.dirname(os.path.dirname(os.environ.get("QS_OPENSSL") or "/-/-"))
SOURCES = os.path.join(PREFIX, "demos", "guide")
CLIENTS = ("tls-client-block", "tls-client-non-block", "quic-client-block", "quic-client-non-block", "quic-multi-stream")
SERVERS = ("quic-server-block", "quic-server-non-block")
MODES = ("nonblocking", "blocking", "thread-assisted")
SECONDS = 30


class Guide(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        compiler = shutil.which("cc") or shutil.which("gcc")
        if compiler is None or not os.path.isdir(SOURCES):
            raise unittest.SkipTest("no sources of the OpenSSL guide's programs here")
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="qs-guide-"))
        cls.certs = cls.enterClassContext(peers.Certificates())
        for name in (*CLIENTS, *SERVERS, "tls-server-block"):
            source = os.path.join(SOURCES, name + ".c")
            if not os.path.exists(source):
                continue
            command = [compiler, "-o", os.path.join(cls.folder, name), source, f"-I{PREFIX}/include", f"-L{PREFIX}/lib",
                       "-lssl", "-lcrypto", "-lpthread", "-ldl"]  # fmt: skip
            subprocess.run(command, check=True, capture_output=True, timeout=SECONDS)

    def program(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            self.skipTest(f"this OpenSSL's guide has no {name}")
        return path

    def test_clients(self):
        chain, key = self.certs.leaf()
        with peers.quicserve(SERVER, f"--cert={chain}", f"--key={key}") as peer:
            for name in CLIENTS:
                with self.subTest(name):
                    done = subprocess.run(
                        [self.program(name), "localhost", str(peer.port)],
                        env={**os.environ, "SSL_CERT_FILE": self.certs.ca},
                        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
                    )  # fmt: skip
                    self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                    # Each asks for its path twice, or once: an answer a request.
                    answers = done.stdout.count("Server: quicserve")
                    self.assertEqual(answers, 2 if name == "quic-multi-stream" else 1, done.stdout)

    def probe(self, mode, *arguments):
        command = [PROBE, "-4", "--quiet", f"--cacert={self.certs.ca}", f"--mode={mode}", "--timeout=5", *arguments]
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS)

    def test_quic_servers(self):
        """They send back what comes on a stream."""
        chain, key = self.certs.leaf()
        for name in SERVERS:
            port = peers.free_port()
            with peers.Process([self.program(name), str(port), chain, key], port=port) as peer:
                peer.wait_bound("udp")
                for mode in MODES:
                    with self.subTest(f"{name}, {mode}"):
                        done = self.probe(mode, "--alpn=http/1.0", "--send=over and back", f"quic://localhost:{port}")
                        self.assertEqual((done.returncode, done.stdout.strip()), (0, "over and back"), done.stderr)

    def test_tls_server(self):
        chain, key = self.certs.leaf()
        shutil.copy(chain, os.path.join(self.folder, "chain.pem"))
        shutil.copy(key, os.path.join(self.folder, "pkey.pem"))
        port = peers.free_port()
        command = ["sh", "-c", 'cd "$1" && exec "$2" "$3"', "sh", self.folder, self.program("tls-server-block"),
                   f"{peers.HOST}:{port}"]  # fmt: skip
        with peers.Process(command, port=port) as peer:
            peer.wait_bound("tcp")
            for mode in MODES:
                with self.subTest(mode):
                    done = self.probe(mode, "--send=over and back", f"tls://localhost:{port}")
                    self.assertEqual((done.returncode, done.stdout.strip()), (0, "over and back"), done.stderr)


if __name__ == "__main__":
    peers.main()
