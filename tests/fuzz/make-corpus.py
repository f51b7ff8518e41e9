#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes the starting corpora of the wire decoders: samples of the RFCs, frames made by hand, and the
TLS messages of real handshakes between two openssl programs (QS_OPENSSL, or openssl).

usage: make-corpus.py FOLDER    (tests/fuzz/corpus)
"""

import os
import re
import subprocess
import sys
import tempfile

OPENSSL = os.environ.get("QS_OPENSSL") or "openssl"

# RFC 9001 appendix A and RFC 9369 appendix A: headers as they are on the wire; the first byte is the
# length of connection ids in short headers.
PACKETS = {
    "rfc9001-server-initial": "00cf000000010008f067a5502a4262b5004075c0d95a482cd0991cd25b0aac406a5816b6394100f37a1c69797554780bb38cc5a99f5ede4cf73c3ec2493a1839b3dbcba3f6ea46c5b7684df3548e7ddeb9c3bf9c73cc3f3bded74b562bfb19fb84022f8ef4cdd93795d77d06edbb7aaf2f58891850abbdca3d20398c276456cbc42158407dd074ee",
    "rfc9001-retry": "00ff000000010008f067a5502a4262b5746f6b656e04a265ba2eff4d829058fb3f0f2496ba",
    "rfc9001-chacha20": "004cfe4189655e5cd55c41f69080575d7999c25a5bfb",
    "rfc9369-server-initial": "00dc6b3343cf0008f067a5502a4262b5004075d92faaf16f05d8a4398c47089698baeea26b91eb761d9b89237bbf87263017915358230035f7fd3945d88965cf17f9af6e16886c61bfc703106fbaf3cb4cfa52382dd16a393e42757507698075b2c984c707f0a0812d8cd5a6881eaf21ceda98f4bd23f6fe1a3e2c43edd9ce7ca84bed8521e2e140",
    "rfc9369-retry": "00cf6b3343cf0008f067a5502a4262b5746f6b656ec8646ce8bfe33952d955543665dcc7b6",
    "rfc9369-short": "005558b1c60ae7b6b932bc27d786f4bc2bb20f2162ba",
    "version-negotiation": "00b5000000000402020202080101010101010101000000016b3343cf1a2a3a4aff00001d",
    "unknown-version": "00ca1a2a3a4a05aabbccddee03010203deadbeefcafe",
    "coalesced": "08c0000000010401020304000004aabbccdde000000001040102030400030a0b0c5012345678123456789a01",
}

# RFC 9001 appendix A.2, as a CRYPTO frame.
CLIENT_HELLO = (
    "060040f1010000ed0303ebf8fa56f12939b9584a3896472ec40bb863cfd3e86804fe3a47f06a2b69484c000004130113"
    "02010000c000000010000e00000b6578616d706c652e636f6dff01000100000a00080006001d00170018001000070005"
    "04616c706e000500050100000000003300260024001d00209370b2c9caa47fbabaf4559fedba753de171fa71f50f1ce1"
    "5d43e994ec74d748002b0003020304000d0010000e0403050306030203080408050806002d00020101001c0002400100"
    "3900320408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806"
    "048000ffff"
)

FRAMES = {
    "rfc9001-client-payload": CLIENT_HELLO + "00" * 64,
    "padding-ping": "000000000100",
    "ack": "0207320203010400",
    "ack-ecn": "034064328002010003050102",
    "reset-stop": "0404404241000504404201",
    "crypto": "060005010000010006450006aabbccddeeff",
    "new-token": "0704deadbeef",
    "streams": "0a0403616263" "0f080a03646566" "0e0c40640178" "0800ffff",
    "limits": "1080100000" "110480010000" "120a" "1303" "144400" "150444ff" "160a" "1703",
    "connection-ids": "1801000801020304050607080f0e0d0c0b0a09080706050403020100" "1900",
    "paths": "1a0102030405060708" "1b0102030405060708",
    "close": "1c4178060a6e6f2070726f746f" "1d41000362796520",
    "done-datagram": "1e" "3103616263" "3064656667",
    "rfc9001-server-payload": "02000000000600405a020000560303eefce7f7b37ba1d1632e96677825ddf73988cfc79825df566dc5430b9a045a1200130100002e00330024001d00209d3c940d89690b84d08a60993c144eca684d1081287c834d5311bcf32bb9da1a002b00020304",
}

PARAMETERS = {
    "rfc9001-client": "0408ffffffffffffffff05048000ffff07048000ffff0801100104800075300901100f088394c8f03e51570806048000ffff",
    "every-kind": "000401020304" "010480007530" "021000112233445566778899aabbccddeeff" "0302ffff" "0c00"
    "0d2bc00002010fa1" + "20010db8000000000000000000000001" + "0fa2" + "0201020102030405060708090a0b0c0d0e0f10"
    "0e0104" "1108000000016b3343cf" "20048000ffff" "6ab200" "8000ff0301aa" "1b00" "c0000000ff04de1b024268",
}

HTTP3 = {
    "control": "01" "00" "040e0140640640ff0710080133012100" "070104" "800f07000400753d31",
    "request": "00" "010600005f0102aa" "00050102030405",
    "push": "01" "0105" "0103000001" "0002abcd" "05030000aa",
    "qpack": "01" "023fe11f",
    "grease": "00" "21032122" "40ff00" "030101" "0d0103",
    "large-data": "00" "00c0000000ffffffff0102",
}

RUNS = {
    "tls13": (["-tls1_3"], ["-status"], "13"),
    "tls12": (["-tls1_2"], ["-status"], "12"),
    "retry": (["-groups", "secp384r1"], ["-groups", "X25519:secp384r1"], "13"),
    "client-certificate": (["-Verify", "1"], ["-cert", "cert.pem", "-key", "key.pem"], "13"),
    "tls12-client-certificate": (["-tls1_2", "-Verify", "1"], ["-cert", "cert.pem", "-key", "key.pem"], "12"),
}


def write(folder, name, data):
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, name), "wb") as file:
        file.write(data)


def handshake(folder, server_options, client_options):
    """The handshake messages of one connection, in order, as (name, bytes)."""
    server = subprocess.Popen(
        [OPENSSL, "s_server", "-accept", "127.0.0.1:0", "-cert", "cert.pem", "-key", "key.pem", "-CAfile", "cert.pem",
         "-alpn", "h3,http/1.0", *server_options],
        cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    try:
        for line in server.stdout:
            found = re.match(r"ACCEPT .*:(\d+)$", line.strip())
            if found:
                break
        client = subprocess.run(
            [OPENSSL, "s_client", "-connect", f"127.0.0.1:{found.group(1)}", "-servername", "example.test",
             "-alpn", "h3,http/1.0", "-CAfile", "cert.pem", "-msg", "-ign_eof", *client_options],
            cwd=folder, input="", capture_output=True, text=True, errors="replace", timeout=3, check=False,
        )
        output = client.stdout
    except subprocess.TimeoutExpired as error:
        output = error.stdout.decode(errors="replace")
    finally:
        server.kill()
        server.wait()

    messages = []
    collecting = None
    for line in output.splitlines():
        header = re.match(r"(?:<<<|>>>) .*, (\w+) \[length ([0-9a-f]+)\](?:, (\w+))?", line)
        if header:
            collecting = bytearray() if header.group(1) == "Handshake" else None
            if collecting is not None:
                messages.append((header.group(3), collecting))
        elif collecting is not None and re.fullmatch(r"(?:\s+[0-9a-f]{2})+\s*", line):
            collecting += bytes.fromhex(line)
        else:
            collecting = None
    return messages


def write_tls(folder):
    with tempfile.TemporaryDirectory() as place:
        subprocess.run(
            [OPENSSL, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3650",
             "-keyout", "key.pem", "-out", "cert.pem", "-subj", "/CN=example.test",
             "-addext", "subjectAltName=DNS:example.test"],
            cwd=place, check=True, capture_output=True,
        )
        for run, (server, client, version) in RUNS.items():
            for number, (name, data) in enumerate(handshake(place, server, client)):
                flag = b"\x01" if version == "13" else b"\x00"
                write(folder, f"{run}-{number:02}-{name}", flag + bytes(data))


def main():
    root = sys.argv[1]
    for kind, samples in (
        ("packet", PACKETS), ("frame", FRAMES), ("transport-parameters", PARAMETERS), ("http3", HTTP3),
    ):
        for name, text in samples.items():
            write(os.path.join(root, kind), name, bytes.fromhex(text))
    write(os.path.join(root, "tls"), "rfc9001-client-hello", b"\x01" + bytes.fromhex(CLIENT_HELLO)[4:])
    write(os.path.join(root, "tls"), "records", bytes.fromhex("03" "15030300020250" "1403030001011603030005080000020000"))
    write(os.path.join(root, "tls"), "key-update", bytes.fromhex("01" "1800000101"))
    write_tls(os.path.join(root, "tls"))


main()
