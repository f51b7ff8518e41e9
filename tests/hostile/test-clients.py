# SPDX-License-Identifier: GPL-3.0-or-later
"""Each mode of quic-client, and clients of TLS that mean no good, against one quicserve: it serves others meanwhile, its memory is bounded, it
comes back, and it says nothing but what it should. QS_HOSTILE_SECONDS: of each mode, default 1."""

import os
import socket
import ssl
import subprocess
import threading
import time
import unittest

import hostile
import peers
import probe

SECONDS = os.environ.get("QS_HOSTILE_SECONDS", "1")
MOST = 64 << 10  # KiB
IDLERS = 200
CLIENT = os.path.join(os.environ["QS_BUILDDIR"], "tests", "hostile", "quic-client")


def resident(process):
    with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())
        chain, key = cls.certs.leaf()
        cls.server = cls.enterClassContext(peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}"))
        cls.told = hostile.is_told()

    def ask(self, scheme="https"):
        run = probe.run("-4", f"--cacert={self.certs.ca}", "--experiments=none", "--timeout=30", f"{scheme}://localhost:{self.server.port}/bytes/3000")
        self.assertEqual(run.status, 0, run.text)

    def watch(self, is_over):
        """The most memory that the server has until then."""
        most = resident(self.server.process)
        while not is_over():
            self.ask()
            most = max(most, resident(self.server.process))
        return most

    def check(self, before, most):
        self.assertIsNone(self.server.process.poll(), self.server.log())
        if self.told:
            self.assertLess(most, before + MOST)

    def test_quic(self):
        self.ask()
        usual = resident(self.server.process)
        for mode in subprocess.run([CLIENT, "--list"], capture_output=True, text=True, check=True).stdout.split():
            with self.subTest(mode):
                before = resident(self.server.process)
                with subprocess.Popen([CLIENT, str(self.server.port), mode, SECONDS], stdout=subprocess.PIPE, text=True) as client:
                    most = self.watch(lambda one=client: one.poll() is not None)
                    said = client.stdout.read()
                self.assertEqual(client.returncode, 0, said)
                self.assertRegex(said, r"^[1-9]\d* connections")
                if "QS_HOSTILE_SECONDS" in os.environ:
                    print(f"# {mode}: {said.strip()}; {most - before} KiB more", flush=True)
                self.check(before, most)
        if self.told:
            peers.wait_until(lambda: resident(self.server.process) < usual + MOST // 2, "memory that comes back", 90)

    def hold(self, speak, n=IDLERS):
        """Connections over TCP, of which each says something every now and then, while others are served."""
        before = resident(self.server.process)
        over = threading.Event()
        sockets = [socket.create_connection((peers.HOST, self.server.port)) for _ in range(n)]
        spoken = []

        def talk():
            while not over.wait(0.05):
                for turn, one in enumerate(sockets):
                    try:
                        speak(one, turn)
                        spoken.append(1)
                    except OSError:
                        pass

        thread = threading.Thread(target=talk, daemon=True)
        thread.start()
        end = time.monotonic() + float(SECONDS)
        try:
            self.ask("tls")
            most = self.watch(lambda: time.monotonic() > end)
        finally:
            over.set()
            thread.join(peers.PATIENCE)
            for one in sockets:
                one.close()
        self.assertTrue(spoken)
        self.check(before, most)

    def test_slow_hellos(self):
        """A byte of a ClientHello at a time."""
        self.hold(lambda one, _: one.send(b"\x16"))

    def test_empty_records(self):
        self.hold(lambda one, _: one.send(b"\x16\x03\x01\x00\x00" * 100, socket.MSG_DONTWAIT), 20)

    def test_warnings(self):
        self.hold(lambda one, _: one.send(b"\x15\x03\x01\x00\x02\x01\x5a" * 100, socket.MSG_DONTWAIT), 20)

    def test_cipher_changes(self):
        self.hold(lambda one, _: one.send(b"\x14\x03\x03\x00\x01\x01" * 100, socket.MSG_DONTWAIT), 20)

    def test_large_hello(self):
        self.hold(lambda one, _: one.send(b"\x16\x03\x01\x40\x00\x01\xff\xff\xff" + bytes(16380), socket.MSG_DONTWAIT), 20)

    def test_endless_requests(self):
        """Over TLS: a head without an end, a body, answers that nobody reads."""
        context = ssl.create_default_context(cafile=self.certs.ca)
        for name, first, again in (("head", b"GET / HTTP/1.1\r\nX: ", b"v" * 8000), ("fields", b"GET / HTTP/1.1\r\n", b"X: v\r\n" * 1000),
                                   ("body", b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n", b"x" * 8000),
                                   ("unread", b"", b"GET /bytes/100000000 HTTP/1.1\r\nHost: localhost\r\n\r\n")):  # fmt: skip
            with self.subTest(name), context.wrap_socket(socket.create_connection((peers.HOST, self.server.port)),
                                                         server_hostname="localhost") as tls:  # fmt: skip
                before = resident(self.server.process)
                tls.settimeout(0.2)
                end = time.monotonic() + float(SECONDS)
                try:
                    tls.sendall(first)
                    while time.monotonic() < end:
                        tls.sendall(again)
                except OSError:
                    pass
                most = resident(self.server.process)
                self.ask()
                self.ask("tls")
                self.check(before, most)


if __name__ == "__main__":
    peers.main()
