# SPDX-License-Identifier: GPL-3.0-or-later
"""The window under Xvfb, flooded by each peer in each mode of the engine: window-flood.py WINDOW-FLOOD SECONDS [MODE…]. MODE: of a peer, or of
the engine; without any, all of them."""

import os
import subprocess
import sys

import hostile
import peers

DISPLAY = ["dbus-run-session", "--"], ["xvfb-run", "-a", "-s", "-screen 0 1400x900x24"]


def meet(program, seconds, scheme, port, engine):
    done = subprocess.run([program, f"{scheme}://{peers.HOST}:{port}/", seconds, engine], stdin=subprocess.DEVNULL, timeout=400,
                          env={**os.environ, "NO_AT_BRIDGE": "1", "GDK_BACKEND": "x11"})  # fmt: skip
    return done.returncode


def main(program, seconds, *wanted):
    engines = [engine for engine in hostile.MODES if engine in wanted] or hostile.MODES
    of_peers = set(wanted) - set(engines)
    missed = []
    n = 0
    with peers.Certificates() as certs:
        for name, scheme in hostile.PEERS.items():
            for mode, *_ in hostile.modes(name):
                if of_peers and mode not in of_peers:
                    continue
                for engine in engines:
                    with hostile.peer(name, mode, certs) as port:
                        print(f"{name} {mode}, {engine}: ", end="", flush=True)
                        n += 1
                        if meet(program, seconds, scheme, port, engine) != 0:
                            missed.append(f"{name} {mode} {engine}")
    print(f"{n} floods, {len(missed)} missed: {', '.join(missed) or 'none'}")
    return 1 if missed or n == 0 else 0


if __name__ == "__main__":
    if "QS_FLOODED_DISPLAY" not in os.environ:
        os.environ["QS_FLOODED_DISPLAY"] = "1"
        command = [word for name, *rest in DISPLAY for word in (peers.find_program(name), *rest)]
        os.execv(command[0], [*command, sys.executable, *sys.argv])
    sys.exit(main(*sys.argv[1:]))
