# SPDX-License-Identifier: GPL-3.0-or-later
"""quicserve from without: its command line, and the clients that others wrote."""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import unittest

import peers

PROGRAM = sys.argv.pop(1)


def run(*options):
    return subprocess.run([PROGRAM, *options], capture_output=True, text=True, timeout=peers.PATIENCE)


class Case(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qs-quicserve-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.ca = os.path.join(self.folder, "ca.pem")

    def serve(self, *options):
        peer = peers.quicserve(PROGRAM, f"--write-ca={self.ca}", *options)
        self.addCleanup(peer.stop)
        return peer

    def s_client(self, peer, *options, text="", until=None):
        """openssl s_client over QUIC: sends text, waits until its output contains `until`, ends it; its output."""
        command = [peers.openssl_program(), "s_client", "-quic", "-connect", f"127.0.0.1:{peer.port}"]
        command += ["-servername", "localhost", "-CAfile", self.ca, *options]
        client = peers.Process(command, stdin=subprocess.PIPE)
        self.addCleanup(client.stop)
        client.process.stdin.write(text.encode())
        client.process.stdin.flush()
        if until is not None:
            peers.wait_until(lambda: until in client.log() or not client.alive(), f"“{until}” from s_client")
        client.process.stdin.close()
        client.wait()
        client.process.stdin = None
        return client.log()


class CommandLineTest(Case):
    def test_wrong_command_lines_end_with_2(self):
        for options in (
            ["--nonsense"],
            ["extra"],
            ["--port=65536"],
            ["--port=x"],
            ["--cert=/dev/null"],
            ["--retry", "--no-retry"],
            ["--scenario=no-such"],
            ["--impair=nonsense"],
            ["--impair=loss=101%"],
            ["--scenario=retry,no-retry"],
            ["--address=localhost:1"],
            ["--alpn="],
            ["--alpn=,"],
            ["--alpn=" + 256 * "x"],
            ["--name="],
            ["--cert=/dev/null", "--key=/dev/null", "--name=a.example"],
            ["--cert=/dev/null", "--key=/dev/null", "--scenario=expired"],
        ):
            done = run("--port=0", *options)
            self.assertEqual(done.returncode, 2, (options, done.stderr))
            self.assertTrue(done.stderr.startswith("quicserve: "), done.stderr)
            self.assertEqual(done.stdout, "")

    def test_what_cannot_be_written_is_said_at_once(self):
        for option in (f"--qlog={self.folder}/none/a.sqlog", f"--qlog={self.folder}", f"--write-ca={self.folder}/none/ca.pem"):
            done = run("--port=0", option)
            self.assertEqual((done.returncode, done.stdout), (1, ""), option)
            self.assertIn(self.folder, done.stderr)

    def test_help_and_version(self):
        self.assertIn("/bytes/N", run("--help").stdout)
        self.assertRegex(run("--version").stdout, r"^quicserve \d+\.\d+")

    def test_scenarios_are_listed_in_columns(self):
        done = run("--list-scenarios")
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0)
        self.assertGreaterEqual(len(rows), 28)
        for row in rows:
            self.assertEqual(len(row), 3, row)
            self.assertRegex(row[1], r"^(-|[a-z0-9-]+)$")

    def test_impairments_are_listed_in_columns(self):
        done = run("--list-impairments")
        rows = [line.split("\t") for line in done.stdout.splitlines()]
        self.assertEqual(done.returncode, 0)
        self.assertEqual([row[0] for row in rows], ["satellite", "bad-wifi", "mobile", "filtered-udp"])
        for name, title in rows:
            self.assertTrue(title)
            self.assertRegex(run("--help").stdout, rf"(?m)^  {name} ")

    def test_a_wrong_impairment_says_how_one_is_written(self):
        self.assertIn("“los=1%”", run("--port=0", "--impair=los=1%").stderr)
        self.assertIn("“loss=10%”", run("--port=0", "--impair=los=1%").stderr)

    def test_a_taken_port_is_said(self):
        peer = self.serve()
        done = run(f"--port={peer.port}")
        self.assertEqual(done.returncode, 1)
        self.assertIn(f"Port {peer.port} of 127.0.0.1 is taken", done.stderr)

    def test_a_port_taken_by_tcp_alone_is_said(self):
        with peers.tcp_silent() as other:
            done = run(f"--port={other.port}")
            self.assertEqual(done.returncode, 1)
            self.assertIn("TCP", done.stderr)
            with peers.quicserve(PROGRAM, "--no-tcp"):
                pass

    def test_signals_end_it_in_order(self):
        for number in (signal.SIGINT, signal.SIGTERM):
            peer = self.serve()
            peer.process.send_signal(number)
            self.assertEqual(peer.wait(), 0)

    def test_wrong_files_are_named_with_what_is_wrong(self):
        with peers.Certificates() as certs:
            chain, key = certs.leaf("good")
            other = certs.leaf("self-signed")[1]
            locked = os.path.join(self.folder, "locked.key")
            command = [peers.openssl_program(), "pkey", "-in", key, "-aes256", "-passout", "pass:secret", "-out", locked]
            subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
            garbage = os.path.join(self.folder, "garbage.pem")
            with open(garbage, "w", encoding="ascii") as file:
                file.write("-----BEGIN CERTIFICATE-----\nnothing\n-----END CERTIFICATE-----\n")
            for cert, private, words in (
                (chain, locked, f"{locked} is protected by a password"),
                (chain, other, f"The key {other} is not the one of the certificate {chain}"),
                (chain, chain, f"The key {chain} cannot be used"),
                (chain, "/no/such.key", "Could not read “/no/such.key”: No such file"),
                ("/no/such.pem", key, "Could not read “/no/such.pem”: No such file"),
                (garbage, key, f"The certificate {garbage} cannot be used"),
                (self.folder, key, f"Could not read “{self.folder}”: Is a directory"),
            ):
                done = run("--port=0", f"--cert={cert}", f"--key={private}")
                self.assertEqual((done.returncode, done.stdout), (1, ""), done.stderr)
                self.assertIn(words, done.stderr)
                self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)

    def test_an_unknown_scenario_names_those_that_may_be_meant(self):
        for name, candidates in (
            ("expird", "Did you mean: expired?"),
            ("stream", "Did you mean: stream-reset, stream-limit?"),
            ("selfsigned", "Did you mean: self-signed?"),
            ("quite something else", "--list-scenarios"),
        ):
            done = run("--port=0", f"--scenario=echo,{name}")
            self.assertEqual(done.returncode, 2)
            self.assertIn(f"“{name}”", done.stderr)
            self.assertIn(candidates, done.stderr)

    def test_given_certificate(self):
        with peers.Certificates() as certs:
            chain, key = certs.leaf("good")
            with peers.quicserve(PROGRAM, f"--cert={chain}", f"--key={key}") as peer:
                self.ca = certs.ca
                output = self.s_client(peer, "-alpn", "hq-interop", text="hello\n", until="\nhello")
                self.assertIn("Verify return code: 0 (ok)", output)


class OpensslTest(Case):
    def test_its_text_is_echoed(self):
        peer = self.serve()
        output = self.s_client(peer, "-alpn", "hq-interop", text="one line of text\n", until="\none line of text")
        self.assertIn("\none line of text\n", output)
        self.assertIn("Verify return code: 0 (ok)", output)
        # And the server has a line about it once it is over.
        peer.wait_for_line(r"^127\.0\.0\.1:\d+ quic hq-interop, 1 stream, 17 bytes received, 17 sent: ")

    def test_a_wrong_protocol_is_refused_with_an_alert(self):
        peer = self.serve()
        output = self.s_client(peer, "-alpn", "nonsense")
        peer.wait_for_line(r"transport error 0x178")
        self.assertIn("protocol is shutdown", output)

    def test_without_retry_and_over_ipv6(self):
        peer = peers.quicserve(PROGRAM, "--no-retry", host="::1")
        self.addCleanup(peer.stop)
        command = [peers.openssl_program(), "s_client", "-quic", "-connect", f"[::1]:{peer.port}", "-alpn", "hq-interop"]
        client = peers.Process(command, stdin=subprocess.PIPE)
        self.addCleanup(client.stop)
        client.process.stdin.write(b"over six\n")
        client.process.stdin.flush()
        client.wait_for_line(r"^over six$")

    def test_the_server_tells_its_clients_when_it_ends(self):
        peer = self.serve()
        command = [peers.openssl_program(), "s_client", "-quic", "-connect", f"127.0.0.1:{peer.port}"]
        client = peers.Process([*command, "-alpn", "hq-interop"], stdin=subprocess.PIPE)
        self.addCleanup(client.stop)
        client.process.stdin.write(b"hello\n")
        client.process.stdin.flush()
        client.wait_for_line(r"^hello$")
        peer.process.send_signal(signal.SIGTERM)
        self.assertEqual(peer.wait(), 0)
        client.process.stdin.write(b"more\n")
        client.process.stdin.close()
        client.process.stdin = None
        client.wait()  # at once; not after the idle timeout

    def test_qlog(self):
        path = os.path.join(self.folder, "trace.sqlog")
        peer = self.serve(f"--qlog={path}")
        self.s_client(peer, "-alpn", "hq-interop", text="hello\n", until="\nhello")
        peer.wait_for_line(r"^127.*quic hq-interop")
        peer.process.send_signal(signal.SIGTERM)
        self.assertEqual(peer.wait(), 0)
        with open(path, encoding="utf-8") as file:
            records = [json.loads(record) for record in file.read().split("\x1e") if record]
        types = [r["data"]["header"]["packet_type"] for r in records if r.get("name") == "transport:packet_sent"]
        self.assertEqual(types[0], "retry")
        self.assertIn("1RTT", types)

    def test_once(self):
        peer = self.serve("--once")
        self.s_client(peer, "-alpn", "hq-interop", text="hello\n", until="\nhello")
        self.assertEqual(peer.wait(), 0)


class Ngtcp2Test(Case):
    """HTTP/3, by another's client."""

    def client(self, peer, *paths, options=()):
        command = [peers.ngtcp2_client(), "--exit-on-all-streams-close", "--no-quic-dump", *options]
        command += [peer.host, str(peer.port), *(f"https://localhost:{peer.port}{path}" for path in paths)]
        done = subprocess.run(command, capture_output=True, timeout=2 * peers.PATIENCE)
        return (done.stdout + done.stderr).decode("utf-8", "replace")

    def fetch(self, peer, *paths, options=()):
        """The bodies, by path."""
        self.client(peer, *paths, options=[f"--download={self.folder}", "--quiet", *options])
        bodies = []
        for path in paths:
            with open(os.path.join(self.folder, path.rsplit("/", 1)[1] or "index.html"), "rb") as file:
                bodies.append(file.read())
        return bodies

    def test_requests_on_many_streams(self):
        peer = self.serve()
        sizes = (1, 100, 65536, 1000000)
        bodies = self.fetch(peer, *(f"/bytes/{size}" for size in sizes))
        self.assertEqual([len(body) for body in bodies], list(sizes))
        self.assertTrue(bodies[3].startswith(b"Quicscope 0123456789 abc"))
        peer.wait_for_line(r"^127\.0\.0\.1:\d+ quic h3, 7 streams, .*application code 0x100")

    def test_a_large_answer_and_a_slow_one(self):
        peer = self.serve("--no-retry")
        large, slow = self.fetch(peer, "/bytes/50000000", "/slow/300")
        self.assertEqual(len(large), 50000000)
        self.assertEqual(slow, b"This answer waited for 300 ms.\n")

    def test_statuses_and_headers(self):
        peer = self.serve()
        log = self.client(peer, "/", "/nothing/here", "/bytes/many", "/headers")
        for words in ("[:status: 200]", "[:status: 404]", "[:status: 400]", "[server: quicserve]", "[content-length: "):
            self.assertIn(words, log)

    def test_what_is_posted_comes_back(self):
        """More than the windows of both hold, so that each has to wait for the other."""
        path = os.path.join(self.folder, "sent")
        with open(path, "wb") as file:
            file.write(os.urandom(3000000))
        (body,) = self.fetch(self.serve(), "/echo", options=["--http-method=POST", f"--data={path}"])
        with open(path, "rb") as file:
            self.assertEqual(body, file.read())

    def test_a_body_that_nobody_asked_for_is_read(self):
        path = os.path.join(self.folder, "sent")
        with open(path, "wb") as file:
            file.write(bytes(3000000))
        self.assertEqual(len(self.fetch(self.serve(), "/bytes/10", options=[f"--data={path}"])[0]), 10)

    def test_a_reset_and_a_close(self):
        peer = self.serve()
        self.assertIn("HTTP stream 0 closed with error code 66", self.client(peer, "/reset/0x42"))
        self.client(peer, "/close/0x1234")
        peer.wait_for_line(r"closed here, application code 0x1234")

    def test_over_ipv6(self):
        peer = peers.quicserve(PROGRAM, host="::1")
        self.addCleanup(peer.stop)
        self.assertEqual(len(self.fetch(peer, "/bytes/1000")[0]), 1000)

    def test_where_http3_is_not_spoken(self):
        peer = self.serve("--alpn=hq-interop")
        self.client(peer, "/")
        peer.wait_for_line(r"^127\.0\.0\.1:\d+ quic -, .*transport error 0x178")


class TcpTest(Case):
    def connect(self, peer, alpn=None):
        context = ssl.create_default_context(cafile=self.ca)
        if alpn:
            context.set_alpn_protocols(alpn)
        plain = socket.create_connection(("127.0.0.1", peer.port), timeout=peers.PATIENCE)
        secure = context.wrap_socket(plain, server_hostname="localhost", suppress_ragged_eofs=False)
        self.addCleanup(secure.close)
        return secure

    def read_all(self, secure):
        data = b""
        while piece := secure.recv(65536):
            data += piece
        return data

    def test_echo(self):
        secure = self.connect(self.serve())
        secure.sendall(b"x" * 300000)
        data = b""
        while len(data) < 300000:
            data += secure.recv(65536)
        self.assertEqual(data, b"x" * 300000)

    def test_requests_follow_each_other(self):
        secure = self.connect(self.serve(), ["http/1.1"])
        self.assertEqual(secure.selected_alpn_protocol(), "http/1.1")
        secure.sendall(b"GET /bytes/5 HTTP/1.1\r\nHost: a\r\n\r\nGET /headers HTTP/1.1\r\nConnection: close\r\n\r\n")
        data = self.read_all(secure)
        self.assertEqual(data.count(b"HTTP/1.1 200 OK\r\n"), 2)
        self.assertIn(b"\r\n\r\nQuics", data)
        self.assertTrue(data.endswith(b"GET /headers HTTP/1.1\r\nConnection: close\r\n\r\n"))

    def test_http10_and_slow(self):
        secure = self.connect(self.serve())
        secure.sendall(b"GET /slow/50 HTTP/1.0\r\n\r\n")
        self.assertIn(b"waited for 50 ms", self.read_all(secure))

    def test_curl_gets_its_body_back(self):
        path, back = os.path.join(self.folder, "sent"), os.path.join(self.folder, "back")
        body = os.urandom(3000000)
        with open(path, "wb") as file:
            file.write(body)
        peer = self.serve()
        curl = [peers.find_program("curl"), "--silent", "--show-error", "--cacert", self.ca, "--output", back]
        for options in (["--upload-file", path], ["--http1.0", "--upload-file", path], ["--data-binary", f"@{path}"]):
            with self.subTest(options):
                url = f"https://localhost:{peer.port}/x"
                subprocess.run([*curl, *options, url], check=True, timeout=peers.PATIENCE)
                with open(back, "rb") as file:
                    self.assertEqual(file.read(), body)

    def test_reset(self):
        secure = self.connect(self.serve())
        secure.sendall(b"GET /reset/1 HTTP/1.1\r\n\r\n")
        with self.assertRaises(OSError):  # a reset, which Python may call a ragged end
            self.read_all(secure)

    def test_wrong_protocol(self):
        with self.assertRaisesRegex(ssl.SSLError, "(?i)alert"):
            self.connect(self.serve(), ["h2"])

    def test_what_is_not_tls(self):
        peer = self.serve()
        with socket.create_connection(("127.0.0.1", peer.port), timeout=peers.PATIENCE) as plain:
            plain.sendall(b"GET / HTTP/1.1\r\n\r\n")
            plain.recv(100)  # an alert or the end, but no reset
        peer.wait_for_line(r"^127\.0\.0\.1:\d+ tls -, ")

    def test_scenarios_of_the_port(self):
        peer = self.serve("--scenario=tcp-plain")
        with socket.create_connection(("127.0.0.1", peer.port), timeout=peers.PATIENCE) as plain:
            self.assertTrue(plain.recv(100).startswith(b"Hello. This port does not speak TLS"))
        peer = self.serve("--scenario=tcp-reset")
        with self.assertRaises(ConnectionResetError):
            with socket.create_connection(("127.0.0.1", peer.port), timeout=peers.PATIENCE) as plain:
                self.assertEqual(plain.recv(1), b"x")


if __name__ == "__main__":
    peers.main()
