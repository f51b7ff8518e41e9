# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe against real peers: contents of its report, every failure's own name, files, exit status."""

import json
import os
import re
import signal
import stat
import subprocess
import tempfile
import unittest

import peers
import probe

MODES = ("nonblocking", "blocking", "thread-assisted")


class WithCertificates(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)
        folder = tempfile.TemporaryDirectory(prefix="qs-cli-")
        cls.addClassCleanup(folder.cleanup)
        cls.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def serve(self, *options, leaf="good"):
        chain, key = self.certs.leaf(leaf)
        return peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", *options)


class Success(WithCertificates):
    def check_facts(self, report, alpn):
        tls, quic, times = report["tls"], report["quic"], report["timings_ms"]
        self.assertEqual(tls["version"], "TLS 1.3")
        self.assertRegex(tls["cipher"], r"^TLS_(AES|CHACHA20)_")
        self.assertTrue(tls["group"])
        self.assertEqual(tls["alpn"], alpn)
        self.assertEqual(tls["verify"]["code"], 0)
        self.assertIs(tls["resumed"], False)
        leaf = tls["certificates"][0]
        self.assertEqual(leaf["subject"], "CN=localhost")
        self.assertIn("localhost", leaf["names"])
        self.assertIn("127.0.0.1", leaf["names"])
        self.assertRegex(leaf["sha256"], r"^[0-9a-f]{64}$")
        self.assertRegex(leaf["not_after"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(quic["version"], "1")
        parameters = quic["peer_transport_parameters"]
        self.assertGreater(parameters["initial_max_data"], 0)
        self.assertRegex(parameters["initial_source_connection_id"], r"^([0-9a-f]{2})*$")
        self.assertGreater(times["handshake"], 0)
        self.assertGreaterEqual(times["confirmed"], 0)
        self.assertGreaterEqual(times["total"], times["handshake"])
        for name in ("datagrams", "packets", "frames"):
            self.assertGreater(report["trace"][name], 3)
        self.assertEqual([f for f in report["findings"] if f["severity"] == "error"], [])

    def test_caddy_h3(self):
        with peers.caddy(self.certs, body="hello from caddy\n") as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", f"https://localhost:{peer.port}/hello")
            self.assertEqual(result.status, 0, result.text)
            self.check_facts(result.report, "h3")
            self.assertEqual(result.report["target"]["alpn"], ["h3"])
            self.assertEqual(result.report["target"]["sni"], "localhost")
            self.assertEqual(result.report["http"]["version"], "3")
            self.assertEqual(result.report["http"]["status"], 200)
            self.assertEqual(result.report["http"]["bytes"], len("hello from caddy\n"))
            self.assertIn("server", [name.lower() for name, _ in result.report["http"]["headers"]])
            body = probe.run("--quiet", f"--cacert={self.certs.ca}", f"https://localhost:{peer.port}/")
            self.assertEqual(body.out, b"hello from caddy\n")
            self.assertEqual(body.err, "")

    def test_closing_http3_resets_nothing(self):
        """The peer's own streams are open to the end, and no STOP_SENDING goes ahead of the close."""
        with self.serve() as peer:
            for _ in range(10):
                for mode in ("nonblocking", "blocking", "thread-assisted"):
                    result = probe.probe(f"--cacert={self.certs.ca}", f"--mode={mode}", f"https://localhost:{peer.port}/bytes/3")
                    self.assertEqual((result.status, result.errors), (0, []))
                    self.assertNotIn("stream-reset", result.findings)

    def test_ngtcp2_handshake(self):
        with peers.ngtcp2_server(self.certs) as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", "--alpn=h3", f"quic://localhost:{peer.port}")
            self.assertEqual(result.status, 0, result.text)
            self.check_facts(result.report, "h3")
            self.assertIsNone(result.report["http"])

    def test_echo_in_three_modes(self):
        with self.serve() as peer:
            for mode in MODES:
                with self.subTest(mode):
                    arguments = [f"--mode={mode}", f"--cacert={self.certs.ca}", "--alpn=hq-interop", "--send=echo me"]
                    result = probe.probe(*arguments, f"quic://localhost:{peer.port}")
                    self.assertEqual(result.status, 0, result.text)
                    self.check_facts(result.report, "hq-interop")
                    stream = result.report["streams"][0]
                    self.assertEqual(stream["id"], 0)
                    self.assertEqual((stream["direction"], stream["initiator"]), ("bidi", "client"))
                    self.assertEqual((stream["bytes_sent"], stream["bytes_received"]), (7, 7))
                    self.assertEqual(stream["read_state"], "FINISHED")
                    plain = probe.run("--quiet", *arguments, f"quic://localhost:{peer.port}")
                    self.assertEqual(plain.out, b"echo me")

    def test_retry_is_told(self):
        with self.serve() as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"quic://localhost:{peer.port}")
            self.assertIs(result.report["quic"]["retry"], True)
            self.assertEqual(result.findings["retry"]["severity"], "info")

    def test_tls_over_tcp(self):
        with peers.openssl_server(self.certs) as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", f"tls://localhost:{peer.port}/")
            self.assertEqual(result.status, 0, result.text)
            self.assertIsNone(result.report["quic"])
            self.assertEqual(result.report["target"]["transport"], "tls")
            self.assertEqual(result.report["tls"]["version"], "TLS 1.3")
            self.assertEqual(result.report["http"]["status"], 200)
            self.assertEqual(result.report["tls"]["verify"]["code"], 0)

    def test_report_for_people(self):
        with self.serve() as peer:
            result = probe.run(f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"quic://localhost:{peer.port}")
            self.assertEqual(result.status, 0)
            for words in (r"^Connected to localhost in ", r"ServerHello received", r"Cipher suite +TLS_", r"CN=localhost"):
                self.assertRegex(result.text, re.compile(words, re.M))
            probe.check_text(result.text)
            self.assertTrue(result.err)  # progress
            quiet = probe.run("-q", f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"quic://localhost:{peer.port}")
            self.assertEqual(quiet.err, "")

    def test_trace(self):
        with self.serve() as peer:
            target = [f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"quic://localhost:{peer.port}"]
            result = probe.run("--trace", *target)
            for words in ("ClientHello", "ServerHello", "EncryptedExtensions", "HANDSHAKE_DONE", "CRYPTO", "Handshake 0"):
                self.assertIn(words, result.text)
            both = probe.run("--trace", "--json", *target)
            json.loads(both.text)
            self.assertIn("HANDSHAKE_DONE", both.err)

    def test_ipv6_and_resolve(self):
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", host="::1") as peer:
            common = [f"--cacert={self.certs.ca}", "--alpn=hq-interop"]
            literal = probe.probe(*common, f"quic://[::1]:{peer.port}")
            self.assertEqual(literal.report["target"]["address"], "::1")
            self.assertIsNone(literal.report["target"]["sni"])
            self.assertIsNone(literal.report["timings_ms"]["resolve"])
            named = probe.probe(*common, "-k", f"--resolve=www.example.net:{peer.port}:::1", f"www.example.net:{peer.port}")
            self.assertEqual(named.report["target"]["address"], "::1")


class Sessions(WithCertificates):
    def test_the_second_run_resumes(self):
        with self.serve() as peer:
            for scheme in ("quic", "https", "tls"):
                for mode in ("nonblocking", "blocking", "thread-assisted"):
                    with self.subTest(f"{scheme} {mode}"):
                        path = self.path(f"{scheme}-{mode}.pem")
                        common = [f"--cacert={self.certs.ca}", f"--mode={mode}", f"--session={path}"]
                        for resumed in (False, True, True):
                            result = probe.probe(*common, f"{scheme}://localhost:{peer.port}/bytes/10")
                            self.assertEqual(result.report["outcome"], "ok", result.text)
                            self.assertIs(result.report["tls"]["resumed"], resumed)
                            self.assertEqual(len(result.report["tls"]["certificates"] or []) == 0, resumed)
                            self.assertEqual(result.report["http"]["bytes"], 10)
                        self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)

    def test_who_did_not_verify_is_not_resumed(self):
        with self.serve() as peer:
            path = self.path("unverified.pem")
            probe.probe("-k", f"--session={path}", f"quic://localhost:{peer.port}")
            self.assertFalse(os.path.exists(path))

    def test_another_name_is_not_resumed(self):
        """A ticket says nothing of a name that the certificate is not for."""
        with self.serve() as peer:
            path = self.path("other-name.pem")
            common = [f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"--session={path}"]
            probe.probe(*common, f"quic://localhost:{peer.port}")
            self.assertTrue(os.path.exists(path))
            other = probe.probe(*common, f"--resolve=elsewhere.test:{peer.port}:127.0.0.1", f"quic://elsewhere.test:{peer.port}")
            self.assertEqual(other.errors, ["certificate-name-mismatch"])

    def test_a_session_silences_no_check(self):
        """Since it was kept, the trusted CA became another, or the certificate was revoked."""
        self.certs.leaf("unknown-ca")
        other_ca = os.path.join(self.certs.folder, "other-ca.pem")
        revoked = self.certs.with_revocation_list("good")
        with self.serve() as peer:
            for scheme in ("quic", "tls"):
                path, target = self.path(f"silenced-{scheme}.pem"), f"{scheme}://localhost:{peer.port}/bytes/10"
                self.assertEqual(probe.probe(f"--cacert={self.certs.ca}", f"--session={path}", target).status, 0)
                with open(path, "rb") as file:
                    kept = file.read()
                for ca, finding in ((other_ca, "certificate-unknown-ca"), (revoked, "certificate-revoked")):
                    with self.subTest(f"{scheme} {finding}"):
                        result = probe.probe(f"--cacert={ca}", f"--session={path}", target)
                        self.assertEqual(result.errors, [finding])
                        self.assertIn("not offered", result.err)
                        overruled = probe.probe("-k", f"--cacert={ca}", f"--session={path}", target)
                        self.assertIn(finding, overruled.findings)
                        self.assertIs(overruled.report["tls"]["resumed"], False)
                        with open(path, "rb") as file:
                            self.assertEqual(file.read(), kept)

    def test_the_dot_at_the_end_of_a_name(self):
        """It is neither sent nor verified (RFC 6066 section 3)."""
        with self.serve() as peer:
            for scheme in ("https", "tls"):
                result = probe.probe(f"--cacert={self.certs.ca}", f"{scheme}://localhost.:{peer.port}/bytes/10")
                self.assertEqual((result.status, result.errors), (0, []), result.text)
                self.assertEqual(result.report["target"]["sni"], "localhost")
                literal = probe.probe(f"--cacert={self.certs.ca}", f"{scheme}://127.0.0.1.:{peer.port}/bytes/10")
                self.assertEqual((literal.status, literal.report["target"]["sni"]), (0, None), literal.text)

    def test_no_session(self):
        for path in (self.certs.ca, self.folder):
            result = probe.run(f"--session={path}", "quic://localhost:1")
            self.assertEqual((result.status, result.out), (2, b""), result.err)


class Files(WithCertificates):
    def test_all(self):
        with self.serve() as peer:
            names = {kind: self.path("run." + kind) for kind in ("sqlog", "qlog", "pcapng", "keylog", "body")}
            for qlog in (names["sqlog"], names["qlog"]):
                result = probe.probe(
                    f"--cacert={self.certs.ca}", "--alpn=hq-interop", "--send=\x01raw\x1b", f"--qlog={qlog}",
                    f"--pcapng={names['pcapng']}", f"--keylog={names['keylog']}", f"--output={names['body']}",
                    f"quic://localhost:{peer.port}",
                )  # fmt: skip
                self.assertEqual(result.status, 0, result.err)
            with open(names["body"], "rb") as file:
                self.assertEqual(file.read(), b"\x01raw\x1b")
            with open(names["keylog"], encoding="ascii") as file:
                self.assertRegex(file.read(), r"(?m)^CLIENT_HANDSHAKE_TRAFFIC_SECRET [0-9a-f]{64} [0-9a-f]+$")
            self.assertEqual(stat.S_IMODE(os.stat(names["keylog"]).st_mode), 0o600)
            with open(names["sqlog"], "rb") as file:
                records = file.read().split(b"\x1e")[1:]
            self.assertIn("qlog_version", json.loads(records[0]))
            with open(names["qlog"], encoding="utf-8") as file:
                self.assertTrue(json.load(file)["traces"][0]["events"])
            with open(names["pcapng"], "rb") as file:
                self.assertEqual(file.read(4), b"\x0a\x0d\x0d\x0a")
            self.assertEqual([name for name in os.listdir(self.folder) if not name.startswith("run.")], [])

    def test_cannot_be_written(self):
        """Each file is named with what stood in its way: before anything is sent, as far as that can be known. What turns out
        later only leaves the run's report as it is."""
        taken = self.path("a-folder")
        os.mkdir(taken)
        targets = {"/no/such/folder/file": "No such file", "/dev/full": "No space left", taken: "s a directory"}
        with self.serve() as peer:
            for path, words in targets.items():
                for option in ("pcapng", "qlog", "keylog", "output", "report", "session"):
                    if option == "session" and os.path.exists(path):  # what is there and no session is a wrong command line
                        continue
                    with self.subTest(f"--{option}={path}"):
                        result = probe.run(
                            "--json", f"--{option}={path}", f"--cacert={self.certs.ca}", "--alpn=hq-interop", "--send=hello",
                            f"quic://localhost:{peer.port}",
                        )  # fmt: skip
                        self.assertEqual(result.status, 1, result.err)
                        self.assertIn(path, result.err)
                        self.assertIn(words, result.err)
                        if path == "/dev/full":
                            self.assertEqual(json.loads(result.text)["outcome"], "ok")
                        else:
                            self.assertEqual(result.text, "")
        self.assertEqual(os.listdir(taken), [])
        os.rmdir(taken)


class VerifyErrors(WithCertificates):
    KINDS = {
        "unknown-ca": ("certificate-unknown-ca", "Some other test CA", (19, 20, 21)),
        "self-signed": ("certificate-self-signed", "vouches for itself", (18,)),
        "incomplete-chain": ("certificate-incomplete-chain", "Quicscope test intermediate", (20, 21)),
        "expired": ("certificate-expired", "30 days ago", (10,)),
        "not-yet-valid": ("certificate-not-yet-valid", "becomes valid only in", (9,)),
        "wrong-name": ("certificate-name-mismatch", "elsewhere.example", (62,)),
    }

    def check(self, target, finding, words, codes):
        strict = probe.probe(f"--cacert={self.certs.ca}", *target)
        self.assertEqual(strict.status, 1)
        self.assertEqual(strict.errors, [finding], strict.text)
        self.assertIn(words, strict.findings[finding]["detail"])
        self.assertIn(strict.report["tls"]["verify"]["code"], codes)
        self.assertTrue(strict.report["tls"]["certificates"])
        self.assertEqual(strict.report["stage"], "handshake")

        for_people = probe.run(f"--cacert={self.certs.ca}", *target)
        self.assertEqual(for_people.status, 1)
        self.assertIn(f"[{finding}]", for_people.text)

        lenient = probe.probe("-k", f"--cacert={self.certs.ca}", *target)
        self.assertEqual(lenient.status, 0, lenient.text)
        self.assertEqual(lenient.findings[finding]["severity"], "warning")
        self.assertIn(lenient.report["tls"]["verify"]["code"], codes)

    def test_quic(self):
        for kind, (finding, words, codes) in self.KINDS.items():
            with self.subTest(kind), self.serve(leaf=kind) as peer:
                self.check(["--alpn=hq-interop", f"quic://localhost:{peer.port}"], finding, words, codes)

    def test_tls(self):
        for kind, (finding, words, codes) in self.KINDS.items():
            with self.subTest(kind), peers.openssl_server(self.certs, kind) as peer:
                self.check([f"tls://localhost:{peer.port}"], finding, words, codes)

    def test_in_other_modes(self):
        for mode in MODES[1:]:
            with self.subTest(mode), self.serve(leaf="expired") as peer:
                target = [f"--mode={mode}", "--alpn=hq-interop", f"quic://localhost:{peer.port}"]
                self.check(target, *self.KINDS["expired"])

    def test_with_intermediate(self):
        with self.serve(leaf="with-intermediate") as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", "--alpn=hq-interop", f"quic://localhost:{peer.port}")
            self.assertEqual(result.status, 0, result.text)
            self.assertEqual(len(result.report["tls"]["certificates"]), 2)


class Refusals(WithCertificates):
    def trust(self, *arguments):
        return probe.probe(f"--cacert={self.certs.ca}", *arguments)

    def test_alpn(self):
        with self.serve() as peer:
            result = self.trust("--alpn=no-such-protocol", f"quic://localhost:{peer.port}")
            self.assertEqual(result.errors, ["alpn-mismatch"])
            self.assertIn("no-such-protocol", result.findings["alpn-mismatch"]["detail"])
            close = result.report["quic"]["close"]
            self.assertEqual((close["by"], close["space"], close["code"]), ("remote", "transport", 0x178))

    def test_alpn_of_others(self):
        for name, start in (("caddy", peers.caddy), ("ngtcp2", peers.ngtcp2_server)):
            with self.subTest(name), start(self.certs) as peer:
                result = self.trust("--alpn=no-such-protocol", f"quic://localhost:{peer.port}")
                self.assertEqual(result.errors, ["alpn-mismatch"], result.text)

    def test_no_common_group(self):
        with peers.openssl_server(self.certs, options=("-groups", "P-384")) as peer:
            result = self.trust("--groups=X25519", f"tls://localhost:{peer.port}")
            self.assertEqual(result.errors, ["no-common-parameters"], result.text)
            self.assertIn("x25519", result.findings["no-common-parameters"]["detail"].lower())

    def test_too_old(self):
        with peers.openssl_server(self.certs, options=("-tls1_1", "-cipher", "DEFAULT@SECLEVEL=0")) as peer:
            result = self.trust(f"tls://localhost:{peer.port}")
            self.assertEqual(result.errors, ["tls-too-old"], result.text)

    def test_client_certificate(self):
        options = ("-Verify", "1", "-CAfile", self.certs.ca, "-verify_return_error")
        with peers.openssl_server(self.certs, options=options) as peer:
            result = self.trust(f"tls://localhost:{peer.port}")
            self.assertEqual(result.errors, ["client-certificate-required"], result.text)
            cert, key = self.certs.leaf("client")
            allowed = self.trust(f"--cert={cert}", f"--key={key}", f"tls://localhost:{peer.port}")
            self.assertEqual(allowed.status, 0, allowed.text)

    def test_hello_retry(self):
        with peers.openssl_server(self.certs, options=("-groups", "P-256")) as peer:
            result = self.trust("--groups=X25519:P-256", f"tls://localhost:{peer.port}")
            self.assertEqual(result.status, 0, result.text)
            self.assertIn("hello-retry", result.findings)

    def test_name_unknown_to_resolver(self):
        result = probe.probe("quic://no-such-name.invalid:443")
        self.assertEqual(result.errors, ["dns-failure"], result.text)
        self.assertEqual(result.report["stage"], "resolve")
        self.assertIn("no-such-name.invalid", result.findings["dns-failure"]["title"])


class NoServer(WithCertificates):
    def check_ends_at_once(self, *arguments):
        """From the moment on when the host said that the port is closed. The best of a few: this machine may be busy."""
        waits = []
        while len(waits) < 10 and (not waits or waits[-1] >= 400):
            result = probe.probe(*arguments)
            self.assertEqual(result.errors, ["port-closed"], result.text)
            told = max(e["time_ms"] for e in result.findings["port-closed"]["evidence"] if e["time_ms"] is not None)
            waits.append(result.report["timings_ms"]["total"] - told)
        self.assertLess(waits[-1], 400)

    def test_closed_port(self):
        for mode in MODES:
            with self.subTest(mode), peers.closed_port() as port:
                # 100 ms from the start are promised on a quiet machine: tests/engine/test-probe.c holds it to that, with -m perf.
                self.check_ends_at_once(f"--mode={mode}", f"quic://127.0.0.1:{port}")

    def test_closed_port_behind_a_slow_path(self):
        """What waits in our own impairment is refused while OpenSSL sleeps: it must hear of it then, not at its next probe after
        a second."""
        for mode in MODES:
            with self.subTest(mode), peers.closed_port() as port:
                self.check_ends_at_once(f"--mode={mode}", "--impair=delay=30ms", f"quic://127.0.0.1:{port}")

    def test_closed_tcp_port(self):
        with peers.closed_port() as port:
            result = probe.probe(f"tls://127.0.0.1:{port}")
            self.assertEqual(result.errors, ["connection-refused"], result.text)

    def name_silence(self, port):
        """After how many seconds of its own clock it says so, while the run goes on; and its report."""
        process = subprocess.Popen(
            [probe.PROGRAM, "--json", "--timeout=6", "--experiments=none", f"quic://127.0.0.1:{port}"],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self.addCleanup(process.kill)
        named = None
        for line in process.stderr:
            if b"no-reply" in line:
                named = float(re.match(rb"\s*([0-9.]+) s ", line).group(1))
                self.assertIn(b"TCP", line)
                break
        self.assertIsNotNone(named)
        self.assertIsNone(process.poll(), "the run goes on")
        out, _ = process.communicate(timeout=probe.PATIENCE)
        self.assertEqual(process.returncode, 1)
        return named, json.loads(out)

    def test_silence_is_named_while_it_lasts(self):
        times = []
        with peers.udp_silent() as peer:
            # The best of a few, as above: the third second has to be over, and TCP to have said its part.
            while not times or (times[-1] >= 3.5 and len(times) < 5):
                named, report = self.name_silence(peer.port)
                times.append(named)
                self.assertEqual([f["id"] for f in report["findings"] if f["severity"] == "error"], ["no-reply"])
                self.assertGreater(report["timings_ms"]["total"], 5500)
        self.assertLess(times[-1], 3.5)

    def test_silence_with_tcp_open(self):
        with peers.openssl_server(self.certs) as peer:
            udp = __import__("socket").socket(2, 2)
            self.addCleanup(udp.close)
            udp.bind((peers.HOST, peer.port))
            result = probe.probe("--timeout=4", f"quic://127.0.0.1:{peer.port}")
            self.assertEqual(result.errors, ["no-reply"], result.text)
            self.assertIn("answers with TLS", result.findings["no-reply"]["detail"])

    def test_plain_tcp(self):
        with peers.tcp_echo(greeting=b"\x1b[31mnot TLS\r\n") as peer:
            result = probe.probe(f"tls://127.0.0.1:{peer.port}")
            self.assertEqual(result.errors, ["plain-tcp"], result.text)
            self.assertIn("\\x1b", result.findings["plain-tcp"]["detail"])

    def test_tcp_reset(self):
        with peers.tcp_reset() as peer:
            result = probe.probe(f"tls://127.0.0.1:{peer.port}")
            self.assertEqual(result.errors, ["connection-reset"], result.text)

    def test_interrupt(self):
        for mode in MODES:
            with self.subTest(mode), peers.udp_silent() as peer:
                process = subprocess.Popen(
                    [probe.PROGRAM, "--json", "--trace", f"--mode={mode}", f"quic://127.0.0.1:{peer.port}"],
                    stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                )  # fmt: skip
                self.addCleanup(process.kill)
                peers.wait_until(lambda: peer.received, "the first datagram")
                process.send_signal(signal.SIGINT)
                out, err = process.communicate(timeout=probe.PATIENCE)
                self.assertEqual(process.returncode, 1)
                self.assertIn("CONNECTION_CLOSE", err.decode())  # while OpenSSL's congestion window has room for it
                probe.check_shape(json.loads(out), probe.CONTRACT)


class Closing(WithCertificates):
    """That the server hears of the end, by what it says of the connection."""

    def check(self, peer, mode, path, interrupted_at, words):
        def told():
            return re.findall(r"^\S+ quic .*$", peer.log(), re.M)

        before = len(told())
        command = [probe.PROGRAM, "--trace", "-4", f"--mode={mode}", f"--cacert={self.certs.ca}", "--alpn=hq-interop",
                   "--output=/dev/null", f"quic://localhost:{peer.port}{path}"]  # fmt: skip
        client = peers.Process(command)
        self.addCleanup(client.stop)
        if interrupted_at is not None:
            client.wait_for_line(interrupted_at)
            client.process.send_signal(signal.SIGINT)
        client.wait()
        peers.wait_until(lambda: len(told()) > before, "the server's line")
        self.assertRegex(told()[-1], words)

    def check_in_every_mode(self, *arguments, leaf="good"):
        with self.serve("--no-retry", leaf=leaf) as peer:
            for mode in MODES:
                with self.subTest(mode):
                    self.check(peer, mode, *arguments)

    def test_after_the_handshake(self):
        self.check_in_every_mode("", None, r"hq-interop.*: closed by the peer$")

    def test_after_a_request(self):
        self.check_in_every_mode("/", None, r"1 stream.*: closed by the peer$")

    def test_after_a_bad_certificate(self):
        self.check_in_every_mode("", None, r": closed by the peer, transport error 0x12d", leaf="expired")

    def test_stopped_while_nothing_comes(self):
        self.check_in_every_mode("/slow/60000", r"STREAM 0", r": closed by the peer$")

    def test_stopped_in_a_download(self):
        self.check_in_every_mode("/bytes/2000000000", r"MAX_STREAM_DATA", r": closed by the peer$")

    def test_a_held_handshake_is_quiet(self):
        """OpenSSL's two ends would send each other tens of thousands of PINGs meanwhile."""
        with self.serve("--scenario=slow-handshake") as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", "-4", f"quic://localhost:{peer.port}")
            self.assertEqual(result.status, 0, result.text)
            self.assertLess(result.report["trace"]["datagrams"], 1000)


if __name__ == "__main__":
    peers.main()
