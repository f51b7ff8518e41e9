# SPDX-License-Identifier: GPL-3.0-or-later
"""What captures and logs that other programs wrote prove, with keys and without; and that a cut one accuses nobody."""

import json
import os
import ssl
import struct
import tempfile
import time
import unittest
import warnings

import peers
import probe

FOLDER = os.path.join(os.environ["QS_SRCDIR"], "tests", "cli", "captures")


def read(path, keys=None):
    options = ["--json", f"--read={path}"]
    if keys is not None:
        options.append(f"--keylog={os.path.join(FOLDER, keys)}")
    result = probe.run(*options)
    probe.read_report(result)
    return result


class Verdicts(unittest.TestCase):
    # file, key log, whether a connection came about, findings that have to be there, findings that must not be
    CASES = (
        ("quic-no-keys.pcap", None, True, {"keys-missing": "info"}, ("keys-do-not-fit",)),
        ("quic-no-keys.pcap", "q.keys", True, {}, ("keys-missing",)),
        ("quic-no-keys.pcap", "tls13.keys", True, {"keys-do-not-fit": "warning"}, ("keys-missing",)),
        ("tls13-plain.pcap", None, True, {"keys-missing": "info"}, ()),
        ("tls13-plain.pcap", "tls13.keys", True, {}, ("keys-missing", "keys-do-not-fit")),
        ("tls12-plain.pcap", None, True, {"keys-missing": "info"}, ()),
        ("tls12-plain.pcap", "tls12.keys", True, {}, ("keys-missing",)),
        ("quic-version-negotiation-then-v1.pcap", None, True, {"version-negotiation": "info"}, ()),
        ("quic-version-negotiation-then-v1.pcap", "q.keys", True, {"version-negotiation": "info"}, ()),
        ("quic-icmp-by-client-after-close.pcap", None, True, {}, ("port-closed",)),
        ("quic-icmp-by-client-after-close.pcap", "q.keys", True, {}, ("port-closed",)),
        ("tls13-client-rst-after-close.pcap", None, True, {}, ("connection-reset",)),
        ("tls13-client-rst-after-close.pcap", "tls13.keys", True, {}, ("connection-reset",)),
        ("tls12-warning-alert-unrecognized-name.pcap", None, True, {}, ("sni-unknown", "tls-alert")),
        ("tls12-warning-alert-unrecognized-name.pcap", "tls12.keys", True, {}, ("sni-unknown", "tls-alert")),
        ("tcp-refused.pcap", None, False, {"connection-refused": "error"}, ("port-closed",)),
        ("tcp-syn-unanswered.pcap", None, False, {"no-reply": "error"}, ("connection-refused",)),
        ("tls12-client-certificate-wanted.pcap", None, False, {"client-certificate-required": "error"}, ()),
        ("capture-dropped-packets.pcap", "capture-dropped-packets.keys", True, {"capture-incomplete": "warning"}, ("corrupted",)),
        ("losses-before-the-capture-point.pcap", "losses-before-the-capture-point.keys", True, {"packet-loss": "info"},
         ("capture-incomplete", "corrupted")),
        ("zero-rtt-not-taken.pcap", "zero-rtt-not-taken.keys", True, {"early-data-rejected": "info"}, ("packet-loss",)),
        ("tls12-rsa-cbc.pcap", None, True, {"keys-missing": "info"}, ()),
        ("tls12-rsa-cbc.pcap", "tls12-rsa-cbc.keys", True, {}, ("keys-missing", "keys-do-not-fit", "corrupted")),
        ("tls13-server-side-only.pcap", None, False, {"began-before-capture": "info"}, ()),
        ("tls13-server-side-only.pcap", "tls13.keys", True, {"began-before-capture": "info"}, ("keys-do-not-fit", "keys-missing")),
        ("tls13-server-side-only.pcap", "q.keys", False, {"keys-do-not-fit": "warning"}, ()),
        ("tls13-began-before-capture.pcap", None, True, {"began-before-capture": "info", "keys-missing": "info"}, ()),
        ("tls13-began-before-capture.pcap", "tls13.keys", True, {"began-before-capture": "info"},
         ("keys-do-not-fit", "keys-missing", "corrupted")),
        ("tls13-began-before-capture.pcap", "q.keys", True, {"began-before-capture": "info", "keys-do-not-fit": "warning"}, ()),
        ("quic-wrong-version-number.pcap", None, False, {"version-negotiation": "info"}, ("retry", "began-before-capture")),
        ("quic-version-negotiation-alone.pcap", None, False, {"version-negotiation": "info"}, ("began-before-capture",)),
        ("quic-snaplen-96.pcap", "quic-snaplen-96.keys", True, {"payload-not-kept": "warning"}, ("keys-do-not-fit", "corrupted")),
        ("tls12-ecdhe.pcap", None, True, {"keys-missing": "info"}, ()),
        ("tls12-resumed.pcap", None, True, {"keys-missing": "info"}, ("certificate-incomplete-chain",)),
        ("tls13-client-certificate-wanted.pcap", None, False, {"closed-in-handshake": "error"}, ()),
        ("tls13-client-certificate-wanted.pcap", "tls13-client-certificate-wanted.keys", False,
         {"client-certificate-required": "error"}, ("closed-in-handshake",)),
        ("tls13-ends-without-close-notify.pcap", "tls13-ends-without-close-notify.keys", True, {},
         ("tls-alert", "connection-reset")),
        ("tls13-certificate-zlib.pcap", "tls13-certificate-zlib.keys", True, {}, ()),
        ("tls13-certificate-brotli.pcap", "tls13-certificate-brotli.keys", True, {}, ()),
        ("tls13-certificate-zstd.pcap", "tls13-certificate-zstd.keys", True, {}, ()),
        ("tls13-draft-18-retry.pcap", None, True, {"keys-missing": "info"}, ("closed-in-handshake", "tls-alert")),
        ("tls13-draft-18-retry.pcap", "tls13-draft-18-retry.keys", True, {}, ("keys-missing", "keys-do-not-fit", "corrupted", "decode-error")),
        ("tls13-draft-21.pcap", None, True, {"keys-missing": "info"}, ("closed-in-handshake", "tls-alert")),
        ("tls13-draft-21.pcap", "tls13-draft-21.keys", True, {}, ("keys-missing", "keys-do-not-fit", "corrupted", "decode-error")),
        ("tls13-draft-24.pcap", None, True, {"keys-missing": "info"}, ("closed-in-handshake", "tls-alert")),
        ("tls13-draft-24.pcap", "tls13-draft-24.keys", True, {}, ("keys-missing", "keys-do-not-fit", "corrupted", "decode-error")),
        ("tls13-draft-28.pcap", None, True, {"keys-missing": "info"}, ("closed-in-handshake", "tls-alert")),
        ("tls13-draft-28.pcap", "tls13-draft-28.keys", True, {}, ("keys-missing", "keys-do-not-fit", "corrupted", "decode-error")),
        ("multipath-as-picoquic-writes.qlog", None, True, {"began-before-capture": "info"}, ("reordering", "packet-loss")),
        ("server-qlog-client-ended-with-h3-no-error.sqlog", None, True, {}, ("closed-by-peer",)),
        ("packet-lost-with-type-as-aioquic-writes.sqlog", None, True, {"packet-loss": "info"}, ()),
        ("version-as-number-alpn-offered-http-events.sqlog", None, True, {}, ()),
        ("bytes-in-flight-after-one-ack-of-three.sqlog", None, True, {}, ("packet-loss",)),
    )  # fmt: skip

    # file, key log: group, signature, whether a session was resumed, how many certificates
    TLS = (
        ("tls12-ecdhe.pcap", None, "x25519", "ecdsa_secp256r1_sha256", False, 1),
        ("tls12-resumed.pcap", None, None, None, True, 0),
        ("tls13-plain.pcap", "tls13.keys", "x25519", "rsa_pss_rsae_sha256", False, 1),
        ("tls13-certificate-zlib.pcap", "tls13-certificate-zlib.keys", "secp256r1", "rsa_pss_rsae_sha256", False, 1),
        ("tls13-certificate-brotli.pcap", "tls13-certificate-brotli.keys", "secp256r1", "rsa_pss_rsae_sha256", False, 1),
        ("tls13-certificate-zstd.pcap", "tls13-certificate-zstd.keys", "secp256r1", "rsa_pss_rsae_sha256", False, 1),
    )

    def test_tls(self):
        for name, keys, group, signature, resumed, certificates in self.TLS:
            with self.subTest(file=name):
                tls = read(os.path.join(FOLDER, name), keys).report["tls"]
                self.assertEqual((tls["group"], tls["signature"], tls["resumed"], len(tls["certificates"])),
                                 (group, signature, resumed, certificates))  # fmt: skip

    def test_encrypted_refusal(self):
        """A last record that is as long as an alert was no end without a word."""
        finding = read(os.path.join(FOLDER, "tls13-client-certificate-wanted.pcap")).findings["closed-in-handshake"]
        self.assertEqual(finding["certainty"], "likely")
        self.assertIn("encrypted", finding["title"])

    def test_began_before(self):
        """Each by its own protocol's rules; and nobody saw TCP connect."""
        capture = os.path.join(FOLDER, "tls13-began-before-capture.pcap")
        self.assertIn("RFC 9846", read(capture).findings["began-before-capture"]["reference"])
        self.assertNotRegex(probe.run(f"--read={capture}").text, "✓.*TCP")
        whole = os.path.join(FOLDER, "tls13-plain.pcap")
        self.assertRegex(probe.run(f"--read={whole}").text, "✓.*TCP")
        log = os.path.join(FOLDER, "multipath-as-picoquic-writes.qlog")
        self.assertIn("RFC 9000", read(log).findings["began-before-capture"]["reference"])
        self.assertRegex(probe.run(f"--read={log}").text, r"could\s+read")

    def test_files(self):
        for name, keys, connected, wanted, never in self.CASES:
            with self.subTest(file=name, keys=keys):
                result = read(os.path.join(FOLDER, name), keys)
                self.assertEqual(result.report["outcome"] == "ok", connected, result.text)
                for finding, severity in wanted.items():
                    self.assertIn(finding, result.findings, result.text)
                    self.assertEqual(result.findings[finding]["severity"], severity)
                self.assertEqual(result.errors, [i for i, s in wanted.items() if s == "error"], result.text)
                for finding in never:
                    self.assertNotIn(finding, result.findings, result.text)

    def test_drafts_of_tls13(self):
        """Each is told as the draft that it is, and with its keys all of it is opened, to the answer."""
        for name, draft in (("18-retry", 18), ("21", 21), ("24", 24), ("28", 28)):
            with self.subTest(draft=draft):
                path = os.path.join(FOLDER, f"tls13-draft-{name}.pcap")
                report = read(path, f"tls13-draft-{name}.keys").report
                self.assertEqual(report["tls"]["version"], f"TLS 1.3 draft-{draft}")
                self.assertEqual(report["tls"]["group"], "x25519")
                self.assertEqual(report["http"]["status"], 200)
                ids = [finding["id"] for finding in report["findings"]]
                self.assertEqual("hello-retry" in ids, name.endswith("retry"))

    def test_both_ends_in_one_file(self):
        """A client's and a server's trace of one connection are joined; where they are not of one, they are listed."""
        path = os.path.join(FOLDER, "both-ends-in-one-file.qlog")
        report = json.loads(probe.run("--json", f"--read={path}").out)
        self.assertEqual(report["outcome"], "ok")
        self.assertIn("join", report)
        self.assertIn("Client to server", probe.run(f"--read={path}").text)
        self.assertNotIn("Client to server", probe.run("--connection=2", f"--read={path}").text)
        with open(path, encoding="utf-8") as file:
            log = json.load(file)
        for event in log["traces"][1]["events"]:  # of another connection: other sizes and numbers
            event["data"].get("header", {})["packet_number"] = 77
        with tempfile.TemporaryDirectory() as folder:
            other = os.path.join(folder, "other.qlog")
            with open(other, "w", encoding="utf-8") as file:
                json.dump(log, file)
            self.assertEqual(len(json.loads(probe.run("--json", f"--read={other}").out)["connections"]), 2)

    def test_ends_without_a_close(self):
        """What a log calls closed by a timeout or a reset was closed by nobody, with no code."""
        crypto = [{"frame_type": "crypto", "offset": 0, "length": 36}]
        hello = [("sent", 0, "initial", 0), ("sent", 300, "initial", 1), ("sent", 900, "initial", 2)]
        whole = hello[:1] + [("received", 10, "initial", 0), ("received", 11, "handshake", 0), ("sent", 12, "handshake", 0)]
        cases = (
            (hello, 10000, {"owner": "local", "trigger": "handshake_timeout"}, "no-reply", True),
            (hello, 1000, {"owner": "local", "trigger": "handshake_timeout"}, None, True),
            (whole, 30000, {"owner": "local", "reason": "Idle timeout", "trigger": "idle_timeout"}, "idle-timeout", True),
            (whole, 30000, {"owner": "remote", "trigger": "stateless_reset"}, None, False),
            (whole, 30000, {"reason": ""}, None, False),
        )  # fmt: skip
        for packets, end, data, finding, close in cases:
            events = [{"time": time, "name": f"transport:packet_{way}",
                       "data": {"header": {"packet_type": kind, "packet_number": number}, "raw": {"length": 1200}, "frames": crypto}}
                      for way, time, kind, number in packets]  # fmt: skip
            events.append({"time": end, "name": "connectivity:connection_closed", "data": data})
            head = {"qlog_version": "0.3", "trace": {"vantage_point": {"type": "client"}}}
            with self.subTest(data=data, end=end), tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "log.sqlog")
                with open(path, "w", encoding="utf-8") as file:
                    file.write("".join(f"\x1e{json.dumps(record)}\n" for record in [head, *events]))
                result = read(path)
                self.assertEqual(result.errors, [finding] if finding else [], result.text)
                self.assertEqual("Closed" in probe.run(f"--read={path}").text, close)

    def test_address_race(self):
        """An attempt at another address of the same name, not answered, is no connection of its own."""
        name = "gso-and-zero-length-cid"
        path, keys = os.path.join(FOLDER, f"{name}.pcap"), f"{name}.keys"
        result = read(path, keys)
        self.assertEqual(result.report["outcome"], "ok")
        self.assertEqual(result.errors, [])
        self.assertIn("[::1]:5547", result.err)
        self.assertIn("RFC 8305", result.err)
        first = probe.run("--json", "--connection=1", f"--read={path}")
        probe.read_report(first)
        self.assertEqual(first.report["outcome"], "failed")

    def test_began_before_any_packet(self):
        """TLS over TCP that is met midway is opened wherever the capture began, whoever is heard first, and where one side passes."""
        for name, keys in (("tls13-plain.pcap", "tls13.keys"), ("tls12-plain.pcap", "tls12.keys")):
            with open(os.path.join(FOLDER, name), "rb") as file:
                data = file.read()
            ends = list(Cut.cuts(os.path.join(FOLDER, name)))
            n_opened = 0
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, "rest.pcap")
                for end in ends[3:-3]:
                    with open(path, "wb") as file:
                        file.write(data[:24] + data[len(end) :])
                    result = probe.run("--json", f"--read={path}", f"--keylog={os.path.join(FOLDER, keys)}")
                    if not result.out:
                        continue
                    probe.read_report(result)
                    self.assertEqual(result.errors, [], result.text)
                    self.assertNotIn("corrupted", result.findings)
                    n_opened += "keys-do-not-fit" not in result.findings
            # Without its hellos TLS 1.2 has no keys at all.
            self.assertGreater(n_opened, 2 if name.startswith("tls13") else -1)

    def test_version_and_protocol_of_a_log(self):
        """A version as a number, and a protocol that was the only one offered: said as of any other connection."""
        path = os.path.join(FOLDER, "version-as-number-alpn-offered-http-events.sqlog")
        report = probe.read(path).report
        self.assertEqual((report["quic"]["version"], report["tls"]["alpn"], report["target"]["alpn"]), ("1", "h3", ["h3"]))
        self.assertIn("over QUIC v1 with h3.", probe.run(f"--read={path}").text)
        # No packet in the log carried it: it stands by itself.
        self.assertIn("0.030000  ·  HTTP/3: HEADERS GET /, on stream 0\n", probe.run("--trace", f"--read={path}").text)

    def test_close_in_a_servers_log(self):
        """Who closed is told as the end that it was, and why as it said: the log is the server's, the peer its client."""
        ends = {"src_ip": "192.0.2.1", "src_port": 443, "dst_ip": "198.51.100.9", "dst_port": 40000}
        events = (
            (0, "transport:connection_started", ends),
            (0, "transport:packet_received", {"header": {"packet_type": "initial", "packet_number": 0}, "frames": [{"frame_type": "crypto"}]}),
            (1, "transport:packet_sent", {"header": {"packet_type": "handshake", "packet_number": 0}, "frames": [{"frame_type": "crypto"}]}),
            (9, "transport:packet_received", {"header": {"packet_type": "handshake", "packet_number": 0}, "frames": [
                {"frame_type": "connection_close", "error_space": "transport", "error_code": 298, "reason": "no such issuer"}]}),
        )  # fmt: skip
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "server.qlog")
            trace = {"vantage_point": {"type": "server"}, "events": [dict(zip(("time", "name", "data"), event)) for event in events]}
            with open(path, "w", encoding="utf-8") as file:
                json.dump({"qlog_format": "JSON", "qlog_version": "0.3", "traces": [trace]}, file)
            finding = read(path).findings["certificate-refused"]
            self.assertIn("no such issuer", finding["detail"])
            self.assertIn("192.0.2.1:443", finding["title"])
            text = probe.run(f"--read={path}").text
            self.assertRegex(text, r"Closed +by the client: CRYPTO_ERROR 0x12a")
            self.assertNotIn("by the server:", text)

    def test_answer_that_a_log_tells_of(self):
        """The status and the fields are those of the events; a DATA frame that is not told of is no answer cut short."""
        frame = '{"time": %d, "name": "http:frame_%s", "data": {"stream_id": 0, "length": 40, "frame": {"frame_type": "headers", "headers": [%s]}}}\n'
        packet = (
            '{"time": %d, "name": "transport:packet_%s", "data": {"header": {"packet_type": "1RTT", "packet_number": 9}, "raw": '
            '{"length": 1200}, "frames": [{"frame_type": "stream", "stream_id": 0, "offset": 0, "length": %d, "fin": true}]}}\n'
        )
        field = '{"name": "%s", "value": "%s"}'
        with open(os.path.join(FOLDER, "version-as-number-alpn-offered-http-events.sqlog"), encoding="utf-8") as file:
            start = file.read()
        answer = ", ".join((field % (":status", "404"), field % ("content-length", "1000"), field % ("server", "x<b>")))
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "answer.sqlog")
            for length, cut in ((1043, False), (999, True)):
                with open(path, "w", encoding="utf-8") as file:
                    file.write(start.rstrip("\n") + "\n" + packet % (31, "sent", 42) + packet % (50, "received", length))
                    file.write(frame % (50, "parsed", answer))
                result = read(path)
                self.assertEqual(result.report["http"]["status"], 404, result.text)
                self.assertEqual(result.report["http"]["version"], "3")
                self.assertEqual("answer-cut-short" in result.findings, cut, result.text)
                text = probe.run("--trace", f"--read={path}").text
                self.assertIn("HTTP/3: HEADERS 404\n", text)
                self.assertIn("HTTP/3: HEADERS GET /\n", text)

    def test_initial_that_does_not_open(self):
        """Its keys are in the clear: what they do not open is no ClientHello, and waits for no key log."""
        initial = b"\xc3\0\0\0\1\x08" + bytes(range(8)) + b"\x08" + bytes(8) + b"\0" + b"\x44\x98" + bytes([90]) * 1176
        udp = struct.pack(">HHHH", 20000, 443, 8 + len(initial), 0) + initial
        packet = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 1, 0, 64, 17, 0, b"\xc0\0\2\1", b"\xc0\0\2\2") + udp
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "initial.pcap")
            with open(path, "wb") as f:
                f.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, 101))
                f.write(struct.pack("<IIII", 1700000000, 0, len(packet), len(packet)) + packet)
            result = read(path)
            self.assertNotIn("keys-missing", result.findings)
            self.assertEqual("connect", result.report["stage"])

    def test_first_packet_that_does_not_open(self):
        """Said, and nobody blamed without proof; the kinds of it are in tests/diagnosis/test-unreadable.c."""
        with open(os.path.join(FOLDER, "quic-no-keys.pcap"), "rb") as file:
            data = bytearray(file.read())
        first = data[: len(next(Cut.cuts(os.path.join(FOLDER, "quic-no-keys.pcap"))))]
        damaged = bytearray(first)
        damaged[-30] ^= 1
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "first.pcap")

            def seen(changed):
                with open(path, "wb") as file:
                    file.write(changed)
                return read(path)

            self.assertNotIn("initial-unreadable", seen(first).findings)
            result = seen(damaged)
            self.assertIn("initial-unreadable", result.findings, result.text)
            found = result.findings["initial-unreadable"]
            self.assertEqual((found["severity"], found["certainty"]), ("warning", "possible"), result.text)
            self.assertRegex(found["detail"], "damaged")
            self.assertNotIn("initial-unreadable", seen(data).findings)

    def test_version_that_is_not_read(self):
        """gQUIC is named as what it is."""
        with open(os.path.join(FOLDER, "quic-no-keys.pcap"), "rb") as file:
            data = file.read()
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "old.pcap")
            for version, words in ((b"Q050", "Google Q050"), (b"Q046", "Google Q046")):
                changed = bytearray(data)
                for at in range(len(data) - 6):  # the long headers of the client's and the server's packets
                    if data[at] & 0xC0 == 0xC0 and data[at + 1 : at + 5] == b"\0\0\0\1" and data[at + 5] <= 20:
                        changed[at + 1 : at + 5] = version
                with open(path, "wb") as file:
                    file.write(changed)
                result = read(path)
                self.assertIn("version-not-read", result.findings, result.text)
                self.assertIn(words, result.findings["version-not-read"]["title"])
                self.assertEqual(result.errors, [], result.text)
        self.assertNotIn("version-not-read", read(os.path.join(FOLDER, "quic-no-keys.pcap")).findings)

    def test_version_reserved_for_negotiation(self):
        """A client may begin with a version that nobody speaks, to be told those that are spoken: the one it goes on with counts. Drafts up
        to the 21st say both ids' lengths in one byte; a list of versions laid out so is a server's answer all the same."""
        reserved, quant, draft18 = 0xBABABABA, 0x45474719, 0xFF000012
        client, server, first = b"\1\2\3\4", b"\5\6\7\x08", bytes(range(16, 29))

        def ids(old, dcid, scid):
            if old:
                return bytes([(len(dcid) - 3) << 4 | len(scid) - 3]) + dcid + scid
            return bytes([len(dcid)]) + dcid + bytes([len(scid)]) + scid

        def opening(version, old):
            return (bytes([0xC0]) + struct.pack("!I", version) + ids(old, first, client)).ljust(1200, b"\x55")

        def answer(version, old):
            return bytes([0xC0]) + struct.pack("!I", version) + ids(old, client, server) + bytes(80)

        def versions(old):
            return b"\xde" + bytes(4) + ids(old, client, first) + struct.pack("!II", quant, draft18)

        def report(path, *datagrams):
            out = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
            for number, (by_client, payload) in enumerate(datagrams):
                ends = [b"\x7f\0\0\2" + struct.pack("!H", 40000), b"\x7f\0\0\3" + struct.pack("!H", 4433)]
                sender, receiver = ends if by_client else reversed(ends)
                udp = sender[4:] + receiver[4:] + struct.pack("!HH", 8 + len(payload), 0) + payload
                packet = struct.pack("!BBHIBBH", 0x45, 0, 20 + len(udp), 0, 64, 17, 0) + sender[:4] + receiver[:4] + udp
                out += struct.pack("<IIII", 1500000000, 20000 * number, len(packet), len(packet)) + packet
            with open(path, "wb") as file:
                file.write(out)
            return read(path)

        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "reserved.pcap")
            short = bytes([0x41]) + server + bytes(40), bytes([0x41]) + client + bytes(40)
            result = report(path, (1, opening(reserved, False)), (0, versions(False)), (1, opening(quant, False)),
                            (0, answer(quant, False)), (1, short[0]), (0, short[1]))  # fmt: skip
            self.assertEqual(result.report["quic"]["version"], "quant 0x45474719")
            self.assertIn("quant 0x45474719", result.findings["version-not-read"]["title"])
            result = report(path, (1, opening(reserved, False)), (0, versions(False)))
            self.assertNotIn("version-not-read", result.findings)
            self.assertIn("version-negotiation", result.findings)
            for old in (True, False):
                result = report(path, (1, opening(reserved, old)), (0, versions(old)))
                self.assertEqual(result.errors, [], result.text)
            result = report(path, (1, opening(draft18, True)), (0, answer(draft18, True)), (1, opening(draft18, True)))
            self.assertEqual(result.errors, [], result.text)
            self.assertIn("draft-18", result.findings["version-not-read"]["title"])
            result = report(path, (1, opening(reserved, False)), (0, b"\x2e no version of anything" + bytes(60)))
            self.assertIn("not-quic", result.errors)

    def test_records_without_a_handshake(self):
        """What looks like TLS's records from the first byte on, and has no hello, is no connection that began earlier, and no handshake. In a
        recording that began later it may be."""
        head = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101)
        sequence = [1000, 5000]

        def segment(by_client, flags, data):
            own, other = (0, 1) if by_client else (1, 0)
            ends = [b"\x7f\0\0\2", b"\x7f\0\0\3"]
            ports = [40000, 443]
            tcp = struct.pack("!HHIIBBHHH", ports[own], ports[other], sequence[own], sequence[other], 0x50, flags, 65535, 0, 0) + data
            sequence[own] += len(data) + (flags & 2 != 0)
            packet = struct.pack("!BBHIBBH", 0x45, 0, 20 + len(tcp), 0, 64, 6, 0) + ends[own] + ends[other] + tcp
            return struct.pack("<IIII", 1500000000, sum(sequence), len(packet), len(packet)) + packet

        record = b"\x17\3\3\0\x40" + bytes(64)
        empty = b"\x16\3\1\0\0"
        opening = [segment(1, 2, b""), segment(0, 18, b""), segment(1, 16, b""), segment(1, 24, empty), segment(0, 24, empty)]
        rest = [segment(1, 24, record), segment(0, 24, record), segment(1, 24, record), segment(0, 24, record)]
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "records.pcap")
            for packets, late in ((opening + rest, False), (rest, True)):
                with open(path, "wb") as file:
                    file.write(head + b"".join(packets))
                result = read(path)
                self.assertEqual("began-before-capture" in result.findings, late, result.text)
                self.assertEqual(result.report["outcome"] == "ok", late, result.text)
                self.assertEqual(result.errors, [], result.text)

    def test_verdict_without_keys(self):
        """The sentence says what is known, and never that a certificate was verified."""
        for name in ("quic-no-keys.pcap", "tls13-plain.pcap", "tls12-plain.pcap"):
            with self.subTest(name):
                text = probe.run(f"--read={os.path.join(FOLDER, name)}").text
                self.assertIn("was completed", text)
                self.assertNotIn("no complete handshake", text)
                self.assertNotRegex(text, "(?i)verified")
        for name, keys in (("quic-no-keys.pcap", "q.keys"), ("tls13-plain.pcap", "tls13.keys")):
            with self.subTest(name):
                text = probe.run(f"--read={os.path.join(FOLDER, name)}", f"--keylog={os.path.join(FOLDER, keys)}").text
                self.assertNotRegex(text, "(?i)verified")


class Silence(unittest.TestCase):
    """TLS over TCP that rests before the handshake is done: whose turn it is, and whether what was sent last got there."""

    HELLO = os.path.join(FOLDER, "tls13-plain.pcap")

    @classmethod
    def setUpClass(cls):
        """The hellos of a connection that went well."""
        cls.hellos = {}
        with open(cls.HELLO, "rb") as file:
            data = file.read()
        for by_client, kind in ((True, 1), (False, 2)):
            at = data.index(bytes((22, 3)), 24)
            while data[at + 5] != kind:
                at = data.index(bytes((22, 3)), at + 1)
            cls.hellos[by_client] = data[at : at + 5 + struct.unpack(">H", data[at + 3 : at + 5])[0]]

    def report(self, *segments):
        """segments: (second, by the client, flags, bytes, acknowledged or None for all so far)."""
        sequence = {True: 1000, False: 9000}
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "rest.pcap")
            with open(path, "wb") as file:
                file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
                for second, by_client, flags, data, acknowledged in segments:
                    ports = (40000, 443) if by_client else (443, 40000)
                    ends = (b"\xc0\0\2\1", b"\xc0\0\2\2")
                    ack = sequence[not by_client] if acknowledged is None else acknowledged
                    tcp = struct.pack(">HHIIBBHHH", *ports, sequence[by_client], ack, 5 << 4, flags, 65000, 0, 0)
                    ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), 0, 0, 64, 6, 0) + b"".join(ends if by_client else ends[::-1])
                    packet = ip + tcp + data
                    file.write(struct.pack("<IIII", 1700000000 + second, 0, len(packet), len(packet)) + packet)
                    sequence[by_client] += len(data) + (flags & 2) // 2 + (flags & 1)
            return probe.read(path)

    def check(self, result, words, who, certainty):
        self.assertEqual(result.errors, ["timeout"], result.text)
        found = result.findings["timeout"]
        self.assertRegex(" ".join([found["title"], found["detail"]]), words)
        self.assertEqual((found["who"], found["certainty"]), (who, certainty), result.text)

    def test_silence(self):
        client, server = self.hellos[True], self.hellos[False]
        start = ((0, True, 0x02, b"", 0), (0, False, 0x12, b"", None), (0, True, 0x10, b"", None))
        sent = (0, True, 0x18, client, None)
        taken = (0, False, 0x10, b"", None)
        answered = (1, False, 0x18, server, None)
        for segments, words, who, certainty in (
            ((sent, taken, (60, True, 0x11, b"", None)), "answered nothing: no byte came in 60.00 s.*acknowledged the ClientHello", "unknown", "likely"),
            ((sent, (9, False, 0x10, b"", 1001)), "answered nothing.*did not acknowledge the ClientHello", "path", "likely"),
            ((sent, answered, (1, True, 0x10, b"", None), (30, True, 0x10, b"", None)), "client fell silent in the middle.*29.00 s.*acknowledged by its TCP", "client", "possible"),
        ):
            with self.subTest(words):
                self.check(self.report(*start, *segments), words, who, certainty)

    def test_no_silence(self):
        """A pause; a capture that lacks what was acknowledged, or that saw no acknowledgement at all."""
        client, server = self.hellos[True], self.hellos[False]
        start = ((0, True, 0x02, b"", 0), (0, False, 0x12, b"", None), (0, True, 0x10, b"", None))
        sent, taken = (0, True, 0x18, client, None), (0, False, 0x10, b"", None)
        for segments in (
            (sent, taken, (2, True, 0x10, b"", None)),
            (sent, taken, (20, True, 0x10, b"", 9001 + 3000)),
            (sent, taken, (0, False, 0x18, server[:40], None), (20, False, 0x11, b"", None)),
        ):
            with self.subTest(segments=[s[:3] for s in segments]):
                self.assertNotIn("timeout", self.report(*start, *segments).findings)
        for name, keys, _ in Cut.GOOD:
            self.assertNotIn("timeout", read(os.path.join(FOLDER, name), keys).findings)


class BlockCiphers(unittest.TestCase):
    """TLS 1.0 to 1.2 under CBC: connections that OpenSSL makes in memory, written as a capture with their key log."""

    OPENSSL_NO_ENCRYPT_THEN_MAC = 1 << 19
    BOTH = (ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_2)
    CIPHERS = (
        ("ECDHE-ECDSA-AES128-SHA", BOTH),
        ("ECDHE-ECDSA-AES256-SHA", BOTH),
        ("ECDHE-ECDSA-AES128-SHA256", BOTH[2:]),
        ("ECDHE-ECDSA-AES256-SHA384", BOTH[2:]),
    )
    SIZES = (1, 15, 16, 31, 5000, 20000)  # bytes of what is sent: on both sides of a block, and of a record

    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def context(self, server, cipher, version, etm, keys):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if server else ssl.PROTOCOL_TLS_CLIENT)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = context.maximum_version = version
        context.set_ciphers(f"{cipher}:@SECLEVEL=0")
        if not etm:
            context.options |= self.OPENSSL_NO_ENCRYPT_THEN_MAC
        if server:
            context.load_cert_chain(*self.certs.leaf("good"))
        else:
            context.load_verify_locations(self.certs.ca)
            context.keylog_filename = keys
        return context

    def converse(self, cipher, version, etm, keys):
        """(by the client, bytes), in order."""
        buffers = [ssl.MemoryBIO(), ssl.MemoryBIO()]
        client = self.context(False, cipher, version, etm, keys).wrap_bio(buffers[0], buffers[1], server_hostname="localhost")
        server = self.context(True, cipher, version, etm, keys).wrap_bio(buffers[1], buffers[0], server_side=True)
        flights = []

        def step(end, into, action):
            before = buffers[into].pending
            try:
                action()
                done = True
            except ssl.SSLWantReadError:
                done = False
            data = buffers[into].read()
            buffers[into].write(data)
            if len(data) > before:
                flights.append((into == 1, data[before:]))
            return done

        done = [False, False]
        while not all(done):
            for i, (end, into) in enumerate(((client, 1), (server, 0))):
                done[i] = done[i] or step(end, into, end.do_handshake)
        for size in self.SIZES:
            for end, into, other in ((client, 1, server), (server, 0, client)):
                step(end, into, lambda end=end, size=size: end.write(b"x" * size))
                n = 0
                while n < size:
                    n += len(other.read(size - n))
        return flights

    @staticmethod
    def write_capture(path, flights):
        sequence = {True: 1000, False: 9000}
        with open(path, "wb") as file:
            file.write(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 101))
            second = int(time.time())
            n = 0

            def segment(by_client, flags, data):
                nonlocal n
                ports = (40000, 443) if by_client else (443, 40000)
                ends = (b"\xc0\0\2\1", b"\xc0\0\2\2")
                tcp = struct.pack(">HHIIBBHHH", *ports, sequence[by_client], sequence[not by_client], 5 << 4, flags, 65000, 0, 0)
                ip = struct.pack(">BBHHHBBH", 0x45, 0, 40 + len(data), n, 0, 64, 6, 0) + b"".join(ends if by_client else ends[::-1])
                packet = ip + tcp + data
                file.write(struct.pack("<IIII", second, n * 100, len(packet), len(packet)) + packet)
                sequence[by_client] += len(data) + (flags & 2) // 2
                n += 1

            segment(True, 0x02, b"")
            segment(False, 0x12, b"")
            for by_client, data in flights:
                for at in range(0, len(data), 1400):  # blocks and records lie across segments
                    segment(by_client, 0x18, data[at : at + 1400])

    def test_opened(self):
        n = 0
        for cipher, versions in self.CIPHERS:
            for version in versions:
                for etm in (True, False):
                    with self.subTest(cipher=cipher, version=version, etm=etm), tempfile.TemporaryDirectory() as folder:
                        keys, path = (os.path.join(folder, name) for name in ("keys", "run.pcap"))
                        flights = self.converse(cipher, version, etm, keys)
                        self.write_capture(path, flights)
                        result = read(path, keys)
                        self.assertEqual(result.report["outcome"], "ok", result.text)
                        for finding in ("keys-missing", "keys-do-not-fit", "corrupted"):
                            self.assertNotIn(finding, result.findings, result.text)
                        n += 1
                        with open(keys, encoding="ascii") as file:  # secrets of another connection open nothing
                            text = file.read()
                        with open(keys, "w", encoding="ascii") as file:
                            file.write("\n".join(line[:-4] + "0123" for line in text.splitlines()) + "\n")
                        self.assertIn("corrupted", read(path, keys).findings)
        self.assertEqual(n, 16)


class Cut(unittest.TestCase):
    """Any good capture, cut behind any of its packets: no error names an end or the path."""

    GOOD = (
        ("quic-no-keys.pcap", "q.keys", 1),
        ("quic-version-negotiation-then-v1.pcap", "q.keys", 1),
        ("zero-rtt-not-taken.pcap", "zero-rtt-not-taken.keys", 1),
        ("losses-before-the-capture-point.pcap", "losses-before-the-capture-point.keys", 23),
        ("tls13-client-rst-after-close.pcap", "tls13.keys", 1),
        ("tls12-plain.pcap", "tls12.keys", 1),
    )

    @staticmethod
    def cuts(path):
        """The capture's bytes up to behind each packet."""
        with open(path, "rb") as file:
            data = file.read()
        order = "<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        at = 24
        while at + 16 <= len(data):
            at += 16 + struct.unpack(order + "I", data[at + 8 : at + 12])[0]
            yield data[:at]

    # Good connections of which a capture has lost something: what is missing accuses nobody, and no key log.
    LOSSY = (
        ("tls13-plain.pcap", "tls13.keys"), ("tls12-plain.pcap", "tls12.keys"), ("tls12-ecdhe.pcap", None),
        ("tls13-certificate-brotli.pcap", "tls13-certificate-brotli.keys"), ("tls13-ends-without-close-notify.pcap", None),
    )  # fmt: skip

    @staticmethod
    def lossy(path):
        """Header and packets; then every Nth packet gone, all cut, all twice, out of order."""
        with open(path, "rb") as file:
            data = file.read()
        order, at, packets = ("<" if data[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"), 24, []
        while at + 16 <= len(data):
            seconds, part, kept, length = struct.unpack(order + "IIII", data[at : at + 16])
            packets.append((seconds, part, length, data[at + 16 : at + 16 + kept]))
            at += 16 + kept
        variants = {f"every {n}th gone": [p for i, p in enumerate(packets) if i % n != n - 1] for n in (2, 3, 4, 5, 7)}
        for size in (64, 120, 200, 400):
            variants[f"cut to {size}"] = [(s, u, length, bytes_[:size]) for s, u, length, bytes_ in packets]
        variants["twice"] = [p for p in packets for _ in range(2)]
        variants["swapped"] = [packets[min(i ^ 1, len(packets) - 1)] for i in range(len(packets))]
        for name, chosen in variants.items():
            written = [struct.pack(order + "IIII", s, u, len(bytes_), length) + bytes_ for s, u, length, bytes_ in chosen]
            yield name, data[:24] + b"".join(written)

    def test_lossy(self):
        n = 0
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "lossy.pcap")
            for name, keys in self.LOSSY:
                for variant, data in self.lossy(os.path.join(FOLDER, name)):
                    with open(path, "wb") as file:
                        file.write(data)
                    for with_keys in {None, keys}:
                        options = ["--json", f"--read={path}"] + ([f"--keylog={os.path.join(FOLDER, keys)}"] if with_keys else [])
                        result = probe.run(*options)
                        if not result.out:
                            self.assertTrue(result.err)
                            continue
                        n += 1
                        probe.read_report(result)
                        self.assertEqual(result.errors, [], f"{name} {variant}, keys {with_keys}: {result.text}")
                        self.assertNotIn("keys-do-not-fit", result.findings, f"{name} {variant}: {result.text}")
        self.assertGreater(n, 60)

    def test_cut(self):
        n = 0
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "cut.pcap")
            for name, keys, step in self.GOOD:
                for cut in list(self.cuts(os.path.join(FOLDER, name)))[::step]:
                    with open(path, "wb") as file:
                        file.write(cut)
                    for with_keys in (None, keys):
                        options = ["--json", f"--read={path}"] + ([f"--keylog={os.path.join(FOLDER, keys)}"] if with_keys else [])
                        result = probe.run(*options)
                        if not result.out:  # too little for a connection: a message says so
                            self.assertTrue(result.err)
                            continue
                        n += 1
                        probe.read_report(result)
                        self.assertEqual(result.errors, [], f"{name} cut to {len(cut)} bytes, keys {with_keys}: {result.text}")
        self.assertGreater(n, 100)


if __name__ == "__main__":
    peers.main()
