# SPDX-License-Identifier: GPL-3.0-or-later
"""Compares po/POTFILES.in with the files that have strings to translate: check-potfiles.py SOURCE-FOLDER [--write]"""

import pathlib
import re
import sys

CALL = re.compile(r"(?<![\w>.])(?:_|N_|C_|NC_|Q_|ngettext|g_dngettext|g_dpgettext2)\s*\(\s*[\"']")
COMMENT = re.compile(r"/\*.*?\*/|//[^\n]*", re.S)
# A macro of GLib's in the middle cuts the string short for xgettext, and then it is never translated; it knows
# PRIu64 and the like, and %zu.
MACRO = re.compile(r"(?:_|N_|ngettext|g_dngettext)\s*\((?:[^\"();]|\"(?:[^\"\\\\]|\\\\.)*\")*?G_G\w+_(?:FORMAT|MODIFIER)")
HEAD = """# Files with strings to translate, in order. tests/project/check-potfiles.py --write makes it anew.
"""


def has_strings(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix in (".c", ".h"):
        return CALL.search(COMMENT.sub("", text)) is not None
    if path.suffix == ".ui":
        return 'translatable="yes"' in text
    if path.name.endswith(".gschema.xml"):
        return "<summary>" in text
    return path.suffix in (".in", ".lesson")  # desktop file, metainfo


def cut_short(root):
    for path in sorted((root / "src").rglob("*.[ch]")):
        if MACRO.search(COMMENT.sub("", path.read_text(encoding="utf-8"))):
            yield f"{path.relative_to(root)} has a G_…_FORMAT inside a string to translate: use PRIu64, PRId64 or %zu"


def wanted(root):
    for folder, patterns in (("data", ("*.desktop.in", "*.xml.in", "*.gschema.xml", "*.lesson")), ("src", ("*.c", "*.h", "*.ui")), ("ui", ("*.ui",))):
        for pattern in patterns:
            for path in (root / folder).rglob(pattern):
                if has_strings(path):
                    yield str(path.relative_to(root))


def main(root, write):
    found = sorted(wanted(root))
    file = root / "po" / "POTFILES.in"
    if write:
        file.write_text(HEAD + "".join(name + "\n" for name in found), encoding="utf-8")
        return 0
    lines = file.read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    errors = [f"{name} has strings to translate and is not in po/POTFILES.in" for name in found if name not in listed]
    # A lesson or another file that xgettext knows may be listed without our knowing why; a missing one may not.
    errors += [f"po/POTFILES.in names {name}, which is not there" for name in listed if not (root / name).exists()]
    errors += cut_short(root)
    print("\n".join(errors) or f"{len(listed)} files, all there")
    return 1 if errors else 0


assert CALL.search('g_print (_("x"));') and CALL.search('{ N_ ("x") }') and not CALL.search('my_ ("x")')
assert MACRO.search('_("a %" G_GUINT64_FORMAT " b")') and not MACRO.search('f (_("a"), "%" G_GUINT64_FORMAT)')

if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]), "--write" in sys.argv[2:]))
