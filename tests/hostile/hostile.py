# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs quicprobe against peers that mean no good, and measures what that costs it."""

import contextlib
import os
import subprocess
import sys
import time

import peers
import probe

# In a process of its own, so that its figures are quicprobe's alone. What is left of a run after its end counts too.
_MEASURE = (
    "import resource, subprocess, sys\n"
    "done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL)\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=sys.stderr)\n"
    "sys.exit(done.returncode)\n"
)
MODES = ("nonblocking", "blocking", "thread-assisted")
PEERS = {"quic-peer": "https", "tls-peer": "tls"}  # and the scheme that leads to each


class Measured:
    """A run: its result (probe.Result), the most memory that it had in KiB, and how long it took in seconds."""

    def __init__(self, result, memory, seconds):
        self.result, self.memory, self.seconds = result, memory, seconds


def measure(*arguments):
    start = time.monotonic()
    done = subprocess.run([sys.executable, "-c", _MEASURE, probe.PROGRAM, "--json", "--quiet", *arguments],
                          capture_output=True, timeout=600)  # fmt: skip
    seconds = time.monotonic() - start
    result = probe.Result(done.returncode, done.stdout, done.stderr)
    probe.read_report(result)
    return Measured(result, int(done.stderr.split()[-1]), seconds)


def is_told():
    """Whether figures of memory say something: a sanitizer has its own."""
    with open(probe.PROGRAM, "rb") as program:
        return b"__asan_init" not in program.read()


def _program(name):
    return os.path.join(os.environ["QS_BUILDDIR"], "tests", "hostile", name)


def modes(name):
    """What the peer can do: (mode, where it begins, the finding or None, KiB that it may cost)."""
    listing = subprocess.run([_program(name), "--list"], capture_output=True, text=True, check=True).stdout
    rows = [line.split() for line in listing.splitlines()]
    return [(mode, moment, None if finding == "-" else finding, int(most) << 10) for mode, moment, finding, most in rows]


@contextlib.contextmanager
def peer(name, mode, certs):
    """The port of a peer that does this."""
    chain, key = certs.leaf()
    process = subprocess.Popen([_program(name), mode, chain, key], stdout=subprocess.PIPE, text=True)
    try:
        yield int(process.stdout.readline().rsplit(":", 1)[1])
    finally:
        process.kill()
        process.wait(peers.PATIENCE)
        process.stdout.close()


def patience(finding, timeout, ceiling):
    """What ends by itself has time for it, on a machine however busy."""
    if finding not in (None, "timeout"):
        timeout, ceiling = 30, 40
    return (f"--timeout={timeout}", f"--max-time={ceiling}")


def target(scheme, port):
    return (f"--resolve=localhost:{port}:{peers.HOST}", f"{scheme}://localhost:{port}/")
