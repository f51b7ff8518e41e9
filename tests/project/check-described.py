#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Man pages and completions: each option that a program knows is in them, man has nothing to say against its pages,
and a shell that is here loads its completions and completes.

  check-described.py FOLDER PROGRAM...      FOLDER: of the made files
"""
import os
import re
import shutil
import subprocess
import sys
import unittest

FOLDER, PROGRAMS = sys.argv[1], sys.argv[2:]
ENVIRONMENT = dict(os.environ, LC_ALL="C.UTF-8", LANGUAGE="", MANWIDTH="120", GSETTINGS_BACKEND="memory",
                   PATH=os.pathsep.join({os.path.dirname(p) for p in PROGRAMS}) + os.pathsep + os.environ["PATH"])


def run(*words, **more):
    return subprocess.run(words, env=ENVIRONMENT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, encoding="utf-8", timeout=60, check=False, **more)


def options(program):
    """As --help spells them, read in another way than build-aux/describe reads them."""
    found = re.findall(r"(?m)^  (?:-\w, )?(--[\w-]+)", run(program, "--help").stdout)
    assert len(found) > 8, program
    return found


class Described(unittest.TestCase):
    def each(self):
        for program in PROGRAMS:
            with self.subTest(program=os.path.basename(program)):
                yield program, os.path.basename(program)

    def read(self, name):
        with open(os.path.join(FOLDER, name), encoding="utf-8") as file:
            return file.read()

    def test_every_option_is_in_the_page(self):
        for program, name in self.each():
            page = self.read(name + ".1").replace("\\-", "-")
            for option in options(program):
                self.assertRegex(page, r"\\fB%s\\fR" % re.escape(option))
            for section in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", '"EXIT STATUS"', "EXAMPLES", '"SEE ALSO"'):
                self.assertIn("\n.SH %s\n" % section, page)

    @unittest.skipUnless(shutil.which("man") and shutil.which("groff"), "no man here")
    def test_man_has_no_complaint(self):
        for _, name in self.each():
            shown = run("man", "--warnings", "-l", os.path.join(FOLDER, name + ".1"))
            self.assertEqual(shown.stderr, "")
            self.assertIn("EXIT STATUS", shown.stdout)

    def complete(self, name, *words):
        line = " ".join(words)
        script = ('source "$0"; COMP_WORDS=(%s); COMP_CWORD=%d; %s; printf "%%s\\n" "${COMPREPLY[@]}"'
                  % (" ".join("'%s'" % word for word in words), len(words) - 1, "_" + name))
        done = run("bash", "--norc", "-c", "compopt () { :; }; " + script, os.path.join(FOLDER, name + ".bash"))
        self.assertEqual(done.stderr, "", line)
        return done.stdout.split()

    def test_bash_completes(self):
        self.assertEqual(set(self.complete("quicprobe", "quicprobe", "--exa")), {"--examine"})
        self.assertEqual(set(self.complete("quicprobe", "quicprobe", "--mode", "=", "bl")), {"blocking"})
        self.assertEqual(set(self.complete("quicprobe", "quicprobe", "--mode=bl")), {"blocking"})
        self.assertIn("expired", self.complete("quicserve", "quicserve", "--scenario", "=", "exp"))
        self.assertIn("chromium", self.complete("quictap", "quictap", "--recipe", "=", "chr"))
        self.assertIn("expired", self.complete("quicscope", "quicscope", "--scenario=exp"))
        for program, name in self.each():
            known = {word.rstrip("=") for word in self.complete(name, name, "--")}
            self.assertLessEqual(set(options(program)), known)

    def test_other_shells_read_theirs(self):
        for shell, pattern in (("zsh", "_%s"), ("fish", "%s.fish")):
            for program, name in self.each():
                text = self.read(pattern % name)
                for option in options(program):
                    self.assertIn(option if shell == "zsh" else "-l %s " % option[2:], text)
                if shutil.which(shell):
                    checked = run(shell, "-n", os.path.join(FOLDER, pattern % name))
                    self.assertEqual((checked.returncode, checked.stderr), (0, ""))


unittest.main(argv=sys.argv[:1])
