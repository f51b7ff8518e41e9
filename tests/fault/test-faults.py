# SPDX-License-Identifier: GPL-3.0-or-later
"""One call that can fail does, once, at a time: whatever it is, the program ends as it should.

    test-faults.py FAULT.SO QUICPROBE QUICSERVE [--sample=N] [--seed=N] [--only=PROGRAM:CALL …]

As it should: exit status 0 where the run did not need that call, else 1 with a sentence that says what was wrong; no signal,
no hanging; every file that was asked for whole or not there at all, and nothing left beside them. Without --sample every call of a
run is tried, which takes its time.
"""

import collections
import concurrent.futures
import functools
import json
import os
import random
import re
import signal
import struct
import subprocess
import sys
import tempfile

import peers

PATIENCE = 30
HANGS = "it hangs"
NO_FILE = r"Could not read|cannot be (read|used)"
START = 10  # calls of a program's start: its libraries' own, which are always tried
DEAD_PORT = 9  # nobody answers there: a question to it is made and refused
Outcome = collections.namedtuple("Outcome", "status out err call files")


def take_option(name, default=None):
    for argument in sys.argv[4:]:
        if argument.startswith(f"--{name}="):
            return argument.split("=", 1)[1]
    return default


FAULT, PROBE, SERVER = (os.path.abspath(path) for path in sys.argv[1:4])


def preloaded(folder, at):
    told = os.path.join(folder, "told")
    return told, {**os.environ, "LC_ALL": "C.UTF-8", "LD_PRELOAD": FAULT, "FAULT_AT": str(at), "FAULT_TOLD": told}


def read_told(told):
    with open(told, encoding="utf-8") as file:
        words = [line.split() for line in file]
    call = next((name for word, name, _ in words if word == "CALL"), None)
    rare = [int(n) for word, _, n in words if word == "RARE"]
    total = next((int(n) for word, _, n in words if word == "TOTAL"), 0)
    return call, (total, rare)


class Servers:
    """What the probe talks to, and what it reads."""

    def __init__(self, folder):
        self.ca = os.path.join(folder, "ca.pem")
        self.peer = peers.quicserve(SERVER, f"--write-ca={self.ca}")
        self.capture = os.path.join(folder, "capture.pcapng")
        subprocess.run([PROBE, f"--cacert={self.ca}", "-4", "-q", "--output=/dev/null", f"--pcapng={self.capture}", self.target("https")],
                       check=True, timeout=PATIENCE, stdout=subprocess.DEVNULL)  # fmt: skip

    def target(self, scheme):
        return f"{scheme}://localhost:{self.peer.port}/bytes/3000"

    def stop(self):
        self.peer.stop()


# The ways to run quicprobe: what it is given, and the files that must be there when it says that all went well.
LIVE = ["--cacert={ca}", "-4", "--json", "--timeout=5", "--experiments=none"]
WAYS = {
    "quicprobe": ([*LIVE, "--pcapng={folder}/run.pcapng", "--qlog={folder}/run.sqlog", "--keylog={folder}/run.keys",
                   "--session={folder}/run.session", "{quic}"], ("run.pcapng", "run.sqlog", "run.keys")),
    "quicprobe-https": ([*LIVE, f"--dns=127.0.0.1:{DEAD_PORT}", "--report={folder}/run.html", "--qlog={folder}/run.qlog", "{https}"],
                        ("run.html", "run.qlog")),
    "quicprobe-tls": ([*LIVE, "--output={folder}/run.body", "--pcapng={folder}/run.pcapng", "{tls}"], ("run.body", "run.pcapng")),
    "quicprobe-read": (["--json", "--read={capture}", "--report={folder}/run.html"], ("run.html",)),
}  # fmt: skip


def run_probe(way, servers, at):
    """One run of quicprobe. Returns the outcome, and how many calls there were."""
    with tempfile.TemporaryDirectory(prefix="qs-fault-") as folder, tempfile.TemporaryDirectory(prefix="qs-told-") as beside:
        told, env = preloaded(beside, at)
        words = {"folder": folder, "ca": servers.ca, "capture": servers.capture, **{name: servers.target(name) for name in ("quic", "https", "tls")}}
        command = [PROBE, *(text.format(**words) for text in WAYS[way][0])]
        done = subprocess.run(command, env=env, capture_output=True, timeout=PATIENCE)
        files = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                files[name] = file.read()
        call, total = read_told(told) if os.path.exists(told) else (None, (0, []))
        return Outcome(done.returncode, done.stdout, done.stderr.decode(errors="replace"), call, files), total


def run_server(_, at):
    """quicserve from its start to its orderly end, with a client of each transport in between."""
    with tempfile.TemporaryDirectory(prefix="qs-fault-") as folder, tempfile.TemporaryDirectory(prefix="qs-told-") as beside:
        told, env = preloaded(beside, at)
        ca = os.path.join(folder, "ca.pem")
        command = [SERVER, "--port=0", f"--write-ca={ca}", f"--qlog={folder}/run.pcapng"]
        process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            line = process.stdout.readline().decode()
            listening = re.match(r"listening on .*:(\d+)$", line)
            if listening:
                for scheme in ("quic", "tls"):
                    subprocess.run([PROBE, "-k", "-4", "--timeout=3", f"{scheme}://localhost:{listening[1]}/bytes/3000"],
                                   capture_output=True, timeout=PATIENCE)  # fmt: skip
                process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            out, err = process.communicate()
            call, _ = read_told(told)
            return Outcome(HANGS, out, err.decode(errors="replace"), call, {}), (0, [])
        finally:
            process.kill()
            process.wait()
        files = {}
        for name in os.listdir(folder):
            with open(os.path.join(folder, name), "rb") as file:
                files[name] = file.read()
        call, total = read_told(told) if os.path.exists(told) else (None, (0, []))
        return Outcome(process.returncode, line.encode() + out, err.decode(errors="replace"), call, files), total


def is_whole_pcapng(data):
    at = 0
    while at < len(data):
        if at + 12 > len(data):
            return False
        (length,) = struct.unpack_from("<I", data, at + 4)
        if length < 12 or at + length > len(data) or struct.unpack_from("<I", data, at + length - 4)[0] != length:
            return False
        at += length
    return at > 0


def is_whole_sqlog(data):
    try:
        return len([json.loads(part) for part in data.decode().split("\x1e") if part]) > 1 and data.endswith(b"\n")
    except ValueError:
        return False


def is_whole_qlog(data):
    try:
        return "traces" in json.loads(data)
    except ValueError:
        return False


def is_whole_page(data):
    return data.rstrip().endswith(b"</html>")


def is_whole_body(data):
    return len(data) == 3000


def is_whole_pem(data):
    """Every block that begins ends."""
    return re.fullmatch(rb"(?s)(?:Session of: [^\n]*\n)?(?:-----BEGIN ([A-Z0-9 ]+)-----\n.*?-----END \1-----\n)+", data) is not None


def is_whole_key_log(data):
    return data in (b"",) or data.endswith(b"\n")  # of a connection that had no secrets yet, nothing


WHOLE = {"run.pcapng": is_whole_pcapng, "run.sqlog": is_whole_sqlog, "run.qlog": is_whole_qlog, "run.html": is_whole_page, "run.body": is_whole_body,
         "run.keys": is_whole_key_log, "run.session": is_whole_pem, "ca.pem": is_whole_pem}  # fmt: skip


# nghttp3 0.8 lets go of a field once too often when there is no memory for the next one: nothing that its caller could keep it from.
OF_A_LIBRARY = r"nghttp3_rcbuf\.c:\d+: nghttp3_rcbuf_decref: Assertion"


def faults_of(outcome, wanted):
    """What is not as it should be."""
    if outcome.status == -6 and re.search(OF_A_LIBRARY, outcome.err):
        return
    # A file that was named and cannot be read is a wrong command line.
    if outcome.status == HANGS:
        yield HANGS
        return
    if outcome.status not in (0, 1) and not (outcome.status == 2 and re.search(NO_FILE, outcome.err)):
        yield f"exit status {outcome.status}"
    if outcome.status == 1 and len(outcome.err.strip()) < 10:
        yield "no word of what was wrong"
    if re.search(r"CRITICAL|assertion|Segmentation|ERROR:", outcome.err):
        yield "not a word for people"
    for name, data in outcome.files.items():
        # A server's recordings, a connection each, are numbered from the second on.
        name = re.sub(r"^run-\d+\.", "run.", name)
        if name not in WHOLE:
            yield f"{name} is left behind"
        elif not WHOLE[name](data):
            yield f"{name} is half a file"
    if outcome.status == 0:
        for name in wanted:
            if name not in outcome.files:
                yield f"no {name}, and it says that all went well"


def faults_of_probe(way, outcome):
    yield from faults_of(outcome, WAYS[way][1])
    if outcome.out:
        try:
            report = json.loads(outcome.out)
        except ValueError:
            yield "half a report"
            return
        if outcome.status == 0 and report["outcome"] != "ok":
            yield f"exit status 0, and the outcome is {report['outcome']}"


def faults_of_server(outcome):
    yield from faults_of(outcome, ("ca.pem",))


PROGRAMS = {way: (functools.partial(run_probe, way), functools.partial(faults_of_probe, way)) for way in WAYS}
PROGRAMS["quicserve"] = (run_server, faults_of_server)


def try_one(program, servers, at):
    run, faults = PROGRAMS[program]
    try:
        outcome, _ = run(servers, at)
    except subprocess.TimeoutExpired:
        return at, "?", ["it hangs"], ""
    return at, outcome.call, list(faults(outcome)), outcome.err


def calls_of(program, total, rare):
    only = [one.split(":")[1] for one in (take_option("only") or "").split(",") if one.startswith(program + ":")]
    if only:
        return [int(n) for n in only]
    calls = list(range(1, total + 1))
    # Nearly all are allocations of OpenSSL's: of those so many, and of all others as many at most; and those of its start.
    sample = int(take_option("sample", 0))
    pick = random.Random(int(take_option("seed", 1)))
    if sample and sample < total:
        calls = sorted({*calls[:START], *pick.sample(calls, sample), *pick.sample(rare, min(sample, len(rare)))})
    return calls


def main():
    failed = n = 0
    print(f"1..{len(PROGRAMS)}")
    with tempfile.TemporaryDirectory(prefix="qs-faults-") as folder:
        servers = Servers(folder)
        try:
            for number, (program, (run, faults)) in enumerate(PROGRAMS.items(), 1):
                outcome, (total, rare) = run(servers, 0)
                bad = [f"unharmed: {fault}" for fault in faults(outcome)] + ([] if outcome.status == 0 else [outcome.err])
                calls = calls_of(program, total, rare)
                seen = collections.Counter()
                with concurrent.futures.ThreadPoolExecutor(4) as pool:
                    for at, call, wrong, err in pool.map(lambda at: try_one(program, servers, at), calls):
                        seen[call] += 1
                        bad += [f"call {at} ({call}): {fault}\n#   {err.strip()[-400:]!r}" for fault in wrong]
                print(f"# {program}: {len(calls)} of {total} calls failed once: "
                      f"{', '.join(f'{call} {n}' for call, n in seen.most_common())}")  # fmt: skip
                for one in bad:
                    print(f"# {one}")
                print(f"{'not ok' if bad else 'ok'} {number} {program}", flush=True)
                failed += bool(bad)
        finally:
            servers.stop()
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
