# SPDX-License-Identifier: GPL-3.0-or-later
"""The program quicscope from its command line: pictures, verdicts, exit status."""

import os
import struct
import subprocess
import tempfile
import unittest

import a11y
from gi.repository import Gio, GLib


def run(*arguments, **env):
    command = [a11y.program("quicscope"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, env=dict(os.environ, **env))


def size_of(path):
    """Of a PNG: RFC 2083, section 4.1.1."""
    with open(path, "rb") as file:
        head = file.read(24)
    assert head[:8] == b"\x89PNG\r\n\x1a\n", head
    return struct.unpack(">II", head[16:24])


def labels(window):
    return [node.get_name() for node in a11y.walk(window.root) if node.get_role_name() == "label"]


class TestProgram(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        self.png = os.path.join(self.folder.name, "picture.png")

    def test_demo(self):
        done = run("--demo", f"--snapshot={self.png}", "--size=1024x700")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertTrue(done.stdout.startswith("Connected to localhost"), done.stdout)
        self.assertEqual(len(done.stdout.splitlines()), 1)
        self.assertEqual(size_of(self.png), (1024, 700))

    def test_failure(self):
        done = run("--demo", "--scenario=expired", "--page=security", f"--snapshot={self.png}", "--dark")
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("expired", done.stdout)
        self.assertTrue(os.path.getsize(self.png) > 1000)

    def test_empty(self):
        done = run(f"--snapshot={self.png}", "--size=1280x800")
        self.assertEqual((done.returncode, done.stdout), (0, ""), done.stderr)
        self.assertEqual(size_of(self.png), (1280, 800))

    def test_bad_file(self):
        path = os.path.join(self.folder.name, "file.pcapng")
        with open(path, "w", encoding="utf-8") as file:
            file.write("no capture")
        done = run(path, f"--snapshot={self.png}")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        self.assertIn("file.pcapng", done.stderr)

    def test_every_page(self):
        for page in ("overview", "sequence", "packets", "streams", "security", "response", "charts", "lab", "lessons", "watch"):
            with self.subTest(page=page):
                done = run("--demo", f"--page={page}", f"--snapshot={self.png}")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertNotIn("CRITICAL", done.stderr)
                self.assertNotIn("WARNING", done.stderr)

    def test_files(self):
        """Several of them, of which one is bad: the others are there all the same, and it is said which one it was."""
        server = subprocess.Popen(
            [a11y.program("quicserve"), "--port=0", "--once"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        self.addCleanup(server.wait)
        self.addCleanup(server.stdout.close)
        self.addCleanup(server.terminate)
        port = server.stdout.readline().rsplit(":", 1)[1].strip()
        paths = [os.path.join(self.folder.name, name) for name in ("one.pcapng", "bad.pcapng", "two.sqlog")]
        subprocess.run(
            [
                a11y.program("quicprobe"),
                "-k",
                "--quiet",
                f"--pcapng={paths[0]}",
                f"--qlog={paths[2]}",
                f"quic://localhost:{port}/",
            ],
            check=True,
            timeout=60,
            stdout=subprocess.DEVNULL,
        )
        with open(paths[1], "w", encoding="utf-8") as file:
            file.write("no capture")
        with a11y.Window(*paths) as window:
            runs = a11y.wait("both runs", lambda: len(window.rows("Runs")) == 2 and window.rows("Runs"))
            self.assertEqual(len(runs), 2)
            a11y.wait("the bad one's name", lambda: any("bad.pcapng" in text for text in labels(window)))
        done = run(*paths[::2], f"--snapshot={self.png}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.opened_by_the_desktop(paths[0])

    def opened_by_the_desktop(self, path):
        """A file, and a link, that the desktop hands over by D-Bus go to the window that is there."""
        with a11y.Window() as window:
            uris = Gio.File.new_for_path(path).get_uri(), "quic://localhost:1/"
            Gio.bus_get_sync(Gio.BusType.SESSION).call_sync(
                "org.quicscope.Quicscope", "/org/quicscope/Quicscope", "org.freedesktop.Application", "Open",
                GLib.Variant("(asa{sv})", (uris, {})), None, Gio.DBusCallFlags.NO_AUTO_START, 30000,
            )  # fmt: skip
            a11y.wait("both runs", lambda: len(window.rows("Runs")) == 2)

    def test_looks(self):
        """On a screen with twice the pixels, and in another language."""
        for env, size in (({"GDK_SCALE": "2"}, (2048, 1400)), ({"LANGUAGE": "de"}, (1024, 700))):
            with self.subTest(env=env):
                done = run("--demo", "--size=1024x700", f"--snapshot={self.png}", **env)
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertEqual(size_of(self.png), size)

    def test_unwritable(self):
        done = run("--demo", "--snapshot=/nowhere/at/all.png")
        self.assertEqual(done.returncode, 1)
        self.assertIn("/nowhere/at/all.png", done.stderr)

    def test_usage(self):
        for arguments in (["--size=big"], ["--page=nowhere"], ["--scenario=nothing"]):
            with self.subTest(arguments=arguments):
                done = run(*arguments)
                self.assertEqual(done.returncode, 2, done.stderr)
                self.assertIn(arguments[0].split("=")[0], done.stderr)
                self.assertEqual(done.stdout, "")

    def test_unknown_option(self):
        self.assertEqual(run("--nonsense").returncode, 2)

    def test_bad_target(self):
        """Nothing was probed: the command line was wrong."""
        done = run("gopher://example.org", f"--snapshot={self.png}")
        self.assertEqual(done.returncode, 2)
        self.assertIn("gopher", done.stderr)


CAPTURES = os.path.join(os.environ["QS_SRCDIR"], "tests", "cli", "captures")


class TestStream(unittest.TestCase):
    """A capture on standard input."""

    def setUp(self):
        with open(os.path.join(CAPTURES, "tls13-certificate-zlib.pcap"), "rb") as file:
            self.capture = file.read()
        self.keys = os.path.join(CAPTURES, "tls13-certificate-zlib.keys")

    def test_to_its_end(self):
        with tempfile.TemporaryDirectory() as folder:
            png = os.path.join(folder, "picture.png")
            command = [a11y.program("quicscope"), "-", f"--keylog={self.keys}", f"--snapshot={png}"]
            done = subprocess.run(command, input=self.capture, capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(len(done.stdout.splitlines()), 1, done.stdout)
            self.assertIn(b"TLS 1.3", done.stdout)
            self.assertTrue(os.path.getsize(png) > 1000)
            done = subprocess.run(command, input=b"no capture at all, whoever says so", capture_output=True, timeout=120)
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"none of", done.stderr)

    def test_another_window_is_there(self):
        """Standard input is this process's own: it is not handed to the program that runs already; and what comes is shown while the pipe is open."""
        with a11y.Window() as first, a11y.Window("-", stdin=subprocess.PIPE) as second:
            self.addCleanup(second.process.stdin.close)
            second.process.stdin.write(self.capture)
            second.process.stdin.flush()
            rows = a11y.wait("the connection", lambda: second.table("Connections"))
            self.assertIn("127.0.0.1:51135", rows[0])
            self.assertNotEqual(first.process.pid, second.process.pid)
            self.assertEqual(first.find_all("Connections", "table"), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
