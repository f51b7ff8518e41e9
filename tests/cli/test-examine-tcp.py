# SPDX-License-Identifier: GPL-3.0-or-later
"""The report card of TLS over TCP: what others' servers do in good order passes, and one thing set wrong is found."""

import json
import unittest

import peers
import probe
import servers
from names import alpn, https_rdata, name_server, port_parameter

GOOD = "ssl_protocols TLSv1.3 TLSv1.2; ssl_ciphers ECDHE+AESGCM; "


def hsts(seconds):
    return f'add_header Strict-Transport-Security "max-age={seconds}";'


class ExamineTcp(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()

    @classmethod
    def tearDownClass(cls):
        cls.certs.__exit__(None, None, None)

    def card(self, port, checks=None, *options, scheme="tls", path="/"):
        chosen = [f"--checks={checks}"] if checks else []
        trust = f"--cacert={self.certs.ca}"
        result = probe.run("-q", "-4", "--examine", "--json", trust, *chosen, *options, f"{scheme}://localhost:{port}{path}", timeout=60)
        return json.loads(result.text)

    def found(self, card):
        return {check["id"]: check["verdict"] for check in card["checks"]}

    def test_nginx(self):
        with peers.nginx(self.certs, extra=GOOD + hsts(15552000)) as peer:
            card = self.card(peer.port)
        found = self.found(card)
        self.assertEqual({id: found[id] for id in "S0 S1 S2 S3 S5 S11".split()}, dict.fromkeys("S0 S1 S2 S3 S5 S11".split(), "pass"), card)
        self.assertEqual(card["counts"]["fail"], 0)
        self.assertEqual({id[0] for id in found}, {"S"})  # nothing of QUIC
        self.assertIn("resumes", next(check["text"] for check in card["checks"] if check["id"] == "S7"))

    def test_nginx_faulty(self):
        """Each is the good one but for one line, and fails just what it is about."""
        for id, verdict, extra in (
            ("S1", "warn", "ssl_protocols TLSv1.2; ssl_ciphers ECDHE+AESGCM; " + hsts(15552000)),
            ("S2", "fail", "ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3; ssl_ciphers ECDHE+AESGCM:ECDHE+AES:@SECLEVEL=0; " + hsts(15552000)),
            ("S3", "warn", "ssl_protocols TLSv1.3 TLSv1.2; ssl_ciphers ECDHE+AESGCM:ECDHE+AES; " + hsts(15552000)),
            ("S5", "warn", GOOD + hsts(15551999)),
            ("S5", "warn", GOOD),
        ):
            with self.subTest(id), peers.nginx(self.certs, extra=extra) as peer:
                found = self.found(self.card(peer.port, "S0,S1,S1b,S2,S3,S5,S11"))
                self.assertEqual(found[id], verdict, found)
                # A suite for TLS 1.0 is one for TLS 1.2 too.
                others = {other for other, is_now in found.items() if is_now in ("warn", "fail")} - {id, "S3"}
                self.assertEqual(others, set(), found)

    def test_redirect(self):
        """Plain HTTP: leads to https, answers by itself, is not there."""
        away = "error_page 497 =301 https://localhost/;"
        for extra, verdict in (('return 301 https://localhost/;', "pass"), ('return 301 http://localhost/;', "warn"), ("", "warn")):
            with self.subTest(extra), peers.nginx(self.certs, extra=away) as tls, peers.nginx(self.certs, extra=extra, tls=False) as plain:
                card = self.card(tls.port, "S6", f"--http-port={plain.port}")
                self.assertEqual(self.found(card)["S6"], verdict, card)
        with peers.nginx(self.certs) as tls, peers.closed_port() as closed:
            self.assertEqual(self.found(self.card(tls.port, "S6", f"--http-port={closed}"))["S6"], "info")
            self.assertEqual(self.found(self.card(tls.port, "S6"))["S6"], "not-tested")

    def test_openssl(self):
        with peers.openssl_server(self.certs, options=("-www", "-groups", "X25519MLKEM768:X25519")) as peer:
            found = self.found(self.card(peer.port))
            self.assertEqual((found["S0"], found["S4"]), ("pass", "pass"), found)
        with peers.openssl_server(self.certs, options=("-www", "-groups", "X25519")) as peer:
            self.assertEqual(self.found(self.card(peer.port, "S4"))["S4"], "warn")
        with peers.openssl_server(self.certs, options=("-www", "-tls1_2")) as peer:
            found = self.found(self.card(peer.port, "S1,S1b,S4"))
            # Who has no TLS 1.3 is not told that his groups are old as well.
            self.assertEqual((found["S1"], found["S1b"], found["S4"]), ("warn", "info", "not-tested"), found)

    def test_gnutls(self):
        """No server of HTTP: there is nothing to ask for."""
        for priority, verdict in (("NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2", "pass"), ("NORMAL:+VERS-TLS1.1:+VERS-TLS1.0", "fail")):
            with self.subTest(priority), servers.gnutls(self.certs, options=["--priority", priority]) as peer:
                card = self.card(peer.port, "S0,S2,S5,S11", path="")
                found = self.found(card)
                self.assertEqual((found["S0"], found["S2"], found["S5"]), ("pass", verdict, "not-tested"), card)

    def test_stunnel(self):
        for extra, verdict in (("sslVersionMin = TLSv1.2\n", "pass"), ("sslVersionMin = TLSv1.1\nciphers = ALL:@SECLEVEL=0\n", "fail")):
            with self.subTest(extra), servers.stunnel(self.certs, extra=extra) as peer:
                self.assertEqual(self.found(self.card(peer.port, "S2", path=""))["S2"], verdict)

    def test_certificates(self):
        for leaf, grade in (("wrong-name", "M"), ("expired", "T")):
            with self.subTest(leaf), peers.nginx(self.certs, leaf=leaf, extra=GOOD) as peer:
                card = self.card(peer.port, "S0,S11")
                self.assertEqual((card["grade"], card["grade_if_trusted"]), (grade, "A+"), card)

    def test_nobody(self):
        with peers.closed_port() as port:
            card = self.card(port)
        self.assertEqual(card["counts"]["not-tested"], len(card["checks"]))
        self.assertEqual(card["grade"], "-")
        self.assertIn("failure", card)

    def test_not_tls(self):
        with peers.tcp_echo(greeting=b"220 mail\r\n") as peer:
            card = self.card(peer.port, "S0,S1,S2,S3")
        self.assertEqual(card["counts"]["fail"], 0, card)
        self.assertEqual(self.found(card)["S0"], "warn")

    def test_beside_quic(self):
        """The same site both ways; and one whose UDP side is silent keeps the card of its TCP side."""
        with peers.caddy(self.certs) as peer:
            found = self.found(self.card(peer.port, "D1,D2,D3,D6,D7,T13,S0,S1,S2,S9", scheme="https"))
            good = dict.fromkeys("D1 D2 D3 D6 S0 S1 S2".split(), "pass")
            self.assertEqual(found, good | {"S9": "info", "D7": "info", "T13": "not-tested"})
        with peers.nginx(self.certs, extra=GOOD) as peer:
            card = self.card(peer.port, "D1,D2,D3,D6,S0,S1,S2,F4", scheme="https")
            found = self.found(card)
            self.assertEqual([found[id] for id in "S0 S1 S2 F4 D2 D3 D6".split()], ["pass"] * 3 + ["not-tested", "warn", "warn", "not-tested"], card)
            self.assertEqual(card["grade"], "-")


    def test_names(self):
        """HTTPS records of a name server of the test's own, beside what answers."""
        chain, key = self.certs.leaf()
        own = (f"--cert={chain}", f"--key={key}", "--alpn=h3,http/1.1")

        def hint(*bytes_of):
            return (4, bytes(bytes_of))

        with peers.quicserve(probe.SERVER, "--scenario=tcp-alt-svc", *own) as telling, peers.quicserve(probe.SERVER, *own) as silent:
            port = telling.port
            rows = (
                (telling, [https_rdata(1, ".", alpn("h3"), port_parameter(port), hint(127, 0, 0, 1))], "pass", "pass"),
                (telling, [https_rdata(1, ".", alpn("h2", "h3"))], "pass", "pass"),
                (telling, [https_rdata(1, ".", alpn("h3"), hint(192, 0, 2, 1))], "warn", "pass"),
                (telling, [https_rdata(1, ".", alpn("h2"))], "warn", "warn"),
                (telling, [https_rdata(1, ".", alpn("h3"), port_parameter(port - 1))], "info", "warn"),
                (telling, [https_rdata(1, "other.test", alpn("h3"))], "info", "pass"),
                (telling, [], "warn", "not-tested"),
                (telling, None, "not-tested", "not-tested"),
                (silent, [https_rdata(1, ".", alpn("h3"))], "pass", "warn"),
                (silent, [https_rdata(1, ".", alpn("h2"))], "warn", "info"),
            )

            def meet(row):
                peer, records, _, _ = row
                with name_server(records) as (at, _questions):
                    return self.card(peer.port, "D4,D5", f"--dns={peers.HOST}:{at}", scheme="https")

            for (_, records, *wanted), card in peers.side_by_side(self, meet, rows, at_once=3):
                self.assertEqual([self.found(card)[id] for id in ("D4", "D5")], wanted, (records, card))
            # A name of this machine is nobody's to ask about.
            self.assertEqual(self.found(self.card(port, "D4,D5", scheme="https"))["D4"], "not-tested")

    def test_name_of_nobody(self):
        """A record that leads to h3 where UDP is silent: over TCP too, or not at all."""
        record = [https_rdata(1, ".", alpn("h3"))]
        with name_server(record) as (at, _questions), peers.openssl_server(self.certs, options=("-www",)) as peer:
            card = self.card(peer.port, "D4,D5,S0", f"--dns={peers.HOST}:{at}", scheme="https")
            found = self.found(card)
            self.assertEqual((found["D4"], found["D5"], found["S0"]), ("fail", "warn", "pass"), card)
        with name_server(record) as (at, _questions), peers.closed_port() as port:
            self.assertEqual(self.found(self.card(port, "D4,D5,S0", f"--dns={peers.HOST}:{at}", scheme="https"))["D4"], "fail")


if __name__ == "__main__":
    peers.main()
