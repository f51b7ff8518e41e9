# SPDX-License-Identifier: GPL-3.0-or-later
"""Every text of every lesson has its German: check-translation.py SOURCE-FOLDER

A lesson half in another language is worse than one in none: whoever changes a text changes po/de.po with it.
"""

import pathlib
import re
import sys
import xml.etree.ElementTree as ElementTree

# What data/its/quicscope-lesson.its names.
TEXTS = ("title", "summary", "p", "ask", "choice", "proof")
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')


def unquote(lines):
    joined = "".join(STRING.search(line).group(1) for line in lines)
    return re.sub(r"\\(.)", lambda match: {"n": "\n", "t": "\t"}.get(match.group(1), match.group(1)), joined)


def read_catalogue(text):
    """msgid -> msgstr, of what is neither fuzzy nor obsolete."""
    found = {}
    for entry in re.split(r"\n\s*\n", text):
        lines = [line for line in entry.splitlines() if not line.startswith("#~")]
        if any(line.startswith("#,") and "fuzzy" in line for line in lines):
            continue
        parts, into = {}, None
        for line in lines:
            if line.startswith("msg"):
                into = line.split()[0]
            if into is not None and not line.startswith("#"):
                parts.setdefault(into, []).append(line)
        if "msgid" in parts and "msgstr" in parts:
            found[unquote(parts["msgid"])] = unquote(parts["msgstr"])
    return found


def texts(path):
    for element in ElementTree.parse(path).getroot().iter():
        if element.tag in TEXTS:
            yield " ".join("".join(element.itertext()).split())


def main(root):
    catalogue = read_catalogue((root / "po" / "de.po").read_text(encoding="utf-8"))
    lacking, n = [], 0
    for path in sorted((root / "data" / "lessons").glob("*.lesson")):
        for text in texts(path):
            n += 1
            if not catalogue.get(text):
                lacking.append(f"{path.name}: {text}")
    print("\n".join(lacking) or f"{n} texts, all in German")
    assert n > 100, "the lessons are not where they were"
    return 1 if lacking else 0


assert read_catalogue('#, fuzzy\nmsgid "a"\nmsgstr "b"\n\nmsgid ""\n"c \\"d\\""\nmsgstr "e"') == {'c "d"': "e"}

if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1])))
