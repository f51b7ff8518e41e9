#!/bin/sh
# SPDX-License-Identifier: GPL-3.0-or-later
# Runs a window test on a display and a session bus of its own: run-x11.sh PROGRAM [ARGUMENT...]
# Without Xvfb or dbus it says so in TAP and skips.
set -eu

if ! command -v xvfb-run >/dev/null || ! command -v dbus-run-session >/dev/null; then
  echo "1..0 # SKIP no xvfb-run or no dbus-run-session here"
  exit 0
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Nothing of the user's: settings, history, accessibility.
env XDG_CONFIG_HOME="$work/config" XDG_CACHE_HOME="$work/cache" XDG_DATA_HOME="$work/data" XDG_STATE_HOME="$work/state" XDG_RUNTIME_DIR="$work" \
  NO_AT_BRIDGE=1 GSETTINGS_BACKEND=memory GDK_BACKEND=x11 LC_ALL=C.UTF-8 \
  dbus-run-session -- xvfb-run -a -s '-screen 0 1400x900x24' "$@"
