# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers that take nothing of what is offered: which list it is, found by experiments, and where that must not be said."""

import unittest

import peers
import probe
import servers

ONLY13 = "NORMAL:-VERS-ALL:+VERS-TLS1.3"


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    def probe(self, scheme, port, *options):
        result = probe.probe("-4", f"--cacert={self.certs.ca}", *options, f"{scheme}://localhost:{port}/")
        result.experiments = {experiment["id"]: experiment["outcome"] for experiment in result.report["experiments"]}
        return result

    def check(self, result, finding, words, certainty, **outcomes):
        self.assertEqual((result.status, result.errors), (1, [finding]), result.text)
        found = result.findings[finding]
        self.assertRegex(found["title"] + found["detail"], words)
        self.assertEqual(found["certainty"], certainty, result.text)
        for name, outcome in outcomes.items():
            self.assertEqual(result.experiments.get(name.replace("_", "-")), outcome, result.text)


class Lists(Case):
    """widest-offer, every-group, every-cipher-suite, every-signature-scheme, old-versions"""

    def meet(self, options, words, finding="no-common-parameters", certainty="proved", **outcomes):
        with self.subTest(options), peers.openssl_server(self.certs, options=("-www", *options)) as server:
            result = self.probe("tls", server.port)
            self.check(result, finding, words, certainty, **outcomes)
            self.assertLess(result.report["timings_ms"]["total"], 5000)

    def test_groups(self):
        found = {"every_group": "answered", "same_again": "failed", "every_cipher_suite": None}
        self.meet(("-tls1_3", "-groups", "ffdhe4096"), "none of the groups.*not offered: group ffdhe4096", **found)
        self.meet(("-tls1_2", "-groups", "brainpoolP256r1"), "none of the groups.*: group brainpoolP256r1", **found)

    def test_suites(self):
        found = {"every_cipher_suite": "answered", "same_again": "failed", "every_group": None}
        for options, suite in (
            (("-tls1_3", "-ciphersuites", "TLS_AES_128_CCM_SHA256"), "TLS_AES_128_CCM_SHA256"),
            (("-tls1_2", "-cipher", "ECDHE-ECDSA-CAMELLIA128-SHA256"), "TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256"),
        ):
            self.meet(options, f"none of the cipher suites.*not offered: cipher suite {suite}", **found)

    def test_signatures(self):
        self.meet(("-tls1_2", "-sigalgs", "ECDSA+SHA1", "-cipher", "DEFAULT@SECLEVEL=0"),
                  "can sign in none of the ways.*signature scheme ecdsa_sha1",
                  every_signature_scheme="answered", same_again="failed")  # fmt: skip

    def test_two_lists(self):
        """Neither alone is answered."""
        self.meet(("-tls1_3", "-groups", "ffdhe4096", "-ciphersuites", "TLS_AES_128_CCM_SHA256"),
                  "more than one of the offered lists.*TLS_AES_128_CCM_SHA256, group ffdhe4096", certainty="likely",
                  widest_offer="answered", every_group="failed", every_cipher_suite="failed")  # fmt: skip

    def test_versions(self):
        for option, version in (("-tls1", "1.0"), ("-tls1_1", "1.1")):
            self.meet((option, "-cipher", "DEFAULT@SECLEVEL=0"), f"not offered: TLS {version}", finding="tls-too-old",
                      old_versions="answered", widest_offer=None)  # fmt: skip

    def test_over_quic(self):
        words = "none of the groups.*not offered: group ffdhe4096"
        with peers.ngtcp2_server(self.certs, options=("--groups=-GROUP-ALL:+GROUP-FFDHE4096",)) as server:
            self.check(self.probe("https", server.port), "no-common-parameters", words, "proved",
                       every_group="answered", same_again="failed")  # fmt: skip

    def test_what_quic_cannot_offer(self):
        """CCM is none of OpenSSL's QUIC: said where nothing else is left, and not where another suite is taken."""
        only = "--ciphers=NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-CCM"
        with peers.ngtcp2_server(self.certs, options=(only,)) as server:
            result = self.probe("https", server.port)
        self.check(result, "no-common-parameters", "cannot offer TLS_AES_128_CCM_SHA256", "possible", widest_offer="failed")
        with peers.misbehaving("tcp", "any-hello-alert-40") as peer:
            result = self.probe("tls", peer.port)
        self.assertNotIn("CCM", result.findings["no-common-parameters"]["detail"])

    def test_gnutls(self):
        for priority, words in (
            (ONLY13 + ":-GROUP-ALL:+GROUP-FFDHE4096", "none of the groups.*group ffdhe4096"),
            (ONLY13 + ":-CIPHER-ALL:+AES-128-CCM", "none of the cipher suites.*TLS_AES_128_CCM_SHA256"),
        ):
            with self.subTest(priority), servers.gnutls(self.certs, options=("--priority", priority)) as server:
                self.check(self.probe("tls", server.port), "no-common-parameters", words, "proved")

    def test_nginx(self):
        extra = "ssl_conf_command Ciphersuites TLS_AES_128_CCM_SHA256; ssl_protocols TLSv1.3;"
        with peers.nginx(self.certs, extra=extra) as server:
            self.check(self.probe("tls", server.port), "no-common-parameters", "none of the cipher suites", "proved")

    def test_reset_in_place_of_an_alert(self):
        """As Windows does it: what the longer list is answered with is not the first attempt's luck."""
        with peers.openssl_server(self.certs, options=("-www", "-tls1_3", "-groups", "ffdhe4096")) as server:
            with peers.misbehaving("tcp", "hello-without-ffdhe4096-reset", upstream=server) as box:
                self.check(self.probe("tls", box.port), "no-common-parameters", "none of the groups", "proved")


class NotTheCause(Case):
    def test_refuses_everybody(self):
        with peers.misbehaving("tcp", "any-hello-alert-40") as peer:
            result = self.probe("tls", peer.port)
        self.check(result, "no-common-parameters", "did not say why.*made no difference.*server's own", "possible",
                   widest_offer="failed", every_group=None)  # fmt: skip

    def test_passing_thing(self):
        with peers.openssl_server(self.certs) as server:
            with peers.misbehaving("tcp", "first-hellos-alert-40", upstream=server) as box:
                result = self.probe("tls", box.port)
        self.assertNotIn("proved", [f["certainty"] for f in result.report["findings"] if f["severity"] == "error"], result.text)
        self.assertEqual((result.experiments["widest-offer"], result.experiments["same-again"]), ("answered", "answered"))

    def test_unusual_certificates(self):
        """Keys on P-521 and Ed25519 are in what is offered."""
        for kind in ("p521", "ed25519"):
            with self.subTest(kind), peers.openssl_server(self.certs, kind, options=("-www", "-tls1_2")) as server:
                result = self.probe("tls", server.port)
                self.assertEqual((result.status, result.errors, result.experiments), (0, [], {}), result.text)
            with self.subTest(kind, over="quic"), peers.ngtcp2_server(self.certs, kind) as server:
                result = self.probe("quic", server.port)
                self.assertEqual((result.status, result.errors, result.experiments), (0, [], {}), result.text)


if __name__ == "__main__":
    peers.main()
