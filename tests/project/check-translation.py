# SPDX-License-Identifier: GPL-3.0-or-later
"""How much of the program a language has: check-translation.py SOURCE LANGUAGE. Names what is missing, and fails where that
is more than a few strings that were changed yesterday."""

import os
import re
import subprocess
import sys
import tempfile

LEAST = 0.97
KEYWORDS = "_ N_ C_:1c,2 NC_:1c,2 g_dcgettext:2 g_dngettext:2,3 g_dpgettext2:2c,3 ngettext:1,2".split()


def main():
    source, language = sys.argv[1:]
    env = {**os.environ, "GETTEXTDATADIRS": os.path.join(source, "data"), "LC_ALL": "C.UTF-8"}
    with tempfile.TemporaryDirectory() as folder:
        template, merged = os.path.join(folder, "a.pot"), os.path.join(folder, "a.po")
        extract = ["xgettext", "--from-code=UTF-8", f"--output={template}", f"--directory={source}"]
        extract += [f"--files-from={source}/po/POTFILES.in"] + [f"--keyword={keyword}" for keyword in KEYWORDS]
        subprocess.run(extract, check=True, env=env, stderr=subprocess.DEVNULL)
        merge = ["msgmerge", "--quiet", "--no-fuzzy-matching", f"--output-file={merged}"]
        subprocess.run(merge + [f"{source}/po/{language}.po", template], check=True, env=env)
        command = ["msgattrib", "--untranslated", "--no-obsolete", "--no-wrap", "--no-location", merged]
        missing = subprocess.run(command, check=True, env=env, capture_output=True, text=True).stdout
        counted = subprocess.run(["msgfmt", "--statistics", "-o", os.devnull, merged], env=env, capture_output=True, text=True)
    done = int(re.match(r"(\d+) translated", counted.stderr).group(1))
    n_missing = max(missing.count("\nmsgid ") - 1, 0)  # the header is one of them
    print("\n".join(missing.split("\n\n")[1:]))
    print(f"{language}: {done} translated, {n_missing} missing")
    return 0 if done >= LEAST * (done + n_missing) else 1


if __name__ == "__main__":
    sys.exit(main())
