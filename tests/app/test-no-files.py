# SPDX-License-Identifier: GPL-3.0-or-later
"""The window, and files that are none: on its command line, and in the folders that it looks into by itself."""

import os
import subprocess
import tempfile
import unittest

import a11y
from no_files import PATIENCE, Kinds, find_options, run

CAPTURE = os.path.join(os.environ["QS_SRCDIR"], "tests", "cli", "captures", "quic-no-keys.pcap")
# {}: the file. Each is drawn to a picture, and ends. Not every kind with every option: a window takes its time to come, and behind it
# is what cli-files-that-are-none tries with all of them.
READ = {
    "FILE": (["{}"], ("folder", "missing", "huge", "pipe")),  # a capture may come down a pipe: into this one nobody writes
    "--follow": (["--follow={}"], ("folder", "missing", "pipe")),
    "--keylog": ([CAPTURE, "--keylog={}"], ("pipe", "device")),
    "--join": ([CAPTURE, "--join={}"], ("pipe", "device")),
}
WRITTEN = {"--snapshot": ("pipe", "loop")}


class NoFiles(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        kinds = self.path("kinds")
        os.mkdir(kinds)
        self.kinds = Kinds(kinds)
        self.kinds.paths.pop("unreadable")  # the display is not nobody's

    def path(self, name):
        return os.path.join(self.folder, name)

    def test_every_option_has_a_row(self):
        self.assertEqual(find_options(a11y.program("quicscope")), set(READ) - {"FILE"} | set(WRITTEN))

    def test_read(self):
        for option, (arguments, kinds) in READ.items():
            for kind in kinds:
                path = self.kinds.paths[kind]
                with self.subTest(option=option, kind=kind):
                    picture = f"--snapshot={self.path('picture.png')}"
                    status, err, _ = run([a11y.program("quicscope"), picture, *(text.format(path) for text in arguments)])
                    self.assertEqual(status, 1, err)
                    self.assertIn(kind if kind != "device" else path, err)

    def test_written(self):
        for kind in WRITTEN["--snapshot"]:
            with self.subTest(kind=kind):
                path = self.kinds.paths[kind]
                status, err, _ = run([a11y.program("quicscope"), f"--snapshot={path}"])
                self.assertEqual(status, 1, err)
                self.assertIn(path, err)
        self.assertTrue(os.path.islink(self.kinds.paths["loop"]))

    def test_folders_that_are_searched(self):
        """Lessons and settings: what is none is passed over, and the window is there."""
        homes = {"XDG_DATA_HOME": [(f"lessons/{kind}.lesson", path) for kind, path in self.kinds.paths.items()]}
        for kind in ("pipe", "huge"):
            homes[f"XDG_CONFIG_HOME {kind}"] = [("settings.ini", self.kinds.paths[kind])]
        for name, files in homes.items():
            with self.subTest(name=name):
                home, picture = self.path(name), self.path("picture.png")
                for file, path in files:
                    file = os.path.join(home, "quicscope", file)
                    os.makedirs(os.path.dirname(file), exist_ok=True)
                    os.symlink(path, file)
                done = subprocess.run([a11y.program("quicscope"), "--page=lessons", f"--snapshot={picture}"], timeout=PATIENCE,
                                      capture_output=True, env={**os.environ, name.split()[0]: home})  # fmt: skip
                self.assertEqual(done.returncode, 0, done.stderr)
                self.assertGreater(os.path.getsize(picture), 1000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
