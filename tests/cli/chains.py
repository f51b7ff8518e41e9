# SPDX-License-Identifier: GPL-3.0-or-later
"""Chains that go wrong in one way each, or in several, made with the openssl program.

    chains = Chains(folder)
    chains.make("ca-expired")  ->  (file of what the server sends, its key, file of what the client trusts)
"""

import os
import subprocess
import time

import peers

DAY = 86400
HERE = ("DNS:localhost", "IP:127.0.0.1")


def stamp(days):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * DAY))


class Chains:
    def __init__(self, folder):
        self.folder = folder
        self.issue("root", "Kit Root CA", ca=True)
        self.issue("issuing", "Kit Issuing CA", issuer="root", ca=True)

    def path(self, name):
        return os.path.join(self.folder, name)

    def issue(self, name, subject, *, issuer=None, ca=False, names=HERE, key_of=None, begins=-30, ends=300, more=(), usage="serverAuth"):
        """One certificate NAME.pem with NAME.key below issuer (None: itself). usage None: for servers a certificate without
        one, for a CA one that may not sign."""
        key = self.path(f"{key_of or name}.key")
        command = [peers.openssl_program(), "req", "-x509", "-config", "/dev/null", "-out", self.path(name + ".pem")]
        if key_of is None:
            command += ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key]
        else:
            command += ["-key", key]
        command += ["-subj", f"/CN={subject}" if subject else "/", "-not_before", stamp(begins), "-not_after", stamp(ends)]
        if issuer is not None:
            command += ["-CA", self.path(issuer + ".pem"), "-CAkey", self.path(issuer + ".key")]
        extensions = ["subjectKeyIdentifier=hash", "authorityKeyIdentifier=keyid"]
        extensions += ["basicConstraints=critical,CA:" + ("TRUE" if ca else "FALSE")]
        if ca:
            extensions += ["keyUsage=critical," + ("digitalSignature" if usage is None else "keyCertSign,cRLSign")]
        elif usage:
            extensions += ["extendedKeyUsage=" + usage]
        if names and not ca:
            extensions += ["subjectAltName=" + ",".join(names)]
        for extension in (*extensions, *more):
            command += ["-addext", extension]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return name

    def bundle(self, name, *parts):
        with open(self.path(name), "wb") as out:
            for part in parts:
                with open(self.path(part + ".pem"), "rb") as file:
                    out.write(file.read())
        return self.path(name)

    def make(self, kind):
        """What the server sends, its key, what the client trusts."""
        leaf, above, trusted = getattr(self, "_" + kind.replace("-", "_"))(kind)
        return self.bundle(kind + ".chain", leaf, *above), self.path(leaf + ".key"), self.bundle(kind + ".trust", *trusted)

    def _leaf(self, kind, issuer="issuing", above=("issuing",), trusted=("root",), subject="localhost", **more):
        return self.issue(kind, subject, issuer=issuer, **more), above, trusted

    def _good(self, kind):
        return self._leaf(kind)

    def _no_subject_alt_name(self, kind):
        return self._leaf(kind, names=())

    def _address_as_dns_name(self, kind):
        return self._leaf(kind, names=("DNS:127.0.0.1",), subject="127.0.0.1")

    def _wildcard_too_deep(self, kind):
        return self._leaf(kind, names=("DNS:*.example.test",))

    def _empty_subject(self, kind):
        return self._leaf(kind, subject="", names=())

    def _must_staple(self, kind):
        return self._leaf(kind, more=("tlsfeature=status_request",))

    def _name_not_permitted(self, kind):
        self.issue("constrained", "Kit Constrained CA", issuer="root", ca=True, more=("nameConstraints=critical,permitted;DNS:corp.example",))
        return self._leaf(kind, "constrained", ("constrained",), names=("DNS:localhost",))

    def _name_excluded(self, kind):
        self.issue("excluding", "Kit Excluding CA", issuer="root", ca=True, more=("nameConstraints=critical,excluded;DNS:localhost",))
        return self._leaf(kind, "excluding", ("excluding",), names=("DNS:localhost",))

    def _intermediate_expired(self, kind):
        self.issue("old", "Kit Old Issuing CA", issuer="root", ca=True, begins=-900, ends=-20)
        return self._leaf(kind, "old", ("old",))

    def _root_expired(self, kind):
        self.issue("old-root", "Kit Root CA", key_of="root", ca=True, begins=-900, ends=-20)
        return self._leaf(kind, trusted=("old-root",))

    def _issued_by_a_leaf(self, kind):
        self.issue("no-ca", "Kit Not A CA", issuer="issuing", names=("DNS:other.test",))
        return self._leaf(kind, "no-ca", ("no-ca", "issuing"))

    def _issuer_may_not_sign(self, kind):
        self.issue("no-sign", "Kit No Signer", issuer="issuing", ca=True, usage=None)
        return self._leaf(kind, "no-sign", ("no-sign", "issuing"))

    def _leaf_alone(self, kind):
        return self._leaf(kind, above=())

    def _intermediate_of_another_key(self, kind):
        self.issue("rekeyed", "Kit Issuing CA", issuer="root", ca=True)
        return self._leaf(kind, above=("rekeyed",))

    def _expired_cross_certificate_sent(self, kind):
        self.issue("older-root", "Kit Older Root", ca=True, begins=-4000, ends=-60)
        self.issue("crossed", "Kit Root CA", key_of="root", issuer="older-root", ca=True, begins=-1000, ends=-60)
        return self._leaf(kind, above=("issuing", "crossed"))

    def _root_sent(self, kind):
        return self._leaf(kind, above=("issuing", "root"))

    def _not_for_signatures(self, kind):
        return self._leaf(kind, more=("keyUsage=critical,keyAgreement",))

    def _too_long(self, kind):
        return self._leaf(kind, ends=900)

    def _public_too_long(self, kind):
        return self._leaf(kind, more=("certificatePolicies=2.23.140.1.2.1",))

    def _expired_and_wrong_name(self, kind):
        return self._leaf(kind, names=("DNS:other.test",), begins=-90, ends=-2)

    def _three_faults(self, kind):
        self.issue("stranger", "Kit Stranger", ca=True)
        return self._leaf(kind, "stranger", (), names=("DNS:other.test",), begins=-90, ends=-2)

    def staple(self, kind, leaf, *, status="V"):
        """A DER file with the issuing CA's OCSP answer about a leaf; V valid, R revoked."""
        text = [peers.openssl_program(), "x509", "-in", self.path(leaf + ".pem"), "-noout", "-serial"]
        serial = subprocess.run(text, check=True, capture_output=True, text=True).stdout.strip().split("=")[1]
        with open(self.path("index.txt"), "w", encoding="ascii") as file:
            file.write("\t".join((status, stamp(100)[2:], stamp(-1)[2:] if status == "R" else "", serial, "unknown", "/CN=localhost")) + "\n")
        answer = self.path(kind + ".der")
        command = [peers.openssl_program(), "ocsp", "-index", self.path("index.txt"), "-CA", self.path("issuing.pem")]
        command += ["-rsigner", self.path("issuing.pem"), "-rkey", self.path("issuing.key"), "-issuer", self.path("issuing.pem")]
        command += ["-cert", self.path(leaf + ".pem"), "-respout", answer, "-noverify", "-ndays", "7"]
        subprocess.run(command, check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return answer
