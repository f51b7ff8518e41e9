# SPDX-License-Identifier: GPL-3.0-or-later
"""Headless Chromium against the same sites as the doctor: whether it comes to use HTTP/3 is what “why not HTTP/3?” says of it."""

import base64
import contextlib
import hashlib
import json
import os
import re
import socket
import subprocess
import tempfile
import unittest

import peers
import probe
import tap

PATIENCE = 120  # against hanging
# By the next answers it has learned of HTTP/3, and has tried it.
PAGE = """<!doctype html><body><script>
const tell = async (port) => {
  const url = `https://localhost:${port}/`;
  for (let i = 0; i < 40; i++) await (await fetch(`${url}?${i}`, {cache: 'no-store'})).text();
  const seen = performance.getEntriesByType('resource').filter(entry => entry.name.startsWith(url));
  return [port, seen.map(entry => entry.nextHopProtocol)];
};
Promise.all(location.hash.slice(1).split(',').map(tell)).then(all => {
  document.body.textContent = 'TOLD' + JSON.stringify(Object.fromEntries(all)) + 'END';
});
</script></body>"""
HEADERS = {"Content-Type": ["text/html"], "Access-Control-Allow-Origin": ["*"], "Timing-Allow-Origin": ["*"]}


FLAGS = """--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-component-update --disable-sync
--no-proxy-server --virtual-time-budget=20000 --dump-dom""".split()

N_PICTURES = 100
ALBUM = """<!doctype html><body><script>
const pictures = Array.from({length: %d}, (_, i) => {
  const picture = document.body.appendChild(new Image());
  picture.src = `/picture-${i}.svg`;
  return picture.decode().then(() => 1, () => 0);
});
Promise.all(pictures).then(all => { document.title = 'SHOWN ' + all.reduce((sum, one) => sum + one, 0) + ' END'; });
</script></body>""" % N_PICTURES  # fmt: skip
PICTURE = '<svg xmlns="http://www.w3.org/2000/svg" width="10" height="10"><rect width="10" height="10" fill="#%06x"/></svg>'
FAULTS = ("delay=30ms", "loss=5%", "reorder=20%", "duplicate=20%", "bad-wifi", "mobile")


def chromium():
    return peers.find_program("chromium", "chromium-browser", "google-chrome")


def openssl(*words, data=None):
    return subprocess.run([peers.openssl_program(), *words], input=data, capture_output=True, check=True).stdout


def pin(chain):
    """Of the leaf's public key, as --ignore-certificate-errors-spki-list takes it."""
    key = openssl("pkey", "-pubin", "-outform", "DER", data=openssl("x509", "-in", chain, "-noout", "-pubkey"))
    return base64.b64encode(hashlib.sha256(key).digest()).decode()


def browse(pins, ports, public=True):
    """Which protocols were used with each site. public: whoever vouches for localhost passes for a known root, as with an origin that QUIC is
    forced on; the rule goes by the host's name, so no site of the test is forced."""
    with tempfile.TemporaryDirectory() as folder:
        flags = [*FLAGS, f"--user-data-dir={folder}", f"--ignore-certificate-errors-spki-list={','.join(pins)}"]
        flags += ["--host-resolver-rules=MAP elsewhere.example 127.0.0.1, MAP localhost 127.0.0.1"]
        flags += ["--origin-to-force-quic-on=localhost:1"] if public else []
        url = f"https://localhost:{ports[0]}/#{','.join(map(str, ports))}"
        done = subprocess.run([chromium(), *flags, url], capture_output=True, timeout=PATIENCE)
    told = re.search(r"TOLD(.*)END</body>", done.stdout.decode())
    assert told, done.stderr.decode()[-2000:]
    return {int(port): "h3" in protocols for port, protocols in json.loads(told.group(1)).items()}


def ask(certs, port, public=True, other=None):
    environment = {"SSL_CERT_FILE": certs.ca, "SSL_CERT_DIR": "", "QS_PUBLIC_ROOTS": certs.ca if public else os.devnull}
    environment.update(dict.fromkeys(("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"), ""))
    resolve = [f"--resolve=localhost:{port}:{peers.HOST}"]
    resolve += [f"--resolve=elsewhere.example:{other}:{peers.HOST}"] if other is not None else []
    result = probe.run("--why-not-h3", "--json", *resolve, f"https://localhost:{port}/", env=environment)
    browsers = json.loads(result.text)["why_not_h3"]["browsers"]
    chromium = next(browser for browser in browsers if browser["id"] == "chromium")
    return chromium["uses_http3"], chromium["condition"]


class Doctor(unittest.TestCase):
    def setUp(self):
        chromium()
        self.certs = self.enterContext(peers.Certificates())
        self.pins = [pin(self.certs.leaf()[0])]

    def web(self, advertised):
        """Over TCP, with this Alt-Svc."""
        headers = {**HEADERS, "Alt-Svc": [advertised]} if advertised is not None else HEADERS
        return self.enterContext(peers.caddy(self.certs, protocols=("h1", "h2"), body=PAGE, headers=headers)).port

    def h3(self):
        return self.enterContext(peers.caddy(self.certs, body=PAGE, headers=HEADERS)).port

    def test_conditions(self):
        chain, key = self.certs.leaf()
        healthy = self.h3()
        alpn = self.enterContext(peers.quicserve(probe.SERVER, f"--cert={chain}", f"--key={key}", "--alpn=hq-interop", "--no-tcp")).port
        name = self.enterContext(peers.ngtcp2_server(self.certs, "wrong-name")).port
        silent = self.enterContext(contextlib.closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)))
        silent.bind((peers.HOST, 0))
        sites = {
            "healthy": (healthy, None),
            "another port": (self.web(f'h3=":{healthy}"'), None),
            "another host": (self.web(f'h3="elsewhere.example:{healthy}"'), None),
            "no Alt-Svc": (self.web(None), "advertised"),
            "a dead port": (self.web(f'h3=":{peers.free_port()}"'), "udp"),
            "a silent port": (self.web(f'h3=":{silent.getsockname()[1]}"'), "udp"),
            "wrong ALPN": (self.web(f'h3=":{alpn}"'), "alpn"),
            "wrong name": (self.web(f'h3=":{name}"'), "certificate"),
            "a draft": (self.web(f'h3-29=":{healthy}"'), "alt-svc-version"),
            "out of date": (self.web(f'h3=":{healthy}"; ma=0'), "alt-svc-age"),
        }
        used = browse(self.pins, [port for port, _ in sites.values()])
        for site, (port, condition) in sites.items():
            with self.subTest(site):
                answer, why = ask(self.certs, port, other=healthy)
                self.assertEqual(used[port], condition is None)
                self.assertEqual((answer, why), ("yes" if used[port] else "no", condition))

    def test_unknown_root(self):
        """Chromium takes what a person trusts over TCP, and not over QUIC."""
        port = self.h3()
        self.assertEqual(browse(self.pins, [port], public=False), {port: False})
        self.assertEqual(ask(self.certs, port, public=False), ("no", "public-root"))


class Pictures(unittest.TestCase):
    """A page with a hundred pictures, over HTTP/3 and through the relay: all of them come, and all of it can be read."""

    @classmethod
    def setUpClass(cls):
        cls.certs = cls.enterClassContext(peers.Certificates())
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        for i in range(N_PICTURES):
            with open(os.path.join(folder, f"picture-{i}.svg"), "w", encoding="utf-8") as file:
                file.write(PICTURE % (i * 1000))
        with open(os.path.join(folder, "index.html"), "w", encoding="utf-8") as file:
            file.write(ALBUM)
        cls.port = cls.enterClassContext(peers.caddy(cls.certs, files=folder)).port

    def load(self, *options):
        with tempfile.TemporaryDirectory() as profile:
            flags = [*FLAGS, f"--user-data-dir={profile}", f"--ignore-certificate-errors-spki-list={pin(self.certs.leaf()[0])}"]
            flags += [f"--host-resolver-rules=MAP localhost:{self.port} {{address}}:{{port}}"]
            flags += [f"--origin-to-force-quic-on=localhost:{self.port}", f"https://localhost:{self.port}/"]
            result = tap.watch(self.port, [chromium(), *flags], *options)
        self.assertIn(f"SHOWN {N_PICTURES} END", result.err)
        quic = [c for c in result.connections if c["target"]["transport"] == "quic" and c["tls"]["alpn"] == "h3"]
        self.assertTrue(quic, result.text)
        for connection in quic:
            tap.check_decrypted(self, result, connection["source"]["connection"])
            self.assertNotIn("error", [finding["severity"] for finding in connection["findings"]], result.text)
        return quic

    def test_healthy(self):
        quic = self.load()
        self.assertEqual(len(quic), 1)
        self.assertEqual(quic[0]["http"]["status"], 200)

    def test_faults(self):
        for fault in FAULTS:
            with self.subTest(fault):
                self.load(f"--impair={fault}")


if __name__ == "__main__":
    peers.main()
