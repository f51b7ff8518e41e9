# SPDX-License-Identifier: GPL-3.0-or-later
"""Why browsers do not use HTTP/3: each cause set up with real servers, named first, and for the right browsers."""

import contextlib
import json
import os
import re
import socket
import tempfile
import time
import unittest

import peers
import probe
import servers
from names import alpn, https_rdata, name_server, port_parameter

BROWSERS = ("chromium", "firefox", "safari", "curl")
MOST_SECONDS = 10

EVIDENCE = {"run": probe.TEXT, "packet": probe.MAYBE_NUMBER, "time_ms": probe.MAYBE_NUMBER, "what": str}
RULING = {"certainty": str, "who": str, "detail": probe.TEXT, "evidence": [EVIDENCE]}
SHAPE = {
    "target": {"url": str, "host": str, "port": int},
    "why_not_h3": {
        "conditions": [{"id": str, "title": str, "result": str, "browsers": dict.fromkeys(BROWSERS, str), **RULING,
                        "reference": str}],
        "browsers": [{"id": str, "name": str, "tool": (bool, True, False), "uses_http3": str, "condition": probe.TEXT,
                      "certainty": str, "words": str, "source": probe.TEXT}],
        "causes": [{"condition": str, "title": str, "keeps": [str], "would_keep": [str], **RULING, "try": [str],
                    "reference": str}],
        "ways": [{"from": str, "protocol": probe.TEXT, "host": str, "port": int, "max_age": probe.MAYBE_NUMBER,
                  "text": str, "runs": [str]}],
        "dns": {"result": str, "https": [str]},
        "runs": [{"name": str, "target": str, "address": probe.TEXT, "outcome": str, "status": probe.MAYBE_NUMBER,
                  "findings": [str]}],
    },
}  # fmt: skip


def privileged_port():
    """One below 1024 that is free, for UDP and TCP; the test is skipped where this user may not listen there."""
    for port in range(1023, 600, -1):
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            try:
                tcp.bind((peers.HOST, port))
                udp.bind((peers.HOST, port))
            except PermissionError:
                raise unittest.SkipTest("no port below 1024 for this user") from None
            except OSError:
                continue
            return port
    raise unittest.SkipTest("no port below 1024 is free")


def ask(*arguments, env=None, attempts=3):
    """--why-not-h3 --json: its object, checked. It is over within ten seconds, on a busy machine at least once."""
    for _ in range(attempts):
        began = time.monotonic()
        result = probe.run("--why-not-h3", "--json", *arguments, env=env)
        took = time.monotonic() - began
        if took < MOST_SECONDS:
            break
    assert took < MOST_SECONDS, f"{took:.1f} s"
    assert result.out, result.err
    probe.check_text(result.text)
    report = json.loads(result.text)
    probe.check_shape(report, SHAPE)
    doctor = report["why_not_h3"]
    doctor["browser"] = {browser["id"]: browser for browser in doctor["browsers"]}
    doctor["condition"] = {condition["id"]: condition for condition in doctor["conditions"]}
    good = any(browser["uses_http3"] == "yes" and not browser["tool"] for browser in doctor["browsers"])
    assert result.status == (0 if good else 1), (result.status, result.text)
    for browser in doctor["browsers"]:
        kind = {"yes": None, "no": "failed"}.get(browser["uses_http3"])
        if kind is not None:
            assert doctor["condition"][browser["condition"]]["browsers"][browser["id"]] == kind, result.text
        assert (browser["uses_http3"] == "yes") == (browser["condition"] is None), result.text
    for cause in doctor["causes"]:
        assert cause["evidence"] or cause["certainty"] != "proved", cause
        assert cause["try"], cause
    runs = {run["name"] for run in doctor["runs"]}
    for item in [item for cause in doctor["causes"] + doctor["conditions"] for item in cause["evidence"]]:
        assert item["run"] is None or item["run"] in runs, item
    doctor["text"] = result.text
    return doctor


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())

    def ask(self, port, *options, host="localhost", addresses=(peers.HOST,), trusted=True, scheme="https", env=None):
        """The test's CA is trusted, and counts as a public one; trusted=False: nobody knows it."""
        resolve = [f"--resolve={host}:{port}:{address}" for address in addresses]
        environment = {"SSL_CERT_FILE": self.certs.ca if trusted else os.devnull, "SSL_CERT_DIR": "",
                       "QS_PUBLIC_ROOTS": self.certs.ca if trusted else os.devnull, "https_proxy": "",
                       "HTTPS_PROXY": "", "all_proxy": "", "ALL_PROXY": "", **(env or {})}  # fmt: skip
        return ask(*resolve, *options, f"{scheme}://{host}:{port}/", env=environment)

    def web(self, advertised, leaf="good"):
        """A server over TCP that sends this Alt-Svc; None: none."""
        extra = f"add_header Alt-Svc '{advertised}' always;" if advertised is not None else ""
        return peers.nginx(self.certs, leaf, extra=extra)

    def assert_uses(self, doctor, **wanted):
        got = {browser: doctor["browser"][browser]["uses_http3"] for browser in wanted}
        self.assertEqual(got, wanted, doctor["text"])

    def assert_first(self, doctor, condition, words, *browsers, certainty=None):
        """The cause that is named first, and whose first obstacle it is."""
        first = doctor["causes"][0]
        self.assertEqual((first["condition"], first["keeps"]), (condition, list(browsers)), doctor["text"])
        self.assertRegex(f"{first['title']} {first['detail']}", words)
        if certainty is not None:
            self.assertEqual(first["certainty"], certainty, doctor["text"])
        for browser in browsers:
            self.assertEqual(doctor["browser"][browser]["condition"], condition, doctor["text"])
        return first

    def assert_seen(self, cause, words, run=None):
        self.assertTrue(any(re.search(words, item["what"]) and item["run"] == run for item in cause["evidence"]), cause)


class Healthy(Case):
    def test_alt_svc(self):
        with peers.caddy(self.certs) as peer:
            doctor = self.ask(peer.port)
        self.assert_uses(doctor, chromium="yes", firefox="yes", safari="yes", curl="yes")
        self.assertEqual(doctor["causes"], [])
        self.assertRegex(doctor["browser"]["chromium"]["words"], "second connection")
        self.assertEqual([run["name"] for run in doctor["runs"]], ["tcp", "quic-1"], doctor["text"])

    def test_record_alone(self):
        with peers.quicserve(probe.SERVER, *self.leaf(), "--alpn=h3,http/1.1") as peer:
            with name_server([https_rdata(1, ".", alpn("h3", "h2"))]) as (dns, _):
                doctor = self.ask(peer.port, f"--dns={peers.HOST}:{dns}")
        self.assert_uses(doctor, chromium="yes", firefox="yes", safari="yes", curl="yes")
        self.assertRegex(doctor["browser"]["firefox"]["words"], "first connection")
        self.assertEqual(doctor["dns"]["result"], "answered")

    def test_hints(self):
        """An address in the record that the name does not have is told of, and keeps nobody away."""
        for hint, kind in (((127, 0, 0, 1), "ok"), ((192, 0, 2, 9), "warning")):
            with peers.quicserve(probe.SERVER, *self.leaf(), "--alpn=h3,http/1.1") as peer:
                with name_server([https_rdata(1, ".", alpn("h3"), (4, bytes(hint)))]) as (dns, _):
                    doctor = self.ask(peer.port, f"--dns={peers.HOST}:{dns}")
            self.assert_uses(doctor, chromium="yes", firefox="yes")
            self.assertEqual(doctor["condition"]["https-record-hints"]["result"], kind, doctor["text"])

    def leaf(self):
        chain, key = self.certs.leaf()
        return (f"--cert={chain}", f"--key={key}")

    def test_other_port_and_name(self):
        """The alternative is asked for the site itself: its name, its certificate, its authority."""
        with peers.caddy(self.certs) as other, self.web(f"h3=\"localhost:{other.port}\"") as web:
            doctor = self.ask(web.port)
        self.assert_uses(doctor, chromium="yes", firefox="yes", curl="no")
        self.assertEqual(doctor["browser"]["curl"]["condition"], "udp")

    def test_haproxy_advertises(self):
        with peers.caddy(self.certs) as other:
            line = f'http-request return status 200 hdr alt-svc "h3=\\":{other.port}\\"; ma=3600"'
            with servers.haproxy(self.certs, frontend=line) as web:
                doctor = self.ask(web.port)
        self.assert_uses(doctor, chromium="yes", firefox="yes")
        self.assertEqual(doctor["ways"][1]["max_age"], 3600)

    def test_captures(self):
        """Each run is kept, and is the same run when it is read again."""
        with peers.caddy(self.certs) as peer, tempfile.TemporaryDirectory() as folder:
            self.ask(peer.port, f"--pcapng={folder}")
            self.assertEqual(sorted(os.listdir(folder)), ["quic-1.pcapng", "tcp.pcapng"])
            for name in os.listdir(folder):
                again = probe.probe(f"--read={os.path.join(folder, name)}")
                self.assertEqual(again.report["http"]["status"], 200)

    def test_text(self):
        with peers.caddy(self.certs) as peer:
            result = probe.run("--why-not-h3", f"--cacert={self.certs.ca}", f"--resolve=localhost:{peer.port}:{peers.HOST}",
                               f"https://localhost:{peer.port}/")  # fmt: skip
        self.assertEqual(result.status, 1, result.text)
        self.assertRegex(result.text, r"(?s)✗ Chromium: does not use HTTP/3\..{1,90}\[public-root\]")
        self.assertRegex(result.text, r"✓ curl --http3: uses HTTP/3")
        self.assertIn("1. [public-root]", result.text)
        self.assertRegex(result.text, r"Seen: quic-1, packet \d+: The server's certificate")


class Advertising(Case):
    def test_nothing(self):
        with peers.caddy(self.certs, protocols=("h1", "h3")) as h3, self.web(None) as web:
            with name_server([]) as (dns, _):
                doctor = self.ask(web.port, f"--dns={peers.HOST}:{dns}")
            first = self.assert_first(doctor, "advertised", "no Alt-Svc.*no HTTPS record", "chromium", "firefox", "safari",
                                      certainty="likely")  # fmt: skip
            self.assert_seen(first, "without Alt-Svc", "tcp")
            self.assertRegex(first["detail"], "Nor is HTTP/3 there")
            self.assertRegex(first["detail"], "over HTTP/1.1: an ALTSVC frame")
            self.assertEqual(doctor["dns"]["result"], "none")
            del h3

    def test_served_and_not_advertised(self):
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--alpn=h3,http/1.1") as peer:
            doctor = self.ask(peer.port)
        first = self.assert_first(doctor, "advertised", "HTTP/3 is there", "chromium", "firefox", "safari")
        self.assertRegex(first["try"][0], "Alt-Svc: h3=")
        self.assert_uses(doctor, curl="yes")
        self.assertEqual(len(doctor["causes"]), 1, doctor["text"])

    def test_what_is_behind(self):
        """Once it is advertised, the private CA will be in the way: that is told at once."""
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--alpn=h3,http/1.1") as peer:
            doctor = self.ask(peer.port, f"--cacert={self.certs.ca}", trusted=False)
        self.assert_first(doctor, "advertised", "HTTP/3 is there", "chromium", "firefox", "safari")
        behind = doctor["causes"][1]
        self.assertEqual((behind["condition"], behind["keeps"], behind["would_keep"]),
                         ("public-root", [], ["chromium", "firefox"]))  # fmt: skip

    def test_draft_alone(self):
        with peers.caddy(self.certs) as h3, self.web(f'h3-29=":{h3.port}"; ma=86400') as web:
            doctor = self.ask(web.port)
        first = self.assert_first(doctor, "alt-svc-version", "does not name h3", "chromium", "firefox", "safari")
        self.assert_seen(first, "h3-29", "tcp")

    def test_other_protocol_alone(self):
        with self.web('h2=":443"') as web:
            doctor = self.ask(web.port)
        self.assert_first(doctor, "advertised", "no Alt-Svc", "chromium", "firefox", "safari")

    def test_clear(self):
        with self.web("clear") as web:
            doctor = self.ask(web.port)
        first = self.assert_first(doctor, "alt-svc-clear", "takes back", "chromium", "firefox", "safari", certainty="proved")
        self.assert_seen(first, "Alt-Svc: clear", "tcp")

    def test_no_age(self):
        with peers.caddy(self.certs) as h3, self.web(f'h3=":{h3.port}"; ma=0') as web:
            doctor = self.ask(web.port)
        self.assert_first(doctor, "alt-svc-age", "ma is 0", "chromium", "firefox", "safari", certainty="proved")

    def test_port_from_1024_on(self):
        port = privileged_port()
        with peers.caddy(self.certs) as h3, self.web(f'h3=":{h3.port}"; ma=60') as web:
            with peers.tcp_relay(port, web.port):
                doctor = self.ask(port)
        first = self.assert_first(doctor, "alt-svc-port", "below 1024", "chromium", certainty="proved")
        self.assertEqual(first["condition"], "alt-svc-port")
        self.assert_uses(doctor, chromium="no", firefox="yes", safari="unknown")
        self.assertRegex(doctor["browser"]["chromium"]["source"], "http_stream_factory_job_controller")

    def test_record_without_h3(self):
        with peers.caddy(self.certs, protocols=("h1", "h3")) as h3, self.web(None) as web:
            with name_server([https_rdata(1, ".", alpn("h2"))]) as (dns, _):
                doctor = self.ask(web.port, f"--dns={peers.HOST}:{dns}")
            first = self.assert_first(doctor, "https-record-h3", "alpn", "chromium", "firefox", "safari", certainty="proved")
            self.assert_seen(first, "alpn=h2")
            del h3

    def test_record_that_chromium_passes_over(self):
        """Another port, another name, an alias: Chromium takes none of them, Firefox the first two."""
        with peers.caddy(self.certs, protocols=("h1", "h3")) as h3, self.web(None) as web:
            records = [https_rdata(1, ".", alpn("h3"), port_parameter(h3.port))]
            with name_server(records) as (dns, _):
                doctor = self.ask(web.port, f"--dns={peers.HOST}:{dns}")
            self.assert_first(doctor, "https-record-use", "another name or port", "chromium",
                              certainty="proved")  # fmt: skip
            self.assert_uses(doctor, chromium="no", firefox="yes", safari="unknown")

    def test_record_helps(self):
        """What Alt-Svc takes back, a record gives."""
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--alpn=h3", "--no-tcp") as peer:
            with name_server([https_rdata(1, ".", alpn("h3"))]) as (dns, _), self.web("clear") as web:
                with peers.tcp_relay(peer.port, web.port):
                    doctor = self.ask(peer.port, f"--dns={peers.HOST}:{dns}")
        self.assert_uses(doctor, chromium="yes", firefox="yes")
        self.assertEqual(doctor["condition"]["alt-svc-clear"]["result"], "warning")


class Connecting(Case):
    def test_silent(self):
        with peers.udp_silent() as silent, self.web(f'h3=":{silent.port}"') as web:
            doctor = self.ask(web.port)
        first = self.assert_first(doctor, "udp", "Nothing comes back", "chromium", "firefox", "safari", "curl")
        self.assertNotEqual(first["certainty"], "proved")  # an absence

    def test_refused(self):
        with peers.closed_port() as closed, self.web(f'h3=":{closed}"') as web:
            doctor = self.ask(web.port)
        first = self.assert_first(doctor, "udp", f":{closed}.*", "chromium", "firefox", "safari", "curl")
        self.assert_seen(first, "ICMP|refused", doctor["ways"][1]["runs"][0])

    def test_large_vanish(self):
        with peers.caddy(self.certs) as h3, peers.misbehaving("udp", "nothing-large-comes-back", upstream=h3) as box:
            with self.web(f'h3=":{box.port}"') as web:
                doctor = self.ask(web.port)
        self.assert_first(doctor, "large-datagrams", "Small datagrams come through", "chromium", "firefox", "safari")

    def test_no_h3_over_quic(self):
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--alpn=hq-interop") as quic:
            with self.web(f'h3=":{quic.port}"') as web:
                doctor = self.ask(web.port)
        first = self.assert_first(doctor, "alpn", "does not speak h3", "chromium", "firefox", "safari")
        self.assertTrue(any(item["packet"] is not None for item in first["evidence"]), first)

    def test_old_versions_alone(self):
        with peers.misbehaving("udp", "lists-old-versions") as old, self.web(f'h3=":{old.port}"') as web:
            doctor = self.ask(web.port)
        self.assert_first(doctor, "quic", "version 1", "chromium", "firefox", "safari")

    def test_private_ca(self):
        with peers.caddy(self.certs) as peer:
            doctor = self.ask(peer.port, f"--cacert={self.certs.ca}", trusted=False)
            self.assert_first(doctor, "public-root", "Quicscope test CA.*--cacert", "chromium", "firefox", certainty="proved")
            self.assert_uses(doctor, chromium="no", firefox="no", safari="unknown", curl="yes")
            self.assertRegex(doctor["browser"]["firefox"]["source"], "disable_when_third_party_roots_found")
            # What the environment names is trusted, and is no public one for that: browsers do not look there.
            doctor = self.ask(peer.port, env={"QS_PUBLIC_ROOTS": ""})
            self.assert_first(doctor, "public-root", "Quicscope test CA.*SSL_CERT_FILE", "chromium", "firefox", certainty="proved")
            self.assert_uses(doctor, chromium="no", firefox="no", safari="unknown", curl="yes")
            # Nobody trusts it here: then curl does not either.
            doctor = self.ask(peer.port, trusted=False)
            self.assert_first(doctor, "public-root", "private CA", "chromium", "firefox", "curl")

    def test_certificate_over_quic_alone(self):
        for leaf, words in (("expired", "expired"), ("wrong-name", "elsewhere.example")):
            with self.subTest(leaf), peers.ngtcp2_server(self.certs, leaf) as h3, self.web(f'h3=":{h3.port}"') as web:
                doctor = self.ask(web.port)
                first = self.assert_first(doctor, "certificate", f"({words}).*Over TCP it shows a good one", "chromium",
                                          "firefox", "safari")  # fmt: skip
                self.assertTrue(first["evidence"][0]["packet"] is not None, first)
                self.assertEqual(doctor["condition"]["web-certificate"]["result"], "ok")

    def test_certificate_over_tcp(self):
        """Chromium takes no Alt-Svc from an answer whose certificate is not good."""
        with peers.caddy(self.certs) as h3, self.web(f'h3=":{h3.port}"', leaf="expired") as web:
            doctor = self.ask(web.port)
        self.assert_first(doctor, "web-certificate", "expired", "chromium", certainty="proved")
        self.assert_uses(doctor, firefox="unknown", safari="unknown")

    def test_ipv6_dead(self):
        with contextlib.suppress(OSError):
            with socket.create_server(("::1", 0), family=socket.AF_INET6):
                pass
            with peers.caddy(self.certs) as peer:
                doctor = self.ask(peer.port, addresses=("::1", peers.HOST))
            first = self.assert_first(doctor, "families", r"\[::1\].*127.0.0.1:\d+ comes farther", "chromium", "firefox")
            self.assert_uses(doctor, chromium="no", firefox="no", safari="unknown", curl="yes")
            self.assertEqual(first["certainty"], "likely")
            return
        self.skipTest("no IPv6 here")

    def test_misdirected(self):
        with peers.caddy(self.certs, status=421) as h3, self.web(f'h3=":{h3.port}"') as web:
            doctor = self.ask(web.port)
        first = self.assert_first(doctor, "misdirected", "421", "chromium", "firefox", "safari")
        self.assertIsNotNone(first["evidence"][0]["packet"], first)

    def test_other_answer(self):
        with peers.caddy(self.certs, status=503) as h3, self.web(f'h3=":{h3.port}"') as web:
            doctor = self.ask(web.port)
        self.assert_uses(doctor, chromium="yes", firefox="yes")
        self.assertEqual(doctor["condition"]["same-answer"]["result"], "warning")
        self.assertRegex(doctor["condition"]["same-answer"]["detail"], "503.*200")

    def test_unresolved_alternative(self):
        with self.web('h3="nowhere.invalid:443"') as web:
            doctor = self.ask(web.port)
        self.assert_first(doctor, "address", "no address", "chromium", "firefox", "safari")

    def test_nothing_over_tcp(self):
        with peers.closed_port() as closed:
            doctor = self.ask(closed)
        first = self.assert_first(doctor, "web-answer", "over TCP", "chromium", "firefox", "safari")
        self.assertTrue(first["evidence"], first)


class Surroundings(Case):
    def test_proxy(self):
        with peers.caddy(self.certs) as peer:
            proxy = {"https_proxy": "http://me:secret@proxy.test:3128"}
            doctor = self.ask(peer.port, env=proxy)
            first = self.assert_first(doctor, "no-proxy", "proxy", "chromium", "firefox", "curl")
            self.assert_seen(first, "^proxy.test:3128$")
            self.assertNotIn("secret", doctor["text"])
            self.assert_uses(doctor, safari="yes")
            doctor = self.ask(peer.port, env={**proxy, "no_proxy": "example.org,localhost"})
            self.assert_uses(doctor, chromium="yes", curl="yes")

    def test_http(self):
        with peers.caddy(self.certs) as peer:
            doctor = self.ask(peer.port, scheme="http")
            self.assert_first(doctor, "https-origin", "no HTTP/3 without TLS", "chromium", "firefox", "safari", "curl")
        with peers.caddy(self.certs) as h3:
            extra = f"""add_header Alt-Svc 'h3=":{h3.port}"'; add_header Strict-Transport-Security 'max-age=60';"""
            with peers.nginx(self.certs, extra=extra) as web:
                doctor = self.ask(web.port, scheme="http")
                self.assert_uses(doctor, chromium="yes", curl="no")
                self.assertEqual(doctor["condition"]["https-origin"]["browsers"]["chromium"], "warning")

    def test_command_line(self):
        for arguments, words in (
            (("quic://localhost/",), "https://"),
            (("--examine", "https://localhost/"), "do not go with"),
            (("--pcapng=/nowhere/at/all", "https://localhost/"), "folder"),
            (("--alpn=h2", "https://localhost/"), "do not go with"),
            ((), "target is missing"),
        ):
            result = probe.run("--why-not-h3", *arguments)
            self.assertEqual(result.status, 2, result.text)
            self.assertRegex(result.err, words)


if __name__ == "__main__":
    peers.main()
