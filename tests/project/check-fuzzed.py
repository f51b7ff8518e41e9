#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever reads bytes of others' is fuzzed: each qs_…_parse, _read, _load and _feed that a header names is called by a fuzz target, or
stands below with the target that reaches it.

usage: check-fuzzed.py ROOT
"""

import pathlib
import re
import sys

NAME = re.compile(r"\b(qs_[a-z0-9_]+_(?:parse|read|load|feed)) \(")

THROUGH = {
    "trace-file": ["qs_capture_read", "qs_pcap_read", "qs_pcapng_read", "qs_snoop_read", "qs_netlog_read", "qs_qlog_read", "qs_qlog_alpn_parse", "qs_json_text_parse",
                   "qs_capture_packet_parse", "qs_input_read", "qs_input_load", "qs_file_load", "qs_file_read", "qs_study_file_load"],
    "lesson": ["qs_lesson_load", "qs_lessons_load"],
    "key-log": ["qs_key_log_load"],
    "packet": ["qs_varint_read"],
    "answer-http3": ["qs_http3_conn_read", "qs_ssl_read", "qs_io_stream_read"],
    "craft": ["qs_craft_tls_feed"],
}  # fmt: skip
# What no peer and no file of others' has a say in.
NOT_OF_OTHERS = {"qs_connection_row_read": "a row of what was dissected already"}


def main():
    root = pathlib.Path(sys.argv[1])
    targets = {path.stem.removeprefix("fuzz-") for path in (root / "tests/fuzz").glob("fuzz-*.c")}
    text = "".join(path.read_text(encoding="utf-8") for path in (root / "tests/fuzz").glob("*.c"))
    known = set(NOT_OF_OTHERS).union(*THROUGH.values())
    wrong = [f"no target {target}" for target in THROUGH if target not in targets]
    found = set()
    for path in sorted((root / "src").glob("*/*.h")):
        if path.parent.name == "app" or path.name.endswith("-private.h"):
            continue
        for name in NAME.findall(path.read_text(encoding="utf-8")):
            found.add(name)
            if name not in known and not re.search(rf"\b{name}\b", text):
                wrong.append(f"{path.relative_to(root)}: no fuzz target reads what {name} reads")
    wrong += [f"{name} is gone: its row here, too" for name in sorted(known - found)]
    print("\n".join(wrong) or f"{len(found)} readers, all fuzzed")
    sys.exit(1 if wrong else 0)


main()
