# SPDX-License-Identifier: GPL-3.0-or-later
"""The report card of clients: what each is known to do is found, and nobody is accused of what he does right."""

import json
import os
import signal
import subprocess
import tempfile
import unittest
import xml.etree.ElementTree

import peers
import probe
from card_schema import check_schema

SCHEMA = os.path.join(os.environ["QS_SRCDIR"], "data", "quicscope-client-card.schema.json")
PROBE = [probe.PROGRAM, "-q", "--experiments=none", "--cacert={ca}", "https://localhost:{port}/"]


def serve(*options, timeout=500):
    return subprocess.run([probe.SERVER, *options], capture_output=True, text=True, timeout=timeout, check=False, env={**os.environ, "LC_ALL": "C.UTF-8"})


def card(command, *options):
    result = serve("--examine-client", "--json", *options, "--", *command)
    return json.loads(result.stdout), result


def verdicts(object):
    return {check["id"]: check["verdict"] for check in object["checks"]}


def having(object, verdict):
    return {id for id, value in verdicts(object).items() if value == verdict}


class ExamineClient(unittest.TestCase):
    def test_list(self):
        result = serve("--list-checks")
        self.assertEqual(result.returncode, 0)
        ids = [line.split()[0] for line in result.stdout.splitlines()]
        self.assertEqual(len(ids), len(set(ids)))
        self.assertGreater(len(ids), 100)

    def test_command_line(self):
        for options, word in (
            (["--examine-client", "--checks=F999"], "F999"),
            (["--examine-client", "--checks=F4"], "F4"),  # of servers
            (["--examine-client", "--scenario=expired"], "--examine-client"),
            (["--examine-client", "--once"], "--examine-client"),
            (["--examine-client", "--jobs=2"], "--jobs"),
            (["--examine-client", "--count=-1"], "--count"),
            (["--examine-client", "--address=nowhere"], "nowhere"),
            (["--json"], "--examine-client"),
            (["--checks=CV1"], "--examine-client"),
            (["--", "true"], "argument too many"),
            (["--examine-client", "--", "/no/such/client"], "/no/such/client"),
        ):
            with self.subTest(options):
                result = serve("--port=0", *options)
                self.assertEqual((result.returncode, result.stdout), (2, ""), result.stderr)
                self.assertIn(word, result.stderr)

    def test_nobody(self):
        """A command that never connects is said to be one, and nobody is judged."""
        result = serve("--examine-client", "--", "true")
        self.assertEqual((result.returncode, result.stdout), (1, ""))
        self.assertIn("true", result.stderr)
        self.assertIn("{port}", result.stderr)

    def test_own(self):
        """quicprobe: OpenSSL's QUIC and nghttp3."""
        with tempfile.TemporaryDirectory() as folder:
            junit, capture = os.path.join(folder, "card.xml"), os.path.join(folder, "card.pcapng")
            object, result = card(PROBE, f"--junit={junit}", f"--pcapng={capture}", "--jobs=6")
            check_schema(json.load(open(SCHEMA, encoding="utf-8")), object)
            self.assertEqual((result.returncode, having(object, "fail")), (0, set()), result.stderr)
            self.assertEqual(having(object, "not-tested"), set())
            # OpenSSL's alert is decode_error; nghttp3 has its own codes for pushes, which it does not do; an ACK of what was never sent
            # is passed over, and so is a packet without frames.
            self.assertLessEqual(having(object, "warn"), {"CT6", "CF11", "CF34", "CH21", "CH22"})
            self.assertEqual(sum(object["counts"].values()), len(object["checks"]))
            suites = xml.etree.ElementTree.parse(junit).getroot()
            self.assertEqual(len(suites.findall(".//testcase")), len(object["checks"]))
            # The run that shows it is opened as any other.
            read = probe.run("-q", f"--read={capture[:-7]}-CF34.pcapng", "--trace")
            self.assertIn("ACK 1000000", read.text)

    def test_insecure(self):
        """Who is told not to look at certificates is warned of, and not failed."""
        object, result = card([*PROBE[:3], "--insecure", PROBE[-1]], "--checks=CT3,CT4,CT5,CV1")
        self.assertEqual(verdicts(object), {"CV1": "pass", "CT3": "warn", "CT4": "warn", "CT5": "warn"})
        self.assertEqual(result.returncode, 0)

    def test_crash(self):
        """A client that crashes on a packet has not kept the rule by its silence."""
        words = " ".join(PROBE)
        object, _ = card(["sh", "-c", f"{words}; true"], "--checks=CF44")
        self.assertEqual(verdicts(object), {"CF44": "pass"})
        object, _ = card(["sh", "-c", f"{words}; kill -SEGV $$"], "--checks=CF44")
        self.assertEqual(verdicts(object), {"CF44": "warn"})

    def test_ngtcp2(self):
        client = peers.ngtcp2_client()
        object, _ = card([client, "--quiet", "--exit-on-all-streams-close", "--sni=localhost", "{ip}", "{port}", "https://localhost:{port}/"], "--jobs=6")
        # RFC 9001 section 4.6.1 and RFC 9000 section 19.13 say MUST; the packets were looked at: each is acknowledged, and the connection
        # goes on. The first is up to the TLS library that it was built with.
        self.assertLessEqual(having(object, "fail"), {"CT9", "CF20"})
        self.assertIn("CF20", having(object, "fail"))
        for id in "CV2 CV3 CV4 CA1 CA2 CA3 CA5 CA6 CA9 CP1 CP2 CP5 CP8 CP12 CF7 CF10 CF14 CF16 CF25 CF31 CF40 CF43 CF44 CH3 CH5 CH8 CH17 CQ1".split():
            self.assertEqual(verdicts(object)[id], "pass", id)
        # It does not look at certificates.
        self.assertEqual({verdicts(object)[id] for id in ("CT3", "CT4", "CT5")}, {"warn"})

    def test_openssl(self):
        """s_client asks for nothing: what an answer needs is not tested, and no fault of its."""
        command = [peers.openssl_program(), "s_client", "-quic", "-alpn", "h3", "-connect", "{address}:{port}", "-servername", "{host}", "-CAfile", "{ca}"]
        object, result = card(
            [*command, "-verify_return_error", "-verify_hostname", "localhost"],
            "--checks=CV1,CV2,CV3,CA1,CA5,CA6,CP3,CP12,CT3,CT4,CT5,CF10,CF14,CF25,CF44,CH8,CQ1",
            "--jobs=6",
        )
        self.assertEqual(result.returncode, 0, result.stdout)
        self.assertEqual(having(object, "not-tested"), {"CH8", "CQ1"})
        self.assertEqual(len(having(object, "pass")), 15, object)

    def test_clients_of_their_own_accord(self):
        """Each connection plays the next check, a failed one again; the last one ends it."""
        with tempfile.TemporaryDirectory() as folder:
            ca = os.path.join(folder, "ca.pem")
            command = [probe.SERVER, "--examine-client", "--port=0", f"--write-ca={ca}", "--checks=CV1,CF12,CF40,CF41"]
            with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env={**os.environ, "LC_ALL": "C.UTF-8"}) as server:
                line = server.stdout.readline()
                self.assertTrue(line.startswith("listening on 127.0.0.1:"), line)
                url = "https://localhost:" + line.rsplit(":", 1)[1].strip() + "/"
                for _ in range(3):
                    probe.run("-q", "-4", "--experiments=none", f"--cacert={ca}", url)
                out, err = server.communicate(timeout=60)
            self.assertEqual(server.returncode, 0, err)
            self.assertIn("CF12", err)
            for id in ("CV1", "CF12", "CF40", "CF41"):
                self.assertRegex(out, rf"pass +{id} ")

    def test_stopped(self):
        """Ctrl-C: the card of what was played."""
        with subprocess.Popen(
            [probe.SERVER, "--examine-client", "--port=0", "--json", "--quiet"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as server:
            line = server.stderr.readline()
            self.assertTrue(line.startswith("listening on "), line)
            probe.run("-q", "-4", "--experiments=none", "--insecure", "https://localhost:" + line.rsplit(":", 1)[1].strip() + "/")
            server.send_signal(signal.SIGINT)
            out, _ = server.communicate(timeout=60)
        object = json.loads(out)
        self.assertTrue(object["stopped"])
        self.assertEqual(object["connections"], 1)
        self.assertEqual(verdicts(object)["CV1"], "pass")
        self.assertEqual(verdicts(object)["CQ1"], "not-tested")


if __name__ == "__main__":
    peers.main()
