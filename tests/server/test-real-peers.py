# SPDX-License-Identifier: GPL-3.0-or-later
"""Clients that others wrote meet every scenario of quicserve, and fail, or not, as the scenario says.

    test-real-peers.py QUICSERVE

openssl s_client checks certificates and speaks hq-interop; ngtcp2's client checks none and speaks HTTP/3.
"""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import peers

SERVER = sys.argv.pop(1)

# What s_client says.
ANSWER = r"^Quicscope 0123456789"
CONNECTED = r"Verify return code: 0 \(ok\)"
SHUTDOWN = r"protocol is shutdown"
RESET = r"quic_read_actual:stream reset"


def refused(code, number):
    """It refuses the certificate, for this reason of X.509's, with this close code."""
    return (rf"verify error:num={number}:", rf"QUIC error code: 0x{code:x}")


# What ngtcp2's client says.
BOTH = (r"(?s)(\[:status: 200\].*){2}HTTP stream 4 closed with error code 256",)
FIRST_BYTES = (r"\[:status: 200\]", r"http: stream 0x\w+ body \d+ bytes")
IDLE = (r"ERR_(IDLE_CLOSE|HANDSHAKE_TIMEOUT)",)
HANDSHAKE_TIMEOUT = (r"ERR_HANDSHAKE_TIMEOUT",)

# How long ngtcp2's client waits, in seconds: long where it is answered, as a machine may be slow.
PATIENT, HASTY = 20, 2
NEVER_ANSWERED = ("no-reply", "reply-from-elsewhere", "silent-after-ack", "nat-rebinding", "tcp-alt-svc-dead")


def closed(code, kind="0x1c"):
    return (rf"frm rx .*CONNECTION_CLOSE\({kind}\) error_code=\S*\(0x{code:x}\)",)


def reset(first, second):
    return (rf"HTTP stream 0 closed with error code {first}\b", rf"HTTP stream 4 closed with error code {second}\b")


def status(number):
    return (rf"\[:status: {number}\]", r"HTTP stream 4 closed with error code 256")


# Scenario: what s_client sees, what ngtcp2's client sees; () is silence. Where the server itself knows of the
# connection, what it says of both.
ALERT = r"closed here, transport error 0x{:x}"
EXPECTED = {
    "echo": ((ANSWER, CONNECTED), BOTH, None),
    "retry": ((ANSWER, CONNECTED), BOTH, None),
    "no-retry": ((ANSWER, CONNECTED), BOTH, None),
    "expired": (refused(0x12D, 10), BOTH, None),
    "not-yet-valid": (refused(0x12A, 9), BOTH, None),
    "wrong-name": (refused(0x12A, 62), BOTH, None),
    "self-signed": (refused(0x130, 18), BOTH, None),
    "unknown-ca": (refused(0x130, 20), BOTH, None),
    "incomplete-chain": (refused(0x130, 20), BOTH, None),
    "weak": (refused(0x12A, 66), BOTH, None),
    "ca-expired": (refused(0x12D, 10), BOTH, None),
    "ca-not-allowed": (refused(0x130, 79), BOTH, None),
    "name-constraints": (refused(0x12E, 47), BOTH, None),
    "no-alternative-name": ((ANSWER, CONNECTED), BOTH, None),
    "must-staple": ((ANSWER, CONNECTED), BOTH, None),
    "stapled": ((ANSWER, CONNECTED), BOTH, None),
    "stale-staple": ((ANSWER, CONNECTED), BOTH, None),
    "revoked-staple": ((ANSWER, CONNECTED), BOTH, None),
    # GnuTLS refuses at the library's own door what a key may not sign.
    "key-usage": ((ANSWER, CONNECTED), (r"frm tx .*CONNECTION_CLOSE\(0x1c\) error_code=CRYPTO_ERROR\(0x150\)",), None),
    "long-lived": ((ANSWER, CONNECTED), BOTH, None),
    "chain-surplus": ((ANSWER, CONNECTED), BOTH, None),
    "oversized-chain": ((ANSWER, CONNECTED), BOTH, None),
    "amplification": ((ANSWER, CONNECTED), BOTH, None),
    "client-certificate": ((CONNECTED, SHUTDOWN), closed(0x174), ALERT.format(0x174)),
    "alpn-mismatch": ((SHUTDOWN,), closed(0x178), ALERT.format(0x178)),
    "no-common-group": ((SHUTDOWN,), closed(0x128), ALERT.format(0x128)),
    "hello-retry-request": ((ANSWER, CONNECTED), BOTH, None),
    "sni-unknown": ((SHUTDOWN,), closed(0x170), ALERT.format(0x170)),
    "server-error-alert": ((SHUTDOWN,), closed(0x150), ALERT.format(0x150)),
    "silent-after-ack": ((), HANDSHAKE_TIMEOUT, None),
    "slow-handshake": ((ANSWER, CONNECTED), BOTH, None),
    "stream-reset": ((CONNECTED, RESET), reset(66, 256), None),
    "stop-sending": ((CONNECTED, RESET), reset(67, 67), None),
    "application-close": ((CONNECTED, SHUTDOWN), closed(0x1234, "0x1d"),
                          r"closed here, application code 0x1234 \(go away \\x1b\[31m<b>now</b>\)"),
    "slow": ((ANSWER, CONNECTED), BOTH, None),
    "large-response": ((ANSWER, CONNECTED), FIRST_BYTES, None),
    "flow-control-stall": ((CONNECTED,), (r"Negotiated ALPN is h3", r"HANDSHAKE_DONE"), None),
    "key-update": ((ANSWER, CONNECTED), BOTH, None),
    "http-error": ((CONNECTED,), status(503), None),
    "redirect": ((CONNECTED,), status(301), None),
    "misdirected": ((CONNECTED,), status(421), None),
    "answer-cut-short": ((CONNECTED, r"^Quicscope"), (r"\[:status: 200\]", r"ERR_MALFORMED_HTTP_MESSAGING"), None),
    "http3-malformed": ((ANSWER, CONNECTED), (r"\[:status: 200\]", r"HTTP stream 4 closed with error code 270"), None),
    "http3-protocol-error": ((ANSWER, CONNECTED), (r"ERR_H3_FRAME_UNEXPECTED",), None),
    # No end of them: it is enough that they begin.
    "http3-interim-flood": ((ANSWER, CONNECTED), (r"\[:status: 103\]",), None),
    "http3-empty-data": ((ANSWER, CONNECTED), (r"\[:status: 200\]",), None),
    "http3-large-head": ((ANSWER, CONNECTED), (r"\[:status: 200\]",), None),
    "goaway": ((ANSWER, CONNECTED), (r"Negotiated ALPN is h3", r"HANDSHAKE_DONE"), None),
    "no-reply": ((), IDLE, None),
    "reply-from-elsewhere": ((), IDLE, None),
    "version-negotiation": ((SHUTDOWN, r"QUIC error code: 0x2\b"), (r"ERR_RECV_VERSION_NEGOTIATION",), None),
    "transport-error": ((SHUTDOWN,), closed(0x0A), None),
    "server-busy": ((SHUTDOWN,), closed(0x01), None),
    "tls-too-old": ((SHUTDOWN,), closed(0x146), None),
    "not-quic-tls": ((SHUTDOWN,), closed(0x16D), None),
    "ech-required": ((SHUTDOWN,), closed(0x179), None),
    "retry-token-rejected": ((SHUTDOWN,), closed(0x0B), None),
    "server-initial-lost": ((ANSWER, CONNECTED), BOTH, None),
    "large-hello-blocked": ((), BOTH, None),  # ngtcp2's has no post-quantum key share
    "silence": ((CONNECTED,), IDLE, r"nothing came from the peer for the idle timeout"),
    "idle-timeout": ((CONNECTED, SHUTDOWN), IDLE, r"nothing came from the peer for the idle timeout"),
    "stateless-reset": ((CONNECTED, SHUTDOWN), (r"ERR_DRAINING",), r"its state was thrown away"),
    "stream-limit": ((ANSWER, CONNECTED), BOTH, None),
    "nat-rebinding": ((), IDLE, None),  # on a slow machine the NAT forgets before the handshake is complete
    "shared-socket": ((ANSWER, CONNECTED), BOTH, None),
    "tcp-plain": ((ANSWER, CONNECTED), BOTH, None),
    "tcp-alt-svc": ((ANSWER, CONNECTED), BOTH, None),
    "tcp-alt-svc-dead": ((), IDLE, None),
    "tcp-reset": ((ANSWER, CONNECTED), BOTH, None),
    "resumption": ((ANSWER, CONNECTED), BOTH, None),
    # Some together.
    "retry,slow-handshake,alpn-mismatch": ((SHUTDOWN,), closed(0x178), ALERT.format(0x178)),
    "no-retry,hello-retry-request,slow": ((ANSWER, CONNECTED), BOTH, None),
    "no-retry,oversized-chain,stream-reset": ((CONNECTED, RESET), reset(66, 256), None),
    "client-certificate,expired": (refused(0x12D, 10), closed(0x174), None),
}


class Base(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="qs-real-peers-")
        self.addCleanup(folder.cleanup)
        self.ca = os.path.join(folder.name, "ca.pem")


class Case(Base):
    def s_client(self, port):
        command = [peers.openssl_program(), "s_client", "-quic", "-connect", f"127.0.0.1:{port}"]
        command += ["-servername", "localhost", "-verify_hostname", "localhost", "-verify_return_error"]
        command += ["-CAfile", self.ca, "-alpn", "hq-interop"]
        client = peers.Process(command, stdin=subprocess.PIPE)
        self.addCleanup(client.stop)
        client.process.stdin.write(b"GET /bytes/100\r\n")
        client.process.stdin.flush()
        return client

    def ngtcp2(self, port, name):
        idle = HASTY if EXPECTED[name][1][-1:] in (IDLE, HANDSHAKE_TIMEOUT) else PATIENT
        handshake = HASTY if name in NEVER_ANSWERED else PATIENT
        command = [peers.ngtcp2_client(), "--exit-on-all-streams-close"]
        command += [f"--timeout={idle}s", f"--handshake-timeout={handshake}s"]
        url = f"https://localhost:{port}/bytes/100"
        client = peers.Process([*command, "127.0.0.1", str(port), url, url])
        self.addCleanup(client.stop)
        return client

    def expect(self, client, patterns):
        for pattern in patterns:
            peers.wait_until(lambda: re.search(pattern, client.log(), re.M), f"“{pattern}” from\n{client.log()[-3000:]}")

    def meet(self, name):
        for_openssl, for_ngtcp2, of_server = EXPECTED[name]
        with peers.quicserve(SERVER, f"--write-ca={self.ca}", f"--scenario={name}") as server:
            s_client, ngtcp2 = self.s_client(server.port), self.ngtcp2(server.port, name)
            self.expect(s_client, for_openssl)
            self.expect(ngtcp2, for_ngtcp2)
            # Silence cannot be waited for: it has lasted for as long as the other client's whole connection took, whose patience runs
            # out where it is not answered either. A failure shows itself, and excludes the answer.
            if for_openssl in ((), (CONNECTED,)):
                self.assertIsNone(re.search(f"{ANSWER}|{SHUTDOWN}", s_client.log(), re.M), s_client.log()[-3000:])
            if ANSWER not in for_openssl:
                self.assertIsNone(re.search(ANSWER, s_client.log(), re.M))
            if for_ngtcp2 not in (BOTH, FIRST_BYTES) and ":status" not in "".join(for_ngtcp2) and "256" not in for_ngtcp2[-1]:
                self.assertNotIn("[:status:", ngtcp2.log())
            if of_server is not None:
                # s_client, fallen silent, has 30 seconds of patience: too long to wait for.
                for alpn in (r"(-|h3)",) if name == "silence" else (r"(-|hq-interop)", r"(-|h3)"):
                    server.wait_for_line(rf"^127\.0\.0\.1:\d+ quic {alpn}, .*{of_server}")


def make(name):
    return lambda self: self.meet(name)


for _name in EXPECTED:
    setattr(Case, "test_" + re.sub(r"\W", "_", _name), make(_name))


class OverTcp(Base):
    """s_client without QUIC, on the same port."""

    def refuse(self, name, *patterns):
        with peers.quicserve(SERVER, f"--write-ca={self.ca}", f"--scenario={name}") as server:
            command = [peers.openssl_program(), "s_client", "-connect", f"127.0.0.1:{server.port}", "-CAfile", self.ca]
            command += ["-servername", "localhost", "-verify_hostname", "localhost", "-verify_return_error"]
            with peers.Process(command) as client:
                self.assertEqual(client.wait(), 1, client.log())
                for pattern in patterns:
                    self.assertRegex(client.log(), pattern)

    def test_what_is_not_tls(self):
        self.refuse("tcp-plain", r"wrong version number|packet length too long", r"New, \(NONE\)")

    def test_reset(self):
        self.refuse("tcp-reset", r"errno=(104|32)")

    def test_certificates(self):
        for name, (for_openssl, _, _) in EXPECTED.items():
            if "," not in name and for_openssl and for_openssl[0].startswith("verify error"):
                with self.subTest(name):
                    self.refuse(name, for_openssl[0])


class Table(unittest.TestCase):
    def test_no_scenario_is_left_out(self):
        done = subprocess.run([SERVER, "--list-scenarios"], capture_output=True, text=True, check=True)
        names = {line.split("\t")[0] for line in done.stdout.splitlines()}
        self.assertEqual(names, {name for name in EXPECTED if "," not in name})


if __name__ == "__main__":
    peers.main()
