# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings above the handshake: what servers that others wrote answer, and answers that are cut, wrong or without an end."""

import contextlib
import os
import socket
import ssl
import tempfile
import threading
import unittest

import peers
import probe

OK = b"HTTP/1.1 200 OK\r\n"
MODES = ("nonblocking", "blocking", "thread-assisted")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())
        cls.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        cls.context.load_cert_chain(*cls.certs.leaf())

    def probe(self, *arguments):
        return probe.probe(f"--cacert={self.certs.ca}", *arguments)

    def assert_says(self, result, finding, words, severity, status=None, certainty="proved"):
        self.assertIn(finding, result.findings, result.text)
        item = result.findings[finding]
        self.assertEqual((item["severity"], item["certainty"]), (severity, certainty), result.text)
        self.assertRegex(item["title"] + " " + item["detail"], words)
        self.assertTrue(item["evidence"], item)
        self.assertEqual(result.status, (1 if severity == "error" else 0) if status is None else status, result.text)

    def assert_clean(self, result, *ids):
        for name in ids or ("http-status", "goaway", "answer-cut-short", "http-malformed", "http3-malformed",
                            "http3-protocol-error", "limits-zero", "client-certificate-required"):  # fmt: skip
            self.assertNotIn(name, result.findings, result.text)


class Status(Case):
    def test_nginx(self):
        dead = peers.free_port()
        extra = f"""
          location = /moved {{ return 301 https://example.org/there; }}
          location = /misdirected {{ return 421; }}
          location = /forbidden {{ return 403; }}
          location = /early {{ return 425; }}
          location = /many {{ add_header Retry-After 17 always; return 429; }}
          location = /dead {{ proxy_pass http://127.0.0.1:{dead}; }}
          location = /down {{ return 503; }}
          location = /late {{ return 504; }}
          location = /missing {{ return 404; }}
          location = /teapot {{ return 418; }}
        """
        rows = (
            ("moved", "info", r"TCP and TLS are in order.*301 .*example\.org/there"),
            ("misdirected", "warning", "421 .*name it does not serve"),
            ("forbidden", "warning", "403 "), ("early", "warning", "425 .*early data"),
            ("many", "warning", "429 .*17"), ("dead", "warning", "502 .*proxy.*behind it"),
            ("down", "warning", "503 "), ("late", "warning", "504 .*did not answer in time"),
            ("missing", "warning", "404 .*no such path"), ("teapot", "warning", "418.*finds fault with the request"),
        )  # fmt: skip
        with peers.nginx(self.certs, extra=extra) as peer:
            for path, severity, words in rows:
                with self.subTest(path):
                    result = self.probe(f"tls://localhost:{peer.port}/{path}")
                    self.assert_says(result, "http-status", words, severity)
                    self.assertEqual(list(result.findings), ["http-status"])
            result = self.probe(f"tls://localhost:{peer.port}/")
            self.assert_clean(result)

    def test_too_large_a_request(self):
        with peers.nginx(self.certs, extra="client_header_buffer_size 1k; large_client_header_buffers 1 1k;") as peer:
            result = self.probe(f"tls://localhost:{peer.port}/{'x' * 1500}")
            self.assert_says(result, "http-status", "414|400|431", "warning")

    def test_http3(self):
        with tempfile.TemporaryDirectory() as folder, peers.caddy(self.certs, files=folder) as peer:
            for mode in MODES:
                with self.subTest(mode):
                    result = self.probe(f"--mode={mode}", f"https://localhost:{peer.port}/nothing")
                    self.assert_says(result, "http-status", "QUIC and TLS are in order.*404", "warning")

    def test_ngtcp2(self):
        with peers.ngtcp2_server(self.certs) as peer:
            result = self.probe(f"https://localhost:{peer.port}/nothing")
            self.assert_says(result, "http-status", "404", "warning")


class ClientCertificate(Case):
    def test_nginx_says_it_in_http(self):
        extra = f"ssl_client_certificate {self.certs.ca}; ssl_verify_client on;"
        with peers.nginx(self.certs, extra=extra) as peer:
            target = f"tls://localhost:{peer.port}/"
            result = self.probe(target)
            self.assert_says(result, "client-certificate-required", "got none.*400", "warning")
            self.assertIn("http-status", result.findings)
            cert, key = self.certs.leaf("unknown-client")
            result = self.probe(f"--cert={cert}", f"--key={key}", target)
            self.assert_says(result, "client-certificate-refused", "400", "warning")
            self.assert_clean(result, "client-certificate-required")
            cert, key = self.certs.leaf("client")
            result = self.probe(f"--cert={cert}", f"--key={key}", target)
            self.assertEqual((result.status, list(result.findings)), (0, []), result.text)

    def test_what_is_not_asked_for_is_not_missed(self):
        with peers.nginx(self.certs, extra="location = /x { return 400 'certificate'; }") as peer:
            self.assert_clean(self.probe(f"tls://localhost:{peer.port}/x"), "client-certificate-required")
        # It may ask for one and answer all the same.
        extra = f"ssl_client_certificate {self.certs.ca}; ssl_verify_client optional;"
        with peers.nginx(self.certs, extra=extra) as peer:
            self.assert_clean(self.probe(f"tls://localhost:{peer.port}/"))


class Cut(Case):
    def answer(self, listener, pieces, end):
        connection, _ = listener.accept()
        connection.settimeout(peers.PATIENCE)
        with contextlib.suppress(OSError):
            tls = self.context.wrap_socket(connection, server_side=True)
            request = b""
            while not request.endswith(b"\r\n\r\n"):
                request += tls.recv(4096)
            for piece in pieces:
                tls.sendall(piece)
            end(tls)
            tls.close()

    def ask(self, pieces, end, *options):
        with socket.create_server((peers.HOST, 0)) as listener:
            thread = threading.Thread(target=self.answer, args=(listener, pieces, end))
            thread.start()
            port = listener.getsockname()[1]
            try:
                return self.probe(*options, f"--resolve=localhost:{port}:{peers.HOST}", f"tls://localhost:{port}/")
            finally:
                thread.join()

    @staticmethod
    def close_in_order(tls):
        tls.unwrap()

    @staticmethod
    def hang_up(tls):
        tls.shutdown(socket.SHUT_WR)

    def test_lengths_and_chunks(self):
        rows = (
            ([OK + b"Content-Length: 1000\r\n\r\n" + b"x" * 9], "9 of 1000 bytes"),
            ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"], "5 bytes, and no last chunk"),
            ([OK + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhel"], "3 bytes, and no last chunk"),
            ([OK + b"Content-Length: 1000\r\n\r\n"], "0 of 1000 bytes"),
        )
        for mode in MODES:
            for pieces, words in rows:
                for end in (self.close_in_order, self.hang_up):
                    with self.subTest(f"{words}, {end.__name__}, {mode}"):
                        result = self.ask(pieces, end, f"--mode={mode}")
                        self.assert_says(result, "answer-cut-short", words, "error")
                        self.assertEqual(result.errors, ["answer-cut-short"], result.text)

    def test_whole_ones(self):
        for pieces in ([OK + b"Content-Length: 3\r\n\r\nabc"], [OK + b"\r\nabc"],
                       [OK + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"]):  # fmt: skip
            with self.subTest(pieces):
                result = self.ask(pieces, self.close_in_order)
                self.assertEqual(result.status, 0, result.text)
                self.assert_clean(result)

    def test_malformed(self):
        for pieces, words in (
            ([b"HTTP/1.1 99999999999999999999 \x1b[31mX\r\n\r\n"], "no status of three digits"),
            ([b"\r\n" * 100], "not HTTP"),
            ([OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello"], "twice, and not the same"),
            ([OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 20 + b"\r\n"], "in place of its size"),
            ([OK + b"X-A: " + b"v" * 70000], "larger than 64 KiB"),
            ([OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n" + b"X-A: v\r\n" * 9000], "trailers are larger"),
        ):
            with self.subTest(words):
                result = self.ask(pieces, self.close_in_order)
                self.assert_says(result, "http-malformed", words, "error")
                self.assertEqual(result.errors, ["http-malformed"], result.text)


class Limits(Case):
    def test_of_zero(self):
        rows = (("--max-streams-bidi=0", "initial_max_streams_bidi", "MAX_STREAMS"),
                ("--max-data=0", "initial_max_data", "MAX_DATA"),
                ("--max-stream-data-bidi-remote=0", "initial_max_stream_data_bidi_remote", "MAX_STREAM_DATA"))  # fmt: skip
        for option, parameter, frame in rows:
            with peers.ngtcp2_server(self.certs, options=[option]) as peer:
                for mode in MODES:
                    with self.subTest(f"{option}, {mode}"):
                        result = self.probe(f"--mode={mode}", "--timeout=10", f"https://localhost:{peer.port}/")
                        self.assert_says(result, "limits-zero", f"{parameter} is 0.*{frame}", "error")
                        self.assertEqual(result.errors, ["limits-zero"], result.text)
                        self.assertLess(result.report["timings_ms"]["total"], 2500, result.text)

    def test_others(self):
        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "x"), "w", encoding="utf-8") as file:
                file.write("x" * 10000)
            # Without a control stream of the client's it answers all the same.
            for option in ("--max-streams-bidi=1", "--max-streams-uni=0"):
                with peers.ngtcp2_server(self.certs, files=folder, options=[option]) as peer, self.subTest(option):
                    result = self.probe(f"https://localhost:{peer.port}/x")
                    self.assertEqual(result.status, 0, result.text)
                    self.assert_clean(result)
            # Who asks for nothing lacks nothing.
            with peers.ngtcp2_server(self.certs, options=["--max-streams-bidi=0"]) as peer:
                result = self.probe("--alpn=h3", f"quic://localhost:{peer.port}")
                self.assertEqual(result.status, 0, result.text)
                self.assert_clean(result)


if __name__ == "__main__":
    peers.main()
