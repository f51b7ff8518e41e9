#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs an AT-SPI test on a display and a session bus of its own: run-a11y.sh TEST.py [ARGUMENT...]
# The test uses tests/app/a11y.py. Exit status 77 (skipped) where Xvfb, dbus or AT-SPI are missing.
set -eu

skip () { echo "skipped: $*" >&2; exit 77; }

python=/usr/bin/python3
command -v xvfb-run >/dev/null || skip "no xvfb-run here"
command -v dbus-run-session >/dev/null || skip "no dbus-run-session here"
"$python" -c 'import gi; gi.require_version ("Atspi", "2.0"); from gi.repository import Atspi' 2>/dev/null ||
  skip "no AT-SPI bindings for $python here"

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
unset NO_AT_BRIDGE
# The bus stands inside: AT-SPI's daemon, which it starts, presses keys on the display. Without -noreset the display is
# gone for a moment when the last client leaves, and the next one may just be coming.
env G_DEBUG=fatal-warnings XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache" XDG_DATA_HOME="$work/data" XDG_STATE_HOME="$work/state" XDG_RUNTIME_DIR="$work" \
  GSETTINGS_BACKEND=memory GDK_BACKEND=x11 LC_ALL=C.UTF-8 PYTHONPATH="$here${PYTHONPATH:+:$PYTHONPATH}" \
  xvfb-run -a -s '-screen 0 1400x900x24 -noreset' dbus-run-session -- "$python" "$@"
