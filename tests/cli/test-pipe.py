# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe --read=-: captures as they come down a pipe, to their end or to Ctrl-C."""

import fcntl
import os
import signal
import struct
import subprocess
import tempfile
import termios
import unittest

import peers
import probe


class Pipe(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.path = os.path.join(cls.folder.name, "run.pcapng")
        ca = os.path.join(cls.folder.name, "ca.pem")
        with peers.quicserve(probe.SERVER, f"--write-ca={ca}") as server:
            target = f"https://localhost:{server.port}/"
            result = probe.run("--json", "--dns=none", f"--cacert={ca}", "-4", f"--pcapng={cls.path}", target)
        assert result.status == 0, result.err
        with open(cls.path, "rb") as file:
            cls.capture = file.read()
        cls.saved = probe.read(cls.path).report

    def feed(self, data, *options, name="-", end=True):
        """The data is written, and the pipe closed where end is set."""
        process = subprocess.Popen(
            [probe.PROGRAM, f"--read={name}", *options],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self.addCleanup(process.kill)
        process.stdin.write(data)
        process.stdin.flush()
        if end:
            process.stdin.close()
            process.stdin = None
        return process

    def finish(self, process, timeout=60):
        out, err = process.communicate(timeout=timeout)
        return probe.Result(process.returncode, out, err)

    def report(self, result):
        probe.read_report(result)
        return {name: value for name, value in result.report.items() if name != "source"}

    def wanted(self):
        return {name: value for name, value in self.saved.items() if name != "source"}

    def test_pcapng(self):
        """What comes down a pipe is what the file says, word for word."""
        for name in ("-", "/dev/stdin"):
            with self.subTest(name):
                result = self.finish(self.feed(self.capture, "--json", name=name))
                self.assertEqual(self.report(result), self.wanted())
                self.assertEqual(result.report["source"]["format"], "pcapng")

    def test_in_drops(self):
        """However small the pieces are in which it comes."""
        process = self.feed(b"", "--json", end=False)
        for at in range(0, len(self.capture), 97):
            process.stdin.write(self.capture[at : at + 97])
            process.stdin.flush()
        self.assertEqual(self.report(self.finish(process)), self.wanted())

    def test_file_as_standard_input(self):
        with open(self.path, "rb") as file:
            done = subprocess.run([probe.PROGRAM, "--read=-", "--json"], stdin=file, capture_output=True, timeout=60)
        self.assertEqual(self.report(probe.Result(done.returncode, done.stdout, done.stderr)), self.wanted())

    def test_interrupted(self):
        """A stream without an end: Ctrl-C ends it, and there is the verdict on what came."""
        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number):
                process = self.feed(self.capture, "--json", end=False)
                # All of it was taken: the pipe is empty.
                peers.wait_until(lambda p=process: self.is_drained(p), "the capture to be read")
                process.send_signal(number)
                self.assertEqual(self.report(self.finish(process)), self.wanted())

    def is_drained(self, process):
        """Whether the reader has emptied the pipe and waits for more."""
        waiting = struct.unpack("i", fcntl.ioctl(process.stdin, termios.FIONREAD, b"\0\0\0\0"))[0]
        with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
            return waiting == 0 and file.read().rsplit(")", 1)[1].split()[0] == "S"

    def test_cut(self):
        """The writer was killed in the middle of a block: what came before counts, and the end is told."""
        result = self.finish(self.feed(self.capture[: len(self.capture) // 2], "--json"))
        self.assertIn("ends in the middle", result.err)
        self.assertTrue(result.out)

    def test_pcap(self):
        """As tcpdump -U -w - writes it; secrets from a key log that is read in the end."""
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "run.pcap")
            done = subprocess.run([peers.find_program("tshark"), "-r", self.path, "-F", "pcap", "-w", path], capture_output=True)
            self.assertEqual(done.returncode, 0, done.stderr)
            with open(path, "rb") as file:
                result = self.finish(self.feed(file.read(), "--json"))
        probe.read_report(result)
        self.assertEqual(result.report["source"]["format"], "pcap")
        self.assertIn("keys-missing", result.findings)

    def test_refused(self):
        """Nothing, garbage and a device are told at once."""
        cases = {"nothing": (b"", "empty"), "garbage": (b"garbage" * 100, "none of")}
        for name, (data, words) in cases.items():
            with self.subTest(name):
                result = self.finish(self.feed(data))
                self.assertEqual((result.status, result.out), (1, b""))
                self.assertIn(words, result.err)
        result = probe.run("--read=-")  # /dev/null
        self.assertEqual(result.status, 1)
        self.assertIn("neither a pipe nor a file", result.err)

    def test_named_pipe(self):
        """A pipe that is named as a file is refused as ever: nobody may ever write to it."""
        path = os.path.join(self.folder.name, "fifo")
        os.mkfifo(path)
        result = probe.run(f"--read={path}", timeout=20)
        self.assertEqual(result.status, 1)
        self.assertIn("pipe", result.err)


if __name__ == "__main__":
    peers.main()
