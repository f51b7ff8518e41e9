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
from names import alpn, dns_name, https_rdata, name_server, port_parameter

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
        with peers.closed_port() as dead:
            self.check_nginx(dead)

    def check_nginx(self, dead):
        extra = f"""
          location = /moved {{ return 301 https://example.org/there; }}
          location = /misdirected {{ return 421; }}
          location = /forbidden {{ return 403; }}
          location = /early {{ return 425; }}
          location = /gone {{ return 410; }}
          location = /portal {{ return 511; }}
          location = /strange {{ return 999; }}
          location = /handshake {{ return 525; }}
          location = /circle {{ return 302 /circle; }}
          location = /home {{ return 308 https://$http_host/home; }}
          location = /onward {{ return 302 /circle/; }}
          location = /elsewhere {{ return 302 http://localhost/elsewhere; }}
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
            ("gone", "warning", r"410 \(Gone\).*gone for good"), ("portal", "warning", "511 .*captive portal"),
            ("strange", "warning", "999.*No status is above 599"), ("handshake", "warning", "525.*TLS handshake"),
            ("circle", "warning", "302 .*points to itself.*circles"), ("home", "warning", "308 .*points to itself"),
            ("onward", "info", "302 .*points to https://.*/circle/"), ("elsewhere", "info", "302 .*http://localhost"),
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
                        arguments = (f"--mode={mode}", "--timeout=10", f"https://localhost:{peer.port}/")
                        result = probe.in_time(lambda given=arguments: self.probe(*given), 2500)
                        self.assert_says(result, "limits-zero", f"{parameter} is 0.*{frame}", "error")
                        self.assertEqual(result.errors, ["limits-zero"], result.text)

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


class Alternatives(Case):
    def target(self, port, *options, scheme="tls"):
        return (f"--resolve=localhost:{port}:{peers.HOST}", *options, f"{scheme}://localhost:{port}/")

    def test_header(self):
        """Caddy advertises itself; nginx what it is told to."""
        with peers.caddy(self.certs) as peer:
            result = self.probe(*self.target(peer.port))
            self.assert_says(result, "alt-svc", f"port {peer.port}.*answers there", "info")
            self.assertEqual(result.report["dns"]["alternatives"][0]["result"], "answers")
            with peers.nginx(self.certs, extra=f"""add_header Alt-Svc 'h3=":{peer.port}"; ma=60' always;""") as web:
                result = self.probe(*self.target(web.port))
                self.assert_says(result, "alt-svc", f"port {peer.port}.*answers there", "info")

    def test_in_use_already(self):
        chain, key = self.certs.leaf()
        options = ("--scenario=tcp-alt-svc", f"--cert={chain}", f"--key={key}", "--alpn=h3,http/1.1")
        with peers.quicserve(probe.SERVER, *options) as peer:
            result = self.probe(*self.target(peer.port, scheme="https"))
            self.assert_says(result, "alt-svc", f"port {peer.port}.*where this connection was made to", "info")
            self.assert_clean(result, "alt-svc-dead")
            self.assertEqual(result.report["dns"]["alternatives"][0]["result"], "same")

    def test_dead(self):
        with peers.udp_silent() as silent, peers.closed_port() as closed:
            for port, words in ((closed, "refused it"), (silent.port, "Nothing came back")):
                with peers.nginx(self.certs, extra=f"""add_header Alt-Svc 'h2=":1", h3=":{port}"';""") as web:
                    result = probe.in_time(lambda at=web.port: self.probe(*self.target(at)), 1500)
                    self.assert_says(result, "alt-svc-dead", f":{port}, and it does not answer.*{words}", "warning")
                    self.assert_clean(result, "alt-svc")

    def test_others_site(self):
        """What answers has to be the origin (RFC 7838 section 2.1)."""
        with peers.caddy(self.certs, leaf="wrong-name") as other:
            with peers.nginx(self.certs, extra=f"""add_header Alt-Svc 'h3=":{other.port}"';""") as web:
                result = self.probe(*self.target(web.port))
                self.assert_says(result, "alt-svc-dead", "Something answers there", "warning")

    def test_nothing_advertised(self):
        with peers.nginx(self.certs, extra="""add_header Alt-Svc clear;""") as web:
            result = self.probe(*self.target(web.port))
            self.assert_clean(result, "alt-svc", "alt-svc-dead")
            self.assertNotIn("dns", result.report)

    def test_record(self):
        with peers.caddy(self.certs, protocols=("h1", "h3")) as peer, peers.nginx(self.certs) as web:
            rdata = https_rdata(1, ".", alpn("h3", "h2"), port_parameter(peer.port), (4, bytes([127, 0, 0, 1])), (5, b"ech"))
            with name_server([rdata]) as (port, questions):
                result = self.probe(*self.target(web.port, f"--dns={peers.HOST}:{port}"))
            self.assert_says(result, "alt-svc", f"port {peer.port}.*HTTPS record.*answers there", "info")
            self.assertEqual(questions[0], dns_name(f"_{web.port}._https.localhost"))
            record = result.report["dns"]["https"][0]
            self.assertEqual((record["priority"], record["target"], record["alpn"]), (1, ".", ["h3", "h2"]))
            self.assertEqual((record["port"], record["ipv4hint"], record["ech"]), (peer.port, ["127.0.0.1"], True))
            self.assertIn("alpn=h3,h2", record["text"])

    def test_alias(self):
        """It is followed, through others, to what its target has; in circles, or too far, it leads nowhere."""
        with peers.caddy(self.certs, protocols=("h1", "h3")) as peer, peers.nginx(self.certs) as web:
            first, last = dns_name(f"_{web.port}._https.localhost"), dns_name("localhost")
            service = https_rdata(1, ".", alpn("h3"), port_parameter(peer.port))
            chain = {dns_name(f"n{i}.test"): [https_rdata(0, f"n{i + 1}.test")] for i in range(20)}
            tables = {
                "one": ({first: [https_rdata(0, "localhost")], last: [service]}, True, 2),
                "two": ({first: [https_rdata(0, "pool.test")], dns_name("pool.test"): [https_rdata(0, "LOCALHOST")],
                         dns_name("LOCALHOST"): [service]}, True, 3),
                "circle": ({first: [https_rdata(0, "a.test")], dns_name("a.test"): [https_rdata(0, "b.test")],
                            dns_name("b.test"): [https_rdata(0, "a.test")]}, False, 3),
                "nothing there": ({first: [https_rdata(0, "gone.test")]}, False, 1),
                "no service": ({first: [https_rdata(0, ".")]}, False, 1),
                "too far": ({first: [https_rdata(0, "n0.test")], **chain}, False, 5),
            }  # fmt: skip
            for name, (table, leads, count) in tables.items():
                with self.subTest(name), name_server(table) as (port, questions):
                    result = self.probe(*self.target(web.port, f"--dns={peers.HOST}:{port}"))
                    records = result.report["dns"]["https"]
                    self.assertEqual((result.status, len(records)), (0, count), result.text)
                    self.assertEqual(records[0]["priority"], 0)
                    self.assertEqual("alt-svc" in result.findings, leads, result.text)
                    if leads:  # the target that it belongs to is spelled out
                        self.assertEqual(records[-1]["target"].lower(), "localhost")
                    self.assert_clean(result, "alt-svc-dead")

    def test_record_that_leads_nowhere(self):
        with peers.closed_port() as dead, peers.nginx(self.certs) as web:
            with name_server([https_rdata(1, ".", alpn("h3"), port_parameter(dead))]) as (port, _):
                result = self.probe(*self.target(web.port, f"--dns={peers.HOST}:{port}"))
            self.assert_says(result, "alt-svc-dead", f":{dead}, .*HTTPS record", "warning")
            # An alias, a record without h3, none at all: nothing is to be tried.
            for records, answer in (([https_rdata(0, "elsewhere.test")], "answer"),
                                    ([https_rdata(1, ".", alpn("h2"))], "answer"), ([], "none")):  # fmt: skip
                with name_server(records) as (port, _), self.subTest(records):
                    result = self.probe(*self.target(web.port, f"--dns={peers.HOST}:{port}"))
                    self.assert_clean(result, "alt-svc", "alt-svc-dead")
                    self.assertEqual(result.report["dns"]["result"], answer)
                    self.assertEqual(result.status, 0, result.text)

    def test_silent_name_server(self):
        """It holds nothing up for long, and nobody is blamed for it."""
        with peers.nginx(self.certs) as web, name_server(None) as (port, questions):
            result = self.probe(*self.target(web.port, f"--dns={peers.HOST}:{port}"))
            self.assertEqual((result.status, list(result.findings)), (0, []), result.text)
            self.assertTrue(questions)
        # No name, no question; and a malformed answer is none.
        with peers.nginx(self.certs) as web, name_server([b"\0\1\xc0\x0c"]) as (port, questions):
            result = self.probe(f"--dns={peers.HOST}:{port}", f"tls://127.0.0.1:{web.port}/")
            self.assertEqual((result.status, questions), (0, []), result.text)
            result = self.probe(*self.target(web.port, f"--dns={peers.HOST}:{port}"))
            self.assertEqual((result.status, result.report["dns"]["result"]), (0, "failed"), result.text)


if __name__ == "__main__":
    peers.main()
