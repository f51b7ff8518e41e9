# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS servers that others wrote, beside those of peers.py: HAProxy, Apache's httpd, lighttpd, stunnel, socat, GnuTLS's,
h2o, nghttp2's; and of other protocols: mosquitto, unbound.

Each returns a peer that listens on loopback, as peers.py has them; one that is not on this machine skips the test.
"""

import os
import tempfile

import peers


def _combined(certs, leaf):
    """Chain and key in one file, as some want them."""
    chain, key = certs.leaf(leaf)
    path = chain + ".combined"
    with open(path, "w", encoding="ascii") as out:
        for part in (chain, key):
            with open(part, encoding="ascii") as file:
                out.write(file.read())
    os.chmod(path, 0o600)
    return path


def _start(command, config=None, *, name="config"):
    """command (port, folder) and config (port, folder): what is run, and the text of folder/name."""

    def start(port):
        folder = tempfile.mkdtemp(prefix="qs-server-")
        os.chmod(folder, 0o755)  # httpd's children are somebody else
        if config is not None:
            with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
                file.write(config(port, folder))
        peer = peers.Process(command(port, folder), port=port, folder=folder)
        peer._own_folder = True
        return peers._ready(peer, lambda p: p.wait_bound("tcp"))

    return peers._start_on_free_port(start)


def haproxy(certs, leaf="good", *, bind="", frontend="http-request return status 200", options=""):
    """bind: more of its bind line, such as "strict-sni"; frontend: what it does with a request."""
    program = peers.find_program("haproxy")
    pem = _combined(certs, leaf)
    return _start(
        lambda port, folder: [program, "-db", "-f", f"{folder}/config"],
        lambda port, folder: f"""defaults
  mode http
  timeout connect 2s
  timeout client 30s
  timeout server 30s
  {options}
frontend test
  bind {peers.HOST}:{port} ssl crt {pem} {bind}
  {frontend}
""",
    )


APACHE_MODULES = ("mpm_event", "authz_core", "ssl", "socache_shmcb", "dir", "headers", "alias")


def apache(certs, leaf="good", *, extra=""):
    """Apache's httpd with mod_ssl. extra: more directives for its virtual host."""
    program = peers.find_program("apache2", "httpd")
    folder_of = next((f for f in ("/usr/lib/apache2/modules", "/usr/lib64/httpd/modules") if os.path.isdir(f)), None)
    if folder_of is None:
        raise peers.unittest.SkipTest("no modules of httpd here")
    chain, key = certs.leaf(leaf)
    load = "\n".join(f"LoadModule {name}_module {folder_of}/mod_{name}.so" for name in APACHE_MODULES)
    os.chmod(certs.folder, 0o755)
    return _start(
        lambda port, folder: [program, "-X", "-f", f"{folder}/config"],
        lambda port, folder: f"""ServerRoot {folder}
PidFile {folder}/pid
Mutex file:{folder} default
{load}
{"User nobody" if os.getuid() == 0 else ""}
Listen {peers.HOST}:{port}
ServerName localhost
ErrorLog {folder}/error.log
DocumentRoot {folder}
<VirtualHost *:{port}>
SSLEngine on
SSLCertificateFile {chain}
SSLCertificateKeyFile {key}
Redirect 204 /
{extra}
</VirtualHost>
""",
    )


def lighttpd(certs, leaf="good", *, extra=""):
    program = peers.find_program("lighttpd")
    if not os.path.exists("/usr/lib/lighttpd/mod_openssl.so"):
        raise peers.unittest.SkipTest("no mod_openssl of lighttpd here")
    pem = _combined(certs, leaf)
    return _start(
        lambda port, folder: [program, "-D", "-f", f"{folder}/config"],
        lambda port, folder: f"""server.document-root = "{folder}"
server.port = {port}
server.bind = "{peers.HOST}"
server.modules += ("mod_openssl")
ssl.engine = "enable"
ssl.pemfile = "{pem}"
{extra}
""",
    )


def stunnel(certs, leaf="good", *, to=None, extra=""):
    """to: the port behind it; None: one on which nothing listens."""
    program = peers.find_program("stunnel4", "stunnel")
    chain, key = certs.leaf(leaf)
    return _start(
        lambda port, folder: [program, f"{folder}/config"],
        lambda port, folder: f"""foreground = yes
pid =
[test]
accept = {peers.HOST}:{port}
connect = {peers.HOST}:{to or 1}
cert = {chain}
key = {key}
{extra}
""",
    )


ANSWER = r"read x; printf 'HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok'"


def socat(certs, leaf="good", *, options="verify=0"):
    program = peers.find_program("socat")
    chain, key = certs.leaf(leaf)
    listen = f"bind={peers.HOST},reuseaddr,fork,cert={chain},key={key},{options}"
    return _start(lambda port, folder: [program, f"OPENSSL-LISTEN:{port},{listen}", f'SYSTEM:"{ANSWER}"'])


def gnutls(certs, leaf="good", *, options=()):
    """GnuTLS's own server, gnutls-serv. options: more of its own, such as ["--priority", "NORMAL:-VERS-TLS1.3"]."""
    program = peers.find_program("gnutls-serv")
    chain, key = certs.leaf(leaf)
    command = ["--http", "--x509certfile", chain, "--x509keyfile", key, *options]
    return _start(lambda port, folder: [program, "--port", str(port), *command])


def mosquitto(certs, leaf="good", *, tls=True):
    """An MQTT broker, over TLS or in plain."""
    program = peers.find_program("mosquitto")
    chain, key = certs.leaf(leaf)
    return _start(
        lambda port, folder: [program, "-c", f"{folder}/config"],
        lambda port, folder: f"""listener {port} {peers.HOST}
allow_anonymous true
{"user root" if os.getuid() == 0 else ""}
{f"certfile {chain}" if tls else ""}
{f"keyfile {key}" if tls else ""}
""",
    )


def unbound(certs, leaf="good", *, tls=True):
    """A name server: DNS over TLS, or in plain over TCP and UDP."""
    program = peers.find_program("unbound")
    chain, key = certs.leaf(leaf)
    return _start(
        lambda port, folder: [program, "-d", "-p", "-c", f"{folder}/config"],
        lambda port, folder: f"""server:
  interface: {peers.HOST}@{port}
  {f"tls-port: {port}" if tls else ""}
  tls-service-pem: "{chain}"
  tls-service-key: "{key}"
  chroot: ""
  username: ""
  do-daemonize: no
  pidfile: ""
  use-syslog: no
  directory: "{folder}"
  module-config: iterator
remote-control:
  control-enable: no
""",
    )


def h2o(certs, leaf="good"):
    program = peers.find_program("h2o")
    chain, key = certs.leaf(leaf)
    return _start(
        lambda port, folder: [program, "-m", "worker", "-c", f"{folder}/config"],
        lambda port, folder: f"""listen:
  host: {peers.HOST}
  port: {port}
  ssl:
    certificate-file: {chain}
    key-file: {key}
{"user: root" if os.getuid() == 0 else ""}
hosts:
  localhost:
    paths:
      /:
        status: ON
""",
    )


def nghttpx(certs, leaf="good", *, options=()):
    """nghttp2's proxy, with nothing behind it. options: more of its own, such as ["--npn-list=h2"]."""
    program = peers.find_program("nghttpx")
    chain, key = certs.leaf(leaf)
    return _start(
        lambda port, folder: [program, "--conf=/dev/null", f"-f{peers.HOST},{port}", f"-b{peers.HOST},1", "--no-ocsp", *options, key, chain]
    )
