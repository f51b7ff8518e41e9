# SPDX-License-Identifier: GPL-3.0-or-later
"""What quictap has to bear: tap.py QUICSERVE QUICTAP [CONNECTIONS]

A gibibyte through it is the same bytes. Of so many connections, one after another, each that has ended is settled as fast as the next
ones come, and leaves no more than its line of the report: memory is read when a fifth is through, when the window of those that are
not settled has its size, and at the end.
"""

import contextlib
import hashlib
import os
import re
import socket
import ssl
import subprocess
import sys
import time

import peers

GIB = 1 << 30
MANY = 10_000
MOST_KEPT = 2048  # bytes of a connection: its line has some 500, what malloc keeps for the next ones comes on top


@contextlib.contextmanager
def tapped(program, port):
    with subprocess.Popen(
        [program, f"--to={peers.HOST}:{port}", "--quiet"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        try:
            yield process.pid, int(re.search(rb":(\d+)$", process.stderr.readline().strip()).group(1))
        finally:
            process.terminate()
            process.communicate()


CONTEXT = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
CONTEXT.check_hostname = False
CONTEXT.verify_mode = ssl.CERT_NONE
CONTEXT.set_alpn_protocols(["http/1.1"])


def connect(port):
    raw = socket.create_connection((peers.HOST, port))
    return CONTEXT.wrap_socket(raw, server_hostname="localhost")


def fetch(port, length):
    """The hash of so many bytes of the server's, and how long they took."""
    digest, began = hashlib.sha256(), time.monotonic()
    with connect(port) as stream:
        stream.sendall(b"GET /bytes/%d HTTP/1.0\r\n\r\n" % length)
        head = b""
        while b"\r\n\r\n" not in head:
            head += stream.recv(65536)
        body = head.split(b"\r\n\r\n", 1)[1]
        digest.update(body)
        seen = len(body)
        buffer = memoryview(bytearray(1 << 18))
        while n := stream.recv_into(buffer):
            digest.update(buffer[:n])
            seen += n
    assert seen == length, (seen, length)
    return digest.hexdigest(), time.monotonic() - began


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return int(re.search(r"VmRSS:\s+(\d+) kB", file.read()).group(1))


def come_and_go(port, n):
    for _ in range(n):
        connect(port).close()


def main(server, tap, connections=MANY):
    most = int(connections)
    few = most // 5
    with peers.quicserve(server, "--quiet") as peer:
        with tapped(tap, peer.port) as (pid, port):
            direct, plain = fetch(peer.port, GIB)
            led, took = fetch(port, GIB)
            print(f"1 GiB: {plain:.1f} s direct, {took:.1f} s through the tap, {resident(pid)} kB resident", flush=True)
            assert direct == led
        with tapped(tap, peer.port) as (pid, port):
            come_and_go(port, few)
            first, began = resident(pid), time.monotonic()
            come_and_go(port, most - few)
            last, rate = resident(pid), (most - few) / (time.monotonic() - began)
            kept = (last - first) * 1024 / (most - few)
            print(f"{first} kB after {few} connections, {last} kB after {most}: {kept:.0f} bytes each, {rate:.0f} a second")
            assert kept < MOST_KEPT, "what has ended is not let go of"


if __name__ == "__main__":
    main(*sys.argv[1:])
