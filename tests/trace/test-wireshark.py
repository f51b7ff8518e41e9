# SPDX-License-Identifier: GPL-3.0-or-later
"""What Wireshark sees in our captures is what we show: each packet's type, number and frames, and none is left undecrypted."""

import json
import os
import shutil
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import peers
import probe

TSHARK = shutil.which("tshark")
LONG_TYPES = ("initial", "0RTT", "handshake", "retry")
FRAMES = {
    0x00: "padding", 0x01: "ping", 0x02: "ack", 0x03: "ack", 0x04: "reset_stream", 0x05: "stop_sending", 0x06: "crypto",
    0x07: "new_token", **{kind: "stream" for kind in range(0x08, 0x10)}, 0x10: "max_data", 0x11: "max_stream_data",
    0x12: "max_streams", 0x13: "max_streams", 0x14: "data_blocked", 0x15: "stream_data_blocked", 0x16: "streams_blocked",
    0x17: "streams_blocked", 0x18: "new_connection_id", 0x19: "retire_connection_id", 0x1A: "path_challenge",
    0x1B: "path_response", 0x1C: "connection_close", 0x1D: "connection_close", 0x1E: "handshake_done",
    0x30: "datagram", 0x31: "datagram",
}  # fmt: skip


def shown(node, name):
    return [field.get("show") for field in node.iter("field") if field.get("name") == name]


def read_type(node):
    if shown(node, "quic.header_form") not in (["1"], ["True"]):  # tshark from 4.2 on: True
        return "1RTT"
    if int(shown(node, "quic.version")[0], 16) == 0:
        return "version_negotiation"
    return LONG_TYPES[int(shown(node, "quic.long.packet_type")[0], 0)]


def by_wireshark(path):
    """For each datagram: (type, number, frames) of its packets."""
    done = subprocess.run(
        [TSHARK, "-n", "-r", path, "-T", "pdml", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"],
        capture_output=True, timeout=120, check=True,
    )  # fmt: skip
    datagrams = []
    for packet in xml.etree.ElementTree.fromstring(done.stdout).iter("packet"):
        packets = []
        for name in ("ip.checksum.status", "udp.checksum.status"):
            assert set(shown(packet, name)) <= {"1"}, f"{name} is {shown(packet, name)}"
        for node in packet.findall("proto"):
            if node.get("name") == "quic":
                number = shown(node, "quic.packet_number")
                frames = [FRAMES[int(kind, 0)] for kind in shown(node, "quic.frame_type")]
                packets.append((read_type(node), int(number[0], 0) if number else None, frames))
        datagrams.append(packets)
    return datagrams


def by_us(path):
    datagrams = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            assert line[0] == "\x1e" and line[-1] == "\n"
            event = json.loads(line[1:])
            if event.get("name", "").startswith("transport:packet_"):
                data = event["data"]
                header = data["header"]
                entry = (header["packet_type"], header.get("packet_number"), [f["frame_type"] for f in data["frames"]])
                datagrams.setdefault(data["datagram_id"], []).append(entry)
    return [datagrams[key] for key in sorted(datagrams)]


@unittest.skipUnless(TSHARK, "no tshark")
class Wireshark(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()

    def check(self, target, *options, wanted=(), status=0):
        with tempfile.TemporaryDirectory() as folder:
            capture, qlog = os.path.join(folder, "run.pcapng"), os.path.join(folder, "run.sqlog")
            result = probe.run(f"--pcapng={capture}", f"--qlog={qlog}", "--timeout=20", "--insecure", "--quiet", *options, target)
            theirs, ours = by_wireshark(capture), by_us(qlog)
        if status is not None:
            self.assertEqual(result.status, status, result.err)
        self.assertEqual(theirs, ours)
        packets = [packet for datagram in ours for packet in datagram]
        self.assertGreater(len(packets), 2)
        for kind, _, frames in packets:
            if kind in ("initial", "handshake", "1RTT"):
                self.assertTrue(frames, f"{kind} is undecrypted")
        for kind in wanted:
            self.assertIn(kind, [packet[0] for packet in packets])
        return packets

    def check_server(self, scenario, *options, host="127.0.0.1", **wanted):
        with peers.quicserve(probe.SERVER, f"--scenario={scenario}", host=host) as peer:
            address = f"[{host}]" if ":" in host else host
            return self.check(f"quic://{address}:{peer.port}/", "--alpn=hq-interop", *options, **wanted)

    def test_caddy(self):
        with peers.caddy(self.certs) as peer:
            self.check(f"https://localhost:{peer.port}/", "-4")

    def test_ngtcp2_retry(self):
        # A hello of one datagram: two get two Retries, and Wireshark 4.0 believes the second one, which a client must not
        # (RFC 9000 section 17.2.5.2), as soon as the server chooses another connection id.
        with peers.ngtcp2_server(self.certs, options=["--validate-addr"]) as peer:
            self.check(f"https://localhost:{peer.port}/", "-4", "--groups=X25519", wanted=["retry"])

    def test_echo(self):
        self.check_server("no-retry")

    def test_ipv6(self):
        self.check_server("echo", host="::1", wanted=["retry"])

    def test_key_update(self):
        self.check_server("key-update", status=None)  # what it shows matters, however it ends

    def test_version_negotiation(self):
        self.check_server("version-negotiation", "--timeout=4", wanted=["version_negotiation"], status=1)

    def test_hello_retry_request(self):
        self.check_server("hello-retry-request")

    def test_ciphers(self):
        for suite in ("TLS_AES_128_GCM_SHA256", "TLS_AES_256_GCM_SHA384", "TLS_CHACHA20_POLY1305_SHA256"):
            with self.subTest(suite):
                self.check_server("echo", f"--ciphersuites={suite}")

    def test_hello_in_one_datagram(self):
        packets = self.check_server("no-retry", "--groups=X25519")
        self.assertEqual([packet[:2] for packet in packets[:2]], [("initial", 0), ("initial", 0)])  # one of each side

    def test_hello_in_two_datagrams(self):
        packets = self.check_server("no-retry", "--groups=X25519MLKEM768")
        self.assertEqual([packet[:2] for packet in packets[:2]], [("initial", 0), ("initial", 1)])

    def test_tls_over_tcp(self):
        with peers.caddy(self.certs, protocols=("h1",)) as peer, tempfile.TemporaryDirectory() as folder:
            capture = os.path.join(folder, "run.pcapng")
            result = probe.run(f"--pcapng={capture}", "--insecure", "--quiet", "-4", f"tls://localhost:{peer.port}/")
            self.assertEqual(result.status, 0, result.err)
            done = subprocess.run(
                [TSHARK, "-n", "-r", capture, "-d", f"tcp.port=={peer.port},tls", "-T", "fields", "-e",
                 "tls.handshake.type", "-e", "http.response.code", "-o", "tcp.check_checksum:TRUE", "-e", "tcp.checksum.status"],
                capture_output=True, text=True, timeout=120, check=True,
            )  # fmt: skip
        lines = [line.split("\t") for line in done.stdout.splitlines()]
        handshake = [kind for line in lines for kind in line[0].split(",") if kind]
        self.assertEqual(handshake[:6], ["1", "2", "8", "11", "15", "20"])  # encrypted ones: decrypted
        self.assertIn("200", [line[1] for line in lines])
        self.assertEqual({line[2] for line in lines}, {"1"})


if __name__ == "__main__":
    peers.main()
