# SPDX-License-Identifier: GPL-3.0-or-later
"""The packets of a run as two readers tell them: Quicscope in its qlog, tshark from a capture.

Both come as the same list: a datagram is (time, sent by the client, its packets), a packet is (type, number, length,
frames), a frame is a tuple of its type and what identifies it. So two of them are compared by ==."""

import collections
import json
import struct
import os
import subprocess
import xml.etree.ElementTree
from decimal import Decimal

import peers
import qlog_rules

PATIENCE = 120

Datagram = collections.namedtuple("Datagram", "time from_client packets")
Packet = collections.namedtuple("Packet", "type number length frames")

DUPLICATE = ("duplicate",)  # of which qlog tells no frames

# Field names by frame: what tshark calls them, what qlog calls them. Where tshark says nothing, its value is 0.
NUMBERS = {
    0x00: ("padding", {"length": "quic.padding_length"}),
    0x01: ("ping", {}),
    0x04: (
        "reset_stream",
        {
            "stream_id": "quic.rsts.stream_id",
            "error_code": "quic.rsts.application_error_code",
            "final_size": "quic.rsts.final_size",
        },
    ),
    0x05: ("stop_sending", {"stream_id": "quic.ss.stream_id", "error_code": "quic.ss.application_error_code"}),
    0x06: ("crypto", {"offset": "quic.crypto.offset", "length": "quic.crypto.length"}),
    0x10: ("max_data", {"maximum": "quic.md.maximum_data"}),
    0x11: ("max_stream_data", {"stream_id": "quic.msd.stream_id", "maximum": "quic.msd.maximum_stream_data"}),
    0x12: ("max_streams bidirectional", {"maximum": "quic.ms.max_streams"}),
    0x13: ("max_streams unidirectional", {"maximum": "quic.ms.max_streams"}),
    0x14: ("data_blocked", {"limit": "quic.sb.stream_data_limit"}),
    0x15: ("stream_data_blocked", {"stream_id": "quic.sdb.stream_id", "limit": "quic.sb.stream_data_limit"}),
    0x16: ("streams_blocked bidirectional", {"limit": "quic.sib.stream_limit"}),
    0x17: ("streams_blocked unidirectional", {"limit": "quic.sib.stream_limit"}),
    0x18: (
        "new_connection_id",
        {
            "sequence_number": "quic.nci.sequence",
            "retire_prior_to": "quic.nci.retire_prior_to",
            "connection_id": "quic.nci.connection_id",
            "stateless_reset_token": "quic.nci.stateless_reset_token",
        },
    ),
    0x07: ("new_token", {"token": "quic.nt.token"}),
    0x19: ("retire_connection_id", {"sequence_number": "quic.rci.sequence"}),
    0x1A: ("path_challenge", {"data": "quic.path_challenge.data"}),
    0x1B: ("path_response", {"data": "quic.path_response.data"}),
    0x1C: ("connection_close transport", {"raw_error_code": "quic.cc.error_code", "reason": "quic.cc.reason_phrase"}),
    0x1D: (
        "connection_close application",
        {"raw_error_code": "quic.cc.error_code.app", "reason": "quic.cc.reason_phrase"},
    ),
    0x1E: ("handshake_done", {}),
    0x30: ("datagram", {"length": "quic.dg.length"}),
    0x31: ("datagram", {"length": "quic.dg.length"}),
}
BY_NAME = {name: fields for name, fields in NUMBERS.values()}
TEXTS = ("connection_id", "stateless_reset_token", "token", "data", "reason")

LONG_TYPES = {1: ("initial", "0RTT", "handshake", "retry"), 2: ("retry", "initial", "0RTT", "handshake")}


# --- Quicscope -----------------------------------------------------------------------------


def as_number(text):
    """A field's value as tshark writes it: from 4.2 on a bit is True or False."""
    return int(text == "True") if text in ("True", "False") else int(text, 0)


def load_qlog(path):
    """The header and the events of a .sqlog, or of a .qlog's only trace: one of ours, which obeys our rules."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    loads = lambda record: json.loads(record, parse_float=Decimal)
    if not text.startswith("\x1e"):
        whole = loads(text)
        (trace,) = whole["traces"]
        qlog_rules.check(whole, trace, trace["events"], sequential=False)
        return whole, trace, trace["events"]
    records = text.split("\x1e")
    assert records[0] == "", "it does not begin with RS"
    for record in records[1:]:
        assert record.endswith("}\n") and record.count("\n") == 1, f"no record in one line: {record!r}"
    header, *events = map(loads, records[1:])
    qlog_rules.check(header, header["trace"], events, sequential=True)
    return header, header["trace"], events


def _qlog_frame(frame):
    name = frame["frame_type"]
    if name in ("max_streams", "streams_blocked"):
        name += " " + frame["stream_type"]
    elif name == "connection_close":
        name += " " + frame["error_space"]
    elif name == "ack":
        counts = tuple(int(frame.get(count, 0)) for count in ("ect0", "ect1", "ce"))
        return ("ack", tuple(sorted((int(low), int(high)) for low, high in map(_range, frame["acked_ranges"]))), counts)
    elif name == "stream":
        return ("stream", *(int(frame[key]) for key in ("stream_id", "offset", "length")), bool(frame.get("fin")))
    fields = BY_NAME[name]
    return (name, *(frame.get(key, "") if key in TEXTS else int(frame[key]) for key in fields))


def _range(pair):
    return pair if len(pair) == 2 else (pair[0], pair[0])


def from_qlog(path):
    """All packets of a qlog by Quicscope, datagram by datagram. One that was dropped has DUPLICATE or, when it could not be
    decrypted, None for its frames."""
    _, trace, events = load_qlog(path)
    client = trace["vantage_point"]["type"] != "server"
    origin = trace["common_fields"]["reference_time"] * 1000000
    datagrams = {}
    for event in events:
        if event["name"] not in ("transport:packet_sent", "transport:packet_received", "transport:packet_dropped"):
            continue
        data, header = event["data"], event["data"]["header"]
        sent = event["name"] == "transport:packet_sent"
        frames = DUPLICATE if data.get("trigger") == "duplicate" else None
        if event["name"] != "transport:packet_dropped":
            frames = tuple(map(_qlog_frame, data["frames"]))
        number = header.get("packet_number")
        packet = Packet(header["packet_type"], number, int(data["raw"]["length"]), frames)
        time = int((origin + event["time"] * 1000000).to_integral_value())
        # Rewritten from a qlog it has no record of its datagram.
        known = len(datagrams) - bool(data.get("is_coalesced"))
        datagram = datagrams.setdefault(data.get("datagram_id", -known), Datagram(time, sent == client, []))
        assert bool(data.get("is_coalesced")) == bool(datagram.packets), f"is_coalesced is wrong: {data}"
        assert datagram.time == time, f"one datagram, two times: {data}"
        datagram.packets.append(packet)
    return list(datagrams.values())


# --- tshark --------------------------------------------------------------------------------


def tshark(*arguments):
    done = subprocess.run(
        [peers.find_program("tshark"), "-n", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=PATIENCE,
        env={**os.environ, "LC_ALL": "C.UTF-8", "HOME": "/nonexistent"},
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    return done.stdout


class _Fields(dict):
    """The fields of an element, the first value of each name; all() has every one."""

    def __init__(self, element):
        super().__init__()
        self._all = collections.defaultdict(list)
        for field in element.iter("field"):
            name = field.get("name")
            self._all[name].append(field.get("show"))
            self.setdefault(name, field.get("show"))

    def all(self, name):
        return self._all[name]

    def number(self, name):
        return as_number(self.get(name, "0"))


def _shark_ranges(fields):
    high = fields.number("quic.ack.largest_acknowledged")
    low = high - fields.number("quic.ack.first_ack_range")
    ranges = [(low, high)]
    for gap, length in zip(fields.all("quic.ack.gap"), fields.all("quic.ack.ack_range")):
        high = low - int(gap) - 2  # RFC 9000 section 19.3.1
        low = high - int(length)
        ranges.append((low, high))
    return tuple(sorted(ranges))


def _shark_frame(element):
    fields = _Fields(element)
    kind = fields.number("quic.frame_type")
    if kind in (0x02, 0x03):
        counts = ("quic.ack.ect0_count", "quic.ack.ect1_count", "quic.ack.ecn_ce_count")
        return ("ack", _shark_ranges(fields), tuple(map(fields.number, counts)))
    if 0x08 <= kind <= 0x0F:
        # Without the LEN bit its length is known by the data alone.
        data = fields.get("quic.stream_data", "").replace(":", "")
        length = fields.number("quic.stream.length") if kind & 2 else len(data) // 2
        offset = fields.number("quic.stream.offset") if kind & 4 else 0
        return ("stream", fields.number("quic.stream.stream_id"), offset, length, bool(kind & 1))
    name, wanted = NUMBERS[kind]
    values = []
    for key, field in wanted.items():
        text = fields.get(field, "")
        values.append(text.replace(":", "") if key in TEXTS and key != "reason" else text if key in TEXTS else as_number(text))
    return (name, *values)


def _shark_type(fields):
    if fields.number("quic.header_form") == 0:
        return "1RTT"
    if fields.number("quic.version") == 0:
        return "version_negotiation"
    if "quic.long.packet_type_v2" in fields:
        return LONG_TYPES[2][fields.number("quic.long.packet_type_v2")]
    return LONG_TYPES[1][fields.number("quic.long.packet_type")]


def _shark_packet(proto):
    """None for what is no packet: the padding of a datagram behind its packets."""
    fields = _Fields(proto)
    if "quic.coalesced_padding_data" in fields and "quic.header_form" not in fields:
        return None
    kind = _shark_type(fields)
    frames = tuple(_shark_frame(field) for field in proto.findall("field") if field.get("name") == "quic.frame")
    if not frames and kind not in ("retry", "version_negotiation"):
        frames = None  # not decrypted
    number = fields.number("quic.packet_number") if "quic.packet_number" in fields else None
    return Packet(kind, number, fields.number("quic.packet_length"), frames)


class Reading:
    """What tshark tells about a capture.

    datagrams: as from_qlog(); complaints: what it says is wrong with it; checksums: how many of each protocol
    are of each status, 1 for a good one; key_phases: those of the 1-RTT packets; connections: tshark's numbers for them;
    destinations: of each datagram the destination connection id, where its first packet tells it."""

    def __init__(self, path, *, keys=None, port=None):
        self.datagrams, self.complaints, self.key_phases = [], [], set()
        self.checksums = collections.Counter()
        self.n_ipv4, self.connections, self.destinations = 0, set(), []
        self._server = port
        options = ["-r", path, "-T", "pdml", "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE"]
        # Some of the ports that the kernel chooses from are somebody's, EtherNet/IP's say: what looks like QUIC is QUIC.
        options += ["-o", "udp.try_heuristic_first:TRUE"]
        if keys is not None:
            options += ["-o", f"tls.keylog_file:{keys}"]
        # A port that the kernel chose may be registered for another protocol, and then tshark reads that one.
        options += ["-d", f"udp.port=={port or '1-65535'},quic"]
        for element in xml.etree.ElementTree.fromstring(tshark(*options)).iter("packet"):
            self._add(element)

    def _add(self, element):
        whole = _Fields(element)
        self.n_ipv4 += "ip.src" in whole
        # An ICMP error quotes a datagram's headers, without the bytes that its checksum is over.
        error = "icmp.type" in whole or "icmpv6.type" in whole
        for name in ("ip", "icmp", "icmpv6") if error else ("ip", "udp"):
            if f"{name}.checksum.status" in whole:
                self.checksums[name, whole.number(f"{name}.checksum.status")] += 1
        for name in ("quic.decryption_failed", "quic.bad_retry", "quic.protocol_violation", "quic.ft.unknown",
                     "quic.connection.unknown", "_ws.malformed"):  # fmt: skip
            if name in whole:
                self.complaints.append((whole["frame.number"], name))
        self.connections.update(whole.all("quic.connection.number"))
        packets = [_shark_packet(proto) for proto in element.findall("proto") if proto.get("name") == "quic"]
        if not packets:
            return
        if self._server is None:
            self._server = whole.number("udp.dstport")
        self.key_phases.update(map(as_number, whole.all("quic.key_phase")))
        time = int(Decimal(whole["frame.time_epoch"]) * 1000000000)
        packets = [packet for packet in packets if packet is not None]
        self.destinations.append(whole.get("quic.dcid"))
        self.datagrams.append(Datagram(time, whole.number("udp.dstport") == self._server, packets))


def duplicates_marked(datagrams):
    """As a qlog has them: without the frames of a packet whose number came before."""
    seen, marked = set(), []
    for datagram in datagrams:
        kept = []
        for packet in datagram.packets:
            space = (datagram.from_client, packet.type, packet.number)
            kept.append(packet._replace(frames=DUPLICATE) if packet.frames and space in seen else packet)
            if packet.number is not None:
                seen.add(space)
        marked.append(datagram._replace(packets=kept))
    return marked


def in_time(datagrams):
    """As a qlog has them. A capture has them in the order in which they were recorded, and a datagram is stamped by the
    kernel before it is read."""
    return sorted(datagrams, key=lambda datagram: datagram.time)


def describe(datagram):
    lines = [f"{datagram.time} {'client' if datagram.from_client else 'server'}"]
    lines += [f"    {packet}" for packet in datagram.packets]
    return "\n".join(lines)


def _rewrite_options(body, at, keep):
    """The options from at on, without those that keep(code, value) does not want."""
    out = body[:at]
    while at + 4 <= len(body):
        code, length = struct.unpack_from("<HH", body, at)
        size = 4 + (length + 3) // 4 * 4
        if keep(code, body[at + 4 : at + 4 + length]):
            out += body[at : at + size]
        at += size
    return out


def strip_record(path, to):
    """A run of ours as its packets and secrets alone tell it."""
    with open(path, "rb") as file:
        data = file.read()
    out, at = b"", 0
    while at < len(data):
        kind, length = struct.unpack_from("<II", data, at)
        body = data[at + 8 : at + length - 4]
        if kind == 1:
            body = _rewrite_options(body, 8, lambda code, value: code != 2989)
        out += struct.pack("<II", kind, len(body) + 12) + body + struct.pack("<I", len(body) + 12)
        at += length
    with open(to, "wb") as file:
        file.write(out)


def change_record(path, to, old, new):
    """With something else in the record of the run, of the same length."""
    with open(path, "rb") as file:
        data = file.read()
    assert len(old) == len(new) and data.count(old) > 0, old
    with open(to, "wb") as file:
        file.write(data.replace(old, new))
