# SPDX-License-Identifier: GPL-3.0-or-later
"""quictap --accept-any: programs that go through a proxy are watched, wherever they go."""

import os
import shutil
import socket
import sys
import tempfile
import unittest

import peers
import probe
import tap

CURL = shutil.which("curl")
LISTEN = "{address}:{port}"

HELLO = b"\x05\x01\x00"
TO_LOOPBACK = b"\x05\x01\x00\x01\x7f\x00\x00\x01"
REFUSED = {"method": b"\x05\xff", "command": b"\x05\x07", "type": b"\x05\x08", "connection": b"\x05\x05"}


def read_all(client):
    data = b""
    while piece := client.recv(4096):
        data += piece
    return data


class Programs(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.ca = os.path.join(folder.name, "ca.pem")
        cls.port = cls.enterClassContext(peers.quicserve(probe.SERVER, f"--write-ca={cls.ca}")).port

    def check(self, result):
        connection = tap.check_decrypted(self, result)
        self.assertEqual(connection["outcome"], "ok", result.text)
        self.assertEqual(connection["target"]["sni"], "localhost")
        self.assertEqual(connection["tls"]["alpn"], "http/1.1")
        self.assertEqual(result.report["command"]["exit_status"], 0, result.err)

    @unittest.skipUnless(CURL, "no curl")
    def test_curl(self):
        """By name and by address, SOCKS and HTTP: what is watched has nothing of the proxy in it."""
        for proxy in ("http", "socks5", "socks5h"):
            with self.subTest(proxy):
                url = f"https://localhost:{self.port}/bytes/100"
                result = tap.watch(None, [CURL, "-sS", "--noproxy", "", "--cacert", self.ca, "--http1.1", "--proxy", f"{proxy}://{LISTEN}", url])
                self.assertEqual(len(result.connections), 1, result.text)
                self.check(result)
                self.assertEqual(result.connections[0]["http"]["status"], 200)

    def test_two_servers(self):
        """One proxy, wherever a program goes: each connection is of its own server. Python is a client that every machine has."""
        program = f"""
import socket, ssl
context = ssl.create_default_context(cafile={self.ca!r})
context.set_alpn_protocols(["http/1.1"])
for port in PORTS:
    raw = socket.create_connection(("{{ip}}", {{port}}))
    raw.sendall(b"CONNECT localhost:%d HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n" % port)
    assert raw.recv(4096).endswith(b"\\r\\n\\r\\n")
    with context.wrap_socket(raw, server_hostname="localhost") as stream:
        stream.sendall(b"GET / HTTP/1.0\\r\\n\\r\\n")
        while stream.recv(65536):
            pass
"""
        with peers.quicserve(probe.SERVER) as other:
            ports = f"({self.port}, {other.port})"
            # The second one's authority is nobody's here: that is what the client says, and is told so.
            result = tap.watch(None, [sys.executable, "-c", program.replace("PORTS", ports)])
        first, second = result.connections
        self.assertEqual((first["outcome"], second["outcome"]), ("ok", "failed"), result.text)
        self.assertIn("certificate-unknown-ca", tap.findings(second))
        self.assertEqual((first["target"]["port"], second["target"]["port"]), (self.port, other.port))


class Requests(unittest.TestCase):
    """What is said to it, by hand."""

    @classmethod
    def setUpClass(cls):
        cls.tap = cls.enterClassContext(tap.waiting(None))
        cls.nobody = peers.free_port()

    def say(self, *pieces):
        """Sends each and reads what comes for the first ones; all that comes for the last, to the end."""
        with socket.create_connection((peers.HOST, self.tap.port), timeout=tap.PATIENCE) as client:
            for piece in pieces[:-1]:
                client.sendall(piece)
                self.assertEqual(client.recv(2), b"\x05\x00")
            client.sendall(pieces[-1])
            return read_all(client)

    def test_socks_refused(self):
        port = self.nobody.to_bytes(2, "big")
        self.assertEqual(self.say(b"\x05\x01\x02"), REFUSED["method"])
        self.assertEqual(self.say(HELLO, b"\x05\x03" + TO_LOOPBACK[2:] + port)[:2], REFUSED["command"])
        self.assertEqual(self.say(HELLO, b"\x05\x01\x00\x02" + TO_LOOPBACK[4:] + port)[:2], REFUSED["type"])
        self.assertEqual(self.say(HELLO, TO_LOOPBACK + port)[:2], REFUSED["connection"])
        self.assertEqual(self.say(HELLO, b"\x05\x01\x00\x03\x0fno-such.invalid\x01\xbb")[:2], b"\x05\x04")

    def test_http_refused(self):
        self.assertRegex(self.say(b"GET http://localhost/ HTTP/1.1\r\n\r\n"), rb"^HTTP/1.1 405 ")
        self.assertRegex(self.say(b"CONNECT localhost HTTP/1.1\r\n\r\n"), rb"^HTTP/1.1 400 ")
        self.assertRegex(self.say(b"CONNECT no-such.invalid:443 HTTP/1.1\r\n\r\n"), rb"^HTTP/1.1 502 ")
        self.assertRegex(self.say(f"CONNECT {peers.HOST}:{self.nobody} HTTP/1.1\r\n\r\n".encode()), rb"^HTTP/1.1 502 ")

    def test_long(self):
        """So long a request is none; one byte less is waited for, until its client ends."""
        self.assertRegex(self.say(b"CONNECT ".ljust(8192, b"x")), rb"^HTTP/1.1 400 ")
        with socket.create_connection((peers.HOST, self.tap.port), timeout=tap.PATIENCE) as client:
            client.sendall(b"CONNECT ".ljust(8191, b"x"))
            client.shutdown(socket.SHUT_WR)
            self.assertEqual(read_all(client), b"")

    def test_neither(self):
        """TLS that asks no proxy, and SOCKS 4: closed without a word."""
        for first in (b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00", b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00"):
            self.assertEqual(self.say(first), b"")

    def test_in_pieces_and_early(self):
        """A request byte for byte; and one with the first bytes for the server behind it."""
        with socket.create_server((peers.HOST, 0)) as server:
            port = server.getsockname()[1]
            for request in ([HELLO, TO_LOOPBACK + port.to_bytes(2, "big")], [f"CONNECT {peers.HOST}:{port} HTTP/1.0\r\n\r\nearly".encode()]):
                with socket.create_connection((peers.HOST, self.tap.port), timeout=tap.PATIENCE) as client:
                    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    for piece in request:
                        for byte in piece:
                            client.sendall(bytes([byte]))
                    accepted, _ = server.accept()
                    with accepted:
                        client.sendall(b"later")
                        client.shutdown(socket.SHUT_WR)
                        self.assertRegex(read_all(accepted), rb"^(early)?later$")
                        accepted.sendall(b"answer")
                    self.assertTrue(read_all(client).endswith(b"answer"))


class CommandLine(unittest.TestCase):
    def test_wrong(self):
        wrong = {
            "a server": (["--to=localhost"], "--to"),
            "a recipe": (["--recipe=curl"], "--recipe"),
            "rules": (["--impair=loss=1%"], "--impair"),
            "everybody": (["--listen=0.0.0.0"], "loopback"),
            "everybody, IPv6": (["--listen=[::]:0"], "loopback"),
        }
        for name, (arguments, words) in wrong.items():
            with self.subTest(name):
                result = tap.run("--accept-any", *arguments)
                self.assertEqual(result.status, 2, result.err)
                self.assertIn(words, result.err)

    def test_nothing_came(self):
        result = tap.run("--accept-any", "--json", "--", "true")
        self.assertEqual(result.status, 1)
        self.assertIn("asked the proxy", result.err)


if __name__ == "__main__":
    peers.main()
