# SPDX-License-Identifier: GPL-3.0-or-later
"""Drives Quicscope's window as a person with a screen reader would: by names, roles, actions and texts.

    with a11y.Window("--size=1024x700") as window:
        window.type("Target", "quic://localhost:4433/")
        window.click("Connect")
        window.wait_text("Connection state", "Connected")

Run the test by run-a11y.sh. What is waited for is waited for at most TIMEOUT seconds.
"""

import os
import subprocess
import time

import gi

gi.require_version("Atspi", "2.0")
from gi.repository import Atspi, GLib  # noqa: E402

TIMEOUT = 30


# From 2.54 on AT-SPI calls a push button a button.
NEWER_ROLE_NAMES = {"push button": "button"}


# X11's numbers of keys that have no letter.
KEYS = {
    "BackSpace": 0xFF08, "Return": 0xFF0D, "Escape": 0xFF1B, "Page_Up": 0xFF55, "Page_Down": 0xFF56,
    "F5": 0xFFC2, "F11": 0xFFC8, "space": 0x20,
}  # fmt: skip


def press(key):
    """A key on the keyboard, for the window that has the focus."""
    assert Atspi.generate_keyboard_event(KEYS[key], None, Atspi.KeySynthType.SYM), key


def program(name):
    """A built program of the project."""
    folder = {"quicscope": "app", "quicprobe": "cli", "quicserve": "cli"}[name]
    return os.path.join(os.environ["QS_BUILDDIR"], "src", folder, name)


def wait(what, condition, timeout=TIMEOUT):
    """Until condition() is true; returns what it returned."""
    end = time.monotonic() + timeout
    while True:
        try:
            found = condition()
        except GLib.Error:  # what was looked at is gone by now
            found = None
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"waited {timeout} s for {what}")
        time.sleep(0.05)


def children(node):
    """Of an accessible, those that are still there."""
    for i in range(node.get_child_count()):
        child = node.get_child_at_index(i)
        if child is not None:
            yield child


def walk(node):
    """An accessible and all below it that is on the screen; a table is not entered (its cells are many)."""
    yield node
    if node.get_role() in (Atspi.Role.TABLE, Atspi.Role.TREE_TABLE):
        return
    for child in children(node):
        yield from walk(child)


def text_of(node):
    """What a label or an entry says."""
    if "Text" in node.get_interfaces():
        return Atspi.Text.get_text(node, 0, -1)
    return node.get_name()


class Window:
    """A running Quicscope."""

    def __init__(self, *arguments, env=None, stdin=None):
        environment = dict(os.environ, **(env or {}))
        self.process = subprocess.Popen([program("quicscope"), *arguments], env=environment, stdin=stdin)
        self.root = None
        self.clicks = 0

    def __enter__(self):
        def find():
            assert self.process.poll() is None, "quicscope ended too soon"
            desktop = Atspi.get_desktop(0)
            for application in children(desktop):
                if application.get_process_id() == self.process.pid and application.get_child_count() > 0:
                    return application
            return None

        self.root = wait("the window", find)
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)

    def find_all(self, name, role=None):
        """All that are on the screen with this accessible name (and role: "push button")."""
        return [
            node
            for node in walk(self.root)
            if node.get_name() == name
            and (role is None or node.get_role_name() in (role, NEWER_ROLE_NAMES.get(role)))
            and node.get_state_set().contains(Atspi.StateType.SHOWING)
        ]

    def find(self, name, role=None):
        """The first one; waits for it."""
        return wait(f"{role or 'something'} named {name!r}", lambda: self.find_all(name, role))[0]

    def click(self, name, role=None):
        """What a button, a tab or a menu item does; waits until it can be done."""
        node = self.find(name, role)
        wait(f"{name!r} to be sensitive", lambda: node.get_state_set().contains(Atspi.StateType.SENSITIVE))
        assert Atspi.Action.do_action(node, 0), f"{name!r} has no action"
        self.clicks += 1

    def choose(self, list_name, text):
        """Selects the row of a list that says this."""
        rows = self.find(list_name, "list box")

        def position():
            for i, row in enumerate(children(rows)):
                if any(node.get_name() == text for node in walk(row)):
                    return (i,)
            return None

        assert Atspi.Selection.select_child(rows, wait(f"{text!r} in {list_name!r}", position)[0])
        self.clicks += 1

    def type(self, name, text):
        """Replaces what an entry says."""
        assert Atspi.EditableText.set_text_contents(self.find(name), text)

    def text(self, name):
        """What a label or an entry of this accessible name says."""
        return text_of(self.find(name))

    def wait_text(self, name, wanted):
        """Until it says something that contains wanted."""
        try:
            wait(f"{name!r} to say {wanted!r}", lambda: wanted in self.text(name))
        except AssertionError as error:
            raise AssertionError(f"{error}; it says {self.text(name)!r}") from error

    def rows(self, name):
        """The names of a list's rows."""
        return [child.get_name() for child in children(self.find(name, "list box"))]

    def table(self, name):
        """A table's cells, row by row, as texts."""
        table = self.find(name, "table")
        n_rows, n_columns = Atspi.Table.get_n_rows(table), Atspi.Table.get_n_columns(table)
        return [
            [text_of(Atspi.Table.get_accessible_at(table, row, column)) for column in range(n_columns)]
            for row in range(n_rows)
        ]
