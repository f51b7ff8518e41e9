# SPDX-License-Identifier: GPL-3.0-or-later
"""The window under Xvfb, flooded by quic-peer: window-flood.py WINDOW-FLOOD SECONDS MODE…"""

import os
import subprocess
import sys

import hostile
import peers


def main(program, seconds, *modes):
    xvfb = [peers.find_program("dbus-run-session"), "--", peers.find_program("xvfb-run"), "-a", "-s", "-screen 0 1400x900x24"]
    status = 0
    with peers.Certificates() as certs:
        for mode in modes:
            with hostile.peer("quic-peer", mode, certs) as port:
                print(f"{mode}: ", end="", flush=True)
                done = subprocess.run([*xvfb, program, f"https://{peers.HOST}:{port}/", seconds], stdin=subprocess.DEVNULL,
                                      timeout=400, env={**os.environ, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"})  # fmt: skip
                status = status or done.returncode
    return status


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
