#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the starting corpora of the live targets: scripts of steps (live-script.h).

usage: make-live-corpus.py FOLDER    (tests/fuzz/corpus)
"""

import os
import sys

HONEST, RAW, INITIAL, HANDSHAKE, SHORT, STREAM, MESSAGE, UPDATE, RETRY, VERSIONS, DEAF = range(11)
SKIP, HOLD, FIN, REPEAT = 0x10, 0x20, 0x40, 0x80
SHAKEN, LARGE_HELLO = 0x80, 0x40
HQ, H3, QUIC_H3, ECHO = range(4)


def step(how, data=b""):
    if isinstance(data, str):
        data = bytes.fromhex(data)
    return bytes([how]) + len(data).to_bytes(2, "big") + data


def frame(kind, payload):
    return bytes([kind, len(payload)]) + payload


def varint(n):
    return bytes([n]) if n < 64 else (n | 0x4000).to_bytes(2, "big")


def stream(n, data, fin=False):
    return step(STREAM | (FIN if fin else 0), bytes([n]) + data)


OK = bytes.fromhex("0000d9")  # :status 200, of QPACK's static table
SETTINGS = bytes.fromhex("00" "040401400150" "00")[:-1]
NAMED = bytes.fromhex("0000d9" "5f4d0a746578742f68746d6c" "270d616c742d737663" "0d68333d223a3834343322")[:-11]
LITERAL = b"\x00\x00\xd9" + b"\x27\x00alt-svc"[:9] + b"\x0bh3=\":8443\""
HEADERS = frame(1, OK)
CONTROL = b"\x00\x04\x00"

CLIENT = {
    "hq-answer": bytes([SHAKEN | HQ]) + stream(0, b"hello, world", True) + step(HONEST),
    "hq-honest-all-the-way": bytes([HQ]) + step(HONEST) * 6 + stream(0, b"hello", True),
    "large-hello": bytes([LARGE_HELLO | H3]) + step(HONEST) * 8,
    "h3-answer": bytes([SHAKEN | H3]) + stream(4, CONTROL) + stream(0, HEADERS + frame(0, b"hello"), True),
    "h3-interim-and-trailers": bytes([SHAKEN | H3]) + stream(4, CONTROL)
    + stream(0, frame(1, bytes.fromhex("0000ff0023313033")[:4]) + HEADERS + frame(0, b"a") + frame(1, b"\x00\x00"), True),
    "h3-goaway-push": bytes([SHAKEN | QUIC_H3]) + stream(4, CONTROL + frame(7, b"\x04")) + stream(5, b"\x01\x00abc", True),
    "h3-qpack": bytes([SHAKEN | H3]) + stream(4, CONTROL) + stream(5, b"\x02" + bytes.fromhex("3fe11f")) + stream(6, b"\x03\x80"),
    "echo": bytes([SHAKEN | ECHO]) + stream(4, b"unasked") + stream(0, b"back", True),
    "retry": bytes([HQ]) + step(RETRY, b"token") + step(DEAF) + step(HONEST) * 6,
    "version-negotiation": bytes([HQ]) + step(VERSIONS, "6b3343cf1a2a3a4aff00001d"),
    "version-negotiation-of-1": bytes([HQ]) + step(VERSIONS, "00000001"),
    "close-initial": bytes([HQ]) + step(INITIAL, "1c4178060a6e6f2070726f746f00"),
    "close-handshake": bytes([HQ]) + step(HONEST) + step(HANDSHAKE, "1c4150000000"),
    "close-application": bytes([SHAKEN | H3]) + step(SHORT, "1d41000362796520"),
    "noise": bytes([HQ]) + step(RAW, b"\xc0\x00\x00\x00\x01 noise") + step(RAW, b"HTTP/1.1 400 Bad Request\r\n\r\n"),
    "echoed": bytes([HQ]) + step(RAW | REPEAT, bytes(range(64))),
    "reset-and-stop": bytes([SHAKEN | H3]) + step(SHORT, "0500410c" "0400410c00"),
    "limits": bytes([SHAKEN | HQ]) + step(SHORT, "1080100000" "110080010000" "120a" "1303" "144400" "1744ff" "160a"[:0]) + step(HONEST),
    "connection-ids": bytes([SHAKEN | HQ])
    + step(SHORT, "1801000801020304050607080f0e0d0c0b0a09080706050403020100" "1802020809020304050607080f0e0d0c0b0a09080706050403020101") + step(HONEST),
    "paths": bytes([SHAKEN | HQ]) + step(SHORT, "1a0102030405060708" "1b0102030405060708") + step(HONEST),
    "new-token": bytes([SHAKEN | HQ]) + step(SHORT, "0704deadbeef" "1e") + step(HONEST),
    "ticket": bytes([SHAKEN | HQ])
    + step(MESSAGE, b"\x02" + bytes.fromhex("0400002d" "00001c20" "01020304" "0100" "0010" + "aa" * 16 + "000c" "002a" "0004" "ffffffff" "00010000")) + step(HONEST),
    "key-update": bytes([SHAKEN | HQ]) + step(UPDATE) + stream(0, b"a") + step(HONEST) + step(UPDATE) + stream(0, b"b", True),
    "ack-of-nothing": bytes([SHAKEN | HQ]) + step(SHORT, "024064000000"),
    "skipped-numbers": bytes([SHAKEN | HQ]) + step(SHORT | SKIP, "01000000") + step(HONEST),
    "ping-flood": bytes([SHAKEN | HQ]) + step(SHORT | REPEAT, "01000000") * 4,
    "tls-garbage": bytes([HQ]) + step(MESSAGE, b"\x00" + bytes.fromhex("02000010" + "0303" * 8)),
    "coalesced": bytes([HQ]) + step(HONEST) + step(INITIAL | HOLD, "01000000") + step(HANDSHAKE | HOLD, "01000000") + step(SHORT, "01000000"),
}

GET = b"GET /bytes/3000\r\n"
H3_GET = frame(1, b"\x00\x00\xd1\xd7\x50\x09localhost\xc1")

SERVER = {
    "hq-get": bytes([SHAKEN | HQ]) + stream(0, GET, True) + step(HONEST) * 3,
    "honest": bytes([HQ]) + step(HONEST) * 6 + stream(0, b"GET /\r\n", True) + step(HONEST),
    "retry": bytes([0x40 | HQ]) + step(HONEST) * 8 + stream(0, b"GET /\r\n", True) + step(HONEST),
    "h3-get": bytes([SHAKEN | H3]) + stream(4, CONTROL) + stream(0, H3_GET, True) + step(HONEST) * 3,
    "h3-bad-frame": bytes([SHAKEN | H3]) + stream(4, b"\x00\x00\x01a"),
    "http10-get": bytes([SHAKEN | 2]) + stream(0, b"GET / HTTP/1.0\r\n\r\n", True) + step(HONEST),
    "initial-frames": bytes([HQ]) + step(INITIAL, b"\x06\x00\x41\x00" + bytes(256) + bytes(900)),
    "not-quic": bytes([HQ]) + step(RAW, b"\x16\x03\x01\x00\x01"),
    "unknown-version": bytes([HQ]) + step(RAW, b"\xca\x1a\x2a\x3a\x4a\x08abcdefgh\x00" + bytes(1200)),
    "close": bytes([SHAKEN | HQ]) + step(SHORT, "1d41000362796520"),
    "reset-stop": bytes([SHAKEN | HQ]) + stream(0, GET) + step(SHORT, "0400410c11" "0500410c") + step(HONEST),
    "key-update": bytes([SHAKEN | HQ]) + step(UPDATE) + stream(0, GET, True) + step(HONEST),
    "connection-ids": bytes([SHAKEN | HQ]) + step(SHORT, "1901" "1801000801020304050607080f0e0d0c0b0a09080706050403020100"),
    "streams": bytes([SHAKEN | HQ]) + b"".join(stream(n, GET, True) for n in range(4)) + step(HONEST),
    "tcp-raw": bytes([0x20]) + step(1, bytes.fromhex("160301000501000001aa")),
    "tcp-http11": bytes([0x30 | 3]) + step(1, b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
    "tcp-echo": bytes([0x30 | 1]) + step(1, b"hello") + step(0, b"again"),
}

TLS = {
    "answer": b"\x00\x01HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "chunked": b"\x30\x01HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n",
    "interim": b"\x10\x02HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 404 Not Found\r\n\r\nuntil the end",
    "alt-svc": b"\x00\x00HTTP/1.0 301 Moved\r\nLocation: https://example.test/\r\nAlt-Svc: h3=\":443\"; ma=60\r\n\r\n",
    "empty-lines": b"\x00\x03\r\n\r\n\r\n\r\n",
    "four-digits": b"\x00\x01HTTP/1.1 2000 OK\r\n\r\n",
    "raw-http": b"\x01\x02HTTP/1.1 400 Bad Request\r\nServer: nginx\r\n\r\n",
    "raw-ssh": b"\x01\x00SSH-2.0-OpenSSH_9.2\r\n",
    "raw-alert": b"\x01\x02" + bytes.fromhex("15030300020228"),
    "raw-server-hello": b"\x01\x02" + bytes.fromhex("160303002a0200002603031111111111111111111111111111111111111111111111111111111111111111001301000000"),
    "after-garbage": b"\x02\x02" + bytes.fromhex("1703030005aabbccddee"),
    "reset": b"\x01\x03\x16",
}

HTTP3 = {
    "answer": step(4, CONTROL) + step(0x80, HEADERS + frame(0, b"hello")),
    "pieces": step(4, CONTROL[:1]) + step(4, CONTROL[1:]) + step(0, HEADERS[:2]) + step(0, HEADERS[2:]) + step(0, b"\x00\x05he") + step(0x80, b"llo"),
    "literal-fields": step(4, CONTROL) + step(0x80, frame(1, b"\x00\x00\xd9\x27\x00alt-svc\x06h3=\":1"[:12] + b"") + frame(0, b"x")),
    "interim": step(4, CONTROL) + step(0x80, frame(1, b"\x00\x00\xff\x00\x03103"[:4]) + HEADERS),
    "trailers": step(4, CONTROL) + step(0x80, HEADERS + frame(0, b"a") + frame(1, b"\x00\x00\x2b\x01a\x01b"[:6])),
    "no-settings": step(4, b"\x00" + frame(7, b"\x00")),
    "two-settings": step(4, CONTROL + b"\x04\x00"),
    "dynamic-table": step(4, CONTROL) + step(5, b"\x02\x3f\xe1\x1f" + b"\x4a" + b"custom-key" + b"\x0ccustom-value") + step(0x80, frame(1, b"\x02\x00\xd9\x80")),
    "goaway": step(4, CONTROL + frame(7, b"\x00")),
    "push": step(4, CONTROL) + step(5, b"\x01\x00" + HEADERS) + step(0, frame(5, b"\x00\x00\x00\xd1")),
    "grease": step(4, CONTROL + bytes.fromhex("2103212240ff00")) + step(5, b"\x21grease") + step(0x80, HEADERS + bytes.fromhex("210161")),
    "reserved-frame": step(4, CONTROL) + step(0, b"\x02\x00"),
    "data-first": step(4, CONTROL) + step(0, frame(0, b"x")),
    "many-empty-data": step(4, CONTROL) + step(0, HEADERS + b"\x00\x00" * 400),
    "control-closed": step(4 | 0x80, CONTROL),
    "no-answer": step(0x80, b""),
}


def main():
    for kind, samples in (("live-client", CLIENT), ("live-server", SERVER), ("live-tls", TLS), ("answer-http3", HTTP3)):
        folder = os.path.join(sys.argv[1], kind)
        os.makedirs(folder, exist_ok=True)
        for name, data in samples.items():
            with open(os.path.join(folder, name), "wb") as file:
                file.write(data)


main()
