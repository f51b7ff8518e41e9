#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The manifest for flatpak-builder names what there is: our id and program, our options, and all that GNOME's runtime lacks.

  check-flatpak.py ROOT
"""
import pathlib
import re
import sys

import yaml

ROOT = pathlib.Path(sys.argv[1])
ID = "org.quicscope.Quicscope"
# Dependencies of ours that the runtime has (org.gnome.Platform, on the freedesktop one).
IN_RUNTIME = {
    "glib-2.0", "gobject-2.0", "gio-2.0", "gio-unix-2.0", "json-glib-1.0", "libarchive", "zlib", "libbrotlidec", "libbrotlienc", "libzstd",
    "cairo", "pangocairo", "gtk+-3.0",
}  # fmt: skip
MODULES = {"openssl": {"libcrypto", "libssl"}, "c-ares": {"libcares"}, "nghttp3": {"libnghttp3"}}

manifest = yaml.safe_load((ROOT / "build-aux" / "flatpak" / f"{ID}.yaml").read_text(encoding="utf-8"))
build = (ROOT / "meson.build").read_text(encoding="utf-8")
options = set(re.findall(r"^option\('(\w+)'", "".join(path.read_text(encoding="utf-8") for path in ROOT.glob("meson*options*")), re.M))
names = [module["name"] for module in manifest["modules"]]

assert manifest["id"] == ID and (ROOT / "data" / f"{ID}.desktop.in").exists(), manifest["id"]
assert manifest["command"] == "quicscope"
assert names == [*MODULES, "quicscope"], names
for dependency in re.findall(r"dependency\('([^']+)'", build):
    assert dependency in IN_RUNTIME.union(*MODULES.values()), f"{dependency}: neither in the runtime nor a module"
for module in manifest["modules"]:
    for source in module["sources"]:
        assert source["type"] == "dir" or re.search(r"\d+\.\d+\.\d+$", source["tag"]), source
for option in manifest["modules"][-1]["config-opts"]:
    assert re.match(r"-D(\w+)=", option).group(1) in options, option
own = manifest["modules"][-1]["sources"][0]
assert (ROOT / "build-aux" / "flatpak" / own["path"]).resolve() == ROOT.resolve(), own
assert {"--share=network", "--socket=wayland", "--socket=fallback-x11"} <= set(manifest["finish-args"])
print(f"{len(names)} modules")
