# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs quicprobe and checks what every run of it must keep: its JSON's shape, nothing unescaped, its exit status."""

import json
import os
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
    "findings": [{"id": str, "severity": str, "title": str, "detail": str, "reference": TEXT}],
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
    "trace": {"datagrams": int, "packets": int, "frames": int},
}  # fmt: skip


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
        assert isinstance(value, wanted), f"{where} is {value!r}"


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


def probe(*arguments, timeout=PATIENCE):
    """With --json: the result, its report as report, and the findings' ids, errors first."""
    result = run("--json", *arguments, timeout=timeout)
    assert result.out, f"no report; status {result.status}, stderr:\n{result.err}"
    check_text(result.text)
    result.report = json.loads(result.text)
    check_shape(result.report, CONTRACT)
    result.findings = {finding["id"]: finding for finding in result.report["findings"]}
    result.errors = [finding["id"] for finding in result.report["findings"] if finding["severity"] == "error"]
    assert result.status in (0, 1), f"status {result.status}, stderr:\n{result.err}"
    assert (result.status == 0) == (result.report["outcome"] == "ok"), (result.status, result.report["outcome"])
    if result.status == 1:
        assert result.errors, f"failed without a word: {result.text}"
    return result
