# SPDX-License-Identifier: GPL-3.0-or-later
"""The helpers that other tests lean on: each peer comes up, answers, and is gone afterwards."""

import os
import signal
import socket
import subprocess
import sys
import unittest

import peers


class CertificatesTest(unittest.TestCase):
    def verify(self, kind):
        certs = self.certs
        chain, _ = certs.leaf(kind)
        command = [peers.openssl_program(), "verify", "-CAfile", certs.ca, "-verify_hostname", "localhost"]
        if kind == "with-intermediate":
            command += ["-untrusted", chain]
        done = subprocess.run(command + [chain], stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return done.returncode == 0, done.stdout + done.stderr

    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()

    def test_good_ones_verify(self):
        for kind in ("good", "with-intermediate"):
            ok, output = self.verify(kind)
            self.assertTrue(ok, output)

    def test_each_bad_one_fails_for_its_own_reason(self):
        reasons = {
            "expired": "error 10",
            "not-yet-valid": "error 9",
            "wrong-name": "error 62",
            "self-signed": "error 18",
            "unknown-ca": "error 20",
            "incomplete-chain": "error 20",
        }
        for kind, reason in reasons.items():
            ok, output = self.verify(kind)
            self.assertFalse(ok, kind)
            self.assertIn(reason, output, kind)


class ProgramsTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()

    def assert_tls(self, peer, text):
        """A TLS client that trusts the CA gets this text for GET /."""
        command = [peers.openssl_program(), "s_client", "-connect", f"{peer.host}:{peer.port}", "-quiet"]
        command += ["-CAfile", self.certs.ca, "-verify_return_error", "-servername", "localhost"]
        request = b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        done = subprocess.run(command, input=request, capture_output=True, timeout=peers.PATIENCE)
        self.assertIn(text, done.stdout, done.stderr)

    def assert_gone(self, peer, *protocols):
        self.assertFalse(peer.alive())
        for protocol in protocols:
            self.assertFalse(peers.is_bound(protocol, peer.port))

    def test_caddy(self):
        with peers.caddy(self.certs) as peer:
            self.assertTrue(peers.is_bound("udp", peer.port))
            self.assert_tls(peer, b"hello from caddy")
        self.assert_gone(peer, "udp", "tcp")
        self.assertFalse(os.path.exists(peer.folder))

    def test_ngtcp2(self):
        with peers.ngtcp2_server(self.certs) as server:
            command = [peers.ngtcp2_client(), "--exit-on-all-streams-close", "--quiet"]
            command += [server.host, str(server.port), f"https://localhost:{server.port}/missing"]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=peers.PATIENCE)
            self.assertEqual(done.returncode, 0, done.stderr)
        self.assert_gone(server, "udp")

    def test_openssl_server(self):
        with peers.openssl_server(self.certs) as peer:
            self.assert_tls(peer, b"200 ok")
        self.assert_gone(peer, "tcp")

    def test_nginx(self):
        with peers.nginx(self.certs) as peer:
            self.assert_tls(peer, b"hello from nginx")
        self.assert_gone(peer, "tcp")

    def test_program_that_ends_at_once_is_reported(self):
        with self.assertRaisesRegex(ChildProcessError, "sorry"):
            with peers.Process(["/bin/sh", "-c", "echo sorry; exit 3"], port=1) as peer:
                peer.wait_for_line("never")

    def test_program_dies_with_its_test(self):
        script = (
            "import peers, os, signal\n"
            "peer = peers.Process(['sleep', '1000'])\n"
            "print(peer.process.pid, flush=True)\n"
            "os.kill(os.getpid(), signal.SIGKILL)\n"
        )
        folder = os.path.dirname(os.path.abspath(peers.__file__))
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=folder)
        self.assertEqual(done.returncode, -signal.SIGKILL)
        pid = int(done.stdout)

        def gone():
            try:
                with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                    return file.read().rsplit(")", 1)[1].split()[0] == "Z"
            except FileNotFoundError:
                return True

        peers.wait_until(gone, "the peer's death")


class SocketsTest(unittest.TestCase):
    def test_tcp_echo(self):
        with peers.tcp_echo(greeting=b"220 hello\r\n") as peer:
            with socket.create_connection((peer.host, peer.port), timeout=peers.PATIENCE) as client:
                self.assertEqual(client.recv(100), b"220 hello\r\n")
                client.sendall(b"abc")
                self.assertEqual(client.recv(100), b"abc")
        self.assertFalse(peers.is_bound("tcp", peer.port))

    def test_tcp_reset(self):
        with peers.tcp_reset() as peer:
            with socket.create_connection((peer.host, peer.port), timeout=peers.PATIENCE) as client:
                client.sendall(b"abc")
                with self.assertRaises(ConnectionResetError):
                    client.recv(100)

    def test_silent_ones_take_and_say_nothing(self):
        with peers.udp_silent() as peer:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
                client.connect((peer.host, peer.port))
                client.send(b"abc")
                peers.wait_until(lambda: peer.received == [b"abc"], "the datagram")
        with peers.tcp_silent() as peer:
            with socket.create_connection((peer.host, peer.port), timeout=peers.PATIENCE) as client:
                client.sendall(b"abc")
                peers.wait_until(lambda: peer.received == [b"abc"], "the bytes")

    def test_closed_ports_refuse(self):
        for family, host in ((socket.AF_INET, peers.HOST), (socket.AF_INET6, "::1")):
            with peers.closed_port(host) as port, socket.socket(family, socket.SOCK_DGRAM) as client:
                client.settimeout(peers.PATIENCE)
                client.connect((host, port))
                client.send(b"abc")
                with self.assertRaises(ConnectionRefusedError):
                    client.recv(100)
                with self.assertRaises(ConnectionRefusedError):
                    socket.create_connection((host, port), timeout=peers.PATIENCE)
                # And nobody else gets it.
                for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                    with socket.socket(family, kind) as other, self.assertRaises(OSError):
                        other.bind((host, port))


if __name__ == "__main__":
    peers.main()
