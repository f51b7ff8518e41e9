# SPDX-License-Identifier: GPL-3.0-or-later
"""Certificates as the strictest client sees them: chains with one fault each, and with several, from real servers."""

import os
import tempfile
import unittest

import chains
import peers
import probe

# kind: host, outcome, findings in their order with the words that they must hold; what is not here must not be there.
KINDS = {
    "good": ("localhost", "ok", ()),
    "no-subject-alt-name": ("localhost", "ok", (("certificate-no-alternative-name", "warning", "browsers"),)),
    "address-as-dns-name": ("127.0.0.1", "failed", (("certificate-name-mismatch", "error", "as a DNS name"),)),
    "wildcard-too-deep": ("a.b.example.test", "failed", (("certificate-name-mismatch", "error", "exactly one label"),)),
    "empty-subject": ("localhost", "failed", (("certificate-name-mismatch", "error", "its subject is empty too"),)),
    "must-staple": ("localhost", "ok", (("certificate-must-staple", "warning", "none came"),)),
    "name-not-permitted": ("localhost", "failed", (("certificate-name-constraints", "error", "“Kit Constrained CA” may sign only for names below corp.example"),)),
    "name-excluded": ("localhost", "failed", (("certificate-name-constraints", "error", "may sign for no names below localhost"),)),
    "intermediate-expired": ("localhost", "failed", (("certificate-ca-expired", "error", "certificate 2 of the 2"),)),
    "root-expired": ("localhost", "failed", (("certificate-ca-expired", "error", "did not send it"),)),
    "issued-by-a-leaf": ("localhost", "failed", (("certificate-ca-not-allowed", "error", "“Kit Not A CA” signed"),)),
    "issuer-may-not-sign": ("localhost", "failed", (("certificate-ca-not-allowed", "error", "key usage"),)),
    "leaf-alone": ("localhost", "failed", (("certificate-incomplete-chain", "error", "Kit Issuing CA"),)),
    "intermediate-of-another-key": ("localhost", "failed", (("certificate-incomplete-chain", "error", "its key did not sign"),)),
    "expired-cross-certificate-sent": ("localhost", "ok", (("certificate-chain-surplus", "info", "has expired"),)),
    "root-sent": ("localhost", "ok", (("certificate-chain-surplus", "info", "a root"),)),
    "not-for-signatures": ("localhost", "ok", (("certificate-key-usage", "warning", "digital signatures"),)),
    "too-long": ("localhost", "ok", (("certificate-lifetime", "info", "930 days"),)),
    "public-too-long": ("localhost", "ok", (("certificate-transparency", "info", "SCT"), ("certificate-lifetime", "info", "at most"))),
    "expired-and-wrong-name": (
        "localhost", "failed",
        (("certificate-name-mismatch", "error", "other.test"), ("certificate-expired", "error", "2 days ago")),
    ),
    "three-faults": (
        "localhost", "failed",
        (
            ("certificate-unknown-ca", "error", "Kit Stranger"), ("certificate-name-mismatch", "error", "other.test"),
            ("certificate-expired", "error", "2 days ago"),
        ),
    ),
}  # fmt: skip
# Of a CA's fault neither title nor the party that is named may put the blame on the server's own certificate.
OF_THE_CA = ("intermediate-expired", "root-expired")


class WithChains(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="qs-chains-")
        cls.addClassCleanup(folder.cleanup)
        cls.chains = chains.Chains(folder.name)

    def probe(self, peer, host, trust, scheme, *options):
        return probe.probe(f"--cacert={trust}", f"--resolve={host}:{peer.port}:{peers.HOST}", *options, f"{scheme}://{host}:{peer.port}")

    def check(self, kind, result, options=()):
        _, outcome, wanted = KINDS[kind]
        overruled = "-k" in options
        found = [f for f in result.report["findings"] if f["id"].startswith("certificate-")]
        self.assertEqual([f["id"] for f in found], [name for name, _, _ in wanted], found)
        self.assertEqual(result.report["outcome"], "ok" if overruled else outcome)
        for finding, (_, severity, words) in zip(found, wanted):
            self.assertEqual(finding["severity"], "warning" if overruled and severity == "error" else severity)
            self.assertIn(words, finding["title"] + finding["detail"])
            self.assertEqual(finding["certainty"], "likely" if finding["id"] == "certificate-transparency" else "proved")
            self.assertTrue(finding["evidence"])
        if kind in OF_THE_CA:
            self.assertNotIn("localhost", found[0]["title"])

class OurServer(WithChains):
    def check_over_both(self, kind):
        chain, key, trust = self.chains.make(kind)
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            for scheme in ("quic", "tls"):
                for options in ((), ("-k",)):
                    with self.subTest(f"{scheme} {options}"):
                        self.check(kind, self.probe(peer, KINDS[kind][0], trust, scheme, *options), options)


class Resumed(WithChains):
    """A resumed handshake shows no certificate; what there is to say of it is said all the same."""

    def test_resumed(self):
        for kind in ("good", "no-subject-alt-name", "too-long"):
            chain, key, trust = self.chains.make(kind)
            with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
                for scheme in ("quic", "tls"):
                    session = f"--session={self.chains.path(f'{kind}-{scheme}.session')}"
                    for resumed in (False, True):
                        with self.subTest(f"{kind} {scheme} {resumed}"):
                            target = f"{scheme}://localhost:{peer.port}/bytes/5"
                            result = probe.probe(f"--cacert={trust}", session, target)
                            self.assertIs(result.report["tls"]["resumed"], resumed)
                            self.check(kind, result)


def _add(kind):
    def test(self):
        self.check_over_both(kind)

    setattr(OurServer, "test_" + kind.replace("-", "_"), test)


for _kind in KINDS:
    _add(_kind)


class OtherServers(WithChains):
    """The same chains from servers that others wrote."""

    def server(self, name, chain, key):
        holder = type("Files", (), {"leaf": staticmethod(lambda kind="good": (chain, key))})
        if name == "openssl":
            return peers.openssl_server(holder, options=("-www",)), "tls"
        return getattr(peers, name)(holder), "https" if name == "caddy" else "quic" if name == "ngtcp2_server" else "tls"

    def check_server(self, name):
        for kind in ("must-staple", "intermediate-expired", "leaf-alone", "expired-cross-certificate-sent", "three-faults"):
            chain, key, trust = self.chains.make(kind)
            with self.subTest(kind):
                peer, scheme = self.server(name, chain, key)
                with peer:
                    options = ("--alpn=h3",) if scheme == "quic" else ()
                    self.check(kind, self.probe(peer, "localhost", trust, scheme, *options))

    def test_openssl(self):
        self.check_server("openssl")

    def test_nginx(self):
        self.check_server("nginx")

    def test_caddy(self):
        self.check_server("caddy")

    def test_ngtcp2(self):
        self.check_server("ngtcp2_server")


class Staples(WithChains):
    """What s_server staples, in TLS 1.3 and 1.2."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.chain, cls.key, cls.trust = cls.chains.make("must-staple")
        cls.chains.make("good")

    def ids(self, answer, *versions):
        holder = type("Files", (), {"leaf": staticmethod(lambda kind="good": (self.chain, self.key))})
        options = ("-www", "-status_file", answer, *versions)
        with peers.openssl_server(holder, options=options) as peer:
            result = self.probe(peer, "localhost", self.trust, "tls")
        self.assertEqual(result.status, 0, result.text)
        return [f["id"] for f in result.report["findings"] if f["id"].startswith("certificate-")]

    def test_answers(self):
        no_answer = self.chains.path("unauthorized.der")
        with open(no_answer, "wb") as file:
            file.write(bytes.fromhex("30030a0106"))  # RFC 6960 section 4.2.1
        cases = (
            ("good", self.chains.staple("good-answer", "must-staple"), []),
            ("revoked", self.chains.staple("revoked-answer", "must-staple", status="R"), ["certificate-revoked"]),
            ("another's", self.chains.staple("other-answer", "good"), ["certificate-staple-unusable"]),
            ("an error", no_answer, ["certificate-staple-unusable"]),
        )
        for versions in ((), ("-tls1_2",)):
            for name, answer, wanted in cases:
                with self.subTest(f"{name} {versions}"):
                    self.assertEqual(self.ids(answer, *versions), wanted)


if __name__ == "__main__":
    assert os.environ["QS_BUILDDIR"]
    peers.main()
