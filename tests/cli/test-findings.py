# SPDX-License-Identifier: GPL-3.0-or-later
"""Findings that neither a scenario of the lab nor a program of others brings about, each by a peer made for it.

With test-probe.py, test-impairments.py and the lab's scenarios (test-lab.py), every row of the catalogue is met end to end.
"""

import glob
import os
import re
import shutil
import socket
import struct
import subprocess
import threading
import unittest

import peers
import probe

ACCESS_DENIED = bytes.fromhex("15030300020231")  # a TLS record with a fatal alert (RFC 9846 section 6)
ADMIN_PROHIBITED = (3, 13)  # RFC 1812 section 5.2.7.1


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    return 0xFFFF - (total % 0xFFFF or 0xFFFF)


def namespace(*setup):
    """The start of a command that runs in a network of its own, or None where that is not allowed, or cannot be set up so."""
    if shutil.which("unshare") is None or shutil.which("ip") is None:
        return None
    script = " && ".join(("ip link set lo up", *setup, 'exec "$@"'))
    command = ["unshare", "--map-root-user", "--net", "sh", "-c", script, "sh"]
    return command if subprocess.run([*command, "true"], capture_output=True).returncode == 0 else None


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def probe(self, *arguments):
        return probe.probe(f"--cacert={self.certs.ca}", *arguments)

    def probe_in(self, command, *arguments):
        """In a network of its own: what probe.probe() does is done here."""
        if command is None:
            self.skipTest("no network of its own can be made here")
        done = subprocess.run([*command, probe.PROGRAM, "--json", *arguments], capture_output=True, timeout=probe.PATIENCE)
        result = probe.Result(done.returncode, done.stdout, done.stderr)
        probe.read_report(result)
        return result

    def assert_names(self, result, finding, words, severity="error"):
        self.assertIn(finding, result.findings, result.text)
        self.assertEqual(result.findings[finding]["severity"], severity)
        found = result.findings[finding]
        self.assertRegex(" ".join([found["title"], found["detail"], *found["try"]]), words)
        if severity == "error":
            self.assertEqual((result.status, result.errors), (1, [finding]), result.text)


class Catalogue(unittest.TestCase):
    # What is left when no other row fits: nothing can be made that brings it about and has no better name.
    LAST_RESORT = {"failed"}
    # Dead addresses beside a live one of the same family are told of where they are not loopback's: tests/diagnosis has it.
    OTHER_NETWORKS = {"addresses-dead"}

    def test_every_row_is_met(self):
        source = os.environ["QS_SRCDIR"]
        rules = "".join(open(path, encoding="utf-8").read() for path in glob.glob(f"{source}/src/diagnosis/qs-rules-*.c"))
        rows = set(re.findall(r'\{ "([a-z0-9-]+)",\s*QS_SEVERITY_', rules))
        self.assertGreater(len(rows), 50)
        listing = subprocess.run([probe.SERVER, "--list-scenarios"], capture_output=True, text=True, check=True).stdout
        met = {line.split("\t")[1] for line in listing.splitlines()}
        for path in glob.glob(f"{source}/tests/cli/test-*.py") + [f"{source}/tests/lessons/test-lessons.c", f"{source}/tests/study/test-ends.c"]:
            with open(path, encoding="utf-8") as file:
                met |= set(re.findall(r'"([a-z0-9-]+)"', file.read()))
        self.assertEqual(rows - met - self.LAST_RESORT - self.OTHER_NETWORKS, set())


class Network(Case):
    def test_no_route(self):
        for target, words in (("192.0.2.1", "no route"), ("[2001:db8::1]", "no route|no address")):
            with self.subTest(target):
                result = self.probe_in(namespace(), f"quic://{target}")
                self.assert_names(result, "unreachable", words)

    def test_router_forbids(self):
        """A router's ICMP message, which only root may make up."""
        try:
            raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
        except PermissionError:
            self.skipTest("only root may send ICMP messages")
        with raw, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind((peers.HOST, 0))
            raw.bind(("127.0.0.9", 0))

            def forbid():
                data, client = silent.recvfrom(65536)
                port = silent.getsockname()[1]
                # RFC 792: what it answers is quoted, by its headers.
                quoted = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 28 + len(data), 0, 0, 64, 17, 0,
                                     socket.inet_aton(client[0]), socket.inet_aton(peers.HOST))  # fmt: skip
                quoted += struct.pack(">HHHH", client[1], port, 8 + len(data), 0)
                head = struct.pack(">BBHI", *ADMIN_PROHIBITED, 0, 0)
                head = struct.pack(">BBHI", *ADMIN_PROHIBITED, checksum(head + quoted), 0)
                raw.sendto(head + quoted, (client[0], 0))

            thread = threading.Thread(target=forbid, daemon=True)
            thread.start()
            result = self.probe(f"quic://{peers.HOST}:{silent.getsockname()[1]}")
            thread.join(probe.PATIENCE)
        self.assert_names(result, "unreachable", r"127\.0\.0\.9 says that .*firewall")

    def test_refused_by_rules(self):
        """By a firewall's rules, and by hosts on whose ports nothing listens: what tells them apart, and what does not."""
        if shutil.which("nft") is None:
            self.skipTest("no nft here")
        rules = namespace(
            "ip address add 192.0.2.9/32 dev lo",
            "nft add table inet t",
            "nft 'add chain inet t i { type filter hook input priority 0; }'",
            "nft add rule inet t i tcp dport 9001 reject with icmpx port-unreachable",
            "nft add rule inet t i tcp dport 9002 reject with tcp reset",
            "nft add rule inet t i meta l4proto '{ tcp, udp }' th dport 9003 reject with icmpx admin-prohibited",
            "nft add rule inet t i udp dport 9004 reject with icmpx port-unreachable",
        )
        for target, finding, certainty, who, words in (
            ("tls://192.0.2.9:9001", "connection-refused", "likely", "unknown", "rule at 192.0.2.9 refuses TCP.*TCP itself, with a reset"),
            ("tls://[::1]:9001", "connection-refused", "likely", "unknown", "rule at ::1 refuses TCP"),
            ("tls://192.0.2.9:9002", "connection-refused", "likely", "server", "reset.*a firewall on it, or in its place"),
            ("tls://192.0.2.9:9005", "connection-refused", "likely", "server", "reset.*a firewall on it, or in its place"),
            ("tls://192.0.2.9:9003", "unreachable", "proved", "unknown", "192.0.2.9 says that its rules forbid.*in its name"),
            ("quic://192.0.2.9:9003", "unreachable", "proved", "unknown", "192.0.2.9 says that its rules forbid.*in its name"),
            ("quic://192.0.2.9:9004", "port-closed", "likely", "server", "a firewall's rule on it"),
            ("quic://192.0.2.9:9005", "port-closed", "likely", "server", "a firewall's rule on it"),
        ):  # fmt: skip
            with self.subTest(target):
                result = self.probe_in(rules, target)
                self.assertEqual(result.errors, [finding], result.text)
                self.assert_names(result, finding, words)
                found = result.findings[finding]
                self.assertEqual((found["certainty"], found["who"]), (certainty, who), result.text)
                self.assertLess(result.report["timings_ms"]["total"], 5000)

    def test_one_family_is_silent(self):
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as silent:
                silent.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                silent.bind(("::1", peer.port))
                result = self.probe(
                    "--alpn=hq-interop", f"--resolve=localhost:{peer.port}:::1",
                    f"--resolve=localhost:{peer.port}:127.0.0.1", f"quic://localhost:{peer.port}",
                )  # fmt: skip
        self.assertEqual(result.status, 0, result.text)
        self.assertEqual(result.report["target"]["address"], "127.0.0.1")
        self.assert_names(result, "address-family-broken", "IPv6 does not work", "warning")

    def test_interface_too_small(self):
        result = self.probe_in(namespace("ip link set lo mtu 1000"), "quic://127.0.0.1:443")
        self.assert_names(result, "mtu-too-small", "1200 bytes")

    def test_large_packets_vanish(self):
        """From the handshake on: as when the way changes to one through a tunnel that drops without a word.

        What is sent fills eight large packets and a small one, whose acknowledgement tells that the others are lost. (Where nothing
        small is sent, there is but silence, and nobody can tell why.)"""
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--no-retry") as peer:

            def passes(up, data):
                return data[0] & 0x80 != 0 or not up or len(data) < 1000  # long headers: the handshake's

            with peers.udp_relay(peer.port, passes) as relay:
                result = self.probe(
                    "--alpn=hq-interop", "--timeout=8", "--send=" + "x" * 9400, f"quic://{peers.HOST}:{relay.port}"
                )
        self.assert_names(result, "mtu-black-hole", "vanish", "warning")


class Handshake(Case):
    def test_certificate_too_large(self):
        """How large it is says its header alone: the rest is not taken in."""
        chain, key = self.certs.of_many_names(10000)
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            for scheme in ("quic", "tls"):
                for mode in ("nonblocking", "blocking", "thread-assisted"):
                    with self.subTest(scheme=scheme, mode=mode):
                        result = self.probe("-4", f"--mode={mode}", f"{scheme}://localhost:{peer.port}")
                        self.assert_names(result, "certificate-too-large", r"too large .* 2\d{5} bytes")
                        self.assertEqual(result.findings["certificate-too-large"]["certainty"], "proved")
        with peers.openssl_server(self.certs, options=("-cert", chain, "-key", key)) as peer:
            result = self.probe(f"tls://localhost:{peer.port}")
            self.assert_names(result, "certificate-too-large", r"too large .* 2\d{5} bytes")

    def test_certificate_just_not_too_large(self):
        chain, key = self.certs.of_many_names(3000)
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            result = self.probe("-4", f"tls://localhost:{peer.port}")
        self.assertEqual((result.status, result.errors), (0, []), result.text)

    def test_message_too_large(self):
        hello = b"\x16\x03\x03\x40\x00" + b"\x02\xff\xff\xff" + bytes(0x3FFC)
        with peers.tcp_echo(greeting=hello) as peer:
            result = self.probe(f"tls://{peers.HOST}:{peer.port}")
        self.assert_names(result, "tls-message-too-large", "16777219 bytes.*ServerHello")

    def test_other_alert(self):
        with peers.tcp_echo(greeting=ACCESS_DENIED) as peer:
            result = self.probe(f"tls://{peers.HOST}:{peer.port}")
        self.assert_names(result, "tls-alert", "access_denied")

    def test_client_certificate_refused(self):
        cert, key = self.certs.leaf("unknown-client")
        options = ("-Verify", "1", "-CAfile", self.certs.ca, "-verify_return_error")
        with peers.openssl_server(self.certs, options=options) as peer:
            result = self.probe(f"--cert={cert}", f"--key={key}", f"tls://localhost:{peer.port}")
        self.assert_names(result, "client-certificate-refused", "certificate")

    def test_large_hello(self):
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            target = ("--alpn=hq-interop", f"quic://localhost:{peer.port}")
            self.assert_names(self.probe(*target), "post-quantum-hello", "two datagrams", "info")
            self.assertNotIn("post-quantum-hello", self.probe("--groups=X25519", *target).findings)

    def test_large_hello_blocked(self):
        chain, key = self.certs.leaf()
        common = (f"--cert={chain}", f"--key={key}")
        with peers.quicserve(probe.SERVER, "--scenario=large-hello-blocked", *common) as peer:
            target = ("--alpn=hq-interop", f"quic://{peers.HOST}:{peer.port}")
            for mode in ("nonblocking", "blocking", "thread-assisted"):
                with self.subTest(mode):
                    result = self.probe(f"--mode={mode}", *target)
                    self.assertEqual(result.status, 0, result.text)
                    self.assert_names(result, "post-quantum-hello-blocked", "X25519 alone it answered", "warning")
                    self.assertEqual(result.report["tls"]["group"].lower(), "x25519")
                    self.assertNotIn("address-changed", result.findings)
                    self.assertNotIn("address-family-broken", result.findings)
            # Who asks for a group is given no other.
            result = self.probe("--groups=X25519MLKEM768", "--timeout=5", *target)
            self.assert_names(result, "no-reply", "nothing came back")

    def test_revoked(self):
        """By a list that stands beside the CA; another certificate of the same CA is as good as before."""
        trust = self.certs.with_revocation_list("wrong-name")
        for kind, status in (("wrong-name", 1), ("good", 0)):
            chain, key = self.certs.leaf(kind)
            with self.subTest(kind), peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
                host = "elsewhere.example" if kind == "wrong-name" else "localhost"
                result = probe.probe(
                    f"--cacert={trust}", "--alpn=hq-interop", f"--resolve={host}:{peer.port}:{peers.HOST}",
                    f"quic://{host}:{peer.port}",
                )  # fmt: skip
                self.assertEqual(result.status, status, result.text)
                if status != 0:
                    self.assert_names(result, "certificate-revoked", "stands in a list")
                    self.assertEqual(result.report["tls"]["verify"]["code"], 23)
                    self.assertEqual(result.report["quic"]["close"]["code"], 0x12C)

    def test_certificates(self):
        for kind, finding, words in (
            ("client", "certificate-purpose", "for something else"),
            ("below-no-ca", "certificate-ca-not-allowed", "not the certificate of a CA"),
            ("unknown-extension", "certificate-refused", "."),
        ):
            chain, key = self.certs.leaf(kind)
            with self.subTest(kind), peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
                result = self.probe("--alpn=hq-interop", f"quic://localhost:{peer.port}")
                self.assert_names(result, finding, words)


if __name__ == "__main__":
    peers.main()
