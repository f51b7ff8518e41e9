# SPDX-License-Identifier: GPL-3.0-or-later
"""The healthy matrix: runs to servers that are in order, over paths good and bad. None may end with an error, and a warning has
to be true: what a run's own path did to it is all that may be said."""

import contextlib
import os
import tempfile
import unittest

import peers
import probe

# What may be said of such runs at all, beside notes.
TRUE_WARNINGS = {
    "loss": {"packet-loss", "server-initial-lost", "slow-handshake"},
    "delay": set(),
    "jitter": {"slow-handshake"},
    None: set(),
}
PATHS = {
    None: (),
    "loss": ("--impair=loss=5%,seed=7",),
    "delay": ("--impair=delay=100ms",),
    "jitter": ("--impair=delay=20ms,jitter=20ms",),
}
BIG = 1_000_000


class Healthy(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)
        cls.count = 0

    def run_well(self, name, target, *options, path=None):
        # Of localhost's two addresses the peers listen on one; a path that holds back datagrams holds back the refusal of the
        # other one too, which then looks like silence.
        if path is not None:
            target = target.replace("//localhost:", f"//{peers.HOST}:")
        with self.subTest(name, path=path):
            result = probe.probe(f"--cacert={self.certs.ca}", "--timeout=30", *PATHS[path], *options, target)
            type(self).count += 1
            self.assertEqual((result.status, result.errors), (0, []), result.text)
            warnings = {f["id"] for f in result.report["findings"] if f["severity"] == "warning"}
            self.assertEqual(warnings - TRUE_WARNINGS[path], set(), result.text)
            # A client that is not held up by the limit is not told that the server was.
            if path is None:
                self.assertNotIn("amplification-blocked", result.findings, result.text)
            return result

    @contextlib.contextmanager
    def peer(self, start, *arguments, **named):
        """None where the program is missing: the other peers are tried all the same."""
        with contextlib.ExitStack() as stack:
            try:
                yield stack.enter_context(start(*arguments, **named))
            except unittest.SkipTest:
                yield None

    def serve(self, *options, leaf="good", host=peers.HOST):
        chain, key = self.certs.leaf(leaf)
        return peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", *options, host=host)

    def test_our_own(self):
        with self.serve() as peer, self.serve("--no-retry") as quick:
            quic = f"quic://localhost:{peer.port}/bytes/1000"
            for path in PATHS:
                self.run_well("h0", quic, "--alpn=hq-interop", path=path)
                self.run_well("no retry", f"quic://localhost:{quick.port}/bytes/1000", "--alpn=hq-interop", path=path)
            self.run_well("X25519 alone", quic, "--alpn=hq-interop", "--groups=X25519")
            self.run_well("two datagrams that cross", f"quic://localhost:{quick.port}", "--alpn=hq-interop", "--groups=X25519",
                          path="jitter")  # fmt: skip
            self.run_well("big", f"quic://localhost:{peer.port}/bytes/{BIG}", "--alpn=hq-interop")
            self.run_well("big", f"quic://localhost:{peer.port}/bytes/{BIG}", "--alpn=hq-interop", path="jitter")
            self.run_well("h3", f"https://localhost:{peer.port}/bytes/1000", "--alpn=h3")
            self.run_well("h3, big", f"https://localhost:{peer.port}/bytes/{BIG}", "--alpn=h3")
            self.run_well("handshake alone", f"quic://localhost:{peer.port}", "--alpn=hq-interop")
            for mode in ("blocking", "thread-assisted"):
                self.run_well(mode, quic, "--alpn=hq-interop", f"--mode={mode}")

    def test_resumption(self):
        with self.serve() as peer, tempfile.TemporaryDirectory() as folder:
            session = f"--session={os.path.join(folder, 'ticket')}"
            target = f"quic://localhost:{peer.port}/bytes/1000"
            self.run_well("first", target, "--alpn=hq-interop", session)
            again = self.run_well("again", target, "--alpn=hq-interop", session)
            self.assertTrue(again.report["tls"]["resumed"])

    def test_ipv6_and_chain(self):
        if not peers.is_bound("udp", 0) and not os.path.exists("/proc/net/if_inet6"):
            self.skipTest("no IPv6 here")
        with self.serve(host="::1") as peer:
            self.run_well("IPv6", f"quic://[::1]:{peer.port}/bytes/1000", "--alpn=hq-interop")
        with self.serve(leaf="with-intermediate") as peer:
            self.run_well("intermediate", f"quic://localhost:{peer.port}/bytes/1000", "--alpn=hq-interop")

    def test_caddy(self):
        with self.peer(peers.caddy, self.certs) as peer:
            if peer is None:
                self.skipTest("no caddy here")
            for path in PATHS:
                self.run_well("HTTP/3", f"https://localhost:{peer.port}/", path=path)
            self.run_well("HTTP/1.1", f"tls://localhost:{peer.port}/", "--alpn=http/1.1")
            self.run_well("X25519 alone", f"https://localhost:{peer.port}/", "--groups=X25519")
            self.run_well("HelloRetryRequest", f"tls://localhost:{peer.port}/", "--alpn=http/1.1", "--groups=P-521:P-256")

    def test_ngtcp2(self):
        for name, options in (("plain", ()), ("Retry", ("--validate-addr",))):
            with self.peer(peers.ngtcp2_server, self.certs, options=options) as peer:
                if peer is None:
                    self.skipTest("no server of ngtcp2 here")
                self.run_well(name, f"quic://localhost:{peer.port}", "--alpn=h3")
                self.run_well(name, f"quic://localhost:{peer.port}", "--alpn=h3", path="delay")
                self.run_well(name, f"quic://localhost:{peer.port}", "--alpn=h3", path="jitter")

    def test_tls_over_tcp(self):
        for name, options in (
            ("TLS 1.3", ("-www",)),
            ("TLS 1.2", ("-www", "-tls1_2")),
            ("HelloRetryRequest", ("-www", "-groups", "P-384")),
            ("a certificate is asked for, none is needed", ("-www", "-verify", "1", "-CAfile", self.certs.ca)),
        ):
            with peers.openssl_server(self.certs, options=options) as peer:
                self.run_well(name, f"tls://localhost:{peer.port}/")
        cert, key = self.certs.leaf("client")
        with peers.openssl_server(self.certs, options=("-www", "-Verify", "1", "-CAfile", self.certs.ca)) as peer:
            self.run_well("client certificate", f"tls://localhost:{peer.port}/", f"--cert={cert}", f"--key={key}")
        with self.peer(peers.nginx, self.certs) as peer:
            if peer is not None:
                self.run_well("nginx", f"tls://localhost:{peer.port}/", "--alpn=http/1.1")

    @classmethod
    def tearDownClass(cls):
        print(f"# {cls.count} runs")


if __name__ == "__main__":
    peers.main()
