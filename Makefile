# SPDX-License-Identifier: GPL-3.0-or-later
# The two commands of the README; all the rest is plain meson in $(BUILD).

BUILD ?= _build

demo:
	@build-aux/bootstrap --for=demo --build="$(BUILD)"
	@ninja -C "$(BUILD)"
	@build-aux/demo "$(BUILD)"

check:
	@build-aux/bootstrap --for=check --build="$(BUILD)"
	@ninja -C "$(BUILD)"
	@meson test -C "$(BUILD)" --no-rebuild --num-processes $$(($$(nproc) * 2)) --no-suite lint --print-errorlogs

clean:
	rm -rf "$(BUILD)"

.PHONY: demo check clean
