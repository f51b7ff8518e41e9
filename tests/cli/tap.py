# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs quictap and checks what every run of it must keep."""

import contextlib
import json
import os
import re
import subprocess
import tempfile

import peers
import probe

PROGRAM = os.path.join(os.environ["QS_BUILDDIR"], "src", "cli", "quictap")
PATIENCE = 90

ENVIRONMENT = {name: value for name, value in os.environ.items() if name not in ("SSLKEYLOGFILE", "LANGUAGE")}
ENVIRONMENT["LC_ALL"] = "C.UTF-8"


def check_report(result):
    probe.check_text(result.text)
    report = json.loads(result.text)
    assert list(report) == ["connections", "relay", "command"], list(report)
    for connection in report["connections"]:
        probe.check_shape(connection, {"source": probe.SOURCE, **probe.CONTRACT})
        probe.check_values(connection)
        assert connection["source"]["format"] == "relay", connection["source"]
    good = all(connection["outcome"] == "ok" for connection in report["connections"])
    assert (result.status == 0) == (good and bool(report["connections"])), (result.status, result.text, result.err)
    result.report = report
    result.connections = report["connections"]
    return result


def run(*arguments, env=None, timeout=PATIENCE):
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env={**ENVIRONMENT, **(env or {})},
    )
    # What the program said is its own; a terminal's lines end as they like.
    return probe.Result(done.returncode, done.stdout.replace(b"\r\n", b"\n"), done.stderr.replace(b"\r\n", b"\n"))


def to(host, port):
    return f"--to={host}:{port}" if port is not None else "--accept-any"


def watch(port, command, *options, env=None, host=peers.HOST):
    """One command through the tap (port None: a proxy to anywhere), with --json. Its captures are in the folder `captures`, opened once more by quicprobe --read."""
    with tempfile.TemporaryDirectory() as folder:
        result = run(to(host, port), "--json", f"--pcapng={folder}", *options, "--", *command, env=env)
        assert result.status in (0, 1), (result.status, result.err)
        check_report(result)
        result.saved = {}
        result.traced = {}
        for name in sorted(os.listdir(folder)):
            number = int(re.fullmatch(r"connection-(\d+)\.pcapng", name).group(1))
            path = os.path.join(folder, name)
            assert os.stat(path).st_mode & 0o777 == 0o600, name
            result.saved[number] = probe.read(path).report
            result.traced[number] = probe.run("--trace", f"--read={path}").text
    assert sorted(result.saved) == sorted(connection["source"]["connection"] for connection in result.connections)
    return result


def findings(connection):
    return {finding["id"]: finding for finding in connection["findings"]}


def check_decrypted(test, result, number=1):
    """Not one packet that could not be opened, and the file that was written of it says the same."""
    test.assertNotRegex(result.traced[number], r"\(no keys\)")
    connection = next(c for c in result.connections if c["source"]["connection"] == number)
    for name in ("keys-missing", "keys-do-not-fit", "capture-incomplete"):
        test.assertNotIn(name, findings(connection))
    saved = dict(result.saved[number])
    told = dict(connection)
    del saved["source"], told["source"]
    test.assertEqual(told, saved)
    return connection


@contextlib.contextmanager
def waiting(port, *options, host=peers.HOST, env=None):
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        process = subprocess.Popen(
            [PROGRAM, to(host, port), "--json", *map(str, options)],
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            env={**ENVIRONMENT, **(env or {})},
        )

        def read(file):
            return os.pread(file.fileno(), 1 << 26, 0)

        def finish():
            process.terminate()
            process.wait(timeout=PATIENCE)
            return check_report(probe.Result(process.returncode, read(out), read(err)))

        try:

            def listening():
                assert process.poll() is None, read(err).decode()
                return re.search(rb"^listening on (.*):(\d+)$", read(err), re.M)

            process.finish = finish
            process.out = lambda: read(out)
            process.port = int(peers.wait_until(listening, "quictap").group(2))
            yield process
        finally:
            process.kill()
            process.wait()
