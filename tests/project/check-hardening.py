# SPDX-License-Identifier: GPL-3.0-or-later
"""Looks at built programs with readelf: check-hardening.py PROGRAM…

Position independent, read-only relocations bound at start, no executable stack, stack protector in use.
"""

import subprocess
import sys


def readelf(option, program):
    return subprocess.run(["readelf", "-W", option, program], check=True, capture_output=True, text=True).stdout


def faults(program):
    header, segments = readelf("-h", program), readelf("-l", program)
    dynamic, symbols = readelf("-d", program), readelf("--dyn-syms", program)
    stack = [line for line in segments.splitlines() if "GNU_STACK" in line]
    if "DYN (" not in header or "PIE" not in dynamic:
        yield "is not position independent (PIE)"
    if "GNU_RELRO" not in segments:
        yield "has no read-only relocations (RELRO)"
    if "BIND_NOW" not in dynamic and "Flags: NOW" not in dynamic:
        yield "is not bound at start (BIND_NOW)"
    if not stack or "RWE" in stack[0]:
        yield "has an executable stack"
    if "__stack_chk_fail" not in symbols:
        yield "has no stack protector"
    if "RPATH" in dynamic or "RUNPATH" in dynamic:
        # meson strips it on installing; a build folder's own must not name a place that others can write to
        if "/tmp" in dynamic and not program.startswith("/tmp"):
            yield "looks for libraries below /tmp"


if __name__ == "__main__":
    failed = False
    for name in sys.argv[1:]:
        for fault in faults(name):
            print(f"{name} {fault}")
            failed = True
    print("not all is hardened" if failed else f"{len(sys.argv) - 1} programs are hardened")
    sys.exit(1 if failed else 0)
