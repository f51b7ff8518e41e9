# SPDX-License-Identifier: GPL-3.0-or-later
"""tshark as the judge: a connection behind every link layer and in every tunnel that is read, packet by packet."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

import peers
import probe

WRITER = sys.argv.pop(1)
DATA = os.path.join(os.environ["QS_SRCDIR"], "tests", "formats")
KEYS = os.path.join(DATA, "data", "link.keys")
PACKET = re.compile(r"^ +[0-9.]+  [→←]  (Initial|Handshake|1-RTT|0-RTT|Retry)(?: ([0-9]+))?, ([0-9]+) bytes", re.MULTILINE)

# tshark takes an Ethernet pseudowire for one without a control word unless it is told.
PREFERENCES = {
    "pseudowire": ("-d", "mpls.label==101,pwethcw"),
}
# What stands in front here is as short as it may be; tshark 4.0 wants more of a Prism header, and calls this NFLOG one malformed. Of radiotap
# it takes a checksum off the end that the flags announce and these frames have not.
UNJUDGED = ("nflog", "prism", "radiotap", "radiotap-bridge")

# In this tshark 4.0 finds the same packets, and opens fewer of the server's.
BY_LENGTH = ("radiotap-amsdu",)


def ours(path):
    """Number (empty for a Retry) and length of each packet, and how many connections."""
    told = probe.run(f"--read={path}", f"--keylog={KEYS}", "--trace")
    listed = probe.run(f"--read={path}", "--json")
    probe.read_report(listed)
    return [match[1:] for match in PACKET.findall(told.text)], listed.report["source"]["connections"]


def theirs(path, *options):
    fields = ("quic.connection.number", "quic.packet_number", "quic.packet_length")
    command = [peers.find_program("tshark"), "-r", path, "-o", f"tls.keylog_file:{KEYS}", *options, "-Y", "quic", "-T", "fields"]
    done = subprocess.run(
        [*command, *(f"-e{field}" for field in fields)], capture_output=True, text=True, timeout=120, check=True
    )
    packets, connections = [], set()
    for line in done.stdout.splitlines():
        connection, numbers, lengths = (field.split(",") for field in line.split("\t"))
        connections.update(connection)
        numbers += [""] * (len(lengths) - len(numbers))
        packets += list(zip(numbers, lengths))
    return packets, len(connections)


class Links(unittest.TestCase):
    def test_all(self):
        peers.find_program("tshark")
        with tempfile.TemporaryDirectory() as folder:
            subprocess.run([WRITER, "--write", folder], check=True, timeout=60, env={**os.environ, "G_TEST_SRCDIR": DATA})
            names = sorted(os.listdir(folder))
            self.assertGreater(len(names), 40)
            for name in names:
                with self.subTest(name):
                    path = os.path.join(folder, name)
                    packets, connections = ours(path)
                    self.assertEqual((len(packets), connections), (22, 1))
                    wrapping = name.split(".")[0]
                    if wrapping in BY_LENGTH:
                        others, count = theirs(path)
                        self.assertEqual(([length for _, length in packets], connections), ([length for _, length in others], count))
                    elif wrapping not in UNJUDGED:
                        self.assertEqual((packets, connections), theirs(path, *PREFERENCES.get(wrapping, ())))


if __name__ == "__main__":
    peers.main()
