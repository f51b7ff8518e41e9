# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything hostile at once: soak.py QUICSERVE INITIALS. Runs of quicprobe against modes of the peers, drawn by lot, several at a time, beside
a quicserve that is flooded. QS_HOSTILE_SECONDS: how long, default 60; an hour is 3600. QS_HOSTILE_SEED: another lot."""

import concurrent.futures
import os
import random
import subprocess
import sys
import time

import hostile
import peers
import probe

SECONDS = float(os.environ.get("QS_HOSTILE_SECONDS", "60"))
AT_ONCE = 2
TIMEOUT, CEILING = 2, 3


class Soak:
    def __init__(self, certs):
        self.certs = certs
        self.lot = random.Random(os.environ.get("QS_HOSTILE_SEED", "1"))
        self.rows = [(peer, *row) for peer in hostile.PEERS for row in hostile.modes(peer)]
        self.end = time.monotonic() + SECONDS
        self.faults = []
        self.runs = 0
        self.most = {"memory": (0, ""), "late": (0.0, ""), "after": (0.0, "")}

    def note(self, figure, value, name):
        self.most[figure] = max(self.most[figure], (value, name))

    def meet(self, name, mode, finding, most, engine):
        with hostile.peer(name, mode, self.certs) as port:
            run = hostile.measure(f"--cacert={self.certs.ca}", f"--mode={engine}", *hostile.patience(finding, TIMEOUT, CEILING),
                                  *hostile.target(hostile.PEERS[name], port))  # fmt: skip
        where = f"{name} {mode} {engine}"
        total = run.result.report["timings_ms"]["total"] / 1000
        self.runs += 1
        self.note("memory", run.memory - self.usual, where)
        if finding in (None, "timeout"):
            self.note("late", total - CEILING, where)
        self.note("after", run.seconds - total, where)
        if run.result.status != 1 or not run.result.errors:
            self.faults.append(f"{where}: {run.result.status} {run.result.errors}")
        if finding is not None and run.result.errors and run.result.errors[0] != finding:
            self.faults.append(f"{where}: {run.result.errors}, not {finding}")
        if hostile.is_told() and run.memory > self.usual + most:
            self.faults.append(f"{where}: {run.memory - self.usual} KiB more")

    def work(self):
        while time.monotonic() < self.end:
            name, mode, _, finding, most = self.lot.choice(self.rows)
            self.meet(name, mode, finding, most, self.lot.choice(hostile.MODES))

    def flood(self, server, initials):
        rounds = 0
        while time.monotonic() < self.end:
            done = subprocess.run([initials, server, "2000", "1000"], capture_output=True, text=True, timeout=600)
            rounds += 1
            if done.returncode != 0:
                self.faults.append("quicserve: " + "".join(done.stdout.splitlines(True)[-3:]))
        return rounds

    def run(self, server, initials):
        chain, key = self.certs.leaf()
        with peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}") as peer:
            self.usual = hostile.measure("-4", f"--cacert={self.certs.ca}", f"https://localhost:{peer.port}/").memory
        with concurrent.futures.ThreadPoolExecutor(AT_ONCE + 1) as pool:
            rounds = pool.submit(self.flood, server, initials)
            for work in [pool.submit(self.work) for _ in range(AT_ONCE)]:
                work.result()
            print(f"{self.runs} runs in {SECONDS:.0f} s, {rounds.result()} floods of quicserve")
        for figure, unit in (("memory", "KiB above a run in order"), ("late", "s behind the ceiling"), ("after", "s from the end to the exit")):
            value, where = self.most[figure]
            print(f"at most {value:.2f} {unit} ({where})")
        for fault in self.faults:
            print(f"FAULT {fault}")
        return 1 if self.faults else 0


if __name__ == "__main__":
    with peers.Certificates() as made:
        sys.exit(Soak(made).run(sys.argv[1], sys.argv[2]))
