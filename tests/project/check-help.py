# SPDX-License-Identifier: GPL-3.0-or-later
"""Holds the built-in help together: check-help.py LIST-CATALOGUE PAGES SOURCE-FOLDER

Every finding and every page of the window has a page, every link leads somewhere, every page is reached from the contents, no sentence
stands twice, and what a finding's text has to have is there. Where Mallard's schema is installed, the pages are valid by it.
"""

import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as ET

MALLARD = "{http://projectmallard.org/1.0/}"
SCHEMA = pathlib.Path("/usr/share/xml/mallard/1.0/mallard-1.0.rng")
TABS = re.compile(r'^  \{ (?:"([\w-]+)"|([A-Z_]+)), N_ \("', re.M)
WIDEST_PICTURE = 64
LEAST_LONG = 60  # findings whose mechanism is told in three sentences or more
MOST_SENTENCES = 8
# An abbreviation or a number is no end.
END = re.compile(r"(?<=[.?!])\s+(?=[A-Z“])")


def words(element):
    return " ".join("".join(element.itertext()).split())


def sentences(text):
    return [part for part in END.split(text) if part]


def window_pages(source):
    header, text = ((source / "src/app" / f"qs-window-pages.{kind}").read_text(encoding="utf-8") for kind in "hc")
    table = text[text.index("} pages[] = {") : text.index("};", text.index("} pages[] = {"))]
    defines = dict(re.findall(r'^#define ([A-Z_]+) "([\w-]+)"', header, re.M))
    return [name or defines[define] for name, define in TABS.findall(table)]


def check_links(pages):
    """Also that each page is found from the contents, and none is listed in itself."""
    up = {}
    for name, page in pages.items():
        ids = {name: {section.get("id") for section in page.iter(MALLARD + "section")} for name, page in pages.items()}
        for link in page.iter(MALLARD + "link"):
            href, xref = link.get("href"), link.get("xref")
            if href is not None:
                if not re.match(r"https://www\.rfc-editor\.org/rfc/rfc\d+\.html#section-[\d.]+$", href):
                    yield f"{name}: {href}"
                continue
            target, _, section = xref.partition("#")
            if target not in pages or (section and section not in ids[target]):
                yield f"{name}: a link to {xref}, which is not there"
            if link.get("type") == "guide":
                up.setdefault(name, []).append(target)
            elif link.get("type") is None and not words(link):
                yield f"{name}: a link without words"
    reached = {"index"}
    while any(name not in reached and reached & set(above) for name, above in up.items()):
        reached |= {name for name, above in up.items() if reached & set(above)}
    yield from (f"{name} is not reached from the contents" for name in sorted(set(pages) - reached))


def check_pictures(pages):
    for name, page in pages.items():
        for picture in page.iter(MALLARD + "screen"):
            for line in picture.text.splitlines():
                if len(line) > WIDEST_PICTURE or not line.isascii() or "\t" in line:
                    yield f"{name}: a line of its picture is too wide, or not ASCII: {line}"


def check_twice(texts):
    """texts: (where, words). A sentence of the help has one home, and none of it is the catalogue's already."""
    seen = {}
    for where, text in texts:
        for sentence in sentences(text):
            if seen.setdefault(sentence, where) != where or sum(sentence == other for other in sentences(text)) > 1:
                yield f"twice, in {seen[sentence]} and in {where}: {sentence}"


def written(source):
    for path in sorted((source / "data/help").rglob("*.xml")):
        for finding in ET.parse(path).getroot():
            for part in finding:
                for p in part.iter("p"):
                    yield f"{finding.get('id')} ({part.tag})", words(p)
    for path in sorted((source / "data/help").rglob("*.page")):
        for tag in ("p", "desc"):
            for p in ET.parse(path).getroot().iter(MALLARD + tag):
                yield path.name, words(p)


def check_findings(source):
    n_long = 0
    for path in sorted((source / "data/help/findings").glob("*.xml")):
        for finding in ET.parse(path).getroot():
            n = sum(len(sentences(words(p))) for p in finding.find("wire").iter("p"))
            n_all = n + sum(len(sentences(words(p))) for tag in ("proof", "not") for p in finding.find(tag).iter("p"))
            n_long += n >= 3
            if n > MOST_SENTENCES or n_all < 3:
                yield f"{finding.get('id')}: {n} sentences on the wire, {n_all} in all"
            if not finding.get("near"):
                yield f"{finding.get('id')}: nothing is near it"
    if n_long < LEAST_LONG:
        yield f"only {n_long} findings have a mechanism of three sentences"


def check(program, folder, source):
    files = sorted(folder.glob("*.page"))
    roots = {path: ET.parse(path).getroot() for path in files}
    pages = {root.get("id"): root for root in roots.values()}
    yield from (f"{path.name} has the id {root.get('id')}" for path, root in roots.items() if root.get("id") != path.stem)
    catalogue = ET.fromstring(subprocess.run([program], check=True, capture_output=True).stdout)
    rows = {row.get("id") for row in catalogue}
    wanted = {f"finding-{row}" for row in rows} | set(window_pages(source)) | {"index", "findings", "repeat"}
    assert len(rows) > 80 and len(wanted) > len(rows) + 12, "the tables were not found"
    yield from (f"no page {name}" for name in sorted(wanted - pages.keys()))
    yield from (f"{name}: a place in braces" for name, root in pages.items() if name.startswith("finding-") and re.search(r"\{\w+\}", words(root)))
    yield from check_links(pages)
    yield from check_pictures(pages)
    told = [(f"the catalogue ({row.get('id')})", part.text) for row in catalogue for part in row]
    known = {sentence for _, text in told for sentence in sentences(text)}
    yield from check_twice(written(source))
    yield from (f"{where}: the catalogue says that already: {one}" for where, text in written(source) for one in sentences(text) if one in known)
    yield from check_findings(source)
    if SCHEMA.exists():
        done = subprocess.run(["xmllint", "--noout", "--nonet", "--relaxng", SCHEMA, *files], capture_output=True, text=True)
        if done.returncode != 0:
            yield "\n".join(line for line in done.stderr.splitlines() if not line.endswith(" validates"))


def check_myself():
    """The checks can fail."""
    one = ET.fromstring('<page xmlns="http://projectmallard.org/1.0/" id="a"><p><link xref="b#c">to</link></p></page>')
    assert len(list(check_links({"index": one, "a": one}))) == 3
    assert len(list(check_twice([("a", "One is. Two is."), ("b", "Two is.")]))) == 1
    assert len(list(check_twice([("a", "One is. One is.")]))) == 2
    assert sentences("It is RFC 9000, section 6.2, here. Is it? Yes.") == ["It is RFC 9000, section 6.2, here.", "Is it?", "Yes."]


def main():
    check_myself()
    errors = list(check(sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])))
    print("\n".join(errors) or f"{len(list(pathlib.Path(sys.argv[2]).iterdir()))} pages" + ("" if SCHEMA.exists() else "; no schema here (package mallard-rng)"))
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
