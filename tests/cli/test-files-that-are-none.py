# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option that names a file, and every folder that is searched, with each kind of file that is none: told within a moment."""

import os
import socket
import subprocess
import tempfile
import time
import unittest

import peers
import probe

FOUR_GIGABYTES = 4 << 30
MOMENT = 1.0  # of the processor: the clock on the wall is the machine's load
PATIENCE = 30  # on the wall: what waits for a pipe, or reads a device, waits for ever


def find_capture():
    """A file that --read takes, so that the option beside it is what is at fault."""
    return os.path.join(os.environ["QS_SRCDIR"], "tests", "cli", "captures", "quic-no-keys.pcap")


class Kinds:
    """The files that are none, in a folder of their own."""

    def __init__(self, folder):
        self.folder = folder
        self.paths = {}
        os.mkfifo(self.at("pipe"))
        os.symlink("loop", self.at("loop"))
        os.mkdir(self.at("folder"))
        with open(self.at("huge"), "wb") as file:
            file.truncate(FOUR_GIGABYTES)
        with open(self.at("unreadable"), "w", encoding="ascii") as file:
            file.write("secret\n")
        os.chmod(self.at("unreadable"), 0)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.at("socket"))
        self.at("missing")
        self.paths["device"] = "/dev/zero"
        if os.geteuid() == 0:
            del self.paths["unreadable"]  # to root everything is readable

    def at(self, kind):
        self.paths[kind] = os.path.join(self.folder, kind)
        return self.paths[kind]


def run(command, env=None):
    """Status, what it wrote, and the seconds of processor that it took."""
    before = os.times()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})})  # fmt: skip
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return done.returncode, done.stderr.decode("utf-8"), spent


class FilesThatAreNone(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        kinds = os.path.join(folder.name, "kinds")
        os.mkdir(kinds)
        self.kinds = Kinds(kinds)

    def path(self, name):
        return os.path.join(self.folder, name)

    def make_pair(self):
        """A certificate and its key, PEM."""
        certificate, key = self.path("good.pem"), self.path("good.key")
        subprocess.run([os.environ["QS_OPENSSL"], "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj",
                        "/CN=localhost", "-days", "30", "-keyout", key, "-out", certificate], check=True, capture_output=True,
                       stdin=subprocess.DEVNULL)  # fmt: skip
        return certificate, key

    def check(self, command, path, statuses):
        status, err, spent = run(command)
        self.assertIn(status, statuses, err)
        self.assertIn(path, err)
        self.assertLess(len(err), 2000, err)
        self.assertLess(spent, MOMENT)

    def test_read(self):
        certificate, key = self.make_pair()
        capture, target = find_capture(), "quic://127.0.0.1:1"
        options = {
            "--session": ["--session={}", target],
            "--cacert": ["--cacert={}", target],
            "--cert": ["--cert={}", f"--key={key}", target],
            "--key": [f"--cert={certificate}", "--key={}", target],
            "--read": ["--read={}"],
            "--keylog": [f"--read={capture}", "--keylog={}"],
            "--join": [f"--read={capture}", "--join={}"],
            "--compare": [f"--read={capture}", "--compare={}"],
        }
        for option, arguments in options.items():
            for kind, path in self.kinds.paths.items():
                if (option, kind) == ("--session", "missing"):
                    continue  # it is made
                with self.subTest(option=option, kind=kind):
                    self.check([probe.PROGRAM, *(text.format(path) for text in arguments)], path, (1, 2))

    def test_served(self):
        certificate, key = self.make_pair()
        for option, other in (("--cert", f"--key={key}"), ("--key", f"--cert={certificate}")):
            for kind, path in self.kinds.paths.items():
                with self.subTest(option=option, kind=kind):
                    self.check([probe.SERVER, "--port=0", f"{option}={path}", other], path, (1, 2))

    def test_written(self):
        """What may not be written to; a device is, and what is missing or huge is made anew."""
        paths = {kind: self.kinds.paths[kind] for kind in ("pipe", "loop", "folder", "socket")}
        paths["no folder"] = self.path("no/file")
        for kind, path in paths.items():
            for option in ("--qlog", "--pcapng", "--keylog", "--report", "--output"):
                with self.subTest(option=option, kind=kind):
                    self.check([probe.PROGRAM, f"{option}={path}", "quic://127.0.0.1:1"], path, (1, 2))
            for option in ("--write-ca", "--qlog"):
                if (option, kind) == ("--qlog", "pipe"):
                    continue  # its reader may come before the first connection
                with self.subTest(option=option, kind=kind, program="quicserve"):
                    self.check([probe.SERVER, "--port=0", f"{option}={path}"], path, (1, 2))
        self.assertTrue(os.path.islink(self.kinds.paths["loop"]))

    def test_pipe_with_a_reader(self):
        """What is asked for explicitly is written to a pipe, whole."""
        with open(os.open(self.kinds.paths["pipe"], os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
            status, err, _ = run([probe.PROGRAM, "-q", f"--qlog={self.kinds.paths['pipe']}", "quic://127.0.0.1:1"])
            self.assertEqual((status, err), (1, ""))
            self.assertEqual(reader.read(1), b"\x1e")

    def test_link_of_another(self):
        """In a folder as /tmp is, a link that another user put there is not followed."""
        if os.geteuid() != 0:
            self.skipTest("only root makes links of another user")
        shared, victim, own = self.path("shared"), self.path("victim"), self.path("own")
        os.mkdir(shared)
        os.chmod(shared, 0o1777)
        planted, through, plain = (os.path.join(shared, name) for name in ("planted.sqlog", "through", "plain.sqlog"))
        os.symlink(victim, planted)
        os.symlink(self.folder, through)
        os.symlink(own, plain)
        open(own, "wb").close()
        for path in (planted, through):
            os.lchown(path, 65534, 65534)
        pipe = os.path.join(shared, "pipe")
        os.mkfifo(pipe)
        os.chown(pipe, 65534, 65534)
        for path in (planted, os.path.join(through, "victim"), pipe):
            with self.subTest(path=path):
                self.check([probe.PROGRAM, f"--qlog={path}", "quic://127.0.0.1:1"], shared, (1,))
                self.assertFalse(os.path.exists(victim))
        status, err, _ = run([probe.PROGRAM, "-q", f"--qlog={plain}", "quic://127.0.0.1:1"])
        self.assertEqual((status, err), (1, ""))
        self.assertTrue(os.path.getsize(own) > 0 and os.path.islink(plain))


if __name__ == "__main__":
    peers.main()
