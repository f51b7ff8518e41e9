# SPDX-License-Identifier: GPL-3.0-or-later
"""quictap: other programs' connections, led through the relay and decrypted with their own key logs."""

import hashlib
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import unittest

import peers
import probe
import tap

MIB = 1 << 20


def openssl(*options, quic=True, alpn="hq-interop"):
    """s_client that asks, and ends when it is answered: at the end of its input it would close in the middle of the handshake."""
    command = [sys.executable, "-c", ASK, peers.openssl_program(), "s_client", "-connect", "{address}:{port}", "-servername", "localhost"]
    command += ["-keylogfile", "{keylog}", "-verify_return_error", *options]
    command += ["-quic", "-alpn", alpn] if quic else ["-alpn", "http/1.1"]
    return command


def quicprobe(scheme="https", *options, path="/"):
    command = [probe.PROGRAM, "--json", "--experiments=none", "--dns=none", "--keylog={keylog}"]
    return [*command, "--resolve=localhost:{port}:{ip}", *options, f"{scheme}://localhost:{{port}}{path}"]


def python_client(ca, path="/"):
    program = f"""
import hashlib, socket, ssl
context = ssl.create_default_context(cafile={ca!r})
context.set_alpn_protocols(["http/1.1"])
with context.wrap_socket(socket.create_connection(("{{ip}}", {{port}})), server_hostname="localhost") as stream:
    stream.sendall(b"GET {path} HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n")
    while stream.recv(65536):
        pass
"""
    return [sys.executable, "-c", program]


ASK = r"""
import subprocess, sys
client = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
client.stdin.write(b"GET /bytes/100\r\n")
client.stdin.flush()
for line in client.stdout:
    if b"0123456789" in line or b"HTTP/1." in line:
        client.stdin.close()
sys.exit(client.wait())
"""


class Server:
    """quicserve with its CA."""

    def __init__(self, test, *options):
        folder = tempfile.TemporaryDirectory()
        test.addCleanup(folder.cleanup)
        self.ca = os.path.join(folder.name, "ca.pem")
        own = any(option.startswith("--cert=") for option in options)
        peer = peers.quicserve(probe.SERVER, *([] if own else [f"--write-ca={self.ca}"]), *options)
        peer.__enter__()
        test.addCleanup(peer.__exit__, None, None, None)
        self.port = peer.port


class Healthy(unittest.TestCase):
    """Programs that know nothing of us: all of their packets are open, and nothing is found wrong."""

    def check(self, result, transport, **expected):
        self.assertEqual(len(result.connections), 1, result.text)
        connection = tap.check_decrypted(self, result)
        self.assertEqual(connection["outcome"], "ok", result.text)
        self.assertEqual(connection["target"]["transport"], transport)
        self.assertEqual(connection["target"]["sni"], "localhost")
        self.assertFalse([f for f in connection["findings"] if f["severity"] == "error"])
        for name, value in expected.items():
            self.assertEqual(connection["tls"][name], value)
        return connection

    def test_quicprobe_http3(self):
        server = Server(self)
        result = tap.watch(server.port, quicprobe("https", f"--cacert={server.ca}"))
        connection = self.check(result, "quic", alpn="h3")
        self.assertTrue(connection["quic"]["retry"])
        self.assertEqual(connection["http"]["status"], 200)
        self.assertEqual(result.report["command"]["exit_status"], 0)

    def test_quicprobe_tls(self):
        server = Server(self)
        result = tap.watch(server.port, quicprobe("tls", f"--cacert={server.ca}"))
        self.assertEqual(self.check(result, "tls", alpn="http/1.1")["http"]["status"], 200)

    def test_openssl_quic(self):
        server = Server(self, "--no-retry")
        result = tap.watch(server.port, openssl("-CAfile", server.ca))
        connection = self.check(result, "quic", alpn="hq-interop", version="TLS 1.3")
        self.assertEqual(connection["quic"]["close"]["by"], "local")

    def test_openssl_tcp(self):
        server = Server(self)
        result = tap.watch(server.port, openssl("-CAfile", server.ca, quic=False))
        self.check(result, "tls", version="TLS 1.3", alpn="http/1.1")

    def test_openssl_tls12(self):
        with peers.Certificates() as certs, peers.openssl_server(certs, options=("-www", "-tls1_2")) as peer:
            result = tap.watch(peer.port, openssl("-CAfile", certs.ca, "-tls1_2", quic=False))
            self.assertEqual(len(result.connections), 1)
            connection = tap.check_decrypted(self, result)
            self.assertEqual(connection["tls"]["version"], "TLS 1.2", result.err)

    def test_ngtcp2(self):
        server = Server(self)
        client = [peers.ngtcp2_client(), "--quiet", "--exit-on-all-streams-close", "--sni=localhost", "{ip}", "{port}"]
        result = tap.watch(server.port, [*client, "https://localhost:{port}/"])
        self.assertEqual(self.check(result, "quic", alpn="h3")["http"]["status"], 200)

    def test_curl(self):
        server = Server(self)
        words = ["curl", "--silent", "--http1.1", "--cacert", server.ca, "--connect-to", "localhost:443:{address}:{port}"]
        peers.find_program("curl")
        result = tap.watch(server.port, [*words, "https://localhost/"])
        self.assertEqual(self.check(result, "tls", alpn="http/1.1")["http"]["status"], 200)

    def test_python(self):
        server = Server(self)
        result = tap.watch(server.port, python_client(server.ca))
        self.assertEqual(self.check(result, "tls")["tls"]["version"], "TLS 1.3")

    def test_ipv6(self):
        try:
            socket.create_server(("::1", 0), family=socket.AF_INET6).close()
        except OSError:
            self.skipTest("no IPv6 here")
        server = Server(self)
        result = tap.watch(server.port, quicprobe("https", f"--cacert={server.ca}"), "--listen=[::1]")
        self.assertEqual(self.check(result, "quic")["http"]["status"], 200)
        self.assertIn("[::1]", result.report["relay"]["listen"])


    def test_two_addresses(self):
        """A name with two addresses, and a server at one of them: what the other one refuses is no fault of the program's connection."""
        server = Server(self)
        for scheme in ("https", "tls"):
            with self.subTest(scheme):
                result = tap.watch(server.port, quicprobe(scheme, f"--cacert={server.ca}"), host="localhost")
                self.assertEqual(len(result.connections), 1)
                connection = tap.check_decrypted(self, result)
                self.assertEqual(connection["outcome"], "ok", connection["findings"])
                self.assertEqual(connection["target"]["address"], peers.HOST)


class Faults(unittest.TestCase):
    """Where it fails, the client's own packets say why: the verdict is that of the fault."""

    def watch(self, scenario, command, *options):
        server = Server(self, f"--scenario={scenario}")
        result = tap.watch(server.port, command(server), *options)
        self.assertEqual(len(result.connections), 1, result.text)
        return result, tap.findings(result.connections[0])

    def test_certificates(self):
        for scenario, finding in (
            ("wrong-name", "certificate-name-mismatch"),
            ("unknown-ca", "certificate-unknown-ca"),
            ("expired", "certificate-expired"),
        ):
            for quic in (True, False):
                with self.subTest(scenario=scenario, quic=quic):
                    result, found = self.watch(
                        scenario,
                        lambda server, q=quic: openssl("-CAfile", server.ca, "-verify_hostname", "localhost", quic=q),
                    )
                    self.assertEqual(result.status, 1, result.text)
                    self.assertIn(finding, found)
                    tap.check_decrypted(self, result)

    def test_alpn(self):
        result, found = self.watch("alpn-mismatch", lambda server: openssl("-CAfile", server.ca, alpn="h3"))
        self.assertEqual(result.status, 1)
        self.assertIn("alpn-mismatch", found)

    def test_silent(self):
        client = [peers.ngtcp2_client(), "--quiet", "--handshake-timeout=3s", "{ip}", "{port}", "https://localhost:{port}/"]
        result, found = self.watch("no-reply", lambda server: client)
        self.assertEqual(result.status, 1)
        self.assertIn("no-reply", found)

    def test_retry(self):
        result, found = self.watch("retry", lambda server: openssl("-CAfile", server.ca))
        self.assertEqual(result.status, 0, result.text)
        self.assertIn("retry", found)
        tap.check_decrypted(self, result)

    def test_reset(self):
        result, found = self.watch("stream-reset", lambda server: quicprobe("https", f"--cacert={server.ca}", path="/bytes/100000"))
        self.assertIn("stream-reset", found)
        tap.check_decrypted(self, result)

    def test_version_negotiation(self):
        result, found = self.watch("version-negotiation", lambda server: quicprobe("https", f"--cacert={server.ca}"))
        self.assertEqual(result.status, 1)
        self.assertIn("version-negotiation", found)

    def test_closed_port(self):
        """The client is not told: a relay cannot make an ICMP error. It was one all the same."""
        with peers.closed_port() as port:
            result = tap.watch(port, quicprobe("quic", "--timeout=1"))
        self.assertEqual(result.status, 1)
        self.assertIn("port-closed", tap.findings(result.connections[0]))

    def test_refused(self):
        with peers.closed_port() as port:
            result = tap.watch(port, quicprobe("tls", "--timeout=5"))
        self.assertEqual((result.status, len(result.connections)), (1, 1), result.text)
        self.assertIn("connection-refused", tap.findings(result.connections[0]))

    def test_tcp_reset(self):
        with peers.tcp_reset() as peer:
            result = tap.watch(peer.port, quicprobe("tls", "--timeout=5"))
        self.assertEqual(result.status, 1)
        self.assertTrue([f for f in result.connections[0]["findings"] if f["severity"] == "error"], result.text)


class Bytes(unittest.TestCase):
    def test_unchanged(self):
        """Some MiB each way over both transports: not a byte is another one."""
        server = Server(self)
        for scheme in ("https", "tls"):
            with self.subTest(scheme), tempfile.TemporaryDirectory() as folder:
                direct, through = os.path.join(folder, "direct"), os.path.join(folder, "through")
                target = f"{scheme}://localhost:{server.port}/bytes/{8 * MIB}"
                plain = probe.run(f"--cacert={server.ca}", "--dns=none", f"--output={direct}", target)
                self.assertEqual(plain.status, 0, plain.err)
                command = quicprobe(scheme, f"--cacert={server.ca}", f"--output={through}", path=f"/bytes/{8 * MIB}")
                result = tap.watch(server.port, command)
                self.assertEqual(result.status, 0, result.err)
                with open(direct, "rb") as one, open(through, "rb") as other:
                    self.assertEqual(hashlib.sha256(one.read()).digest(), hashlib.sha256(other.read()).digest())
                self.assertEqual(os.path.getsize(through), 8 * MIB)
                self.assertGreaterEqual(result.connections[0]["http"]["bytes"], 8 * MIB)  # with its framing
                self.assertEqual(result.report["relay"]["not_sent"], 0)

    def test_upload(self):
        """What is sent is echoed by the server: what comes back went both ways."""
        server = Server(self)
        program = f"""
import hashlib, os, socket, ssl, threading
context = ssl.create_default_context(cafile={server.ca!r})
data = os.urandom(4 << 20)
with context.wrap_socket(socket.create_connection(("{{ip}}", {{port}})), server_hostname="localhost") as stream:
    threading.Thread(target=stream.sendall, args=[data]).start()
    got = b""
    while len(got) < len(data):
        piece = stream.recv(65536)
        assert piece
        got += piece
assert hashlib.sha256(got).digest() == hashlib.sha256(data).digest()
"""
        result = tap.watch(server.port, [sys.executable, "-c", program])
        self.assertEqual(result.report["command"]["exit_status"], 0, result.err)

    def test_impaired(self):
        """The path behind the relay may be bad: what it did is in the trace, and the program copes."""
        server = Server(self)
        command = quicprobe("https", f"--cacert={server.ca}")
        result = tap.watch(server.port, command, "--impair=drop=1,seed=3")
        self.assertEqual(result.report["command"]["exit_status"], 0, result.err)
        connection = next(c for c in result.connections if c["target"]["transport"] == "quic")
        self.assertEqual(connection["outcome"], "ok", connection["findings"])
        self.assertRegex(result.traced[connection["source"]["connection"]], r"→ +Initial 0, .*dropped on its way")
        result = tap.watch(server.port, quicprobe("https", "--timeout=1"), "--impair=up:loss=100%")
        self.assertEqual(result.status, 1)

    def migrate(self, *options, length=400_000):
        """ngtcp2's client takes another port while it sends; its server follows: it is one connection all the same."""
        with peers.Certificates() as certs, tempfile.NamedTemporaryFile() as data, peers.ngtcp2_server(certs) as server:
            data.write(bytes(length))
            data.flush()
            client = [peers.ngtcp2_client(), "--quiet", "--exit-on-all-streams-close", "--sni=localhost", *options]
            command = [*client, f"--data={data.name}", "{ip}", "{port}", "https://localhost:{port}/"]
            result = tap.watch(server.port, command, "--impair=up:rate=2mbit,queue=64KiB")
        self.assertEqual(result.report["command"]["exit_status"], 0, result.err)
        self.assertEqual(len(result.connections), 1, result.text)
        connection = tap.check_decrypted(self, result)
        self.assertEqual(connection["outcome"], "ok", connection["findings"])
        self.assertEqual([stream["bytes_sent"] > 150_000 for stream in connection["streams"] if stream["id"] == 0], [True])
        self.assertEqual(result.report["relay"]["unfiled"], 0)
        self.assertIn("PATH_CHALLENGE", result.traced[1])

    def test_rebinding(self):
        self.migrate("--change-local-addr=500ms", "--nat-rebinding")

    def test_migration(self):
        """With an id that is new as well: it was told under encryption, and the tap has had time to read that."""
        self.migrate("--change-local-addr=2s", length=800_000)


class KeyLogs(unittest.TestCase):
    def test_none(self):
        """A program that writes no secrets: that is told, and what the packets prove without."""
        server = Server(self)
        command = ["env", "-u", "SSLKEYLOGFILE", *python_client(server.ca)]
        result = tap.watch(server.port, command)
        self.assertEqual(len(result.connections), 1)
        self.assertIn("keys-missing", tap.findings(result.connections[0]))
        self.assertIn("SSLKEYLOGFILE", result.err)
        self.assertEqual(result.report["relay"]["without_keys"], 1)

    def test_foreign(self):
        """The key log of another program: it does not fit, and that is said."""
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder:
            foreign = os.path.join(folder, "foreign")
            with open(foreign, "w", encoding="ascii") as file:
                file.write(f"CLIENT_TRAFFIC_SECRET_0 {'ab' * 32} {'cd' * 32}\n")
            command = ["env", "-u", "SSLKEYLOGFILE", *python_client(server.ca)]
            result = tap.watch(server.port, command, f"--keylog={foreign}")
        self.assertIn("keys-do-not-fit", tap.findings(result.connections[0]))

    def test_late(self):
        """Lines that come when all is over open the connection from its first packet on."""
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder:
            late, now = os.path.join(folder, "late"), os.path.join(folder, "now")
            with tap.waiting(server.port, f"--keylog={late}", f"--pcapng={folder}") as process:
                command = [w.replace("{ip}", peers.HOST).replace("{port}", str(process.port)) for w in python_client(server.ca)]
                subprocess.run(command, check=True, env={**os.environ, "SSLKEYLOGFILE": now}, timeout=60)
                with open(now, encoding="ascii") as file:
                    lines = file.read().splitlines(keepends=True)
                with open(late, "w", encoding="ascii") as file:
                    for line in lines:  # half a line at a time
                        file.write(line[:50])
                        file.flush()
                        file.write(line[50:])
                        file.flush()
                result = process.finish()
            self.assertEqual(result.status, 0, result.err)
            connection = result.connections[0]
            self.assertNotIn("keys-missing", tap.findings(connection))
            self.assertEqual(connection["http"]["status"], 200)
            trace = probe.run("--trace", f"--read={os.path.join(folder, 'connection-0001.pcapng')}").text
            self.assertNotIn("(no keys)", trace)
            self.assertIn("EncryptedExtensions", trace)

    def test_rotated(self):
        """Several programs write to one key log, which is emptied and replaced meanwhile."""
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder:
            keys = os.path.join(folder, "keys")

            def connect(port):
                command = [w.replace("{ip}", peers.HOST).replace("{port}", str(port)) for w in python_client(server.ca)]
                subprocess.run(command, check=True, env={**os.environ, "SSLKEYLOGFILE": keys}, timeout=60)

            def n_settled(process):
                return process.out().count(b'"outcome"')

            with tap.waiting(server.port, f"--keylog={keys}") as process:
                for n, between in enumerate((lambda: None, lambda: os.truncate(keys, 0), lambda: os.rename(keys, keys + ".1"))):
                    between()
                    connect(process.port)
                    peers.wait_until(lambda want=n + 1: n_settled(process) == want, f"{n + 1} connections")
                result = process.finish()
        self.assertEqual(len(result.connections), 3)
        for connection in result.connections:
            self.assertEqual(connection["http"]["status"], 200, connection["findings"])

    def test_incomplete(self):
        """A key log that was cut in the middle of a line: the rest is told as what it is."""
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder:
            cut, now = os.path.join(folder, "cut"), os.path.join(folder, "now")
            with tap.waiting(server.port, f"--keylog={cut}") as process:
                command = [w.replace("{ip}", peers.HOST).replace("{port}", str(process.port)) for w in python_client(server.ca)]
                subprocess.run(command, check=True, env={**os.environ, "SSLKEYLOGFILE": now}, timeout=60)
                with open(now, encoding="ascii") as file:
                    text = file.read()
                with open(cut, "w", encoding="ascii") as file:
                    file.write(text[: len(text) - 20])
                result = process.finish()
        self.assertIn("not written to its end", result.err)
        self.assertEqual(len(result.connections), 1)

    def test_no_file(self):
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder:
            pipe = os.path.join(folder, "pipe")
            os.mkfifo(pipe)
            result = tap.watch(server.port, python_client(server.ca), f"--keylog={pipe}", f"--keylog={folder}/none")
        self.assertIn(pipe, result.err)
        self.assertIn("none", result.err)
        tap.check_decrypted(self, result)


class Several(unittest.TestCase):
    def test_many_at_once(self):
        """Clients that come together, over both transports: each is a connection of its own, all of them open."""
        server = Server(self)
        clients = [quicprobe(scheme, f"--cacert={server.ca}") for scheme in ("https", "tls", "https", "https")]
        program = f"""
import subprocess
clients = {clients!r}
running = [subprocess.Popen(client, stdout=subprocess.DEVNULL) for client in clients]
assert [client.wait() for client in running] == [0] * len(clients)
"""
        result = tap.watch(server.port, [sys.executable, "-c", program])
        self.assertEqual(result.report["command"]["exit_status"], 0, result.err)
        self.assertEqual(len(result.connections), 4)
        self.assertEqual(sorted(c["target"]["transport"] for c in result.connections), ["quic"] * 3 + ["tls"])
        self.assertEqual(sorted(c["source"]["connection"] for c in result.connections), [1, 2, 3, 4])

    def test_table(self):
        server = Server(self)
        words = python_client(server.ca)
        twice = ["sh", "-c", '"$@"; "$@"', "sh", *words]
        result = tap.run(f"--to={peers.HOST}:{server.port}", "--quiet", "--", *twice)
        self.assertEqual(result.status, 0, result.err)
        lines = result.text.splitlines()
        self.assertRegex(lines[0], r"No\. +Start")
        self.assertEqual(len(lines), 3, result.text)
        self.assertRegex(lines[1], r"^ +1 .*localhost.*Connected to localhost")

    def test_one_file(self):
        """All captures in one file: quicprobe lists them from there."""
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "all.pcapng")
            twice = ["sh", "-c", '"$@"; "$@"', "sh", *python_client(server.ca)]
            result = tap.run(f"--to={peers.HOST}:{server.port}", "--quiet", f"--pcapng={path}", "--", *twice)
            self.assertEqual(result.status, 0, result.err)
            self.assertEqual(os.stat(path).st_mode & 0o777, 0o600)
            self.assertEqual(os.listdir(folder), ["all.pcapng"])
            listed = probe.run(f"--read={path}")
            self.assertEqual(listed.status, 0, listed.err)
            self.assertEqual(len(listed.text.splitlines()), 3, listed.text)


class Privacy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.runtime = folder.name
        os.chmod(self.runtime, 0o700)
        self.env = {"XDG_RUNTIME_DIR": self.runtime}

    def left(self):
        return [os.path.join(folder, name) for folder, _, names in os.walk(self.runtime) for name in names]

    def test_environment(self):
        """The program's environment is ours and SSLKEYLOGFILE, which only we and it can read."""
        program = "import json, os, stat; path = os.environ['SSLKEYLOGFILE']; print(json.dumps([dict(os.environ), "
        program += "stat.S_IMODE(os.stat(path).st_mode), stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode)]))"
        result = tap.run("--to=127.0.0.1:9", "--quiet", "--", "/usr/bin/python3", "-c", program, env=self.env)
        seen, mode, folder_mode = json.loads(result.text)
        given = {**tap.ENVIRONMENT, **self.env}
        self.assertEqual({n: v for n, v in seen.items() if n != "LC_CTYPE"},
                         {**{n: v for n, v in given.items() if n != "LC_CTYPE"}, "SSLKEYLOGFILE": seen["SSLKEYLOGFILE"]})  # fmt: skip
        self.assertTrue(seen["SSLKEYLOGFILE"].startswith(self.runtime))
        self.assertEqual((mode, folder_mode), (0o600, 0o700))
        self.assertEqual(os.listdir(self.runtime), [])

    def test_killed(self):
        """Killed while it watches: the secrets go at once, and the program does not stay behind."""
        with tempfile.TemporaryDirectory() as folder:
            told = os.path.join(folder, "told")
            program = (
                "import os, sys; open(os.environ['SSLKEYLOGFILE'], 'w').write('secret\\n'); "
                f"open({told + '.new'!r}, 'w').write(str(os.getpid())); os.rename({told + '.new'!r}, {told!r}); sys.stdin.read()"
            )
            process = subprocess.Popen(
                [tap.PROGRAM, "--to=127.0.0.1:9", "--", sys.executable, "-c", program],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                env={**tap.ENVIRONMENT, **self.env},
            )  # fmt: skip
            try:
                peers.wait_until(lambda: os.path.exists(told), "the program")
                self.assertEqual(len([path for path in self.left() if path.endswith("/keys")]), 1)
                process.send_signal(signal.SIGKILL)
                process.wait(timeout=60)
                peers.wait_until(lambda: os.listdir(self.runtime) == [], "the secrets to go")
            finally:
                process.kill()
                process.wait()
                process.stdin.close()

    def test_killed_with_a_capture(self):
        """A capture holds secrets: while it is written it has no name, and nothing stays where quictap is killed."""
        server = Server(self)
        with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as keys:
            try:
                os.close(os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o600))
            except OSError:
                self.skipTest("this file system has no files without a name")
            log = os.path.join(keys, "keys")
            capture = os.path.join(folder, "all.pcapng")
            with tap.waiting(server.port, f"--keylog={log}", f"--pcapng={capture}", env=self.env) as process:
                command = [w.replace("{ip}", peers.HOST).replace("{port}", str(process.port)) for w in python_client(server.ca)]
                subprocess.run(command, check=True, env={**os.environ, "SSLKEYLOGFILE": log}, timeout=60)
                peers.wait_until(lambda: b'"outcome"' in process.out(), "the connection")
                self.assertEqual(os.listdir(folder), [])
                process.kill()
                process.wait()
                peers.wait_until(lambda: os.listdir(self.runtime) == [], "the secrets to go")
                self.assertEqual(os.listdir(folder), [])

    def test_interrupted(self):
        program = "import os, sys, signal; signal.pause()"
        for name in (signal.SIGINT, signal.SIGTERM):
            process = subprocess.Popen(
                [tap.PROGRAM, "--to=127.0.0.1:9", "--", sys.executable, "-c", program],
                stdout=subprocess.PIPE, stderr=subprocess.PIPE, env={**tap.ENVIRONMENT, **self.env},
            )  # fmt: skip
            peers.wait_until(lambda: any(path.endswith("/keys") for path in self.left()), "the program")
            process.send_signal(name)
            process.communicate(timeout=60)
            self.assertEqual(process.returncode, 1)
            self.assertEqual(os.listdir(self.runtime), [])

    def test_loopback_alone(self):
        server = Server(self)
        with tap.waiting(server.port) as process:
            for protocol in ("udp", "tcp"):
                self.assertTrue(peers.is_bound(protocol, process.port))
            ports = {}
            for table in ("tcp", "udp"):
                with open(f"/proc/net/{table}", encoding="ascii") as file:
                    ports[table] = [line.split()[1] for line in file if line.split()[1].endswith(f":{process.port:04X}")]
            for table, addresses in ports.items():
                self.assertTrue(addresses, table)
                self.assertEqual({address.split(":")[0] for address in addresses}, {"0100007F"}, table)


class CommandLine(unittest.TestCase):
    def test_help(self):
        result = tap.run("--help")
        self.assertEqual((result.status, result.err), (0, ""))
        for option in "to listen accept-any keylog impair pcapng json quiet recipe list-recipes version help".split():
            self.assertIn(f"--{option}", result.text)
        for line in result.text.splitlines():
            self.assertLessEqual(len(line), 90, line)
        self.assertRegex(tap.run("--version").text, r"^quictap \d+\.\d+")

    def test_recipes(self):
        listed = tap.run("--list-recipes").text.splitlines()
        names = [line.split("\t")[0] for line in listed]
        for name in "curl chromium firefox ngtcp2 openssl aioquic quic-go node python java dotnet".split():
            self.assertIn(name, names)
        for name in names:
            result = tap.run(f"--recipe={name}", "--to=example.org:8443")
            self.assertEqual(result.status, 0, result.err)
            self.assertTrue(result.text.startswith("quictap --to=example.org:8443 -- "), result.text)

    def test_wrong(self):
        wrong = {
            "no target": ([], "--to"),
            "path": (["--to=https://localhost/x"], "--to"),
            "port": (["--to=localhost:99999"], "port"),
            "listen": (["--to=localhost", "--listen=nowhere"], "--listen"),
            "rules": (["--to=localhost", "--impair=loss=1000%"], "loss"),
            "recipe": (["--recipe=\x1b[31mnetscape"], "\\x1b"),
            "recipe with a command": (["--recipe=curl", "--", "true"], "COMMAND"),
            "program": (["--to=127.0.0.1:9", "--", "/no/such/program"], "/no/such/program"),
            "option": (["--frobnicate"], "frobnicate"),
        }
        for name, (arguments, words) in wrong.items():
            with self.subTest(name):
                result = tap.run(*arguments)
                self.assertEqual(result.status, 2, result.err)
                self.assertIn(words, result.err)
                self.assertIn("--help", result.err)

    def test_files_that_are_none(self):
        result = tap.run("--to=127.0.0.1:9", "--pcapng=/no/such/folder/file", "--", "true")
        self.assertNotEqual(result.status, 0)
        self.assertIn("/no/such/folder", result.err)

    def test_nothing_came(self):
        result = tap.run("--to=127.0.0.1:9", "--json", "--", "true")
        self.assertEqual(result.status, 1)
        self.assertEqual(tap.check_report(result).connections, [])
        self.assertIn("No connection came", result.err)

    def test_port_in_use(self):
        with socket.create_server(("127.0.0.1", 0)) as taken:
            result = tap.run("--to=127.0.0.1:9", f"--listen=127.0.0.1:{taken.getsockname()[1]}", "--", "true")
        self.assertEqual(result.status, 1)
        self.assertIn("TCP", result.err)


class Recipes(unittest.TestCase):
    """The words as they are printed, for the programs that this machine has."""

    def start(self, name, replace, *options):
        server = Server(self, *options)
        result = tap.run(f"--recipe={name}", "--quiet", f"--to=localhost:{server.port}")
        words = shlex.split(result.text)
        self.assertEqual(words[0], "quictap")
        command = replace(words[3:], server)
        return tap.watch(server.port, command)

    def check(self, result, transport):
        self.assertEqual(len(result.connections), 1, result.err)
        connection = tap.check_decrypted(self, result)
        self.assertEqual(connection["target"]["transport"], transport)
        self.assertEqual(connection["target"]["sni"], "localhost")
        self.assertEqual(connection["outcome"], "ok")

    def test_curl(self):
        peers.find_program("curl")
        self.check(self.start("curl", lambda words, server: [words[0], "--silent", "--cacert", server.ca, *words[1:]]), "tls")

    def test_openssl(self):
        """Over TCP it is answered; over QUIC it offers h3, which it cannot speak: with no input it closes in the handshake."""
        def replace(words, server):
            return [sys.executable, "-c", ASK, peers.openssl_program(), *words[1:], "-alpn", "http/1.1", "-CAfile", server.ca]

        self.check(self.start("openssl-tcp", replace), "tls")
        result = self.start("openssl", lambda words, server: [peers.openssl_program(), *words[1:], "-CAfile", server.ca])
        connection = tap.check_decrypted(self, result)
        self.assertEqual((connection["target"]["transport"], connection["tls"]["alpn"]), ("quic", "h3"))

    def test_ngtcp2(self):
        self.check(self.start("ngtcp2", lambda words, server: [peers.ngtcp2_client(), *words[1:]]), "quic")

    def test_chromium(self):
        """Without a window, and with a certificate that it is told to take; what it asks for besides the page is its own affair."""
        chromium = peers.find_program("chromium", "chromium-browser", "google-chrome")
        with peers.Certificates() as certs, tempfile.TemporaryDirectory() as profile:
            chain, key = certs.leaf("good")
            digest = f"openssl x509 -in {chain} -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64"
            public = subprocess.run(["sh", "-c", digest], capture_output=True, text=True, check=True).stdout.strip()

            def replace(words, server):
                more = ["--headless", "--no-sandbox", "--disable-gpu", f"--ignore-certificate-errors-spki-list={public}", "--dump-dom"]
                words = [f"--user-data-dir={profile}" if word.startswith("--user-data-dir=") else word for word in words]
                return [chromium, *more, *words[1:]]

            result = self.start("chromium", replace, f"--cert={chain}", f"--key={key}")
            self.assertIn("Quicscope's local server", result.err)  # the page
            quic = [c for c in result.connections if c["target"]["transport"] == "quic" and c["http"]]
            self.assertTrue(quic, result.text)
            connection = tap.check_decrypted(self, result, quic[0]["source"]["connection"])
            self.assertEqual((connection["tls"]["alpn"], connection["http"]["status"]), ("h3", 200))

    def test_node(self):
        node = peers.find_program("node", "nodejs")
        self.check(self.start("node", lambda words, server: ["env", f"NODE_EXTRA_CA_CERTS={server.ca}", node, *words[1:]]), "tls")

    def test_python(self):
        def replace(words, server):
            return ["env", f"SSL_CERT_FILE={server.ca}", sys.executable, *words[1:]]

        self.check(self.start("python", replace), "tls")

    def test_quicprobe(self):
        self.check(self.start("quicprobe", lambda words, server: [probe.PROGRAM, f"--cacert={server.ca}", *words[1:]]), "quic")


if __name__ == "__main__":
    peers.main()
