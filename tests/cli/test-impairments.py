# SPDX-License-Identifier: GPL-3.0-or-later
"""Bad paths: what --impair does to our own server and client, and that others' programs live with it."""

import os
import signal
import struct
import subprocess
import tempfile
import unittest

import peers
import probe

PRESETS = [line.split("\t")[0] for line in subprocess.run(
    [probe.SERVER, "--list-impairments"], capture_output=True, text=True, timeout=probe.PATIENCE, check=True
).stdout.splitlines()]  # fmt: skip
USABLE = [name for name in PRESETS if name != "filtered-udp"]
MODES = ("nonblocking", "blocking", "thread-assisted")
NO_FAILURE = ("packet-loss", "reordering", "slow-handshake", "server-initial-lost", "corrupted")


def fates(path, port):
    """What a capture says of each datagram of the server at port: P passed, D dropped, L late, 2, C; up and down."""
    letters = {"dropped": "D", "delayed": "L", "duplicated": "2", "corrupted": "C"}
    found = []
    with open(path, "rb") as file:
        data = file.read()
    at = 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        if kind == 6:  # an enhanced packet block, of raw IP
            high, low, captured = struct.unpack_from("<III", data, at + 12)
            packet = data[at + 28 : at + 28 + captured]
            options = data[at + 28 + (captured + 3) // 4 * 4 : at + length - 4]
            ports = struct.unpack_from(">HH", packet, (packet[0] & 15) * 4)
            fate = next((letter for word, letter in letters.items() if b"Quicscope: " + word.encode() in options), "P")
            found.append((high << 32 | low, ports[0] == port, fate))
        at += length
    found.sort(key=lambda one: one[0])  # what is dropped is noted when it comes, the rest when OpenSSL gets it
    return tuple("".join(fate for _, is_down, fate in found if is_down == down) for down in (False, True))


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qs-impair-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def serve(self, *options):
        chain, key = self.certs.leaf("good")
        peer = peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", *options)
        self.addCleanup(peer.stop)
        return peer

    def probe(self, *options):
        return probe.probe(f"--cacert={self.certs.ca}", "--timeout=40", *options)

    def assert_completed(self, result):
        """It did what was asked, and nothing that the path did is called an error."""
        self.assertEqual((result.status, result.errors), (0, []), result.text)
        for name in NO_FAILURE:
            if name in result.findings:
                self.assertIn(result.findings[name]["severity"], ("info", "warning"), name)


class OthersServers(Case):
    def through_every_preset(self, url, length):
        met = peers.side_by_side(self, lambda preset: self.probe(f"--impair={preset}", url), USABLE)
        self.assertEqual(len(met), len(USABLE))
        for preset, result in met:
            with self.subTest(preset):
                self.assert_completed(result)
                self.assertEqual(result.report["http"]["bytes"], length)

    def test_caddy_through_every_preset(self):
        with peers.caddy(self.certs, body="hello from caddy\n") as peer:
            self.through_every_preset(f"https://localhost:{peer.port}/", len("hello from caddy\n"))

    def test_ngtcp2_through_every_preset(self):
        with open(os.path.join(self.folder, "page"), "wb") as file:
            file.write(b"x" * 20000)
        with peers.ngtcp2_server(self.certs, files=self.folder) as peer:
            self.through_every_preset(f"https://localhost:{peer.port}/page", 20000)

    def test_through_filtered_udp_nothing_comes(self):
        with peers.caddy(self.certs) as peer:
            result = probe.probe("--impair=filtered-udp", "--timeout=4", "-4", f"quic://localhost:{peer.port}")
            self.assertEqual((result.status, result.errors), (1, ["no-reply"]))

    # Long enough to be under way when the port changes, whatever the machine does besides.
    MOVES = "--impair=down:rate=1mbit,down:queue=1MiB,rebind=1s"

    def test_a_server_that_follows_a_new_address(self):
        with open(os.path.join(self.folder, "page"), "wb") as file:
            file.write(b"x" * 250000)
        with peers.ngtcp2_server(self.certs, files=self.folder) as peer:
            url = f"https://localhost:{peer.port}/page"
            met = peers.side_by_side(self, lambda mode: self.probe("-4", self.MOVES, f"--mode={mode}", url), MODES)
            self.assertEqual(len(met), len(MODES))
            for mode, result in met:
                with self.subTest(mode):
                    self.assert_completed(result)
                    self.assertEqual(result.report["http"]["bytes"], 250000)
                    self.assertEqual(result.findings["address-changed"]["severity"], "info")

    def test_a_server_that_does_not(self):
        chain, key = self.certs.leaf("good")
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            result = probe.probe(f"--cacert={self.certs.ca}", "-4", "--impair=rebind=1s", "--timeout=5",
                                 f"quic://localhost:{peer.port}/slow/2000")  # fmt: skip
            self.assertEqual((result.status, result.errors), (1, ["address-changed"]), result.text)

    def test_marks_are_reported_or_not(self):
        """OpenSSL's server does not report ECN counts; ngtcp2's does."""
        chain, key = self.certs.leaf("good")
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            text = "--send=" + "x" * 100000
            result = self.probe("-4", "--impair=up:ecn=ect0", "--alpn=hq-interop", text, f"quic://localhost:{peer.port}")
            self.assert_completed(result)
            self.assertEqual(result.findings["ecn-bleached"]["severity"], "info")
        with open(os.path.join(self.folder, "page"), "wb") as file:
            file.write(b"x" * 250000)
        with peers.ngtcp2_server(self.certs, files=self.folder) as peer:
            result = self.probe("-4", "--impair=up:ecn=ect0", f"https://localhost:{peer.port}/page")
            self.assert_completed(result)
            self.assertNotIn("ecn-bleached", result.findings)

    def test_in_every_mode(self):
        with peers.caddy(self.certs) as peer:
            options = ("--impair=loss=20%,delay=20ms", f"https://localhost:{peer.port}/")
            met = peers.side_by_side(self, lambda mode: self.probe(f"--mode={mode}", *options), MODES)
            self.assertEqual(len(met), len(MODES))
            for mode, result in met:
                with self.subTest(mode):
                    self.assert_completed(result)


class OwnServer(Case):
    def test_a_client_whose_nat_forgets_it(self):
        """The client cannot know, and OpenSSL's server sends on to the old port."""
        peer = self.serve("--impair=rebind=1s")
        result = probe.probe(f"--cacert={self.certs.ca}", "-4", "--timeout=5", f"quic://localhost:{peer.port}/slow/2000")
        self.assertEqual((result.status, result.errors), (1, ["timeout"]), result.text)

    def test_openssl_gets_its_echo_on_bad_wifi(self):
        peer = self.serve("--impair=bad-wifi")
        command = [peers.openssl_program(), "s_client", "-quic", "-connect", f"127.0.0.1:{peer.port}"]
        command += ["-servername", "localhost", "-CAfile", self.certs.ca, "-alpn", "hq-interop"]
        client = peers.Process(command, stdin=subprocess.PIPE)
        self.addCleanup(client.stop)
        client.process.stdin.write(b"through the noise\n")
        client.process.stdin.flush()
        client.wait_for_line(r"^through the noise$")

    def fetch(self, rules, name):
        path = os.path.join(self.folder, name)
        peer = self.serve(f"--impair={rules}", f"--qlog={path}")
        result = self.probe("-4", f"quic://localhost:{peer.port}/bytes/100000")
        self.assert_completed(result)
        self.assertEqual(result.report["http"]["bytes"], 100000)
        peer.process.send_signal(signal.SIGTERM)
        self.assertEqual(peer.wait(), 0)
        return result, fates(path, peer.port)

    def test_the_same_seed_gives_the_same_fates(self):
        """Timing changes how many datagrams there are, never what becomes of the nth."""
        runs = (("first", 7), ("second", 7), ("other", 8))
        met = peers.side_by_side(self, lambda run: self.fetch(f"loss=15%,seed={run[1]}", f"{run[0]}.pcapng"), runs)
        first, second, other = (seen for _, (_, seen) in met)
        for direction in (0, 1):
            n = min(len(first[direction]), len(second[direction]))
            self.assertGreater(n, 8, first)
            self.assertEqual(first[direction][:n], second[direction][:n])
            self.assertEqual(set(first[direction]), {"P", "D"})
        n = min(len(first[1]), len(other[1]))
        self.assertNotEqual(first[1][:n], other[1][:n])

    def test_one_direction_alone(self):
        up, down = self.fetch("down:drop=3", "down.pcapng")[1]
        self.assertEqual(set(up), {"P"})
        self.assertEqual(down[:4], "PPDP")
        self.assertEqual(down.count("D"), 1)

    def test_loss_of_ours_is_found_and_is_no_failure(self):
        peer = self.serve()
        result = self.probe("-4", "--impair=up:drop=8", f"quic://localhost:{peer.port}/bytes/300000")
        self.assert_completed(result)

    def test_tls_over_tcp_is_told_apart(self):
        result = probe.run("--impair=bad-wifi", "tls://localhost:1")
        self.assertEqual((result.status, result.out), (2, b""))
        self.assertIn("TCP", result.err)
        result = probe.run("--impair=bad-wify", "quic://localhost:1")
        self.assertEqual((result.status, result.out), (2, b""))
        self.assertIn("“bad-wify” (at character 1 of", result.err)
        self.assertIn("“bad-wifi”", result.err)


if __name__ == "__main__":
    peers.main()
