# SPDX-License-Identifier: GPL-3.0-or-later
"""Downloads through the window, drawn under Xvfb: window.py QUICSERVE WINDOW-DOWNLOAD [--mebibytes=N] [PAGE…]"""

import argparse
import os
import subprocess
import sys

import peers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quicserve", type=os.path.abspath)
    parser.add_argument("window_download", type=os.path.abspath)
    parser.add_argument("pages", nargs="*", default=["overview"])
    parser.add_argument("--mebibytes", type=int, default=1024)
    args = parser.parse_intermixed_args()
    xvfb = [peers.find_program("dbus-run-session"), "--", peers.find_program("xvfb-run"), "-a"]
    xvfb += ["-s", "-screen 0 1400x900x24"]
    status = 0
    with peers.quicserve(args.quicserve) as server:
        target = f"quic://127.0.0.1:{server.port}/bytes/{args.mebibytes << 20}"
        for page in args.pages:
            command = xvfb + [args.window_download, target, page]
            env = {**os.environ, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
            done = subprocess.run(command, stdin=subprocess.DEVNULL, timeout=400, env=env)
            status = status or done.returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
