# SPDX-License-Identifier: GPL-3.0-or-later
"""A large capture in the window, drawn under Xvfb: window-file.py OPEN-FILE PROGRAM PACKETS"""

import os
import subprocess
import sys
import tempfile

import peers


def main():
    writer, program, count = os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), sys.argv[3]
    xvfb = [peers.find_program("dbus-run-session"), "--", peers.find_program("xvfb-run"), "-a"]
    xvfb += ["-s", "-screen 0 1400x900x24"]
    with tempfile.TemporaryDirectory(prefix="qs-bench-") as folder:
        path = os.path.join(folder, "download.pcapng")
        subprocess.run([writer, "write", path, count], check=True, timeout=300)
        env = {**os.environ, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11", "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder}
        return subprocess.run([*xvfb, program, path], stdin=subprocess.DEVNULL, timeout=500, env=env).returncode


if __name__ == "__main__":
    sys.exit(main())
