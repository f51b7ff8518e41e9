# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the sources to the table of layers in src/README.md: check-layers.py SRC-FOLDER

Every #include "folder/header.h" below src/X must name X itself, a folder that X may use, or one that those may use.
"""

import pathlib
import re
import sys

ROW = re.compile(r"^\| `(\w+)/` \|[^|]*\|([^|]*)\|")
INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.M)
SYSTEM = re.compile(r"^\s*#\s*include\s+<(gtk|gdk)/", re.M)


def read_table(text):
    direct = {}
    for line in text.splitlines():
        row = ROW.match(line)
        if row:
            direct[row.group(1)] = set(re.findall(r"`(\w+)`", row.group(2)))
    return direct


def close(direct):
    """folder -> all it may use; raises ValueError on an unknown folder or an arrow that points down."""
    allowed = {}
    for folder, uses in direct.items():
        for used in uses:
            if used not in allowed:
                raise ValueError(f"{folder}/ may use {used}/, which does not stand above it in the table")
        allowed[folder] = {folder}.union(*(allowed[used] for used in uses))
    return allowed


def check_file(allowed, folder, name, text):
    for include in INCLUDE.findall(text):
        parts = include.split("/")
        if len(parts) == 1:
            if parts[0] != "qs-config.h" and not parts[0].startswith("qs-resources"):
                yield f'{name}: "{include}" lacks its folder'
        elif parts[0] not in allowed[folder]:
            yield f'{name}: "{include}" is not for {folder}/ to use'
    if folder != "app" and SYSTEM.search(text):
        yield f"{name}: GTK is for app/ alone"


def check(src):
    allowed = close(read_table((src / "README.md").read_text(encoding="utf-8")))
    folders = {path.name for path in src.iterdir() if path.is_dir()}
    for folder in sorted(folders ^ set(allowed)):
        yield f"{folder}/ is in {'src' if folder in folders else 'the table'} only"
    for folder in sorted(folders & set(allowed)):
        for path in sorted((src / folder).rglob("*.[ch]")):
            yield from check_file(allowed, folder, path.relative_to(src), path.read_text(encoding="utf-8"))


def check_myself():
    """The check can fail: a wrong include, a lacking folder and GTK in the wrong place are seen."""
    allowed = close({"base": set(), "wire": {"base"}, "trace": {"wire"}, "app": {"trace"}})
    assert not list(check_file(allowed, "trace", "x.c", '#include "base/x.h"\n#include "qs-config.h"\n'))
    assert list(check_file(allowed, "wire", "x.c", '#include "trace/x.h"\n'))
    assert list(check_file(allowed, "wire", "x.c", '#include "x.h"\n'))
    assert list(check_file(allowed, "wire", "x.c", "#include <gtk/gtk.h>\n"))
    assert not list(check_file(allowed, "app", "x.c", "#include <gtk/gtk.h>\n"))
    try:
        close({"base": {"wire"}, "wire": set()})
    except ValueError:
        return
    raise AssertionError("an arrow that points down was not seen")


if __name__ == "__main__":
    check_myself()
    errors = list(check(pathlib.Path(sys.argv[1])))
    print("\n".join(errors) or "every include points the right way")
    sys.exit(1 if errors else 0)
