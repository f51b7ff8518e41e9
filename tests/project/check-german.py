# SPDX-License-Identifier: GPL-3.0-or-later
"""A built program speaks German when asked to: check-german.py QUICPROBE

gettext answers in no language where the locale is C, and from glibc 2.39 on not in C.UTF-8 either; a bare machine
has no other. So a locale is compiled for the test, in a folder of its own.
"""

import os
import subprocess
import sys
import tempfile


def first_line(program, locale, folder):
    env = {**os.environ, "LC_ALL": locale, "LANGUAGE": "de", "LOCPATH": folder}
    done = subprocess.run([program, "--help"], check=True, capture_output=True, text=True, encoding="utf-8", env=env)
    return done.stdout.splitlines()[0]


def main(program):
    with tempfile.TemporaryDirectory() as folder:
        assert first_line(program, "C", folder).startswith("Usage:"), "the C locale is English"
        command = ["localedef", "-i", "de_DE", "-f", "UTF-8", os.path.join(folder, "de_DE.UTF-8")]
        try:
            made = subprocess.run(command, capture_output=True, text=True)
        except FileNotFoundError:
            made = None
        # 1: with warnings
        if made is None or made.returncode > 1 or not os.path.isdir(command[-1]):
            print("no locale can be made here (package locales)")
            return 77
        line = first_line(program, "de_DE.UTF-8", folder)
        print(line)
        return 0 if line.startswith("Aufruf: quicprobe") else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
