# SPDX-License-Identifier: GPL-3.0-or-later
"""The window by its accessible names, against the local server and against a port where nobody listens."""

import os
import re
import socket
import subprocess
import tempfile
import unittest

import a11y
import peers


class Server:
    """quicserve on a free port."""

    def __init__(self, folder, *arguments):
        self.ca = os.path.join(folder, "ca.pem")
        self.process = subprocess.Popen(
            [a11y.program("quicserve"), "--port=0", f"--write-ca={self.ca}", *arguments],
            stdout=subprocess.PIPE,
            text=True,
        )
        line = self.process.stdout.readline()
        match = re.match(r"listening on .*:(\d+)$", line)
        assert match, line
        self.port = int(match.group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.stdout.close()
        self.process.wait(10)


class TestWindow(unittest.TestCase):
    def test_connect(self):
        with tempfile.TemporaryDirectory() as folder, Server(folder) as server:
            with a11y.Window(env={"SSL_CERT_FILE": server.ca}) as window:
                self.assertEqual(window.text("Connection state"), "No connection")
                window.type("Target", f"quic://localhost:{server.port}/")
                window.click("Connect", "push button")
                window.wait_text("Connection state", "Connected")

                steps = a11y.wait("a handshake that is done", lambda: self.done_steps(window))
                self.assertTrue(any("ServerHello" in step for step in steps), steps)
                self.assertTrue(any("ms" in step or "µs" in step for step in steps), steps)

                window.click("Streams", "radio button")
                row = a11y.wait("a stream", lambda: window.table("Streams"))[0]
                self.assertEqual(row[:3], ["0", "bidirectional", "client"])
                a11y.wait("the answer to end", lambda: window.table("Streams")[0][3] == "FINISHED")

                window.click("Stop", "push button")
                window.wait_text("Connection state", "Closed")

    def done_steps(self, window):
        steps = window.rows("Handshake")
        return steps if steps and all(step.endswith("done") for step in steps) else None

    def test_closed_port(self):
        with peers.closed_port() as port, a11y.Window() as window:
            window.type("Target", f"quic://127.0.0.1:{port}")
            window.click("Connect", "push button")
            window.wait_text("Connection state", "Failed")
            findings = a11y.wait("a finding", lambda: window.rows("Findings"))
            self.assertTrue(findings[0].startswith("Error: "), findings)

    def test_bad_target(self):
        with a11y.Window() as window:
            window.type("Target", "gopher://example.org")
            window.click("Connect", "push button")
            a11y.wait("the message", lambda: any("gopher" in name for name in self.labels(window)))
            self.assertEqual(window.text("Connection state"), "No connection")

    def test_card(self):
        """A report card, begun, read and stopped by names alone."""
        with tempfile.TemporaryDirectory() as folder, Server(folder) as server:
            with a11y.Window("--size=1280x800", env={"SSL_CERT_FILE": server.ca}) as window:
                window.click("Report Card", "radio button")
                window.type("Server to examine", f"https://localhost:{server.port}/")
                window.click("Examine", "push button")
                a11y.wait("a verdict", lambda: any(row[-1] == "D1" and row[2] == "pass" for row in window.table("Checks")))
                window.click("Stop examining", "push button")
                window.wait_text("Note on the grade", "stopped")
                self.assertIn("pass", window.text("Counts of verdicts"))
                row = next(row for row in window.table("Checks") if row[-1] == "D1")
                self.assertEqual(row[1:3], ["A handshake of version 1 comes to its end", "pass"])

    def labels(self, window):
        return [node.get_name() for node in a11y.walk(window.root) if node.get_role_name() == "label"]

    def test_newcomer(self):
        """From what make demo opens to a failed handshake explained: at most five clicks, and also from an empty window."""
        for arguments, most in ((["--demo"], 3), ([], 4)):
            with self.subTest(arguments=arguments), a11y.Window(*arguments) as window:
                if not arguments:
                    window.click("Try the built-in server")
                window.wait_text("Connection state", "Connected")
                window.click("Lab", "radio button")
                window.choose("Scenarios", "No common application protocol")
                window.click("Probe this server", "push button")
                window.wait_text("Connection state", "Failed")
                a11y.wait("the finding", lambda: "ALPN" in " ".join(window.rows("Findings")))
                # What to do about it is on the screen too, and the steps show where it ended.
                a11y.wait("the explanation", lambda: any("--alpn" in text or "ALPN" in text for text in self.labels(window)))
                self.assertTrue(any("failed" in step for step in window.rows("Handshake")), window.rows("Handshake"))
                self.assertLessEqual(window.clicks, most)


if __name__ == "__main__":
    unittest.main(verbosity=2)
