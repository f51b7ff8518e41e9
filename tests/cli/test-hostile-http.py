# SPDX-License-Identifier: GPL-3.0-or-later
"""Answers that want to fill or to stall: quicprobe's memory stays bounded, and what is no progress ends at its time-out.

Over TLS by a server made for it, over HTTP/3 by scenarios of quicserve."""

import contextlib
import socket
import ssl
import subprocess
import sys
import threading
import unittest

import peers
import probe

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TIMEOUT = 2
CEILING = 4
MOST = 96 << 10  # KiB above a run that is answered in order
# Name: what is said once, what again and again, the pause between, the finding, at whose end it ends.
MODES = {
    "a header a field": (OK, b"X-A: " + b"v" * 100 + b"\r\n", 0, "http-malformed", 0),
    "a header without an end": (OK + b"X: ", b"v" * 16000, 0, "http-malformed", 0),
    "a byte of a header at a time": (OK + b"X: ", b"v", 0.1, "timeout", TIMEOUT),
    "interim answers": (b"", b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" * 200, 0, "timeout", TIMEOUT),
    "interim answers, slowly": (b"", b"HTTP/1.1 100 Continue\r\n\r\n", 0.1, "timeout", TIMEOUT),
    "an extension of a chunk": (CHUNKED + b"1;", b"a=b;" * 4000, 0, "http-malformed", 0),
    "trailers": (CHUNKED + b"0\r\n", b"X-A: " + b"v" * 100 + b"\r\n", 0, "http-malformed", 0),
    "empty lines": (b"", b"\r\n" * 8000, 0, "http-malformed", 0),
    "an endless body": (OK + b"\r\n", b"x" * 16000, 0, "timeout", CEILING),
    "chunks of one byte": (CHUNKED, b"1\r\nx\r\n" * 2700, 0, "timeout", CEILING),
}


def measure(*arguments):
    """The probe's result, with the most memory that it had in KiB."""
    script = (
        "import resource, subprocess, sys\n"
        "done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL)\n"
        "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
        "sys.exit(done.returncode)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, probe.PROGRAM, "--json", "--quiet", *arguments],
                          capture_output=True, timeout=probe.PATIENCE)  # fmt: skip
    result = probe.Result(done.returncode, done.stdout, done.stderr)
    probe.read_report(result)
    result.memory = int(done.stderr.split()[-1])
    return result


class Hostile(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(*cls.certs.leaf())
        with peers.nginx(cls.certs) as peer:
            cls.usual = measure(f"--cacert={cls.certs.ca}", f"tls://localhost:{peer.port}/").memory
        # Of a build with sanitizers the figures are its own.
        with open(probe.PROGRAM, "rb") as program:
            cls.bounded = b"__asan_init" not in program.read()
        if cls.bounded:
            assert cls.usual < MOST, f"an answer in order takes {cls.usual} KiB"

    def answer(self, listener, first, again, pause, over):
        connection, _ = listener.accept()
        connection.settimeout(peers.PATIENCE)
        with contextlib.suppress(OSError), self.context.wrap_socket(connection, server_side=True) as tls:
            tls.recv(4096)
            if first:
                tls.sendall(first)
            while not over.wait(pause):
                tls.sendall(again)

    def ask(self, first, again, pause):
        over = threading.Event()
        with socket.create_server((peers.HOST, 0)) as listener:
            thread = threading.Thread(target=self.answer, args=(listener, first, again, pause, over), daemon=True)
            thread.start()
            port = listener.getsockname()[1]
            try:
                return measure(f"--cacert={self.certs.ca}", f"--timeout={TIMEOUT}", f"--max-time={CEILING}",
                               f"--resolve=localhost:{port}:{peers.HOST}", f"tls://localhost:{port}/")  # fmt: skip
            finally:
                over.set()
                thread.join(peers.PATIENCE)

    def check(self, run, finding, until):
        result = probe.in_time(run, ((until or TIMEOUT) + 0.5) * 1000)
        self.assertEqual((result.status, result.errors), (1, [finding]), result.text)
        if self.bounded:
            self.assertLess(result.memory, self.usual + MOST)
        self.assertGreaterEqual(result.report["timings_ms"]["total"], until * 1000)

    def test_http1(self):
        for name, (first, again, pause, finding, until) in MODES.items():
            with self.subTest(name):
                self.check(lambda what=(first, again, pause): self.ask(*what), finding, until)

    def test_http3(self):
        chain, key = self.certs.leaf()
        for scenario, finding, until in (("http3-interim-flood", "timeout", TIMEOUT), ("http3-empty-data", "timeout", TIMEOUT),
                                         ("http3-large-head", "http-malformed", 0)):  # fmt: skip
            with self.subTest(scenario):
                with peers.quicserve(probe.SERVER, f"--scenario={scenario}", f"--cert={chain}", f"--key={key}") as peer:
                    arguments = ("-4", f"--cacert={self.certs.ca}", f"--timeout={TIMEOUT}", f"--max-time={CEILING}",
                                 f"https://localhost:{peer.port}/")  # fmt: skip
                    self.check(lambda given=arguments: measure(*given), finding, until)


if __name__ == "__main__":
    peers.main()
