# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe against HTTP/1.1 servers over TLS that answer in all the ways that they may, and in some that they may not.

A server here sends prepared bytes, each piece as a TLS record of its own, which a client reads one by one."""

import contextlib
import gzip
import os
import socket
import ssl
import tempfile
import threading
import unittest
import zlib

import packets
import peers
import probe

OK = b"HTTP/1.1 200 OK\r\n"
LENGTH = b"Content-Length: %d\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n\r\n"

# Name: pieces, status, how many header fields, how long the body is.
GOOD = {
    "a head in pieces": ([OK, b"Content-Le", b"ngth: 5\r\nX-A: b\r\n", b"\r\n", b"hello"], 200, 2, 5),
    "early hints": ([b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n", OK + LENGTH % 2 + b"ok"], 200, 1, 2),
    "continue": ([b"HTTP/1.1 100 Continue\r\n\r\n" + OK + LENGTH % 2 + b"ok"], 200, 1, 2),
    "trailers": ([OK + b"Trailer: X-T\r\n" + CHUNKED + b"5;a=1\r\nhel", b"lo\r\n0\r\nX-T: v\r\n\r\n"], 200, 2, 5),
    "an empty body": ([OK + LENGTH % 0], 200, 1, 0),
    "no content": ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, 0, 0),
    "a redirect": ([b"HTTP/1.1 301 Moved\r\nLocation: https://example.com/\r\n" + LENGTH % 0], 301, 2, 0),
    "to the end": ([OK + b"\r\nabc", b"def"], 200, 0, 6),
    "folded": ([OK + b"X-A: b\r\n c\r\n" + LENGTH % 3 + b"abc"], 200, 2, 3),
    "one length twice": ([OK + b"Content-Length: 3, 3\r\n\r\nabc"], 200, 1, 3),
    "more than an answer": ([OK + LENGTH % 3 + b"abcHTTP/1.1 400 Bad\r\n\r\n"], 200, 1, 3),
}
# Name: pieces, the finding, what is said of it.
BAD = {
    "cut short": ([OK + LENGTH % 30 + b"abc"], "answer-cut-short", "3 of 30 bytes"),
    "nothing": ([], "answer-cut-short", "before it answered"),
    "no HTTP": ([b"220 localhost ESMTP\r\n"], "http-malformed", "not HTTP"),
    "HTTP/2": ([b"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64\n"], "http-malformed", "HTTP/2, which was not asked for"),
    "HTTP/2 without a line": ([b"\0\0\6\4\0\0\0\0\0\0\3\0\0\0\x64"], "http-malformed", "HTTP/2, which was not asked for"),
    "HTTP/2's name": ([b"HTTP/2.0 200 OK\r\n\r\n"], "http-malformed", "no status line of HTTP/1"),
    "a zero byte": ([OK + b"X-A: \0\r\n\r\n"], "http-malformed", "zero byte"),
    "IMAP": ([b"* OK ready\r\n"], "http-malformed", "IMAP server"),
    "a page alone": ([b"<html>hello</html>"], "http-malformed", "web page without even a header"),
    "half a head": ([OK + b"Content-Le"], "answer-cut-short", "in the middle of the answer's head"),
    "half a status": ([b"HTTP/1."], "answer-cut-short", "in the middle of the answer's head"),
    "interim alone": ([b"HTTP/1.1 100 Continue\r\n\r\n"], "answer-cut-short", "without a final answer"),
    "two lengths": ([OK + b"Content-Length: 3, 4\r\n\r\nabc"], "http-malformed", "Content-Length"),
}
MODES = ("nonblocking", "blocking", "thread-assisted")


class Answers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(*cls.certs.leaf())

    def answer(self, listener, pieces, in_order):
        connection, _ = listener.accept()
        connection.settimeout(peers.PATIENCE)
        with contextlib.suppress(OSError), self.context.wrap_socket(connection, server_side=True) as tls:
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += tls.recv(4096)
            for piece in pieces:
                tls.sendall(piece)
            if in_order:
                tls.unwrap()

    def probe(self, pieces, *options, in_order=True):
        with socket.create_server((peers.HOST, 0)) as listener:
            thread = threading.Thread(target=self.answer, args=(listener, pieces, in_order))
            thread.start()
            port = listener.getsockname()[1]
            try:
                return probe.probe(*options, f"--resolve=localhost:{port}:{peers.HOST}", f"tls://localhost:{port}/")
            finally:
                thread.join()

    def trusting(self):
        return f"--cacert={self.certs.ca}"

    def test_good_ones(self):
        for mode in MODES:
            for name, (pieces, status, fields, length) in GOOD.items():
                with self.subTest(f"{name}, {mode}"):
                    result = self.probe(pieces, self.trusting(), f"--mode={mode}")
                    self.assertEqual((result.status, result.errors), (0, []), result.text)
                    http = result.report["http"]
                    self.assertEqual((http["status"], len(http["headers"]), http["bytes"]), (status, fields, length))

    def test_bad_ones(self):
        for name, (pieces, finding, words) in BAD.items():
            with self.subTest(name):
                result = self.probe(pieces, self.trusting())
                self.assertEqual((result.status, result.errors), (1, [finding]), result.text)
                self.assertIn(words, result.findings[finding]["title"] + result.findings[finding]["detail"])

    def test_what_is_gone_on_in_spite_of_is_not_the_cause(self):
        result = self.probe([], "--insecure")
        self.assertEqual((result.status, result.errors), (1, ["certificate-unknown-ca", "answer-cut-short"]), result.text)

    def test_no_close_notify(self):
        """Many servers just close the TCP connection: what has a length is whole, what has none may be."""
        for mode in MODES:
            for pieces in ([OK + LENGTH % 3 + b"abc"], [OK + b"\r\nabc"]):
                with self.subTest(f"{pieces}, {mode}"):
                    result = self.probe(pieces, self.trusting(), f"--mode={mode}", in_order=False)
                    self.assertEqual((result.status, result.errors), (0, []), result.text)
                    self.assertEqual(result.report["http"]["bytes"], 3)

    # Content-Encoding, body, what is said of it (None: nothing).
    PAGE = b"<!DOCTYPE html><html>hello, hello, hello</html>"
    CODED = (
        ("gzip", gzip.compress(PAGE, mtime=0), None),
        ("deflate", zlib.compress(PAGE), None),
        ("deflate", zlib.compress(PAGE)[2:-4], None),  # bare, as some send it
        ("gzip", gzip.compress(PAGE * 1000, mtime=0), None),
        ("aws-chunked", PAGE, None),
        ("identity", PAGE, None),
        ("gzip", b"", None),
        ("gzip", PAGE, "is not gzip.*“<!DOCTYPE"),
        ("br", PAGE, "is not br"),
        ("zstd", PAGE, "is not zstd"),
        ("br", gzip.compress(PAGE, mtime=0), "is not br.*It begins as gzip does"),
        ("br", gzip.compress(PAGE, mtime=0x6B0D3826), "is not br.*It begins as gzip does"),  # which brotli takes, without an end
        ("gzip", gzip.compress(PAGE, mtime=0)[:-9], "is not whole"),
    )

    def test_content_encoding(self):
        for coding, body, words in self.CODED:
            for chunked in (False, True):
                with self.subTest(coding, body=body[:20], chunked=chunked), tempfile.TemporaryDirectory() as folder:
                    head = OK + b"Content-Encoding: %s\r\n" % coding.encode()
                    whole = [head + LENGTH % len(body) + body]
                    pieces = [b"%x\r\n%s\r\n" % (len(body), body), b"0\r\n\r\n"] if body else [b"0\r\n\r\n"]
                    run, keys = os.path.join(folder, "run.pcapng"), os.path.join(folder, "keys")
                    result = self.probe([head + CHUNKED, *pieces] if chunked else whole, self.trusting(), f"--pcapng={run}", f"--keylog={keys}")
                    foreign = os.path.join(folder, "foreign.pcapng")
                    packets.strip_record(run, foreign)
                    for seen in (result, probe.read(run), probe.read(foreign, f"--keylog={keys}")):
                        self.assertEqual((seen.report["outcome"], seen.errors), ("ok", []), seen.text)
                        self.assertEqual("content-encoding-wrong" in seen.findings, words is not None, seen.text)
                        if words is not None:
                            found = seen.findings["content-encoding-wrong"]
                            self.assertRegex(" ".join([found["title"], found["detail"]]), words)
                            self.assertEqual((found["severity"], found["certainty"]), ("warning", "proved"))

    def test_content_encoding_over_http3(self):
        for coding, wrong in (("gzip", True), ("identity", False)):
            with self.subTest(coding), tempfile.TemporaryDirectory() as folder:
                headers = {"Content-Encoding": [coding]}
                run, keys, foreign = (os.path.join(folder, name) for name in ("run.pcapng", "keys", "foreign.pcapng"))
                with peers.caddy(self.certs, headers=headers) as server:
                    target = f"https://localhost:{server.port}/"
                    result = probe.probe("-4", self.trusting(), f"--pcapng={run}", f"--keylog={keys}", target)
                packets.strip_record(run, foreign)
                for seen in (result, probe.read(run), probe.read(foreign, f"--keylog={keys}")):
                    self.assertEqual((seen.report["outcome"], seen.errors), ("ok", []), seen.text)
                    self.assertEqual("content-encoding-wrong" in seen.findings, wrong, seen.text)


if __name__ == "__main__":
    peers.main()
