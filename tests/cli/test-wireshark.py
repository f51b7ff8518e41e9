# SPDX-License-Identifier: GPL-3.0-or-later
"""Our packets against tshark's, packet by packet and frame by frame: what quicprobe and quicserve write, and what others
write and we open."""

import json
import os
import signal
import socket
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

    def after_the_retry(self, reading):
        """Numbers and times of what tshark 4.0 stumbles over behind a Retry: a client whose ClientHello fills two datagrams
        may get two Retry packets, of which it discards the second (RFC 9000 section 17.2.5.2), and its second datagram may
        arrive when the first Retry is on its way. tshark takes both up: it calls a tag bad, or derives its keys from them
        anew, so that nothing can be decrypted any more."""
        retried, found = False, []
        for number, (datagram, destination) in enumerate(zip(reading.datagrams, reading.destinations), 1):
            retry = any(packet.type == "retry" for packet in datagram.packets)
            if retried and (retry or datagram.from_client and destination == reading.destinations[0]):
                found.append((number, datagram.time))
            retried = retried or retry
        return found

    def agree(self, ours, capture):
        """Packets of ours are those that tshark reads in a capture with its secrets inside. Returns its reading."""
        reading = packets.Reading(capture)
        left_out = self.after_the_retry(reading)
        if left_out:
            less = self.path("left-out.pcapng")
            command = [peers.find_program("editcap"), capture, less, *(str(number) for number, _ in left_out)]
            subprocess.run(command, check=True, capture_output=True, timeout=packets.PATIENCE)
            reading = packets.Reading(less)
        times = [time for _, time in left_out]
        seen = [datagram for datagram in ours if datagram.time not in times]
        self.assertEqual(len(ours) - len(seen), len(left_out))
        self.equal(seen, packets.in_time(reading.datagrams))
        self.assertEqual(reading.complaints, [])
        return reading

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
        reading = self.agree(ours, capture)
        self.check_checksums(reading)
        self.assertEqual(packets.in_time(sum(self.rewrite(capture), [])), ours)
        result.packets = [packet for datagram in ours for packet in datagram.packets]
        self.check_counts(result, ours)
        result.reading = reading
        return result

    def check_checksums(self, reading):
        self.assertEqual({status for _, status in reading.checksums}, {1}, reading.checksums)
        self.assertEqual(reading.checksums["udp", 1], len(reading.datagrams))
        self.assertEqual(reading.checksums["ip", 1], reading.n_ipv4)  # IPv6's header has none

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


class OverTcp(Reading):
    """TLS over TCP: tshark finds our connection in the capture, its checksums good and its records open."""

    def read(self, peer):
        capture = self.path("run.pcapng")
        result = probe.probe(f"--cacert={self.certs.ca}", f"--pcapng={capture}", "-4", f"tls://localhost:{peer.port}/")
        wanted = ("tls.handshake.type", "http.response.code", "tcp.checksum.status", "tls.alert_message.desc")
        fields = [word for name in wanted for word in ("-e", name)]
        options = ("-d", f"tcp.port=={peer.port},tls", "-T", "fields", "-o", "tcp.check_checksum:TRUE")
        lines = packets.tshark("-r", capture, *options, *fields).decode().splitlines()
        columns = list(zip(*(line.split("\t") for line in lines)))
        handshake, codes, checksums, alerts = ([value for cell in column for value in cell.split(",") if value] for column in columns)
        self.assertEqual(set(checksums), {"1"})
        self.assertIn("0", alerts)  # close_notify, which is encrypted
        return result, handshake, codes

    def test_tls13(self):
        with peers.caddy(self.certs, protocols=("h1",)) as peer:
            result, handshake, codes = self.read(peer)
        self.assertEqual(result.status, 0, result.text)
        self.assertEqual(handshake[:6], ["1", "2", "8", "11", "15", "20"])
        self.assertEqual(codes, ["200"])

    def test_tls12(self):
        suites = "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
        with peers.openssl_server(self.certs, options=("-www", "-tls1_2", "-cipher", suites)) as peer:
            _, handshake, _ = self.read(peer)
        self.assertEqual(handshake[:6], ["1", "2", "11", "12", "14", "16"])
        # Finished, which is encrypted. Of the server's, when it comes behind the ticket in a segment of its own, tshark 4.4
        # says "Encrypted Handshake Message", though it has opened it.
        self.assertIn("20", handshake[6:])


class Server(Reading):
    """What quicserve writes of the connections that it had."""

    def test_captures(self):
        with self.serve("--retry", f"--qlog={self.path('server.pcapng')}") as peer:
            for options in ((), (CHACHA20, "--groups=X25519")):
                result = probe.probe(
                    f"--cacert={self.certs.ca}", "--alpn=hq-interop", *options, f"quic://{peers.HOST}:{peer.port}/"
                )
                self.assertEqual(result.status, 0)
        captures = [self.path(name) for name in os.listdir(self.folder)]
        self.assertEqual(len(captures), 2, captures)
        for capture in captures:
            (ours,) = self.rewrite(capture)
            self.agree(ours, capture)


class Capture:
    """A capture of loopback by dumpcap: `with` its block runs, all datagrams to and from a port go to a file."""

    MARKER = b"the end of the capture"

    def __init__(self, path, port):
        self._path, self._port = path, port

    def __enter__(self):
        self._end = peers.free_port()
        wanted = f"udp port {self._port} or udp port {self._end}"
        command = [peers.find_program("dumpcap"), "-q", "-i", "lo", "-f", wanted, "-w", self._path]
        self._dumpcap = peers.Process(command)
        try:
            self._dumpcap.wait_for_line(r"^File: ")
        except ChildProcessError as error:
            self._dumpcap.stop()
            raise unittest.SkipTest(f"capturing is not allowed here: {error}") from None
        return self

    def __exit__(self, *_):
        """Only when a datagram that was sent last is in the file are all before it there as well."""
        with self._dumpcap, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
            marker.sendto(self.MARKER, (peers.HOST, self._end))
            peers.wait_until(self._is_complete, "the end of the capture")
            self._dumpcap.process.send_signal(signal.SIGINT)
            self._dumpcap.wait()

    def _is_complete(self):
        with open(self._path, "rb") as file:
            return self.MARKER in file.read()


class WithCaptures(Reading):
    def fetch(self, peer, *options, capture="capture.pcapng", keys="keys", path="/file", fails=False):
        """Gets a file with ngtcp2's client, captured; the paths of both files."""
        capture, keys = self.path(capture), self.path(keys)
        with Capture(capture, peer.port):
            done = subprocess.run(
                [peers.ngtcp2_client(), "--quiet", "--exit-on-all-streams-close", *options, peer.host, str(peer.port),
                 f"https://localhost:{peer.port}{path}"],
                env={**os.environ, "SSLKEYLOGFILE": keys}, capture_output=True, timeout=peers.PATIENCE,
            )  # fmt: skip
        self.assertEqual(done.returncode, 0, done.stderr)
        return capture, keys

    def server(self, size=20000, **options):
        with open(self.path("file"), "wb") as file:
            file.write(bytes(range(250)) * (size // 250))
        # What GSO sends in one piece would be captured in one piece on loopback, and tshark takes it for one datagram.
        if not peers.ngtcp2_server_knows("--max-gso-dgrams"):
            raise unittest.SkipTest("ngtcp2's server cannot be told to do without GSO here")
        return peers.ngtcp2_server(self.certs, files=self.folder, options=["--max-gso-dgrams=1"], **options)


class Captured(WithCaptures):
    """Captures between other programs, with the client's own key log beside."""

    def compare(self, peer, capture, keys):
        (ours,) = self.rewrite(capture, keys)
        reading = packets.Reading(capture, keys=keys, port=peer.port)
        self.equal(ours, packets.in_time(reading.datagrams))
        self.assertEqual(reading.complaints, [])
        return ours, reading

    def test_ngtcp2(self):
        with self.server() as peer:
            self.compare(peer, *self.fetch(peer))

    def test_caddy(self):
        with peers.caddy(self.certs) as peer:
            self.compare(peer, *self.fetch(peer))

    def test_other_files(self):
        """The same capture with its secrets put inside, and as a classic pcap."""
        with self.server() as peer:
            capture, keys = self.fetch(peer)
        wanted = self.rewrite(capture, keys)
        editcap = peers.find_program("editcap")
        inside, classic = self.path("inside.pcapng"), self.path("classic.pcap")
        subprocess.run([editcap, "--inject-secrets", f"tls,{keys}", capture, inside], check=True, timeout=60)
        self.assertEqual(self.rewrite(inside), wanted)
        subprocess.run([editcap, "-F", "nsecpcap", capture, classic], check=True, timeout=60)
        self.assertEqual(self.rewrite(classic, keys), wanted)

    def test_key_update(self):
        with self.server(size=3000000) as peer:
            capture, keys = self.fetch(peer, "--key-update=1ms", "--delay-stream=200ms")
            _, reading = self.compare(peer, capture, keys)
        self.assertEqual(reading.key_phases, {0, 1})

    def test_midway(self):
        """A capture that began when the handshake was over: the same packets, but for those that are not in it."""
        with self.server(size=200000) as peer:
            whole, keys = self.fetch(peer)
        (wanted,) = self.rewrite(whole, keys)
        begin = next(
            number
            for number, datagram in enumerate(wanted)
            if number > 20 and not datagram.from_client and {packet.type for packet in datagram.packets} == {"1RTT"}
        )
        rest = self.path("rest.pcapng")
        command = [peers.find_program("editcap"), "-r", whole, rest, f"{begin + 1}-100000"]
        subprocess.run(command, check=True, capture_output=True, timeout=60)
        (ours,) = self.rewrite(rest, keys)
        self.assertEqual([packet for datagram in ours for packet in datagram.packets],
                         [packet for datagram in wanted[begin:] for packet in datagram.packets])  # fmt: skip

    def test_addresses_that_change(self):
        """The client moves to another port: on purpose, with a new connection id, or as behind a NAT, with the old one."""
        for options in (("--nat-rebinding",), ()):
            with self.subTest(options), self.server(size=100000) as peer:
                capture, keys = self.fetch(
                    peer, "--change-local-addr=20ms", "--delay-stream=100ms", *options,
                    capture=f"moved{len(options)}.pcapng", keys=f"keys{len(options)}",
                )  # fmt: skip
                ports = set(packets.tshark("-r", capture, "-T", "fields", "-e", "udp.srcport").decode().split())
                self.assertGreater(len(ports - {str(peer.port)}), 2)  # two of the client's, and the marker's
                self.compare(peer, capture, keys)

    def test_early_data(self):
        """A resumed connection whose request goes with the first flight."""
        session = [f"--session-file={self.path('session')}", f"--tp-file={self.path('parameters')}"]
        with self.server() as peer:
            self.fetch(peer, *session)
            os.unlink(self.path("keys"))
            ours, _ = self.compare(peer, *self.fetch(peer, *session))
        self.assertIn("0RTT", {packet.type for datagram in ours for packet in datagram.packets})


class Qlog(WithCaptures):
    """What is in our qlog files besides packets, and a qlog by others."""

    def write(self, name):
        path = self.path(name)
        with self.serve() as peer:
            result = probe.probe(
                f"--cacert={self.certs.ca}", f"--qlog={path}", "--alpn=hq-interop", f"quic://{peers.HOST}:{peer.port}/"
            )
        self.assertEqual(result.status, 0)
        return path

    def check_events(self, trace, events):
        vantage, common = trace["vantage_point"], trace["common_fields"]
        self.assertEqual(vantage["type"], "client")
        self.assertTrue(vantage["name"])
        self.assertEqual(common["time_format"], "relative")
        self.assertGreater(common["reference_time"], 1700000000000)  # milliseconds since 1970
        times = [event["time"] for event in events]
        self.assertEqual(times, sorted(times))
        self.assertLessEqual({"time", "name", "data"}, set.intersection(*map(set, events)))
        names = {event["name"] for event in events}
        # What qvis looks up.
        self.assertLessEqual({"transport:packet_sent", "transport:packet_received", "transport:parameters_set"}, names)
        self.assertIn("recovery:metrics_updated", names)
        self.assertFalse([name for name in names if name.startswith("quic:")])
        owners = {event["data"]["owner"] for event in events if event["name"] == "transport:parameters_set"}
        self.assertEqual(owners, {"local", "remote"})
        for event in events:
            if event["name"] in ("transport:packet_sent", "transport:packet_received"):
                data = event["data"]
                self.assertIn(data["header"]["packet_type"], ("initial", "handshake", "1RTT", "retry"))
                self.assertGreater(data["raw"]["length"], 0)
                self.assertTrue(all("frame_type" in frame for frame in data["frames"]))

    def test_sequential(self):
        path = self.write("run.sqlog")
        with open(path, "rb") as file:
            text = file.read()
        self.assertTrue(text.startswith(b"\x1e{") and text.endswith(b"}\n"))
        self.assertEqual(text.count(b"\x1e"), text.count(b"\n"))
        header, trace, events = packets.load_qlog(path)
        self.assertEqual(header["file_schema"], "urn:ietf:params:qlog:file:sequential")
        self.assertEqual(header["serialization_format"], "application/qlog+json-seq")
        self.assertEqual((header["qlog_version"], header["qlog_format"]), ("0.3", "JSON-SEQ"))
        self.check_events(trace, events)

    def test_contained(self):
        path = self.write("run.qlog")
        whole, trace, events = packets.load_qlog(path)
        self.assertEqual((whole["qlog_version"], whole["qlog_format"]), ("0.3", "JSON"))
        self.check_events(trace, events)
        with open(path, encoding="utf-8") as file:
            json.load(file)

    def test_ours_opens(self):
        """Written, read, and written again, it is the same."""
        for name in ("run.sqlog", "run.qlog"):
            with self.subTest(name):
                path = self.write(name)
                before, (after,) = packets.from_qlog(path), self.rewrite(path)
                self.assertEqual([datagram[1:] for datagram in after], [datagram[1:] for datagram in before])
                for old, new in zip(before, after):
                    # A double of milliseconds since 1970 holds a quarter of a microsecond.
                    self.assertLess(abs(old.time - new.time), 1000)

    def test_ngtcp2s(self):
        """ngtcp2's qlog tells of the packets that were captured meanwhile. It has neither the frames' details in the same
        way nor the datagrams; so by direction, packet by packet, frame type by frame type."""
        qlog = self.path("ngtcp2.sqlog")
        with self.server() as peer:
            capture, keys = self.fetch(peer, f"--qlog-file={qlog}")
            theirs = packets.Reading(capture, keys=keys, port=peer.port).datagrams
        (ours,) = self.rewrite(qlog)
        for from_client in (True, False):
            brief = [
                [
                    (packet.type, packet.number, packet.length, [frame[0] for frame in packet.frames])
                    for datagram in datagrams
                    for packet in datagram.packets
                    if datagram.from_client == from_client
                ]
                for datagrams in (ours, theirs)
            ]
            self.assertGreater(len(brief[0]), 3)
            # What came after it had closed it did not read any more.
            self.assertEqual(brief[0], brief[1] if from_client else brief[1][: len(brief[0])])


if __name__ == "__main__":
    peers.main()
