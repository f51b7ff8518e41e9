# SPDX-License-Identifier: GPL-3.0-or-later
"""Our packets against tshark's, packet by packet and frame by frame: what quicprobe and quicserve write, and what others
write and we open."""

import os
import subprocess
import sys
import tempfile
import unittest

import packets
import peers
import probe

REWRITE = sys.argv.pop(1)
CHACHA20 = "--ciphersuites=TLS_CHACHA20_POLY1305_SHA256"


class Reading(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        peers.find_program("tshark")
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qs-wireshark-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name

    def path(self, name):
        return os.path.join(self.folder, name)

    def serve(self, *options, host=peers.HOST):
        chain, key = self.certs.leaf()
        return peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", *options, host=host)

    def equal(self, ours, theirs):
        """Both tell the same, and both could read all of it."""
        for datagrams in (ours, theirs):
            for datagram in datagrams:
                for packet in datagram.packets:
                    self.assertIsNotNone(packet.frames, "not decrypted:\n" + packets.describe(datagram))
        if any(packet.frames == packets.DUPLICATE for datagram in ours for packet in datagram.packets):
            theirs = packets.duplicates_marked(theirs)
        for mine, other in zip(ours, theirs):
            if mine != other:
                self.fail(f"ours:\n{packets.describe(mine)}\ntshark's:\n{packets.describe(other)}")
        self.assertEqual(len(ours), len(theirs))
        self.assertGreater(len(ours), 2)

    def without_later_retries(self, capture):
        """A client whose ClientHello fills two datagrams may get two Retry packets, of which it discards the second (RFC
        9000 section 17.2.5.2). tshark 4.0 calls that one's tag bad, as it holds it against the Destination Connection ID
        that the first one brought, and then takes its keys from it, so that nothing can be decrypted any more. So tshark
        gets the capture without it. Returns that, and the times of what was left out."""
        reading = packets.Reading(capture)
        retries = [
            (number, datagram.time)
            for number, datagram in enumerate(reading.datagrams, 1)
            if any(packet.type == "retry" for packet in datagram.packets)
        ][1:]
        if not retries:
            return reading, []
        self.assertIn((str(retries[0][0]), "quic.bad_retry"), reading.complaints)
        less = self.path("without-later-retries.pcapng")
        command = [peers.find_program("editcap"), capture, less, *(str(number) for number, _ in retries)]
        subprocess.run(command, check=True, capture_output=True, timeout=packets.PATIENCE)
        return packets.Reading(less), [time for _, time in retries]

    def rewrite(self, path, *keys):
        """Opens a file through our reader and dissector: the datagrams of each connection in it."""
        prefix = self.path("rewritten-")
        done = subprocess.run(
            [REWRITE, path, prefix, ".sqlog", *keys], capture_output=True, encoding="utf-8", timeout=packets.PATIENCE
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return [packets.from_qlog(f"{prefix}{number}.sqlog") for number in range(len(done.stdout.splitlines()))]


class Probe(Reading):
    """What quicprobe writes."""

    def compare(self, peer, *options, alpn="hq-interop", host=peers.HOST, path="/", status=0):
        qlog, capture = self.path("run.sqlog"), self.path("run.pcapng")
        scheme = "https" if alpn == "h3" else "quic"
        offer = [] if alpn == "h3" else [f"--alpn={alpn}"]
        result = probe.probe(
            f"--cacert={self.certs.ca}", f"--qlog={qlog}", f"--pcapng={capture}", *offer, *options,
            f"{scheme}://{host}:{peer.port}{path}",
        )  # fmt: skip
        if status is not None:
            self.assertEqual(result.status, status, result.text)
        ours = packets.from_qlog(qlog)
        reading, left_out = self.without_later_retries(capture)
        seen = [datagram for datagram in ours if datagram.time not in left_out]
        self.assertEqual(len(ours) - len(seen), len(left_out))
        self.equal(seen, packets.in_time(reading.datagrams))
        self.assertEqual(reading.complaints, [])
        self.check_checksums(reading)
        self.assertEqual(packets.in_time(sum(self.rewrite(capture), [])), ours)
        result.packets = [packet for datagram in ours for packet in datagram.packets]
        self.check_counts(result, ours)
        result.reading = reading
        return result

    def check_checksums(self, reading):
        good = {("udp", 1): len(reading.datagrams), ("ip", 1): reading.n_ipv4}  # IPv6's header has none
        self.assertEqual(dict(reading.checksums), {key: count for key, count in good.items() if count})

    def check_counts(self, result, ours):
        counts = result.report["trace"]
        self.assertEqual(counts["datagrams"], len(ours))
        self.assertEqual(counts["packets"], len(result.packets))
        if not any(packet.frames == packets.DUPLICATE for packet in result.packets):
            self.assertEqual(counts["frames"], sum(len(packet.frames) for packet in result.packets))

    def types(self, result):
        return {packet.type for packet in result.packets}

    def test_h3_with_caddy(self):
        with peers.caddy(self.certs) as peer:
            result = self.compare(peer, alpn="h3", path="/hello")
        self.assertEqual(result.report["http"]["status"], 200)

    def test_h3_with_caddy_over_ipv6(self):
        with peers.caddy(self.certs, host="::1") as peer:
            self.compare(peer, alpn="h3", host="[::1]")

    def test_h3_with_ngtcp2(self):
        with open(self.path("file"), "wb") as file:
            file.write(bytes(range(256)) * 100)
        with peers.ngtcp2_server(self.certs, files=self.folder) as peer:
            result = self.compare(peer, alpn="h3", path="/file")
        self.assertEqual(result.report["http"]["bytes"], 25600)

    def test_h3_with_ngtcp2_and_retry(self):
        with peers.ngtcp2_server(self.certs, options=["--validate-addr"]) as peer:
            self.assertIn("retry", self.types(self.compare(peer, alpn="h3", path="/")))

    def test_retry(self):
        with self.serve("--retry") as peer:
            self.assertIn("retry", self.types(self.compare(peer)))
            self.assertIn("retry", self.types(self.compare(peer, "--groups=X25519")))

    def test_no_retry(self):
        with self.serve("--no-retry") as peer:
            result = self.compare(peer)
            self.assertEqual(self.types(result), {"initial", "handshake", "1RTT"})

    def test_hello_in_two_datagrams(self):
        """The default groups need two, X25519 alone one."""
        with self.serve("--no-retry") as peer:
            for options, count in (((), 2), (("--groups=X25519",), 1)):
                result = self.compare(peer, *options)
                hello = [packet for packet in result.packets[:2] if packet.frames[0][0] == "crypto"]
                self.assertEqual(len(hello), count, hello)

    def test_cipher_suites(self):
        with self.serve("--no-retry") as peer:
            for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
                result = self.compare(peer, f"--ciphersuites={suite}")
                self.assertEqual(result.report["tls"]["cipher"], suite)
        with peers.caddy(self.certs) as peer:
            self.compare(peer, CHACHA20, alpn="h3")

    def test_hello_retry_request(self):
        with self.serve("--no-retry", "--scenario=hello-retry-request") as peer:
            self.assertIn("hello-retry", self.compare(peer).findings)

    def test_key_update(self):
        with self.serve("--no-retry", "--scenario=key-update") as peer:
            for options in ((), (CHACHA20,)):
                result = self.compare(peer, *options)
                self.assertEqual(result.reading.key_phases, {0, 1})
                _, _, events = packets.load_qlog(self.path("run.sqlog"))
                self.assertIn("security:key_updated", {event["name"] for event in events})

    def test_version_negotiation(self):
        with self.serve("--no-retry", "--scenario=version-negotiation") as peer:
            self.assertIn("version_negotiation", self.types(self.compare(peer, status=1)))

    def test_raced_addresses(self):
        """Two connections in one capture: IPv6, where nobody listens, and IPv4."""
        with self.serve("--no-retry") as peer:
            self.compare(peer, host="localhost")

    def test_ipv6(self):
        with self.serve(host="::1") as peer:
            self.compare(peer, host="[::1]")

    def test_download(self):
        """Enough for flow-control frames and ACKs of several ranges."""
        with self.serve("--no-retry") as peer:
            result = self.compare(peer, path="/bytes/1500000")
        names = {frame[0] for packet in result.packets for frame in packet.frames}
        self.assertLessEqual({"ack", "crypto", "stream", "max_data", "handshake_done", "connection_close application"}, names)

    def test_failures(self):
        for scenario in ("alpn-mismatch", "transport-error", "client-certificate", "stream-reset", "application-close"):
            with self.subTest(scenario), self.serve("--no-retry", f"--scenario={scenario}") as peer:
                self.compare(peer, status=None)


if __name__ == "__main__":
    peers.main()
