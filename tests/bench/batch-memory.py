# SPDX-License-Identifier: GPL-3.0-or-later
"""What a batch holds in memory.

    batch-memory.py QUICSERVE QUICPROBE [RUNS [TARGETS]]

RUNS probes in one process may keep at most 20 kB each, beyond what a tenth of them needs; a batch of TARGETS targets from a file may hold at most
250 MB in all. None of them may fail. Exit status 1 when either is missed.
"""

import json
import os
import subprocess
import sys
import tempfile

import peers

EACH = 20_000
ALL = 250_000_000


def run(command, wanted):
    """Bytes that were resident at most."""
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    with process.stdout:
        figures = json.loads(process.stdout.read())["all"]
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0 or figures["succeeded"] != wanted:
        raise ChildProcessError(f"exit status {process.returncode}: {figures}")
    return usage.ru_maxrss * 1024


def main():
    quicserve, quicprobe = map(os.path.abspath, sys.argv[1:3])
    runs = int(sys.argv[3]) if len(sys.argv) > 3 else 10_000
    targets = int(sys.argv[4]) if len(sys.argv) > 4 else 10_000
    missed = 0
    with peers.quicserve(quicserve) as server, tempfile.TemporaryDirectory() as folder:
        target = f"quic://127.0.0.1:{server.port}"
        command = [quicprobe, "--json", "-k", "--parallel=64", "--timeout=60"]
        few = run([*command, f"--repeat={runs // 10}", target], runs // 10)
        many = run([*command, f"--repeat={runs}", target], runs)
        each = max(many - few, 0) / (runs - runs // 10)
        print(f"{runs} runs: {many / 1e6:.1f} MB, {runs // 10}: {few / 1e6:.1f} MB; {each:.0f} bytes kept of each, asked for at most {EACH}")
        missed += each > EACH
        path = os.path.join(folder, "targets")
        with open(path, "w", encoding="ascii") as file:
            file.writelines(f"{target}/bytes/{n + 1}\n" for n in range(targets))
        held = run([*command, f"--targets={path}"], targets)
        print(f"{targets} targets: {held / 1e6:.1f} MB, asked for at most {ALL / 1e6:.0f}")
        missed += held > ALL
    return 1 if missed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except peers.unittest.SkipTest as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
