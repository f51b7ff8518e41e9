# SPDX-License-Identifier: GPL-3.0-or-later
"""Every scenario of quicserve, met by quicprobe: what it finds is what the list says.

    test-lab.py QUICSERVE QUICPROBE
"""

import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import unittest

import peers

SERVER, PROBE = sys.argv.pop(1), sys.argv.pop(1)

# Findings that a run may have which has nothing to tell.
HARMLESS = {"retry", "post-quantum-hello", "packet-loss", "reordering", "slow-handshake"}
# Seconds that the probe waits: idle-timeout's two, no-reply's three, and some. The server that acknowledges
# each ClientHello anew has to be silent for three seconds after the one at three.
TIMEOUT = 5
PATIENT = {"silent-after-ack": 10}
# What shows by the time that a path takes: a busy machine takes longer, and it shows in the next run.
TIMED = {"amplification"}
ATTEMPTS = 4


def scenarios():
    done = subprocess.run([SERVER, "--list-scenarios"], capture_output=True, text=True, check=True)
    return [line.split("\t") for line in done.stdout.splitlines()]


def probe(name):
    """The probe's report on a server with this scenario."""
    with tempfile.TemporaryDirectory(prefix="qs-lab-") as folder:
        ca = os.path.join(folder, "ca.pem")
        with peers.quicserve(SERVER, f"--write-ca={ca}", f"--scenario={name}") as server:
            scheme = "tls" if name.startswith("tcp-") else "quic"  # as the lab of the window asks for it
            target = f"{scheme}://localhost:{server.port}/"
            command = [PROBE, "-4", "--json", f"--cacert={ca}", f"--timeout={PATIENT.get(name, TIMEOUT)}", target]
            done = subprocess.run(command, capture_output=True, text=True, timeout=peers.PATIENCE)
            return json.loads(done.stdout), done.returncode


class LabTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # Nearly all of it is waiting: for a time-out of one side or the other.
        with concurrent.futures.ThreadPoolExecutor(6) as pool:
            cls.runs = {name: pool.submit(probe, name) for name, _, _ in scenarios()}


def make(name, finding):
    def test(self):
        report, status = self.runs[name].result()
        for _ in range(ATTEMPTS if name in TIMED else 0):
            if finding in {item["id"] for item in report["findings"]}:
                break
            report, status = probe(name)
        found = {item["id"]: item["severity"] for item in report["findings"]}
        self.assertEqual(status, 0 if report["outcome"] == "ok" else 1)
        if finding == "-":
            self.assertEqual(report["outcome"], "ok", found)
            self.assertLessEqual(set(found), HARMLESS)
        else:
            self.assertIn(finding, found)
        # An error is a failure, and a failure has its error.
        self.assertEqual(report["outcome"] == "failed", "error" in found.values(), found)

    return test


for _name, _finding, _title in scenarios():
    setattr(LabTest, "test_" + _name.replace("-", "_"), make(_name, _finding))

if __name__ == "__main__":
    peers.main()
