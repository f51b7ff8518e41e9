# SPDX-License-Identifier: GPL-3.0-or-later
"""The window under Xvfb, against a server of its own.

    window.py QUICSERVE WINDOW-DOWNLOAD [--mebibytes=N] [PAGE…]    downloads while a page is shown
    window.py QUICSERVE WINDOW-SOAK --windows=N                    windows closed around the handshake
"""

import argparse
import os
import subprocess
import sys

import peers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("quicserve", type=os.path.abspath)
    parser.add_argument("program", type=os.path.abspath)
    parser.add_argument("pages", nargs="*", default=["overview"])
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--windows", type=int)
    args = parser.parse_intermixed_args()
    xvfb = [peers.find_program("dbus-run-session"), "--", peers.find_program("xvfb-run"), "-a"]
    xvfb += ["-s", "-screen 0 1400x900x24"]
    status = 0
    with peers.quicserve(args.quicserve) as server:
        target = f"quic://127.0.0.1:{server.port}/"
        runs = [[f"{target}bytes/{args.mebibytes << 20}", page] for page in args.pages]
        if args.windows is not None:
            runs = [[target, str(args.windows)]]
        for arguments in runs:
            env = {**os.environ, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"}
            done = subprocess.run(xvfb + [args.program, *arguments], stdin=subprocess.DEVNULL, timeout=560, env=env)
            status = status or done.returncode
    return status


if __name__ == "__main__":
    sys.exit(main())
