# SPDX-License-Identifier: GPL-3.0-or-later
"""What answers in the field where QUIC or TLS was expected: the verdict names it, by what was seen and nothing else."""

import contextlib
import os
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import unittest

import peers
import probe

VERDICT_MS = 5000  # of ten seconds that the time-out has


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def check(self, result, finding, words, never=()):
        """The first finding, the only error, says what it should; and what it rests on."""
        self.assertEqual(result.errors, [finding], result.text)
        first = result.report["findings"][0]
        self.assertEqual(first["id"], finding, result.text)
        self.assertRegex(first["title"] + " " + first["detail"], words)
        self.assertTrue(first["evidence"], result.text)
        for other in never:
            self.assertNotIn(other, result.findings, result.text)


class OverUdp(Case):
    NOT_QUIC = {
        "echo": "our own datagram",
        "noise": "nothing that is known",
        "dtls-alert": "DTLS",
        "once": "text",
        "dns": "DNS",
        "stun": "STUN",
        "ntp": "NTP",
        "memcached": "memcached",
        "http": "HTTP",
    }

    def test_not_quic(self):
        for behaviour, words in self.NOT_QUIC.items():
            with self.subTest(behaviour), peers.misbehaving("udp", behaviour) as peer:
                target = f"quic://{peer.host}:{peer.port}"
                # Long before the time-out of ten seconds.
                result = probe.in_time(lambda at=target: probe.probe(at), 3000)
                self.check(result, "not-quic", words, ("timeout", "server-initial-lost", "corrupted", "no-reply"))
                self.assertRegex(result.findings["not-quic"]["detail"], r"bytes: “")

    def test_quic_is_quic(self):
        """A server that answers late, or whose first datagram is lost, is one."""
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--no-retry") as peer:
            for impairment in ("down:drop=1", "down:delay=700ms"):
                with self.subTest(impairment):
                    result = probe.probe(
                        f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"--impair={impairment}", f"quic://localhost:{peer.port}"
                    )
                    self.assertEqual(result.status, 0, result.text)
                    self.assertNotIn("not-quic", result.findings)

    def test_server_restarted(self):
        """Its stateless resets fit no token that the client was told: they are not damage on the way."""
        chain, key = self.certs.leaf()
        # Two resets make the finding: a client that has nothing to send when the server forgets it gets one.
        for _ in range(5):
            with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--no-retry") as server:
                with peers.misbehaving("udp", "forgets", upstream=server) as peer:
                    target = f"quic://{peer.host}:{peer.port}/bytes/5000000"
                    result = probe.probe(f"--cacert={self.certs.ca}", "--alpn=hq-interop", "--timeout=2", target)
            if result.errors == ["server-restarted"]:
                break
        self.check(result, "server-restarted", "no longer knows", ("corrupted", "idle-timeout", "timeout"))

    def test_payload_not_kept(self):
        """What is behind the bound of a trace is said to be missing, and nothing is concluded from it."""
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as server:
            target = f"quic://localhost:{server.port}/bytes/"
            options = (f"--cacert={self.certs.ca}", "--alpn=hq-interop", "--timeout=50")
            with tempfile.TemporaryDirectory(prefix="qs-field-") as folder:
                result = probe.probe(*options, f"--pcapng={folder}/run.pcapng", target + "70000000")
            self.assertEqual((result.status, result.errors), (0, []), result.text)
            self.assertIn("payload-not-kept", result.findings)
            # Where nothing is to be written, nobody misses them.
            self.assertNotIn("payload-not-kept", probe.probe(*options, target + "70000000").findings)
            self.assertNotIn("corrupted", result.findings)
            self.assertNotIn("payload-not-kept", probe.probe(*options, target + "7000").findings)

    def test_versions(self):
        for behaviour, finding, words in (
            ("lists-offered-version", "version-negotiation-invalid", "the very one that was offered"),
            ("swapped-ids", "version-negotiation-invalid", "connection ids"),
            ("lists-old-versions", "version-negotiation", "gQUIC.*mvfst"),
            ("lists-drafts-and-grease", "version-negotiation", "version 2.*|drafts.*greased"),
        ):
            with self.subTest(behaviour), peers.misbehaving("udp", behaviour) as peer:
                result = probe.probe("--timeout=2", f"quic://{peer.host}:{peer.port}")
                self.check(result, finding, words)


class OverTcp(Case):
    ANSWERS = {
        "http-400": ("plain-tcp", "“HTTP/1.1 400 Bad Request”.*plain HTTP"),
        "http-portal": ("plain-tcp", "captive portal.*“http://portal.example.test/login”"),
        "http-511": ("plain-tcp", "captive portal"),
        "ssh": ("plain-tcp", "“SSH-2.0-OpenSSH_9.2p1”.*SSH server"),
        "telnet": ("plain-tcp", "Telnet"),
        "echo": ("plain-tcp", "no TLS server.*ClientHello, which only clients send"),
        "smtp": ("plain-tcp", "mail server"),
        "ftp": ("plain-tcp", "FTP server"),
        "imap": ("plain-tcp", "IMAP"),
        "pop3": ("plain-tcp", "POP3"),
        "mysql": ("plain-tcp", "MySQL"),
        "redis": ("plain-tcp", "Redis"),
        "memcached": ("plain-tcp", "memcached"),
        "ssl2": ("plain-tcp", "SSL 2"),
        "http2": ("plain-tcp", "HTTP/2 without TLS"),
        "proxy-header": ("plain-tcp", "PROXY protocol"),
        "fin-after-hello": ("closed-in-handshake", "right after the ClientHello"),
        "half-a-hello": ("closed-in-handshake", "in the middle of its first message"),
        "reset-after-hello": ("connection-reset", "right after the ClientHello"),
        "no-renegotiation-info": ("insecure-renegotiation", "RFC 5746"),
        "old-tls": ("tls-too-old", "no version of TLS"),
        "alert-40": ("no-common-parameters", "did not say why"),
        "alert-71": ("no-common-parameters", "demands stronger cryptography.*insufficient_security says just that"),
    }

    def test_answers(self):
        certificate = f"--certificate={self.certs.leaf()[0]}"
        for behaviour, (finding, words) in self.ANSWERS.items():
            with self.subTest(behaviour), peers.misbehaving("tcp", behaviour, certificate) as peer:
                result = probe.probe(f"--cacert={self.certs.ca}", f"tls://{peer.host}:{peer.port}")
                self.check(result, finding, words, ("tls-alert", "timeout"))

    def test_mute(self):
        """TCP is accepted and nothing is answered: whether the ClientHello got there is known."""
        with peers.tcp_silent() as peer:
            result = probe.probe("--timeout=2", "--experiments=none", f"tls://{peer.host}:{peer.port}")
        self.check(result, "timeout", "answered nothing.*acknowledged the ClientHello, so it got there", ("no-reply",))
        self.assertEqual(result.findings["timeout"]["certainty"], "likely")

    def test_small_group(self):
        with tempfile.TemporaryDirectory() as folder:
            cert = os.path.join(folder, "rsa.pem")
            command = [peers.openssl_program(), "req", "-x509", "-config", "/dev/null", "-newkey", "rsa:2048", "-nodes"]
            command += ["-keyout", os.path.join(folder, "rsa.key"), "-out", cert, "-subj", "/CN=localhost", "-days", "30"]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
            with peers.misbehaving("tcp", "small-group", f"--certificate={cert}") as peer:
                result = probe.probe(f"--cacert={cert}", f"tls://localhost:{peer.port}")
        self.check(result, "key-exchange-weak", "1024 bits", ("no-common-parameters",))

    def test_redirect_of_its_own(self):
        """A server that sends to itself is no portal."""
        with peers.misbehaving("tcp", "http-same-host") as peer:
            result = probe.probe(f"tls://{peer.host}:{peer.port}")
        self.check(result, "plain-tcp", "plain HTTP")
        self.assertNotIn("portal", result.findings["plain-tcp"]["title"])

    def test_no_long_lists(self):
        """What is left when nothing is proved does not list thirty cipher suites."""
        with peers.misbehaving("tcp", "alert-40") as peer:
            result = probe.probe(f"tls://{peer.host}:{peer.port}")
        finding = result.findings["no-common-parameters"]
        self.assertNotIn("TLS_ECDHE", finding["detail"])
        self.assertEqual((finding["certainty"], finding["who"]), ("possible", "unknown"))


class Pythons(threading.Thread):
    """A TLS server of Python's (without a context: one of TCP) that acts on a connection once the handshake is done. at_once: on any number of them; else on
    the first alone."""

    def __init__(self, context, act, at_once=False):
        super().__init__(daemon=True)
        self.context, self.act, self.at_once = context, act, at_once
        self.listener = socket.create_server((peers.HOST, 0))
        self.port = self.listener.getsockname()[1]
        self.start()

    def run(self):
        with contextlib.suppress(OSError):  # it was closed
            while self.at_once:
                conn, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(conn,), daemon=True).start()
            self.serve(self.listener.accept()[0])

    def serve(self, conn):
        conn.settimeout(peers.PATIENCE)
        try:
            if self.context is None:
                with conn:
                    self.act(conn)
                return
            with self.context.wrap_socket(conn, server_side=True) as tls:
                self.act(tls)
        except OSError:
            pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)  # wakes who accepts
        self.listener.close()
        self.join(peers.PATIENCE)


class Unanswered(Case):
    """The handshake goes through, and then nothing comes."""

    def test_program_is_stuck(self):
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        half = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhi"
        for said, words in ((b"", "has the request and did not answer.*No byte"), (half, "stopped in the middle.*2 of 1000")):

            def hang(tls, said=said):
                tls.recv(4096)
                tls.sendall(said)
                tls.recv(4096)

            with self.subTest(words), Pythons(context, hang, at_once=True) as server:
                target = f"tls://localhost:{server.port}/"
                result = probe.in_time(lambda at=target: probe.probe(f"--cacert={self.certs.ca}", at), VERDICT_MS)
                self.check(result, "timeout", words)
                if said:
                    detail = result.findings["timeout"]["detail"]
                    self.assertRegex(detail, r"The last of it came .* after the request\. Another connection was made meanwhile")
                found = result.findings["timeout"]  # what was to come yet may be lost on the way
                self.assertEqual((found["who"], found["certainty"]), ("unknown", "possible") if said else ("server", "likely"))

    def test_rest_does_not_come(self):
        """HTTP/3 and HTTP/0.9, with no byte more from some moment on, and with a server that only says that it lives."""
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)

        def hang(conn):
            conn.recv(4096)
            conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhi")
            conn.recv(4096)

        def over_http3():
            with Pythons(None, hang, at_once=True) as behind, peers.caddy(self.certs, upstream=behind.port) as server:
                return probe.probe("-4", "--dns=none", f"--cacert={self.certs.ca}", f"https://localhost:{server.port}/")

        def over_http09():
            # What is down is cut behind 100 datagrams; the acknowledgement of the request is among them.
            down = []

            def passes(up, datagram):
                down.extend([] if up else [1])
                return up or len(down) < 100

            with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--no-retry") as server:
                with peers.udp_relay(server.port, passes) as box:
                    options = (f"--cacert={self.certs.ca}", "--alpn=hq-interop")
                    return probe.probe("-4", *options, f"quic://localhost:{box.port}/bytes/5000000")

        for run, so_far in ((over_http3, r"head \(status 200\) and 2 of 1000 bytes"), (over_http09, r"Of the answer \d{5,6} bytes came")):
            with self.subTest(run.__name__):
                result = probe.in_time(run, VERDICT_MS)
                self.check(result, "timeout", f"stopped in the middle: nothing came for 4.*{so_far}.*The last of it came .* after the request")
                self.assertEqual(result.findings["timeout"]["certainty"], "possible")
                made = {e["id"]: e["outcome"] for e in result.report["experiments"]}
                self.assertEqual(made["another-connection"], "answered" if run is over_http3 else "failed", result.text)

    def test_slow_is_no_stall(self):
        """An answer whose bytes come apart, each before it would be given up, is waited for as long as it takes."""
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        looked_into = threading.Event()

        def drip(tls):
            if b"GET /slow " not in tls.recv(4096):
                looked_into.set()  # an experiment
                return
            tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\na")
            for byte in (b"b", b"c"):
                looked_into.wait(peers.PATIENCE)
                tls.sendall(byte)

        with Pythons(context, drip, at_once=True) as server:
            result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/slow")
        self.assertEqual((result.status, result.errors), (0, []), result.text)
        self.assertGreater(result.report["timings_ms"]["total"], 2000)

    def test_server_does_not_hear(self):
        """Of a download, from the second packet with a short header on nothing gets up any more: what comes is repeated."""
        short = []

        def passes(up, datagram):
            if up and not datagram[0] & 0x80:
                short.append(1)
            return not up or len(short) < 12

        with tempfile.TemporaryDirectory() as folder:
            with open(os.path.join(folder, "big"), "wb") as file:
                file.write(bytes(1 << 20))
            with peers.caddy(self.certs, files=folder) as server, peers.udp_relay(server.port, passes) as box:
                result = probe.probe("-4", "--dns=none", "--timeout=3", f"--cacert={self.certs.ca}", f"https://localhost:{box.port}/big")
        self.check(result, "timeout", "arrives, and what is sent to it does not any more.*repeats what has come")
        self.assertEqual(result.findings["timeout"]["who"], "path")

    def test_nothing_else_is_answered(self):
        """Its host's TCP takes the request, and the next connection, which the program never reads."""
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        with Pythons(context, lambda tls: (tls.recv(4096), tls.recv(4096))) as server:
            result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/")
        self.check(result, "timeout", "has the request, did not answer it in .*, and takes no other connection")
        self.assertEqual([e["outcome"] for e in result.report["experiments"]], ["failed", "failed"], result.text)

    def test_late_is_no_failure(self):
        """What is answered while it is being looked at whether anything is."""
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        another = threading.Event()

        def answer(tls):
            if tls.recv(4096).startswith(b"GET /late "):
                another.wait(peers.PATIENCE)
                tls.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
            another.set()  # a connection of the experiments

        with Pythons(context, answer, at_once=True) as server:
            result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/late")
        self.assertEqual((result.status, result.errors), (0, []), result.text)

    def test_reset_before_the_answer(self):
        """As a TLS proxy does that has nothing behind it."""
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)

        def reset(tls):
            tls.recv(4096)
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        for speaks in (False, True):
            if speaks:
                context.set_alpn_protocols(["http/1.1"])
            with self.subTest(speaks), Pythons(context, reset) as server:
                result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/")
                self.check(result, "connection-reset", "before it answered.*cannot reach the server behind it")
                detail = result.findings["connection-reset"]["detail"]
                self.assertEqual("chose none of the application protocols" in detail, not speaks)

    def test_nothing_but_a_retry(self):
        """What follows a Retry is large, and does not come through."""
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--scenario=retry") as server:
            with peers.misbehaving("udp", "nothing-large-comes-back", upstream=server) as box:
                result = probe.probe("--experiments=none", "--timeout=3", f"quic://127.0.0.1:{box.port}")
        self.check(result, "timeout", "sent a Retry and has not answered.*1200 bytes")

    def test_path_ends(self):
        """Behind the handshake not even an acknowledgement comes: that is known long before the time-out of ten seconds."""
        cut = threading.Event()

        def passes(up, datagram):
            # The first packet with a short header: the client's request is in it, or behind it.
            if up and not datagram[0] & 0x80:
                cut.set()
            return not cut.is_set()

        with peers.caddy(self.certs) as server, peers.udp_relay(server.port, passes) as box:
            result = probe.probe("-4", "--dns=none", f"--cacert={self.certs.ca}", f"https://localhost:{box.port}/")
        self.assertEqual(result.errors, ["timeout"], result.text)
        found = result.findings["timeout"]
        self.assertRegex(found["title"] + found["detail"], "Nothing comes from localhost any more.*handshake was complete")
        self.assertLess(result.report["timings_ms"]["total"], 9000)


class ClientCertificates(Case):
    def context(self, demands, version=None):
        chain, key = self.certs.leaf()
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(chain, key)
        context.load_verify_locations(self.certs.ca)
        context.verify_mode = demands
        if version is not None:
            context.maximum_version = version
        return context

    def test_demanded(self):
        """TLS 1.3's alert for it, and handshake_failure of TLS 1.2; the CAs are named."""
        for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
            context = self.context(ssl.CERT_REQUIRED, version)
            with self.subTest(str(version)), Pythons(context, lambda tls: tls.recv(100)) as server:
                result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/")
                self.check(result, "client-certificate-required", "certificate", ("no-common-parameters", "tls-alert"))
                self.assertEqual(result.findings["client-certificate-required"]["certainty"], "proved")

    def test_ended_without_a_word(self):
        def cut(tls):
            tls.recv(1)
            socket.socket(fileno=tls.detach()).close()

        with Pythons(self.context(ssl.CERT_OPTIONAL), cut) as server:
            result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/")
        self.check(result, "client-certificate-required", "ended the connection without a word")
        self.assertEqual(result.findings["client-certificate-required"]["certainty"], "likely")

    def test_reset_behind_finished(self):
        """The connection is cut once the client's Finished is there: with a certificate in it, and without."""

        def reset(tls):
            tls.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        cert, key = self.certs.leaf("client")
        shown = (f"--cert={cert}", f"--key={key}")
        for options, finding in (((), "client-certificate-required"), (shown, "client-certificate-refused")):
            for version in (ssl.TLSVersion.TLSv1_3, ssl.TLSVersion.TLSv1_2):
                context = self.context(ssl.CERT_OPTIONAL, version)
                with self.subTest(finding, version=str(version)), Pythons(context, reset) as server:
                    result = probe.probe(f"--cacert={self.certs.ca}", *options, f"tls://localhost:{server.port}/")
                    self.check(result, finding, "ended the connection without a word")
                    self.assertNotEqual(result.findings[finding]["certainty"], "proved", result.text)

    def test_asked_and_served(self):
        """One that asks and goes on without is no finding."""
        answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"
        with Pythons(self.context(ssl.CERT_OPTIONAL), lambda tls: tls.recv(100) and tls.sendall(answer)) as server:
            result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{server.port}/")
        self.assertEqual(result.status, 0, result.text)
        self.assertNotIn("client-certificate-required", result.findings)


if __name__ == "__main__":
    peers.main()
