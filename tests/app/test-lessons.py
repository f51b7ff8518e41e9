# SPDX-License-Identifier: GPL-3.0-or-later
"""Lessons in the window: read, answered, presented, frozen, and written by a person."""

import os
import re
import signal
import tempfile
import unittest
import xml.etree.ElementTree as ElementTree

import a11y

LESSONS = os.path.join(os.environ["QS_SRCDIR"], "data", "lessons")


def pages(name):
    """Of a shipped lesson: the elements of its file."""
    return list(ElementTree.parse(os.path.join(LESSONS, name + ".lesson")).getroot().iter("page"))


def title(page):
    return page.findtext("title")


def words(element):
    """As they are shown: lines joined, marks gone."""
    return " ".join("".join(element.itertext()).split()).replace("*", "").replace("`", "")


class LessonTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.own = os.path.join(folder.name, "data", "quicscope", "lessons")
        settings = os.path.join(folder.name, "config", "gtk-3.0")
        os.makedirs(settings)
        # A page's moment is gone to at once.
        with open(os.path.join(settings, "settings.ini"), "w", encoding="utf-8") as file:
            file.write("[Settings]\ngtk-enable-animations=0\n")
        self.env = {
            "XDG_CONFIG_HOME": os.path.join(folder.name, "config"),
            "XDG_DATA_HOME": os.path.join(folder.name, "data"),
        }

    def open(self, *arguments):
        return a11y.Window("--size=1200x800", *arguments, env=self.env)

    def write(self, name, text):
        os.makedirs(self.own, exist_ok=True)
        with open(os.path.join(self.own, name), "w", encoding="utf-8") as file:
            file.write(text)


class TestLessons(LessonTest):
    def walk(self, window, name):
        """From the first page to the last; each question is answered wrongly and then as the trace says."""
        all_pages = pages(name)
        asked = 0
        for number, page in enumerate(all_pages):
            window.wait_text("Lesson page", title(page))
            paragraph = page.find("p")
            if paragraph is not None:
                self.assertIn(words(paragraph), window.text("Lesson text"))
            if page.find("question") is not None:
                self.answer(window, page.find("question"))
                asked += 1
            window.click("Next" if number + 1 < len(all_pages) else "Done", "push button")
        window.find("Lessons", "list box")
        return asked

    def answer(self, window, question):
        """Every choice is taken: one is right, and the others are told to be wrong."""
        verdicts = []
        for choice in question.iter("choice"):
            window.click(words(choice), "radio button")
            window.find("Show the proof", "push button")  # the run is over, the trace has an answer
            verdicts.append(a11y.wait("a verdict", lambda: window.text("Lesson verdict")).split(":")[0])
        self.assertEqual(sorted(set(verdicts)), ["No", "Right"], verdicts)
        self.assertEqual(verdicts.count("Right"), 1, verdicts)
        window.click("Show the proof", "push button")
        diagram = window.find("Sequence diagram")
        a11y.wait("a packet that is marked", lambda: "bytes" in diagram.get_description())

    def test_handshake(self):
        """From the list, by keyboard."""
        with self.open("--page=lessons") as window:
            rows = window.rows("Lessons")
            self.assertGreaterEqual(len(rows), 15, rows)
            self.assertTrue(rows[0].startswith("A handshake in one round trip."), rows)
            row = next(a11y.children(window.find("Lessons", "list box")))
            self.assertTrue(a11y.Atspi.Component.grab_focus(row))
            a11y.press("Return")
            self.assertEqual(self.walk(window, "handshake"), 1)

    def test_several_runs(self):
        with self.open("--lesson=certificates") as window:
            self.assertEqual(self.walk(window, "certificates"), 2)

    def test_watched(self):
        """What passed on the way is shown, sealed; and where a program is missing that is told, and the text is there."""
        number = next(i for i, page in enumerate(pages("observer")) if page.find("question") is not None)
        with self.open(f"--lesson=observer:{number + 1}") as window:
            self.answer(window, pages("observer")[number].find("question"))
        page = "<page><title>One</title><p>Hello</p></page>"
        self.write("missing.lesson", f"<lesson><title>Mine</title><run program='quic-go'>{page}</run></lesson>")
        with self.open("--lesson=missing") as window:
            window.wait_text("Lesson page", "One")
            self.assertIn("Hello", window.text("Lesson text"))
            a11y.wait("what is missing", lambda: any("quic-go" in a11y.text_of(node) for node in a11y.walk(window.root)))
            window.find("Try it again", "push button")

    def test_streams(self):
        number = next(i for i, page in enumerate(pages("streams")) if page.get("show") == "streams")
        with self.open(f"--lesson=streams:{number + 1}") as window:
            rows = a11y.wait("three streams", lambda: len(window.rows("Streams of the lesson")) == 3)
            rows = window.rows("Streams of the lesson")
            self.assertIn("RESET_REMOTE, 66 (0x42)", rows[1])
            self.assertIn("Reading: FINISHED", rows[2])

    def test_own(self):
        """A teacher's own: found, and told where it is wrong; mended while the program runs."""
        good = "<lesson><title>Mine</title><page><title>One</title><p>Hello</p></page></lesson>"
        self.write("good.lesson", good)
        self.write("broken.lesson", "<lesson>\n<title>Broken</title>\n<page><b>x</b></page></lesson>")
        with self.open("--page=lessons") as window:
            self.assertTrue(any(row.startswith("Mine") for row in window.rows("Lessons")))
            problems = [a11y.text_of(node) for node in a11y.walk(window.root) if node.get_role_name() == "label"]
            said = [text for text in problems if "broken.lesson:3: <b> cannot stand in <page>" in text]
            self.assertEqual(len(said), 1, problems)
            self.write("broken.lesson", good.replace("Mine", "Mended"))
            window.click("Lab", "radio button")
            window.click("Lessons", "radio button")
            a11y.wait("the mended one", lambda: any(row.startswith("Mended") for row in window.rows("Lessons")))


class TestPresenting(LessonTest):
    def test_keys(self):
        titles = [title(page) for page in pages("handshake")]
        with self.open("--lesson=handshake") as window:
            window.wait_text("Lesson page", titles[0])
            window.find("Target")
            for key in ("F11", "F5"):
                a11y.press(key)
                a11y.wait("the entry to be gone", lambda: not window.find_all("Target"))
                self.assertEqual(window.find_all("Lessons", "radio button"), [])
                for move, shown in (("Page_Down", 1), ("space", 2), ("BackSpace", 1), ("Page_Up", 0)):
                    a11y.press(move)
                    window.wait_text("Lesson page", titles[shown])
                    self.assertTrue(window.find_all("Lesson text"))
                a11y.press("Escape")
                window.find("Target")


class TestBlocking(LessonTest):
    """A blocking call freezes a program of its own, and Quicscope goes on."""

    def open_frame(self):
        number = next(i for i, page in enumerate(pages("blocking")) if page.get("show") == "blocking")
        return self.open(f"--lesson=blocking:{number + 1}")

    def press(self, window, name):
        """Returns the frame's process, and the labels that tell of it."""
        button = window.find(name, "push button")
        worst, result = window.find("Worst delay"), window.find("Result")
        pid = button.get_process_id()
        self.assertNotEqual(pid, window.process.pid)
        self.assertTrue(a11y.Atspi.Action.do_action(button, 0))
        return pid, worst, result

    def seconds(self, node):
        found = re.search(r"([0-9.]+) (s|ms|µs)\b", a11y.text_of(node))
        return float(found.group(1)) * {"s": 1, "ms": 1e-3, "µs": 1e-6}[found.group(2)] if found else None

    def test_freeze(self):
        with self.open_frame() as window:
            # Not looked for while the frame is frozen: whoever walks the tree into it would wait as well.
            silence, own = window.find("Silence of the small program"), window.find("Delay of this window")
            a11y.wait("signs of life", lambda: a11y.text_of(silence) == "gives signs of life")
            _, worst, _ = self.press(window, "Connect and wait")
            a11y.wait("silence", lambda: "silent for" in a11y.text_of(silence) and self.seconds(silence) > 1)
            a11y.wait("the frame to be back", lambda: a11y.text_of(silence).startswith("back, after"))
            # Two round trips of 1.6 s: one to connect, one to read.
            self.assertGreater(self.seconds(silence), 3)
            a11y.wait("its own meter", lambda: (self.seconds(worst) or 0) > 3)
            self.assertLess(self.seconds(own), self.seconds(silence) / 2)

    def test_nonblocking(self):
        with self.open_frame() as window:
            silence = window.find("Silence of the small program")
            a11y.wait("signs of life", lambda: a11y.text_of(silence) == "gives signs of life")
            _, worst, result = self.press(window, "Connect without waiting")
            a11y.wait("the answer", lambda: "went on all the while" in a11y.text_of(result))
            self.assertLess(self.seconds(worst), 1.6)

    def test_killed(self):
        with self.open_frame() as window:
            again = "Start the small program again"
            pid, _, _ = self.press(window, "Connect and wait")
            os.kill(pid, signal.SIGKILL)
            window.click(again, "push button")
            silence = window.find("Silence of the small program")
            a11y.wait("signs of life", lambda: a11y.text_of(silence) == "gives signs of life")

    def test_leaving(self):
        """The next page is there while the frame hangs, and the frame is gone."""
        with self.open_frame() as window:
            following = window.find("Next", "push button")
            pid, _, _ = self.press(window, "Connect and wait")
            self.assertTrue(a11y.Atspi.Action.do_action(following, 0))
            a11y.wait("the frame's end", lambda: not os.path.exists(f"/proc/{pid}"))
            window.wait_text("Lesson page", "What it waited for")


if __name__ == "__main__":
    unittest.main(verbosity=2)
