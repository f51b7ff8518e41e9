# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever can have the focus says what it is, on every page: a screen reader reads nothing else."""

import os
import unittest

import a11y
from gi.repository import Atspi

PAGES = ("Overview", "Sequence", "Packets", "Streams", "Security", "Response", "Charts", "Lab", "Lessons", "Report Card", "Watch", "Compare")
# What they hold says it: rows and cells are read by their contents, a scroll pane by what is in it.
SPEAK_BY_CONTENTS = {"scroll pane", "list item", "table cell", "filler", "viewport"}


def is_labelled(node):
    relations = node.get_relation_set()
    return any(relation.get_relation_type() == Atspi.RelationType.LABELLED_BY for relation in relations)


def path_of(node):
    names = []
    while node is not None and node.get_role() != Atspi.Role.APPLICATION:
        names.append(f"{node.get_role_name()} {node.get_name()!r}")
        node = node.get_parent()
    return " in ".join(names[:6])


def focusable(root):
    for node in a11y.walk(root):
        states = node.get_state_set()
        if states.contains(Atspi.StateType.SHOWING) and states.contains(Atspi.StateType.FOCUSABLE):
            yield node


def unnamed(root):
    return sorted(
        {
            path_of(node)
            for node in focusable(root)
            if not node.get_name() and not is_labelled(node) and node.get_role_name() not in SPEAK_BY_CONTENTS
        }
    )


class TestNames(unittest.TestCase):
    def check_pages(self, window, minimum):
        for page in PAGES:
            with self.subTest(page=page):
                window.click(page, "radio button")
                tab = window.find(page, "radio button")
                a11y.wait(f"page {page}", lambda: tab.get_state_set().contains(Atspi.StateType.CHECKED))
                a11y.wait(f"{page}'s widgets", lambda: len(list(focusable(window.root))) >= minimum)
                self.assertEqual(unnamed(window.root), [])

    def test_empty(self):
        with a11y.Window("--size=1280x800") as window:
            window.find("Target")
            self.check_pages(window, 10)

    def test_run(self):
        with a11y.Window("--demo", "--size=1280x800") as window:
            window.wait_text("Connection state", "Connected")
            self.check_pages(window, 12)


if __name__ == "__main__":
    unittest.main(verbosity=2)
