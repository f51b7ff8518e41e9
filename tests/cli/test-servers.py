# SPDX-License-Identifier: GPL-3.0-or-later
"""The same fault at servers that others wrote: each says it in its own way, and the verdict is the same."""

import contextlib
import unittest

import peers
import probe
import servers

OLD = {  # a way to let each serve nothing newer than TLS 1.1
    "gnutls": dict(options=("--priority", "LEGACY:-VERS-ALL:+VERS-TLS1.1")),
    "haproxy": dict(bind="ssl-min-ver TLSv1.0 ssl-max-ver TLSv1.1 ciphers ALL:@SECLEVEL=0"),
    "stunnel": dict(extra="sslVersionMin = TLSv1\nsslVersionMax = TLSv1.1\nsecurityLevel = 0"),
    "socat": dict(
        options="verify=0,openssl-min-proto-version=TLS1.0,openssl-max-proto-version=TLS1.1,cipher=ALL:@SECLEVEL=0"
    ),
}


def client_certificate(name, ca, version):
    """A way to let each demand a client certificate, in that version of TLS."""
    v = f"TLSv1.{version}"
    return {
        "haproxy": dict(bind=f"ssl-min-ver {v} ssl-max-ver {v} ca-file {ca} verify required"),
        "apache": dict(extra=f"SSLVerifyClient require\nSSLCACertificateFile {ca}\nSSLProtocol {v}"),
        "lighttpd": dict(
            extra=f'ssl.verifyclient.activate = "enable"\nssl.verifyclient.enforce = "enable"\nssl.ca-file = "{ca}"\n'
            f'ssl.openssl.ssl-conf-cmd = ("MinProtocol" => "{v}", "MaxProtocol" => "{v}")'
        ),
        "stunnel": dict(extra=f"verifyChain = yes\nrequireCert = yes\nCAfile = {ca}\nsslVersion = {v}"),
        "socat": dict(options=f"verify=1,cafile={ca},"
            f"openssl-min-proto-version=TLS1.{version},openssl-max-proto-version=TLS1.{version}"),
        "gnutls": dict(
            options=("--require-client-cert", "--verify-client-cert", "--x509cafile", ca)
            + ("--priority", f"NORMAL:-VERS-ALL:+VERS-TLS1.{version}")
        ),
    }[name]


ALL = ("haproxy", "apache", "lighttpd", "stunnel", "socat", "gnutls")


class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certs = peers.Certificates()
        cls.addClassCleanup(cls.certs.__exit__)

    @contextlib.contextmanager
    def server(self, name, leaf="good", **how):
        """None where the program is missing: the others are tried all the same."""
        with contextlib.ExitStack() as stack:
            try:
                peer = stack.enter_context(getattr(servers, name)(self.certs, leaf, **how))
            except unittest.SkipTest as missing:
                print(f"# {missing}")
                peer = None
            yield peer

    def meet(self, name, expected, *options, leaf="good", words=".", certainty=None, **how):
        with self.subTest(name, options=options, leaf=leaf, how=how), self.server(name, leaf, **how) as peer:
            if peer is None:
                return None
            result = probe.probe("-4", f"--cacert={self.certs.ca}", *options, f"tls://localhost:{peer.port}/")
            self.assertEqual(result.errors, [expected] if expected else [], result.text)
            if expected is None:
                warnings = [f["id"] for f in result.report["findings"] if f["severity"] == "warning"]
                self.assertEqual((result.status, warnings), (0, []), result.text)
                return result
            found = result.findings[expected]
            self.assertRegex(" ".join([found["title"], found["detail"], *found["try"]]), words)
            if certainty is not None:
                self.assertEqual(found["certainty"], certainty, result.text)
            return result


class Refused(Case):
    def test_protocol(self):
        other = "--alpn=nobody-speaks-this"
        self.meet("lighttpd", "alpn-mismatch", other, words="It speaks h2. It speaks http/1.1.", certainty="proved")
        self.meet("gnutls", "alpn-mismatch", other, options=("--alpn=h2", "--alpn-fatal"), words="It speaks h2.")
        # It names its favourite to everybody, which no client takes.
        self.meet("apache", "alpn-mismatch", other, words="chose .* not offered: http/1.1", certainty="proved")

    def test_name(self):
        other = "--sni=elsewhere.example"
        self.meet("haproxy", "sni-unknown", other, bind="strict-sni")
        self.meet("haproxy", "sni-unknown", other, bind="strict-sni ssl-max-ver TLSv1.2")
        self.meet("gnutls", "sni-unknown", other, options=("--sni-hostname=localhost", "--sni-hostname-fatal"))

    def test_proxy_header(self):
        """A port that is meant to be reached through a balancer."""
        words = "header of the PROXY protocol.*accept-proxy in HAProxy"
        self.meet("haproxy", "proxy-protocol-expected", bind="accept-proxy", words=words, certainty="proved")

    def test_groups_and_suites(self):
        words = "those that were offered|that were offered"
        only = "NORMAL:-VERS-ALL:+VERS-TLS1.3"
        self.meet("haproxy", "no-common-parameters", "--groups=X25519", bind="ssl-min-ver TLSv1.3 curves P-521",
                  words=words, certainty="proved")  # fmt: skip
        self.meet("gnutls", "no-common-parameters", "--groups=X25519", words=words, certainty="proved",
                  options=("--priority", only + ":-GROUP-ALL:+GROUP-SECP521R1"))  # fmt: skip
        self.meet("gnutls", "no-common-parameters", "--ciphersuites=TLS_AES_128_GCM_SHA256", words=words,
                  certainty="proved", options=("--priority", only + ":-CIPHER-ALL:+CHACHA20-POLY1305"))  # fmt: skip

    def test_version(self):
        for name, how in OLD.items():
            self.meet(name, "tls-too-old", **how)

    def test_client_certificate(self):
        for name in ALL:
            for version in (2, 3):
                how = client_certificate(name, self.certs.ca, version)
                result = self.meet(name, "client-certificate-required", words="Quicscope test CA|certificate", **how)
                if result is not None and (name, version) != ("gnutls", 2):  # which says decode_error
                    self.assertEqual(result.findings["client-certificate-required"]["certainty"], "proved")
                for leaf in ("unknown-client", "expired"):
                    cert, key = self.certs.leaf(leaf)
                    self.meet(name, "client-certificate-refused", f"--cert={cert}", f"--key={key}", **how)

    def test_certificate(self):
        for leaf, finding in (
            ("expired", "certificate-expired"),
            ("not-yet-valid", "certificate-not-yet-valid"),
            ("wrong-name", "certificate-name-mismatch"),
            ("unknown-ca", "certificate-unknown-ca"),
            ("self-signed", "certificate-self-signed"),
            ("incomplete-chain", "certificate-incomplete-chain"),
        ):
            for name in ("haproxy", "gnutls"):
                self.meet(name, finding, leaf=leaf)


class OtherProtocols(Case):
    """What speaks TLS and no HTTP, or no TLS at all."""

    def test_no_tls(self):
        with self.server("mosquitto", tls=False) as peer:
            if peer is not None:
                result = probe.probe("-4", f"tls://localhost:{peer.port}")
                self.assertIn(result.errors, (["connection-reset"], ["closed-in-handshake"]), result.text)
        with self.server("unbound", tls=False) as peer:
            if peer is not None:
                result = probe.probe("-4", f"quic://localhost:{peer.port}")
                self.assertEqual(result.errors, ["not-quic"], result.text)
                self.assertRegex(result.findings["not-quic"]["detail"], "It looks like DNS")

    def test_no_http(self):
        """The handshake is in order, and the request is not understood."""
        cut = "no byte of an answer came.*speaks something else than HTTP.*chose none of the application protocols"
        self.meet("mosquitto", "answer-cut-short", words=cut, certainty="likely")
        with self.server("nghttpx", options=("--npn-list=h2",)) as peer:
            if peer is not None:
                result = probe.probe("-4", f"--cacert={self.certs.ca}", f"tls://localhost:{peer.port}/")
                self.assertIn(result.errors, (["answer-cut-short"], ["connection-reset"]), result.text)
                self.assertRegex(result.findings[result.errors[0]]["detail"], "chose none of the application protocols.*such as h2")
        words = "has the request and did not answer.*Another page.*not answered"
        self.meet("unbound", "timeout", words=words, certainty="likely")

    def test_healthy(self):
        for name, target in (("mosquitto", ""), ("unbound", ""), ("h2o", "/")):
            with self.subTest(name), self.server(name) as peer:
                if peer is not None:
                    result = probe.probe("-4", f"--cacert={self.certs.ca}", f"tls://localhost:{peer.port}{target}")
                    bad = [f["id"] for f in result.report["findings"] if f["severity"] in ("error", "warning")]
                    self.assertEqual((result.status, [i for i in bad if i != "http-status"]), (0, []), result.text)


class Above(Case):
    def test_nothing_behind(self):
        """A proxy that has nothing behind it: one says so, the other one just ends the connection."""
        with self.server("haproxy", frontend="") as peer:
            if peer is not None:
                result = probe.probe("-4", f"--cacert={self.certs.ca}", f"tls://localhost:{peer.port}/")
                self.assertEqual((result.errors, result.report["http"]["status"]), ([], 503), result.text)
                self.assertRegex(result.findings["http-status"]["title"], "503")

    def test_healthy(self):
        for name in ALL:
            if name not in ("stunnel", "lighttpd"):
                self.meet(name, None)


if __name__ == "__main__":
    peers.main()
