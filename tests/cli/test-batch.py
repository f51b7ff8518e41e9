# SPDX-License-Identifier: GPL-3.0-or-later
"""quicprobe --repeat and --targets: many runs, and what they come to."""

import csv
import io
import json
import os
import re
import signal
import subprocess
import tempfile
import unittest

import openmetrics
import peers
import probe

SPREAD = ("n", "min", "p50", "p90", "p95", "p99", "max", "mean", "histogram")
FIGURES = ("runs", "succeeded", "failed", "stopped", "success_rate", "timings_ms", "findings")
RUN = (
    "target", "run", "started", "outcome", "stage", "verdict", "findings", "address", "alpn", "quic_version", "tls_version",
    "resumed", "timings_ms", "steps", "rtt_ms", "least_rtt_ms", "http_status", "bytes",
)  # fmt: skip
COLUMNS = [
    "target", "run", "started", "outcome", "stage", "resolve_ms", "handshake_ms", "first_byte_ms", "total_ms", "rtt_ms", "address",
    "alpn", "quic_version", "tls_version", "resumed", "http_status", "bytes", "findings", "verdict",
]  # fmt: skip
WRONG_READERS = [
    "", "# EOF", "a 1\n# EOF\n", "# TYPE a counter\na 1\n# EOF\n", "# TYPE a counter\na_total 1 1700000000\n# EOF\n",
    "# TYPE a counter\na_total -1\n# EOF\n", "# TYPE a gauge\na{b=\"\\x\"} 1\n# EOF\n", "# TYPE a gauge\na 1\na 1\n# EOF\n",
    '# TYPE a histogram\na_bucket{le="1"} 1\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n# EOF\n',
    '# TYPE a histogram\na_bucket{le="1.0"} 2\na_bucket{le="+Inf"} 1\na_sum 1\na_count 1\n# EOF\n',
    '# TYPE a histogram\na_bucket{le="1.0"} 1\na_sum 1\na_count 1\n# EOF\n',
]  # fmt: skip


def nearest_rank(values, percent):
    return sorted(values)[max(-(-len(values) * percent // 100), 1) - 1]


class Batch(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.ca = os.path.join(cls.folder.name, "ca.pem")
        cls.server = peers.quicserve(probe.SERVER, f"--write-ca={cls.ca}")
        cls.addClassCleanup(cls.server.__exit__, None, None, None)
        cls.host = f"localhost:{cls.server.port}"
        cls.options = ["-4", f"--cacert={cls.ca}", f"--resolve={cls.host}:127.0.0.1"]

    def path(self, name, text=None):
        path = os.path.join(self.folder.name, name)
        if text is not None:
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        return path

    def batch(self, *arguments, status=0, timeout=120):
        """With --json: the object, checked against itself: figures are made of the runs."""
        result = probe.run("--json", *self.options, *arguments, timeout=timeout)
        self.assertEqual(result.status, status, result.err)
        probe.check_text(result.text)
        report = json.loads(result.text)
        self.assertEqual(list(report), ["runs", "targets", "all", "plan", "stopped", "elapsed_ms", "busy"])
        for run in report["runs"]:
            self.assertEqual(tuple(run), RUN)
            self.assertIn(run["outcome"], ("ok", "failed", "stopped"))
        for figures in report["targets"]:
            self.assertEqual(tuple(figures), ("target", *FIGURES))
            self.check_figures(figures, [run for run in report["runs"] if run["target"] == figures["target"]])
        self.check_figures(report["all"], report["runs"])
        return report

    def check_figures(self, figures, runs):
        judged = [run for run in runs if run["outcome"] != "stopped"]
        good = [run for run in judged if run["outcome"] == "ok"]
        self.assertEqual((figures["runs"], figures["succeeded"]), (len(judged), len(good)))
        self.assertEqual(figures["failed"], len(judged) - len(good))
        for name, spread in figures["timings_ms"].items():
            self.assertEqual(tuple(spread), SPREAD)
            times = [run["timings_ms"][name] for run in good if run["timings_ms"][name] is not None]
            self.assertEqual(spread["n"], len(times))
            self.assertEqual(sum(column["n"] for column in spread["histogram"]), len(times))
            if not times:
                self.assertIsNone(spread["p50"])
                continue
            for percent in (50, 90, 95, 99):
                self.assertAlmostEqual(spread[f"p{percent}"], nearest_rank(times, percent), 2)
            self.assertAlmostEqual(spread["min"], min(times), 2)
            self.assertAlmostEqual(spread["max"], max(times), 2)
        counted = {}
        for run in judged:
            for finding in run["findings"]:
                counted[finding] = counted.get(finding, 0) + 1
        self.assertEqual({finding["id"]: finding["n"] for finding in figures["findings"]}, counted)
        for finding in figures["findings"]:
            starts = [run["started"] for run in judged if finding["id"] in run["findings"]]
            self.assertEqual((finding["first"], finding["last"]), (min(starts), max(starts)))

    def test_repeat(self):
        report = self.batch("--repeat=20", "--parallel=4", f"https://{self.host}/")
        self.assertEqual([run["run"] for run in sorted(report["runs"], key=lambda run: run["run"])], list(range(1, 21)))
        for run in report["runs"]:
            self.assertEqual((run["outcome"], run["stage"], run["alpn"], run["http_status"]), ("ok", "done", "h3", 200))
            self.assertLess(run["timings_ms"]["handshake"], run["timings_ms"]["first_byte"])
            self.assertFalse(run["resumed"])
            self.assertGreater(run["bytes"], 0)
            self.assertEqual(run["address"], f"127.0.0.1:{self.server.port}")
        self.assertEqual(report["plan"], {"repeat": 20, "parallel": 4, "every_s": None})

    def test_session(self):
        """Each run is new, unless there is a jar of tickets."""
        session = self.path("session.pem")
        report = self.batch("--repeat=4", f"--session={session}", f"quic://{self.host}/hello", "--alpn=hq-interop")
        self.assertEqual([run["resumed"] for run in report["runs"]], [False, True, True, True])
        self.assertTrue(os.path.exists(session))

    def test_mixed(self):
        """Several that fail, each in its own way, do not keep each other."""
        with (
            peers.Certificates() as certs,
            peers.ngtcp2_server(certs, "expired") as expired,
            peers.udp_silent() as silent,
            peers.closed_port() as closed,
        ):
            targets = {
                f"quic://{self.host}": ("ok", None),
                f"tls://{self.host}": ("ok", None),
                f"https://localhost:{expired.port}/": ("failed", "certificate-expired"),
                f"quic://127.0.0.1:{closed}": ("failed", "port-closed"),
                f"quic://127.0.0.1:{silent.port}": ("failed", "no-reply"),
            }
            report = self.batch("--repeat=2", "--parallel=10", "--timeout=4", *targets, status=1)
        self.assertEqual(len(report["runs"]), 2 * len(targets))
        for run in report["runs"]:
            outcome, finding = next(value for name, value in targets.items() if name.rstrip("/") == run["target"].rstrip("/"))
            self.assertEqual(run["outcome"], outcome, run)
            if finding is not None:
                self.assertIn(finding, run["findings"])
        self.assertEqual(report["all"]["success_rate"], 0.4)
        self.assertEqual(report["all"]["findings"][0]["severity"], "error")

    def test_real_peers(self):
        with peers.Certificates() as certs, peers.caddy(certs) as caddy, peers.nginx(certs) as nginx:
            urls = [f"https://localhost:{caddy.port}/", f"tls://localhost:{nginx.port}/", f"tls://localhost:{caddy.port}/"]
            result = probe.run("--json", f"--cacert={certs.ca}", "-4", "--repeat=10", "--parallel=6", *urls)
        self.assertEqual(result.status, 0, result.err)
        report = json.loads(result.text)
        self.assertEqual([figures["succeeded"] for figures in report["targets"]], [10, 10, 10])
        for figures in report["targets"]:
            self.check_figures(figures, [run for run in report["runs"] if run["target"] == figures["target"]])

    def test_text(self):
        one = probe.run(*self.options, "--repeat=5", f"quic://{self.host}/hello")
        self.assertEqual(one.status, 0, one.err)
        probe.check_text(one.text)
        self.assertRegex(one.text, rf"^5 runs of quic://{self.host}/hello in .*: 5 succeeded, 0 failed\s\(100.0\s%\)")
        for word in ("Handshake", "First byte", "p50", "p99", "max", "█"):
            self.assertIn(word, one.text)
        many = probe.run(*self.options, "--repeat=3", f"quic://{self.host}", "quic://127.0.0.1:1")
        self.assertEqual(many.status, 1)
        self.assertRegex(many.text, r"(?m)^6 runs of 2 targets in .*: 3 succeeded, 3 failed")
        self.assertRegex(many.text, rf"(?m)^quic://{self.host} +3 +0 ")
        self.assertRegex(many.text, r"(?m)^quic://127.0.0.1:1 +3 +3 +-")
        self.assertRegex(many.text, r"(?m)^ +3 runs: Error \[port-closed\]")
        quiet = probe.run("-q", *self.options, "--repeat=3", f"quic://{self.host}")
        self.assertLessEqual(len(quiet.text.splitlines()), 3, quiet.text)
        for line in (one.text + many.text).splitlines():
            self.assertLessEqual(len(line), 120)

    def test_csv(self):
        path = self.path("runs.csv")
        result = probe.run(*self.options, "--repeat=3", f"--csv={path}", f"quic://{self.host}/hello", "quic://127.0.0.1:1")
        self.assertEqual(result.status, 1, result.err)
        with open(path, newline="", encoding="utf-8") as file:
            raw = file.read()
        self.assertEqual(raw.count("\n"), raw.count("\r\n"))
        rows = list(csv.DictReader(io.StringIO(raw), strict=True))
        self.assertEqual(list(rows[0]), COLUMNS)
        self.assertEqual(len(rows), 6)
        for row in rows:
            self.assertNotIn(None, row)
            if row["outcome"] == "ok":
                self.assertGreater(float(row["total_ms"]), float(row["handshake_ms"]))
            else:
                self.assertEqual((row["handshake_ms"], row["findings"].split()[0]), ("", "port-closed"))
            self.assertRegex(row["started"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        out = probe.run(*self.options, "--repeat=2", "--csv=-", f"quic://{self.host}")
        self.assertEqual(out.status, 0)
        self.assertEqual(len(list(csv.DictReader(io.StringIO(out.text)))), 2)
        self.assertIn("2 succeeded", out.err)

    def test_openmetrics(self):
        for text in WRONG_READERS:  # the reader sees what is wrong
            with self.assertRaises(ValueError, msg=text):
                openmetrics.read(text)
        path = self.path("quic.prom")
        good, bad = f"quic://{self.host}/hello", "quic://127.0.0.1:1"
        result = probe.run(*self.options, "--repeat=4", "--parallel=3", f"--openmetrics={path}", good, bad)
        self.assertEqual(result.status, 1, result.err)
        with open(path, encoding="utf-8") as file:
            text = file.read()
        families = openmetrics.read(text)
        value = lambda name, **labels: openmetrics.value_of(families, name, **labels)
        self.assertEqual(value("quicprobe_runs_total", target=good, outcome="ok"), 4)
        self.assertEqual(value("quicprobe_runs_total", target=good, outcome="failed"), 0)
        self.assertEqual(value("quicprobe_runs_total", target=bad, outcome="failed"), 4)
        self.assertEqual(value("quicprobe_findings_total", target=bad, finding="port-closed"), 4)
        self.assertEqual(value("quicprobe_last_run_success", target=good), 1)
        self.assertEqual(value("quicprobe_last_run_success", target=bad), 0)
        for name in ("handshake", "first_byte", "run"):
            self.assertEqual(value(f"quicprobe_{name}_seconds_count", target=good), 4)
            self.assertEqual(value(f"quicprobe_{name}_seconds_count", target=bad), 0)
        self.assertGreater(value("quicprobe_handshake_seconds_sum", target=good), 0)
        try:
            from prometheus_client.openmetrics import parser
        except ImportError:
            return
        self.assertGreater(len(list(parser.text_string_to_metric_families(text))), 5)

    def start(self, *arguments):
        process = subprocess.Popen(
            [probe.PROGRAM, *self.options, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, env={**os.environ, "LC_ALL": "C.UTF-8"},
        )  # fmt: skip
        self.addCleanup(process.kill)
        return process

    def finish(self, process):
        out, err = process.communicate(timeout=60)
        return probe.Result(process.returncode, out, err)

    def test_every(self):
        """Whoever watches: a line a run as it comes, metrics after each round, and at Ctrl-C what there is."""
        path = self.path("watch.prom")
        process = self.start("--repeat=1000", "--every=0.05", f"--openmetrics={path}", f"quic://{self.host}/hello")

        def written():
            if not os.path.exists(path):
                return False
            with open(path, encoding="utf-8") as file:
                families = openmetrics.read(file.read())  # whole, whenever it is looked at
            return openmetrics.value_of(families, "quicprobe_runs_total", target=f"quic://{self.host}/hello", outcome="ok") >= 3

        peers.wait_until(written, "three rounds")
        process.send_signal(signal.SIGINT)
        result = self.finish(process)
        self.assertEqual(result.status, 1, result.err)
        self.assertRegex(result.text, r"It was stopped: \d+ runs were not made")
        self.assertRegex(result.err, rf"(?m)^\d\d:\d\d:\d\d  quic://{self.host}/hello: Connected")
        runs = int(re.match(r"(\d+) runs? of", result.text).group(1))
        self.assertIn(len(result.err.splitlines()) - runs, (0, 1))  # one may have been under way

    def test_interrupted(self):
        """JSON is whole and CSV too, however they were ended; runs that hang do not keep them."""
        with peers.udp_silent() as silent:
            path = self.path("interrupted.csv")
            process = self.start("--json", "--repeat=5", "--parallel=2", f"--csv={path}", f"quic://127.0.0.1:{silent.port}")
            peers.wait_until(lambda: silent.received, "a datagram")
            process.send_signal(signal.SIGINT)
            result = self.finish(process)
        self.assertEqual(result.status, 1, result.err)
        report = json.loads(result.text)
        self.assertTrue(report["stopped"])
        self.assertEqual((report["all"]["runs"], report["all"]["stopped"]), (0, len(report["runs"])))
        self.assertLessEqual(len(report["runs"]), 2)
        with open(path, newline="", encoding="utf-8") as file:
            self.assertEqual(len(list(csv.DictReader(file))), len(report["runs"]))

    def test_parallel(self):
        """Never more at once than was asked for: a server that answers nobody sees them all."""
        with peers.udp_silent() as silent:
            result = probe.run("--json", "--repeat=6", "--parallel=3", "--timeout=0.5", f"quic://127.0.0.1:{silent.port}")
        report = json.loads(result.text)
        spans = []
        for run in report["runs"]:
            clock = re.fullmatch(r".*T(\d\d):(\d\d):(\d\d\.\d{3})Z", run["started"]).groups()
            from_ = (int(clock[0]) * 60 + int(clock[1])) * 60 + float(clock[2])
            spans.append((from_, from_ + run["timings_ms"]["total"] / 1000))
        self.assertEqual(len(spans), 6)
        for at, _ in spans:
            # A run's start is told in whole milliseconds.
            self.assertLessEqual(sum(begin <= at < end - 0.01 for begin, end in spans), 3, spans)

    def test_targets(self):
        path = self.path("targets", f"# ours\n\nquic://{self.host}/hello\n  tls://{self.host}\nquic://{self.host}/hello\n")
        report = self.batch("--repeat=2", f"--targets={path}", f"tls://{self.host}")
        self.assertEqual([figures["target"] for figures in report["targets"]],
                         [f"tls://{self.host}", f"quic://{self.host}/hello"])  # fmt: skip
        self.assertEqual(len(report["runs"]), 4)
        alone = self.batch(f"--targets={path}")  # once, unless it is said otherwise
        self.assertEqual(len(alone["runs"]), 2)

    def test_wrong(self):
        broken = self.path("broken", "quic://localhost\n\n# fine\nftp://localhost\n")
        empty = self.path("empty", "# nothing\n")
        pipe = self.path("pipe")
        os.mkfifo(pipe)
        host = "quic://localhost:1"
        wrong = {
            "no target": (["--repeat=2"], "target"),
            "zero": (["--repeat=0", host], "--repeat"),
            "word": (["--repeat=many", host], "--repeat"),
            "too often": (["--repeat=1000000", host, "quic://localhost:2"], "1000000"),
            "parallel": (["--repeat=2", "--parallel=257", host], "--parallel"),
            "every": (["--repeat=2", "--every=-1", host], "--every"),
            "every nan": (["--repeat=2", "--every=nan", host], "--every"),
            "csv alone": (["--csv=x.csv", host], "--repeat=N"),
            "parallel alone": (["--parallel=2", host], "--repeat=N"),
            "both to stdout": (["--repeat=2", "--json", "--csv=-", host], "standard output"),
            "openmetrics to stdout": (["--repeat=2", "--openmetrics=-", host], "--openmetrics"),
            "line": ([f"--targets={broken}"], "line 4"),
            "empty": ([f"--targets={empty}"], "no target"),
            "missing": (["--targets=/no/such/file"], "/no/such/file"),
            "pipe": ([f"--targets={pipe}"], pipe),
            "folder": ([f"--targets={self.folder.name}"], self.folder.name),
            "device": (["--targets=/dev/zero"], "/dev/zero"),
            "impaired tls": (["--repeat=2", "--impair=bad-wifi", host, "tls://localhost:1"], "tls://"),
        }
        for option in ("--trace", "--qlog=x.qlog", "--pcapng=x.pcapng", "--report=x.html", "--keylog=x", "--output=x", "--examine",
                       "--dns=none", "--compare=x", "--read=x"):  # fmt: skip
            wrong[option] = (["--repeat=2", option, host], option.split("=")[0])
        for name, (arguments, words) in wrong.items():
            with self.subTest(name):
                result = probe.run(*arguments, timeout=20)
                self.assertEqual((result.status, result.out), (2, b""), result.err)
                self.assertIn(words, result.err)
                self.assertFalse(os.path.exists("x.csv"))

    def test_unwritable(self):
        for option in ("--csv=/no/such/folder/x.csv", "--openmetrics=/no/such/folder/x.prom"):
            result = probe.run("--repeat=1", option, f"quic://{self.host}")
            self.assertEqual((result.status, result.out), (1, b""))
            self.assertIn("/no/such/folder", result.err)

    def test_reader_that_goes(self):
        """| head: said once, and no runs are made for nobody."""
        process = self.start("--json", "--repeat=100000", f"quic://{self.host}")
        process.stdout.read(64)
        process.stdout.close()
        process.stdout = None
        err = process.stderr.read().decode()
        self.assertEqual(process.wait(60), 1)
        self.assertEqual(err.count("standard output"), 1, err)


if __name__ == "__main__":
    peers.main()
