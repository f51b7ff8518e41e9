# SPDX-License-Identifier: GPL-3.0-or-later
"""A DNS server on loopback that knows HTTPS records (RFC 9460), and the records for it."""

import contextlib
import socket
import threading

import peers


def dns_name(text):
    return b"".join(bytes([len(label)]) + label.encode() for label in text.split(".")) + b"\0"


def https_rdata(priority, target, *parameters):
    """RFC 9460 section 2.2."""
    rdata = priority.to_bytes(2, "big") + (dns_name(target) if target != "." else b"\0")
    for key, value in parameters:
        rdata += key.to_bytes(2, "big") + len(value).to_bytes(2, "big") + value
    return rdata


def alpn(*names):
    return (1, b"".join(bytes([len(name)]) + name.encode() for name in names))


def port_parameter(number):
    return (3, number.to_bytes(2, "big"))


@contextlib.contextmanager
def name_server(records):
    """A DNS server on loopback that answers each question for HTTPS records with these; None: not at all. records may be a dict by
    name; what is not in it has none."""
    questions = []

    def answer(sock):
        with contextlib.suppress(OSError):
            while True:
                data, client = sock.recvfrom(4096)
                end = data.index(b"\0", 12) + 5
                questions.append(data[12 : end - 4])
                if records is None:
                    continue
                found = records.get(data[12 : end - 4], []) if isinstance(records, dict) else records
                reply = data[:2] + b"\x81\x80\0\1" + len(found).to_bytes(2, "big") + b"\0\0\0\0" + data[12:end]
                for rdata in found:
                    reply += b"\xc0\x0c\0\x41\0\1\0\0\0\x3c" + len(rdata).to_bytes(2, "big") + rdata
                sock.sendto(reply, client)

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind((peers.HOST, 0))
        threading.Thread(target=answer, args=(sock,), daemon=True).start()
        yield sock.getsockname()[1], questions
