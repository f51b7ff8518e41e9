# SPDX-License-Identifier: GPL-3.0-or-later
"""Every option that names a file, and every folder that is searched, with each kind of file that is none: told within a moment."""

import os
import subprocess
import tempfile
import unittest

import peers
import probe
from no_files import Kinds, find_options, run

MOMENT = 1.0  # of the processor: the clock on the wall is the machine's load
TARGET = "quic://127.0.0.1:1"

# What each option that names a file is given besides, so that nothing but the file is at fault. {}: the file.
READ = {
    "quicprobe": {
        "--session": ["--session={}", TARGET],
        "--cacert": ["--cacert={}", TARGET],
        "--cert": ["--cert={}", "--key=KEY", TARGET],
        "--key": ["--cert=CERTIFICATE", "--key={}", TARGET],
        "--read": ["--read={}"],
        "--keylog": ["--read=CAPTURE", "--keylog={}"],
        "--join": ["--read=CAPTURE", "--join={}"],
        "--compare": ["--read=CAPTURE", "--compare={}"],
        "--baseline": ["--examine", "--baseline={}", TARGET],
        "--targets": ["--targets={}"],
    },
    "quicserve": {
        "--cert": ["--port=0", "--cert={}", "--key=KEY"],
        "--key": ["--port=0", "--cert=CERTIFICATE", "--key={}"],
    },
    "quictap": {"--keylog": ["--to=127.0.0.1:1", "--keylog={}", "--", "true"]},
}
WRITTEN = {
    "quicprobe": {
        **{option: [f"{option}={{}}", TARGET] for option in ("--qlog", "--pcapng", "--keylog", "--report", "--output", "--session")},
        "--junit": ["--examine", "--junit={}", TARGET],
        "--markdown": ["--examine", "--markdown={}", TARGET],
        "--csv": ["--repeat=1", "--csv={}", TARGET],
        "--openmetrics": ["--repeat=1", "--openmetrics={}", TARGET],
    },
    "quicserve": {
        **{option: ["--port=0", f"{option}={{}}"] for option in ("--write-ca", "--qlog")},
        **{option: ["--examine-client", "--port=0", f"{option}={{}}"] for option in ("--junit", "--pcapng")},
    },
    "quictap": {"--pcapng": ["--to=127.0.0.1:1", "--pcapng={}", "--", "true"]},
}
PROGRAMS = {"quicprobe": probe.PROGRAM, "quicserve": probe.SERVER, "quictap": os.path.join(os.path.dirname(probe.PROGRAM), "quictap")}


def find_capture():
    """A file that --read takes, so that the option beside it is what is at fault."""
    return os.path.join(os.environ["QS_SRCDIR"], "tests", "cli", "captures", "quic-no-keys.pcap")


class FilesThatAreNone(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.chmod(folder.name, 0o755)
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

    def check(self, command, path, statuses, **options):
        status, err, spent = run(command, **options)
        self.assertIn(status, statuses, err)
        self.assertIn(path, err)
        self.assertLess(len(err), 2000, err)
        self.assertLess(spent, MOMENT)

    def test_every_option_has_a_row(self):
        """An option that comes, and names a file, is to be tried with files that are none."""
        for name, program in PROGRAMS.items():
            with self.subTest(program=name):
                self.assertEqual(find_options(program), set(READ[name]) | set(WRITTEN[name]))

    def test_read(self):
        certificate, key = self.make_pair()
        os.chmod(key, 0o644)  # nobody has to read it, too
        words = {"CERTIFICATE": certificate, "KEY": key, "CAPTURE": find_capture()}
        for name, options in READ.items():
            for option, arguments in options.items():
                for word, real in words.items():
                    arguments = [text.replace(word, real) for text in arguments]
                for kind, path in self.kinds.paths.items():
                    if (option, kind) == ("--session", "missing"):
                        continue  # it is made
                    with self.subTest(program=name, option=option, kind=kind):
                        command = [PROGRAMS[name], *(text.format(path) for text in arguments)]
                        self.check(command, path, (1, 2), **self.kinds.whose(kind))

    def test_written(self):
        """What may not be written to; a device is, and what is missing or huge is made anew."""
        paths = {kind: self.kinds.paths[kind] for kind in ("pipe", "loop", "folder", "socket")}
        paths["no folder"] = self.path("no/file")
        paths["unreadable"] = os.path.join(self.kinds.folder, "anew")  # in a folder where nobody may write
        for name, options in WRITTEN.items():
            for option, arguments in options.items():
                for kind, path in paths.items():
                    if name == "quicserve" and option != "--write-ca" and kind == "pipe":
                        continue  # its reader may come before the first connection
                    if (name, option) == ("quicserve", "--pcapng"):
                        continue  # it is the beginning of names
                    if (name, kind) == ("quictap", "folder"):
                        continue  # it takes one, for a file of each connection
                    if option == "--session" and kind in ("no folder", "unreadable"):
                        continue  # where there is none, and no handshake that brings one, nothing is written
                    with self.subTest(program=name, option=option, kind=kind):
                        command = [PROGRAMS[name], *(text.format(path) for text in arguments)]
                        self.check(command, path, (1, 2), **self.kinds.whose(kind))
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

    def test_session_is_kept_by_the_same_rules(self):
        """A session is as good as a password: its file is its owner's alone, and no link of another user's is followed."""
        ca = self.path("ca.pem")
        server = peers.quicserve(probe.SERVER, f"--write-ca={ca}")
        self.addCleanup(server.stop)
        target, path = f"quic://localhost:{server.port}/bytes/3000", self.path("session")
        command = [probe.PROGRAM, f"--cacert={ca}", "-4", "-q", "--output=/dev/null", target]
        status, err, _ = run([*command, f"--session={path}"])
        self.assertEqual((status, os.stat(path).st_mode & 0o777), (0, 0o600), err)
        self.assertEqual([name for name in os.listdir(self.folder) if name.startswith(".")], [])
        if os.geteuid() != 0:
            return
        shared, victim = self.path("shared"), self.path("victim")
        os.mkdir(shared)
        os.chmod(shared, 0o1777)
        planted = os.path.join(shared, "planted")
        os.symlink(victim, planted)
        os.lchown(planted, 65534, 65534)
        status, err, _ = run([*command, f"--session={planted}"])
        self.assertEqual((status, os.path.exists(victim)), (1, False), err)
        self.assertIn(planted, err)


if __name__ == "__main__":
    peers.main()
