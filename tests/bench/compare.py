# SPDX-License-Identifier: GPL-3.0-or-later
"""Benchmarks as ratios within one run, so that they say something on any machine.

    compare.py handshake QUICPROBE                    process time of one handshake and request, against ngtcp2's client
    compare.py handshakes QUICSERVE BARE-HANDSHAKES QUICPROBE    a thousand handshakes, 64 at once, against a bare OpenSSL loop
    compare.py bulk QUICSERVE SELECT-CLIENT PROBE-CLIENT    bulk download, against a bare OpenSSL select loop
    compare.py relay QUICSERVE SELECT-CLIENT BARE-RELAY QUICTAP    bulk download through quictap, against a bare relay
    compare.py recording QUICSERVE PROBE-CLIENT       bulk download with the recorder on, against off

The two candidates take turns (A B, B A, A B, …), each pair gives a ratio, and the middle one counts: a machine that gets
faster or slower meanwhile does so for both of a pair. Exit status 1 when the ratio misses what the project asks for.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

import peers

MEBI = 1 << 20


def take_turns(first, second, pairs, warm_up=1):
    """Calls both by turns; returns the two lists of what they returned."""
    for _ in range(warm_up):
        first()
        second()
    results = ([], [])
    for i in range(pairs):
        order = (0, 1) if i % 2 == 0 else (1, 0)
        for which in order:
            results[which].append((first, second)[which]())
    return results


def middle_ratio(first, second):
    return statistics.median(a / b for a, b in zip(first, second))


def run(command):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        raise ChildProcessError(f"{command} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return done.stdout


def spread(values):
    return f"median {statistics.median(values):.2f} (min {min(values):.2f}, max {max(values):.2f}, n {len(values)})"


def report(title, ratio, limit, at_most):
    good = ratio <= limit if at_most else ratio >= limit
    print(f"{title}: ratio {ratio:.3f}, asked for {'at most' if at_most else 'at least'} {limit}: {'met' if good else 'MISSED'}")
    return 0 if good else 1


def handshake(args):
    with peers.Certificates() as certs, peers.caddy(certs) as server:
        url = f"https://localhost:{server.port}/"
        ours = [args.quicprobe, "--quiet", "-k", "-4", f"--resolve=localhost:{server.port}:127.0.0.1", url]
        theirs = [peers.ngtcp2_client(), "--quiet", "--exit-on-all-streams-close", "127.0.0.1", str(server.port), url]

        def timed(command):
            from_ = time.perf_counter()
            run(command)
            return (time.perf_counter() - from_) * 1000

        mine, other = take_turns(lambda: timed(ours), lambda: timed(theirs), args.pairs or 41, warm_up=3)
    print(f"quicprobe, ms:        {spread(mine)}")
    print(f"ngtcp2's client, ms:  {spread(other)}")
    return report("process time of one request", middle_ratio(mine, other), 0.7, True)


def handshakes(args):
    """Each run of a batch is recorded, decrypted, studied and counted; the bare loop does nothing but connect."""
    count, at_once = 1000, 64
    with tempfile.TemporaryDirectory() as folder:
        ca = os.path.join(folder, "ca.pem")
        with peers.quicserve(args.quicserve, f"--write-ca={ca}") as server:
            return compare_handshakes(args, server.port, ca, count, at_once)


def compare_handshakes(args, port, ca, count, at_once):
    bare = [args.bare_handshakes, str(port), ca, str(count), str(at_once)]
    batch = [args.quicprobe, "--json", f"--cacert={ca}", f"--repeat={count}", f"--parallel={at_once}", "-4",
             f"--resolve=localhost:{port}:127.0.0.1", f"quic://localhost:{port}"]  # fmt: skip

    def by_bare():
        done, seconds = run(bare).split()
        return int(done) / float(seconds)

    def by_batch():
        figures = json.loads(run(batch))  # exit status 0: every run succeeded
        if len(figures["runs"]) != count or figures["all"]["succeeded"] != count:
            raise ValueError(f"{figures['all']}")
        return count / figures["elapsed_ms"] * 1000

    mine, other = take_turns(by_batch, by_bare, args.pairs or 11)
    print(f"quicprobe --repeat, handshakes/s: {spread(mine)}")
    print(f"bare OpenSSL loop, handshakes/s:  {spread(other)}")
    return report(f"{count} handshakes, {at_once} at once", middle_ratio(mine, other), 0.9, False)


def rate(command, expected):
    count, seconds = run(command).split()
    if int(count) != expected:
        raise ValueError(f"{command[0]} got {count} of {expected} bytes")
    return expected / float(seconds) / MEBI


def bulk(args):
    size = args.mebibytes * MEBI
    with peers.quicserve(args.quicserve) as server:
        path = f"/bytes/{size}"
        ours = [args.probe_client, f"quic://127.0.0.1:{server.port}{path}"]
        bare = [args.select_client, str(server.port), path]
        mine, other = take_turns(lambda: rate(ours, size), lambda: rate(bare, size), args.pairs or 15)
    print(f"engine, recorder on, MiB/s:      {spread(mine)}")
    print(f"bare OpenSSL select loop, MiB/s: {spread(other)}")
    return report(f"{args.mebibytes} MiB download", middle_ratio(mine, other), 0.95, False)


def recording(args):
    size = args.mebibytes * MEBI
    with peers.quicserve(args.quicserve) as server:
        base = [args.probe_client, f"quic://127.0.0.1:{server.port}/bytes/{size}"]
        on, off = take_turns(lambda: rate(base + ["record"], size), lambda: rate(base + ["no-record"], size), args.pairs or 15)
    print(f"recorder on, MiB/s:  {spread(on)}")
    print(f"recorder off, MiB/s: {spread(off)}")
    return report("recording", middle_ratio(on, off), 0.95, False)


def relay(args):
    """Each download has a relay of its own: quictap's ends with its client, as a person has it. Both have a key log."""
    size = args.mebibytes * MEBI
    with peers.quicserve(args.quicserve) as server:
        path = f"/bytes/{size}"

        def through_bare():
            with peers.Process([args.bare_relay, str(server.port)]) as process:
                port = process.wait_for_line(r"^listening on .*:(\d+)$").group(1)
                return rate([args.select_client, port, path], size)

        def through_tap():
            command = [args.quictap, "--quiet", f"--to=127.0.0.1:{server.port}", "--", args.select_client, "{port}", path]
            done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300)
            count, seconds = done.stdout.split("\n")[0].split()
            if int(count) != size or "Connected" not in done.stdout:
                raise ValueError(f"{done.stdout}{done.stderr}")
            return size / float(seconds) / MEBI

        mine, other = take_turns(through_tap, through_bare, args.pairs or 15)
    print(f"quictap, MiB/s:        {spread(mine)}")
    print(f"a bare relay, MiB/s:   {spread(other)}")
    return report(f"{args.mebibytes} MiB through a relay", middle_ratio(mine, other), 0.9, False)


def main():
    parser = argparse.ArgumentParser()
    commands = parser.add_subparsers(required=True)
    for name, function, programs in (
        ("handshake", handshake, ["quicprobe"]),
        ("handshakes", handshakes, ["quicserve", "bare_handshakes", "quicprobe"]),
        ("bulk", bulk, ["quicserve", "select_client", "probe_client"]),
        ("recording", recording, ["quicserve", "probe_client"]),
        ("relay", relay, ["quicserve", "select_client", "bare_relay", "quictap"]),
    ):
        command = commands.add_parser(name)
        command.set_defaults(function=function)
        for program in programs:
            command.add_argument(program, type=os.path.abspath)
        command.add_argument("--pairs", type=int, help="how many of each")
        if function not in (handshake, handshakes):
            command.add_argument("--mebibytes", type=int, default=200)
    args = parser.parse_args()
    return args.function(args)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except peers.unittest.SkipTest as missing:
        print(f"skipped: {missing}")
        sys.exit(77)
