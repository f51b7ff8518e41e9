#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The desktop's database takes our types, and knows our files by name and by what is in them.

  check-mime.py PACKAGE.xml UPDATE-MIME-DATABASE
"""
import os
import shutil
import subprocess
import sys
import tempfile

PACKAGE, UPDATE = sys.argv[1:3]
CASES = [
    ("a.qlog", b"{}", "application/qlog+json"),
    ("a.sqlog", b"\x1e{}", "application/qlog+json-seq"),
    ("a.pcapng", b"", "application/x-pcapng"),
    ("no-name", b'{"qlog_version": "0.3", "traces": []}', "application/qlog+json"),
    ("no-name-2", b'\x1e{"qlog_version": "0.3", "qlog_format": "JSON-SEQ"}\n', "application/qlog+json-seq"),
    ("no-name-3", bytes.fromhex("0a0d0d0a1c0000004d3c2b1a01000000ffffffffffffffff1c000000"), "application/x-pcapng"),
    ("a.quicscope", b"", "application/x-quicscope-session"),
    ("no-name-5", b"PK\3\4" + bytes(26) + b"session.json", "application/x-quicscope-session"),
    ("no-name-4", b'{"log": {"entries": []}}', None),
]

with tempfile.TemporaryDirectory() as folder:
    packages = os.path.join(folder, "data", "mime", "packages")
    os.makedirs(packages)
    shutil.copy(PACKAGE, packages)
    environment = dict(os.environ, XDG_DATA_HOME=os.path.join(folder, "data"), XDG_DATA_DIRS="/usr/share")
    done = subprocess.run([UPDATE, os.path.dirname(packages)], env=environment, check=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8")
    assert done.stdout == "", done.stdout
    asked = "import sys; from gi.repository import Gio\nfor f in sys.argv[1:]: print(Gio.content_type_guess(f.split('/')[-1], open(f, 'rb').read())[0])"
    names = []
    for name, content, _ in CASES:
        names.append(os.path.join(folder, name))
        with open(names[-1], "wb") as file:
            file.write(content)
    # In a process of its own: the folders are read once.
    told = subprocess.run([sys.executable, "-c", asked] + names, check=True, stdout=subprocess.PIPE, encoding="utf-8",
                          env=environment).stdout.split()
    for (name, _, right), got in zip(CASES, told, strict=True):
        assert got == right if right else "qlog" not in got, (name, got)
