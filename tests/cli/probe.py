# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs quicprobe and checks what every run of it must keep: its JSON's shape, nothing unescaped, its exit status."""

import json
import os
import re
import subprocess

PROGRAM = os.path.join(os.environ["QS_BUILDDIR"], "src", "cli", "quicprobe")
SERVER = os.path.join(os.environ["QS_BUILDDIR"], "src", "cli", "quicserve")
PATIENCE = 60

NUMBER = (int, float)
TEXT = (str, type(None))
MAYBE_NUMBER = (int, float, type(None))

# The contract: member -> types; a dict stands for an object, a list for an array of its one element.
CERTIFICATE = {"subject": str, "issuer": str, "not_before": TEXT, "not_after": TEXT, "names": [str], "sha256": str}
STREAM = {
    "id": int, "direction": str, "initiator": str, "read_state": str, "write_state": str,
    "read_error": MAYBE_NUMBER, "write_error": MAYBE_NUMBER, "bytes_sent": int, "bytes_received": int,
}  # fmt: skip
CONTRACT = {
    "target": {"host": str, "port": int, "address": TEXT, "transport": str, "sni": TEXT, "alpn": [str]},
    "outcome": str,
    "stage": str,
    "findings": [{"id": str, "severity": str, "title": str, "detail": str, "reference": TEXT, "certainty": str, "who": str,
                  "evidence": [{"packet": MAYBE_NUMBER, "time_ms": MAYBE_NUMBER, "what": str}], "try": [str]}],
    "experiments": [{"id": str, "changed": str, "outcome": str, "proves": str}],
    "timings_ms": dict.fromkeys(("resolve", "handshake", "confirmed", "first_byte", "total"), MAYBE_NUMBER),
    "tls": {
        "version": TEXT, "cipher": TEXT, "group": TEXT, "signature": TEXT, "alpn": TEXT,
        "resumed": (bool, type(None)), "verify": ({"code": int, "message": str}, None), "certificates": [CERTIFICATE],
    },
    "quic": (
        {
            "version": TEXT, "retry": bool, "version_negotiation": (list, type(None)),
            "peer_transport_parameters": (dict, type(None)),
            "close": (
                {"by": str, "space": str, "code": MAYBE_NUMBER, "name": str, "frame_type": MAYBE_NUMBER, "reason": TEXT},
                None,
            ),
        },
        None,
    ),
    "streams": [STREAM],
    "http": ({"version": TEXT, "status": MAYBE_NUMBER, "headers": [list], "bytes": int}, None),
    "trace": {"datagrams": int, "datagrams_not_kept": int, "packets": int, "frames": int},
}  # fmt: skip


SOURCE = {"file": str, "format": str, "connection": int, "connections": int}  # stands first in the report of a file


def check_shape(value, wanted, where="report"):
    if isinstance(wanted, tuple) and wanted and isinstance(wanted[0], dict):
        if value is None:
            return
        wanted = wanted[0]
    if isinstance(wanted, dict):
        assert isinstance(value, dict), f"{where} is no object: {value!r}"
        assert list(value) == list(wanted), f"{where} has {list(value)}, not {list(wanted)}"
        for name, kind in wanted.items():
            check_shape(value[name], kind, f"{where}.{name}")
    elif isinstance(wanted, list):
        assert isinstance(value, list), f"{where} is no array: {value!r}"
        for number, item in enumerate(value):
            check_shape(item, wanted[0], f"{where}[{number}]")
    else:
        allowed = wanted if isinstance(wanted, tuple) else (wanted,)
        assert isinstance(value, allowed), f"{where} is {value!r}"
        assert not isinstance(value, bool) or bool in allowed, f"{where} is {value!r}"  # to Python a bool is an int


# Where other ways to the site were looked for, behind the rest.
DNS = {
    "result": TEXT,
    "https": [{"priority": int, "target": str, "alpn": [str], "port": MAYBE_NUMBER, "ipv4hint": [str], "ipv6hint": [str],
               "ech": (bool, True, False), "text": TEXT}],
    "alternatives": [{"where": str, "port": int, "from": str, "result": str}],
}  # fmt: skip
STATES = {"NONE", "OK", "WRONG_DIR", "FINISHED", "RESET_LOCAL", "RESET_REMOTE", "CONN_CLOSED"}
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"


def check_values(report):
    """What the contract says of values: words, ranges, units."""

    def one_of(where, value, *words):
        assert value in words, f"{where} is {value!r}, not one of {words}"

    target, tls, quic, http = report["target"], report["tls"], report["quic"], report["http"]
    one_of("target.transport", target["transport"], "quic", "tls")
    assert 0 < target["port"] < 65536 or ("source" in report and target["port"] == 0), target
    one_of("outcome", report["outcome"], "ok", "failed")
    one_of("stage", report["stage"], "resolve", "connect", "handshake", "request", "close", "done")
    ids = [finding["id"] for finding in report["findings"]]
    assert len(set(ids)) == len(ids), f"a finding stands there twice: {ids}"
    ranks = [("error", "warning", "info").index(finding["severity"]) for finding in report["findings"]]
    assert ranks == sorted(ranks), f"the findings are not the gravest first: {ids}"
    for finding in report["findings"]:
        assert re.fullmatch(r"[a-z0-9-]+", finding["id"]), finding
        assert finding["title"] and finding["detail"] and re.match(r"RFC \d+ section ", finding["reference"]), finding
        one_of("certainty", finding["certainty"], "proved", "likely", "possible")
        one_of("who", finding["who"], "client", "server", "path", "unknown")
        assert finding["evidence"] or finding["certainty"] != "proved", f"{finding} is proved by nothing"
        assert finding["try"] or finding["severity"] != "error", f"{finding} has no advice"
        for item in finding["evidence"]:
            assert item["what"] and (item["packet"] is None or 0 <= item["packet"] < report["trace"]["packets"]), finding
    for experiment in report["experiments"]:
        assert re.fullmatch(r"[a-z0-9.-]+", experiment["id"]), experiment
        one_of("experiment.outcome", experiment["outcome"], "answered", "failed", "undecided")
        assert experiment["changed"] and experiment["proves"], experiment
    assert len(report["experiments"]) <= 5, report["experiments"]
    for name, value in report["timings_ms"].items():
        assert value is None or 0 <= value < 600_000, f"timings_ms.{name} is {value}"
    for certificate in tls["certificates"]:
        assert re.fullmatch(r"[0-9a-f]{64}", certificate["sha256"]), certificate
        for name in ("not_before", "not_after"):
            assert certificate[name] is None or re.fullmatch(TIME, certificate[name]), certificate
    assert (quic is None) == (target["transport"] == "tls"), "quic is there for QUIC alone"
    if quic is not None:
        assert all(isinstance(version, str) for version in quic["version_negotiation"] or ()), quic
        for name, value in (quic["peer_transport_parameters"] or {}).items():
            assert re.fullmatch(r"[a-z0-9_]+|0x[0-9a-f]+", name), name
            assert value is None or isinstance(value, (int, str)), (name, value)
        if quic["close"] is not None:
            one_of("close.by", quic["close"]["by"], "local", "remote")
            one_of("close.space", quic["close"]["space"], "transport", "application")
    for stream in report["streams"]:
        one_of("direction", stream["direction"], "bidi", "uni")
        one_of("initiator", stream["initiator"], "client", "server")
        one_of("read_state", stream["read_state"], *STATES)
        one_of("write_state", stream["write_state"], *STATES)
    if http is not None:
        assert all(len(pair) == 2 and all(isinstance(text, str) for text in pair) for pair in http["headers"]), http
        assert http["status"] is None or 100 <= http["status"] < 1000, http


def check_text(text):
    """Nothing that a terminal would obey."""
    for character in text:
        assert character in "\n" or character.isprintable(), f"{character!r} in {text!r}"


class Result:
    def __init__(self, status, stdout, stderr):
        self.status = status
        self.out = stdout
        self.err = stderr.decode("utf-8")
        check_text(self.err)

    @property
    def text(self):
        return self.out.decode("utf-8")


def run(*arguments, timeout=PATIENCE, env=None):
    done = subprocess.run(
        [PROGRAM, *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=timeout,
        env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})},
    )
    return Result(done.returncode, done.stdout, done.stderr)


def read_report(result):
    """What --json printed: the report as report, and the findings' ids, errors first. Checks what every run must keep."""
    assert result.out, f"no report; status {result.status}, stderr:\n{result.err}"
    check_text(result.text)
    result.report = json.loads(result.text)
    more = {"dns": DNS} if "dns" in result.report else {}
    check_shape(result.report, {**({"source": SOURCE} if "source" in result.report else {}), **CONTRACT, **more})
    check_values(result.report)
    result.findings = {finding["id"]: finding for finding in result.report["findings"]}
    result.errors = [finding["id"] for finding in result.report["findings"] if finding["severity"] == "error"]
    assert result.status in (0, 1), f"status {result.status}, stderr:\n{result.err}"
    assert (result.status == 0) == (result.report["outcome"] == "ok"), (result.status, result.report["outcome"])
    if result.status == 1 and "source" not in result.report:
        assert result.errors, f"failed without a word: {result.text}"


def probe(*arguments, timeout=PATIENCE):
    """With --json: the result, with what read_report() adds."""
    result = run("--json", *arguments, timeout=timeout)
    read_report(result)
    return result


def in_time(run, limit_ms, attempts=3):
    """What run() returned, a result of probe(), once the run took less than limit_ms by its own clock; AssertionError after so many
    attempts. This machine may be busy, the program may not be slow: what has to be in time is so once."""
    for _ in range(attempts):
        result = run()
        total = result.report["timings_ms"]["total"]
        if total < limit_ms:
            return result
    raise AssertionError(f"took {total:.0f} ms, {attempts} times more than {limit_ms}:\n{result.text}")


def read(path, *arguments):
    """The report on a file that holds one connection."""
    result = run("--json", f"--read={path}", *arguments)
    read_report(result)
    return result
