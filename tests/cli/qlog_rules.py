# SPDX-License-Identifier: GPL-3.0-or-later
"""The rules that a qlog of ours obeys: those of qlog 0.3, what qvis stumbles over, and the dual header that newer readers know."""

import re
from decimal import Decimal

HEADERS = {
    "sequential": {
        "file_schema": "urn:ietf:params:qlog:file:sequential", "serialization_format": "application/qlog+json-seq",
        "qlog_version": "0.3", "qlog_format": "JSON-SEQ",
    },
    "contained": {"qlog_version": "0.3", "qlog_format": "JSON"},
}  # fmt: skip
NUMBERED = ("initial", "handshake", "0RTT", "1RTT")
UNNUMBERED = ("retry", "version_negotiation", "stateless_reset", "unknown")
STATES = (
    "attempted", "peer_validated", "handshake_started", "early_write", "handshake_complete", "handshake_confirmed", "closing",
    "draining", "closed",
)  # fmt: skip
TRIGGERS = ("payload_decrypt_error", "duplicate", "unknown_version", "key_unavailable")
HEX = re.compile(r"([0-9a-f]{2})*")
LARGEST = 1 << 53  # what a double holds exactly; larger ones are strings


def is_count(value):
    return type(value) is int and 0 <= value <= LARGEST or type(value) is str and value.isdigit() and int(value) > LARGEST


def is_text(value):
    """Nothing in it that would reach a terminal."""
    return type(value) is str and all(character.isprintable() for character in value)


def is_hex(value):
    return type(value) is str and HEX.fullmatch(value) is not None


def is_ms(value):
    return type(value) in (int, Decimal) and value >= 0


FRAMES = {
    "padding": {"length": is_count},
    "ping": {},
    "ack": {"ack_delay": is_ms, "acked_ranges": list},
    "reset_stream": {"stream_id": is_count, "error_code": is_count, "final_size": is_count},
    "stop_sending": {"stream_id": is_count, "error_code": is_count},
    "crypto": {"offset": is_count, "length": is_count},
    "new_token": {"token": is_hex},
    "stream": {"stream_id": is_count, "offset": is_count, "length": is_count},
    "max_data": {"maximum": is_count},
    "max_stream_data": {"stream_id": is_count, "maximum": is_count},
    "max_streams": {"stream_type": ("bidirectional", "unidirectional"), "maximum": is_count},
    "data_blocked": {"limit": is_count},
    "stream_data_blocked": {"stream_id": is_count, "limit": is_count},
    "streams_blocked": {"stream_type": ("bidirectional", "unidirectional"), "limit": is_count},
    "new_connection_id": {"sequence_number": is_count, "retire_prior_to": is_count, "connection_id": is_hex,
                          "stateless_reset_token": is_hex},
    "retire_connection_id": {"sequence_number": is_count},
    "path_challenge": {"data": is_hex},
    "path_response": {"data": is_hex},
    "connection_close": {"error_space": ("transport", "application"), "error_code": is_count, "raw_error_code": is_count,
                         "reason": is_text},
    "handshake_done": {},
    "datagram": {"length": is_count},
    "unknown": {"raw_frame_type": is_count},
}  # fmt: skip


def demand(holder, rules, where):
    for name, rule in rules.items():
        assert name in holder, f"{where}: no {name} in {holder}"
        value = holder[name]
        good = value in rule if isinstance(rule, tuple) else isinstance(value, rule) if isinstance(rule, type) else rule(value)
        assert good, f"{where}: {name} is {value!r}"


def check_frame(frame, where):
    demand(frame, {"frame_type": tuple(FRAMES)}, where)
    demand(frame, FRAMES[frame["frame_type"]], where)
    for pair in frame.get("acked_ranges", ()):
        low, high = map(int, pair)
        assert low <= high, f"{where}: range {pair}"


def check_packet(data, where):
    demand(data, {"header": dict, "raw": dict, "frames": list}, where)
    header = data["header"]
    demand(header, {"packet_type": NUMBERED + UNNUMBERED}, where)
    assert ("packet_number" not in header) or header["packet_type"] in NUMBERED, f"{where}: {header} has no number"
    demand(data["raw"], {"length": is_count}, where)
    for name in ("dcid", "scid"):
        assert is_hex(header.get(name, "")), f"{where}: {name}"
    for frame in data["frames"]:
        check_frame(frame, where)


def check_received(data, where):
    check_packet(data, where)
    if data["header"]["packet_type"] in NUMBERED:
        demand(data["header"], {"packet_number": is_count}, where)


def check_dropped(data, where):
    check_packet(data, where)
    demand(data, {"trigger": TRIGGERS}, where)


def check_lost(data, where):
    demand(data, {"header": dict}, where)
    demand(data["header"], {"packet_type": NUMBERED, "packet_number": is_count}, where)


def check_closed(data, where):
    demand(data, {"owner": ("local", "remote"), "reason": is_text}, where)
    assert is_count(data.get("connection_code", data.get("application_code"))), f"{where}: no code in {data}"


def check_started(data, where):
    demand(data, {"protocol": ("QUIC",)}, where)
    for end in ("src", "dst"):
        if f"{end}_ip" in data:
            demand(data, {f"{end}_ip": is_text, f"{end}_port": is_count}, where)


EVENTS = {
    "transport:packet_sent": check_packet,
    "transport:packet_received": check_received,
    "transport:packet_dropped": check_dropped,
    "transport:parameters_set": lambda data, where: demand(data, {"owner": ("local", "remote")}, where),
    "transport:alpn_information": lambda data, where: demand(data, {"chosen_alpn": is_text}, where),
    "recovery:metrics_updated": lambda data, where: demand(
        data, {"min_rtt": is_ms, "smoothed_rtt": is_ms, "latest_rtt": is_ms}, where
    ),
    "recovery:packet_lost": check_lost,
    "security:key_updated": lambda data, where: demand(
        data, {"key_type": ("client_1rtt_secret", "server_1rtt_secret"), "trigger": ("local_update", "remote_update")}, where
    ),
    "connectivity:connection_started": check_started,
    "connectivity:connection_state_updated": lambda data, where: demand(data, {"new": STATES}, where),
    "connectivity:connection_closed": check_closed,
}


def check(header, trace, events, *, sequential):
    """Fails with what is wrong, and where."""
    for name, value in HEADERS["sequential" if sequential else "contained"].items():
        assert header.get(name) == value, f"{name} is {header.get(name)!r}"
    demand(trace, {"title": is_text, "vantage_point": dict, "common_fields": dict}, "the trace")
    demand(trace["vantage_point"], {"name": is_text, "type": ("client", "server", "network")}, "the vantage point")
    demand(trace["common_fields"], {"time_format": ("relative",), "reference_time": is_ms}, "the common fields")
    assert events, "qvis stumbles over a trace without events"
    last, sent = 0, set()
    for number, event in enumerate(events):
        where = f"event {number} ({event.get('name')})"
        demand(event, {"time": is_ms, "name": tuple(EVENTS), "data": dict}, where)
        assert event["time"] >= last, f"{where}: {event['time']} after {last}"
        last = event["time"]
        EVENTS[event["name"]](event["data"], where)
        key = tuple(event["data"].get("header", {}).get(name) for name in ("packet_type", "packet_number"))
        if event["name"] == "transport:packet_sent":
            sent.add(key)
        elif event["name"] == "recovery:packet_lost":
            assert key in sent, f"{where}: lost before it was sent"
    assert events[0]["name"] == "connectivity:connection_started"
