# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that are none, of each kind, and which options of a program name a file."""

import os
import re
import socket
import subprocess

FOUR_GIGABYTES = 4 << 30
PATIENCE = 60  # on the wall: what waits for a pipe, or reads a device, waits for ever
NOBODY = 65534


def find_options(program, env=None):
    """The options that name a file or a folder, as the program's own help has them."""
    done = subprocess.run([program, "--help"], capture_output=True, text=True, timeout=PATIENCE, check=True, env=env)
    return set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)=(?:FILE|FOLDER|DIR|PATH)\b", done.stdout, re.M))


class Kinds:
    """The files that are none, in a folder of their own, which anybody may look into."""

    def __init__(self, folder):
        self.folder = folder
        self.paths = {}
        os.chmod(folder, 0o755)
        os.mkfifo(self.at("pipe"))
        os.symlink("loop", self.at("loop"))
        os.mkdir(self.at("folder"))
        with open(self.at("huge"), "wb") as file:
            file.truncate(FOUR_GIGABYTES)
        with open(self.at("unreadable"), "w", encoding="ascii") as file:
            file.write("secret\n")
        os.chmod(self.at("unreadable"), 0)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(self.at("socket"))
        self.at("missing")
        self.paths["device"] = "/dev/zero"

    def at(self, kind):
        self.paths[kind] = os.path.join(self.folder, kind)
        return self.paths[kind]

    @staticmethod
    def whose(kind):
        """To root everything is readable: then it is nobody who looks."""
        if kind != "unreadable" or os.geteuid() != 0:
            return {}
        return {"user": NOBODY, "group": NOBODY, "extra_groups": []}


def run(command, env=None, **options):
    """Status, what it wrote, and the seconds of processor that it took."""
    before = os.times()
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=PATIENCE,
                          env={**os.environ, "LC_ALL": "C.UTF-8", **(env or {})}, **options)  # fmt: skip
    after = os.times()
    spent = after.children_user + after.children_system - before.children_user - before.children_system
    return done.returncode, done.stderr.decode("utf-8"), spent
