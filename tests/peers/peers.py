# SPDX-License-Identifier: GPL-3.0-or-later
"""Real peers on loopback for tests: started in a moment, known to be ready, gone afterwards.

    certs = peers.Certificates(folder)
    with peers.caddy(certs) as peer:
        run_something(f"https://localhost:{peer.port}/hello")

Every peer listens on loopback, on a port that was free. A `with` block is entered when the peer
answers (its port is bound, or its log says so; nothing sleeps for a fixed time) and left when it is
gone. A peer that is not on this machine raises unittest.SkipTest, so the test says that it was
skipped. A peer also dies with the test that started it, whatever kills that one.

QS_OPENSSL names an openssl program >= 3.5 (meson sets it). main() runs a test file's unittest
classes and reports in TAP, a line a test.
"""

import concurrent.futures
import contextlib
import ctypes
import json
import os
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import unittest

HOST = "127.0.0.1"
PATIENCE = 60.0  # seconds; a loaded machine is slow, a dead peer is noticed at once

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


# --- programs ------------------------------------------------------------------------------


def _search_path():
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")
    unpacked = os.path.join(cache, "quicscope", "peers", "usr")
    return os.pathsep.join(
        [os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"]
        + [os.path.join(unpacked, "bin"), os.path.join(unpacked, "sbin")]
    )


def find_program(*names):
    """The first of these programs that the machine has; else the test is skipped."""
    for name in names:
        path = shutil.which(name, path=_search_path())
        if path is not None:
            return path
    raise unittest.SkipTest(f"no {' or '.join(names)} here")


def openssl_program():
    """An openssl program that speaks QUIC."""
    return find_program(os.environ.get("QS_OPENSSL") or "openssl")


# --- waiting -------------------------------------------------------------------------------


def wait_until(condition, what, timeout=PATIENCE):
    """Polls until condition() is true and returns what it returned; TimeoutError says what was waited for."""
    deadline = time.monotonic() + timeout
    while True:
        result = condition()
        if result:
            return result
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {timeout:g} s for {what}")
        time.sleep(0.01)


def side_by_side(test, meet, items, at_once=6):
    """What meet(item) returns of each item, in order: runs that mostly wait, several at once. What fails in one is told as a subtest of
    the test, and left out."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        runs = [(item, pool.submit(meet, item)) for item in items]
    met = []
    for item, run in runs:
        with test.subTest(item):
            met.append((item, run.result()))
    return met


def _bound_ports(protocol):
    ports = set()
    for family in ("", "6"):
        try:
            with open(f"/proc/net/{protocol}{family}", encoding="ascii") as table:
                rows = table.read().splitlines()[1:]
        except FileNotFoundError:
            continue
        for row in rows:
            fields = row.split()
            if protocol == "udp" or fields[3] == "0A":  # TCP_LISTEN
                ports.add(int(fields[1].rsplit(":", 1)[1], 16))
    return ports


def is_bound(protocol, port):
    """Whether something listens on this "udp" or "tcp" port."""
    return port in _bound_ports(protocol)


def free_port(host=HOST):
    """A port number that was free for UDP and TCP a moment ago."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for _ in range(200):
        with socket.socket(family, socket.SOCK_STREAM) as tcp, socket.socket(family, socket.SOCK_DGRAM) as udp:
            tcp.bind((host, 0))
            port = tcp.getsockname()[1]
            try:
                udp.bind((host, port))
            except OSError:
                continue
            return port
    raise OSError("no port is free for both UDP and TCP")


# --- peers that are programs of their own --------------------------------------------------


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)


class Process:
    """A program that runs until the end of the `with` block, its output in a file."""

    def __init__(self, command, *, port=0, host=HOST, folder=None, env=None, stdin=subprocess.DEVNULL):
        self.command = [str(part) for part in command]
        self.host = host
        self.port = port
        self._own_folder = folder is None
        self.folder = folder or tempfile.mkdtemp(prefix="qs-peer-")
        self.log_path = os.path.join(self.folder, os.path.basename(self.command[0]) + ".log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=stdin,
                stdout=log,
                stderr=subprocess.STDOUT,
                env={**os.environ, **(env or {})},
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()

    def alive(self):
        return self.process.poll() is None

    def _wait(self, condition, what, timeout):
        def check():
            result = condition()
            if not result and not self.alive():
                raise ChildProcessError(f"{self.command[0]} ended with {self.process.returncode}:\n{self.log()[-2000:]}")
            return result

        try:
            return wait_until(check, what, timeout)
        except TimeoutError as error:
            raise TimeoutError(f"{error}; its log:\n{self.log()[-2000:]}") from None

    def wait_for_line(self, pattern, timeout=PATIENCE):
        """Waits until the log matches the regular expression; returns the match."""
        return self._wait(lambda: re.search(pattern, self.log(), re.M), f"“{pattern}” from {self.command[0]}", timeout)

    def wait_bound(self, protocol, timeout=PATIENCE):
        name = f"{self.command[0]} on {protocol} port {self.port}"
        return self._wait(lambda: is_bound(protocol, self.port), name, timeout)

    def wait(self, timeout=PATIENCE):
        """Waits for the program's own end; returns its exit status."""
        return self.process.wait(timeout)

    def kill(self):
        """As a crash would: nothing is said to anybody."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.alive():
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                pass
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        if self.process.stdin is not None:
            self.process.stdin.close()
        if self._own_folder:
            shutil.rmtree(self.folder, ignore_errors=True)


def _start_on_free_port(start, host=HOST, attempts=5):
    """start (port) -> a ready Process. Another program may take the port in between: then try the next."""
    for attempt in range(attempts):
        port = free_port(host)
        try:
            return start(port)
        except ChildProcessError as error:
            if attempt + 1 == attempts or not re.search(r"in use|could not bind|bind", str(error), re.I):
                raise
    raise AssertionError("not reached")


def _ready(peer, *waits):
    try:
        for wait in waits:
            wait(peer)
    except BaseException:
        peer.stop()
        raise
    return peer


def caddy(
    certs, leaf="good", *, host=HOST, body="hello from caddy\n", files=None, protocols=("h1", "h2", "h3"), headers=None, status=200,
    upstream=None,
):
    """Caddy: HTTP/3 by quic-go, and HTTP/1.1 and 2 over TLS on the same port number.
    files: a folder to serve; upstream: a port of plain HTTP that it hands requests on to; else every path answers with status and body, and with headers, a dict of lists."""
    program = find_program("caddy")
    chain, key = certs.leaf(leaf)
    if files is not None:
        handle = [{"handler": "file_server", "root": str(files)}]
    elif upstream is not None:
        handle = [{"handler": "reverse_proxy", "upstreams": [{"dial": f"{HOST}:{upstream}"}], "flush_interval": -1}]
    else:
        handle = [{"handler": "static_response", "status_code": status, "body": body, "headers": headers or {}}]

    def start(port):
        folder = tempfile.mkdtemp(prefix="qs-caddy-")
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        config = {
            "admin": {"disabled": True, "config": {"persist": False}},
            "apps": {
                "http": {
                    "https_port": port,
                    "servers": {
                        "test": {
                            "listen": [address],
                            "protocols": list(protocols),
                            "automatic_https": {"disable": True},
                            "tls_connection_policies": [{"default_sni": "localhost"}],  # for literals
                            "routes": [{"handle": handle}],
                        }
                    },
                },
                "tls": {"certificates": {"load_files": [{"certificate": chain, "key": key}]}},
            },
        }
        path = os.path.join(folder, "caddy.json")
        with open(path, "w", encoding="utf-8") as file:
            json.dump(config, file)
        peer = Process(
            [program, "run", "--config", path],
            port=port,
            host=host,
            folder=folder,
            env={"HOME": folder, "XDG_DATA_HOME": folder, "XDG_CONFIG_HOME": folder},
        )
        peer._own_folder = True
        waits = [lambda p: p.wait_for_line("serving initial configuration"), lambda p: p.wait_bound("tcp")]
        if "h3" in protocols:
            waits.append(lambda p: p.wait_bound("udp"))
        return _ready(peer, *waits)

    return _start_on_free_port(start, host)


NGTCP2_SERVERS = ("gtlsserver", "ngtcp2-server", "osslserver", "bsslserver")


def ngtcp2_server_knows(option):
    """Whether the help of ngtcp2's server tells of an option: they come and go with its versions."""
    help = subprocess.run([find_program(*NGTCP2_SERVERS), "--help"], capture_output=True, text=True, timeout=PATIENCE)
    return option in help.stdout + help.stderr


def ngtcp2_server(certs, leaf="good", *, host=HOST, files=None, options=()):
    """ngtcp2's example server (HTTP/3). options: more of its own, such as ["--validate-addr"] for Retry."""
    program = find_program(*NGTCP2_SERVERS)
    chain, key = certs.leaf(leaf)

    def start(port):
        folder = tempfile.mkdtemp(prefix="qs-ngtcp2-")
        command = [program, "--quiet", "--htdocs", files or folder, *options, host, port, key, chain]
        peer = Process(command, port=port, host=host, folder=folder)
        peer._own_folder = True
        return _ready(peer, lambda p: p.wait_bound("udp"))

    return _start_on_free_port(start, host)


def ngtcp2_client():
    """The program of ngtcp2's example client."""
    return find_program("gtlsclient", "ngtcp2-client", "osslclient", "bsslclient")


def _certificates_above(chain):
    """A file with all certificates of this one but the first; None: there is but one."""
    mark = b"-----BEGIN CERTIFICATE-----"
    with open(chain, "rb") as file:
        parts = file.read().split(mark)
    if len(parts) < 3:
        return None
    with open(chain + ".above", "wb") as out:
        out.write(mark + mark.join(parts[2:]))
    return chain + ".above"


def openssl_server(certs, leaf="good", *, host=HOST, options=("-www",)):
    """openssl s_server: TLS over TCP. options: more of its own, such as ["-tls1_2"], ["-Verify", "1"]."""
    chain, key = certs.leaf(leaf)
    address = f"[{host}]:0" if ":" in host else f"{host}:0"
    command = [openssl_program(), "s_server", "-accept", address]
    command += ["-cert", chain, "-key", key]
    above = _certificates_above(chain)
    if above is not None:
        command += ["-cert_chain", above]
    command += options
    # It ends at the end of its standard input, so that has to stay open.
    peer = Process(command, host=host, stdin=subprocess.PIPE)
    _ready(peer, lambda p: p.wait_for_line(r"^ACCEPT .*:(\d+)\s*$"))
    peer.port = int(re.search(r"^ACCEPT .*:(\d+)\s*$", peer.log(), re.M).group(1))
    return peer


def nginx(certs, leaf="good", *, host=HOST, body="hello from nginx\\n", extra="", tls=True):
    """nginx: TLS over TCP, HTTP/1.1. extra: more directives for its server block. tls: False: plain HTTP."""
    program = find_program("nginx")
    chain, key = certs.leaf(leaf)

    def start(port):
        folder = tempfile.mkdtemp(prefix="qs-nginx-")
        address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        temporary = "".join(
            f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
        )
        config = f"""
daemon off;
master_process off;
pid {folder}/nginx.pid;
error_log stderr;
events {{ }}
http {{
  access_log off;
  default_type text/plain;
  {temporary}
  server {{
    listen {address}{' ssl' if tls else ''};
    server_name localhost;
    ssl_certificate {chain};
    ssl_certificate_key {key};
    {extra}
    location / {{ return 200 "{body}"; }}
  }}
}}
"""
        path = os.path.join(folder, "nginx.conf")
        with open(path, "w", encoding="utf-8") as file:
            file.write(config)
        peer = Process([program, "-e", "stderr", "-p", folder, "-c", path], port=port, host=host, folder=folder)
        peer._own_folder = True
        return _ready(peer, lambda p: p.wait_bound("tcp"))

    return _start_on_free_port(start, host)


def quicserve(program, *options, host=HOST):
    """Quicscope's own server, on a port that the kernel chose."""
    peer = Process([program, f"--address={host}", "--port=0", *options], host=host)
    _ready(peer, lambda p: p.wait_for_line(r"^listening on .*:(\d+)\s*$"))
    peer.port = int(re.search(r"^listening on .*:(\d+)\s*$", peer.log(), re.M).group(1))
    return peer


def misbehaving(kind, behaviour, *options, upstream=None):
    """A peer of udp_peers.py or tcp_peers.py ("udp", "tcp"). upstream: a peer that it passes things on to."""
    program = os.path.join(os.path.dirname(os.path.abspath(__file__)), f"{kind}_peers.py")
    to = [f"--upstream={HOST}:{upstream.port}"] if upstream is not None else []
    peer = Process([sys.executable, program, behaviour, *to, *options])
    _ready(peer, lambda p: p.wait_for_line(r"^listening on .*:\d+$"))
    peer.host, port = re.search(r"^listening on (.*):(\d+)$", peer.log(), re.M).groups()
    peer.port = int(port)
    return peer


# --- peers that are a thread ---------------------------------------------------------------


class _SocketPeer:
    """A socket served by a thread of this process; received holds what came, by datagram or piece. port 0: a free one."""

    def __init__(self, kind, handle, host, port=0):
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.host = host
        self.received = []
        self.most_connections = 0  # at a time, of TCP's
        self._handle = handle
        self._socket = socket.socket(family, kind)
        if kind == socket.SOCK_STREAM:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind((host, port))
        self.port = self._socket.getsockname()[1]
        if kind == socket.SOCK_STREAM:
            self._socket.listen(64)
        self._wake_read, self._wake_write = os.pipe()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        connections = []
        while True:
            ready, _, _ = select.select([self._wake_read, self._socket, *connections], [], [])
            if self._wake_read in ready:
                break
            for item in reversed(ready):  # those that have ended before those that begin
                try:
                    self._handle(self, item, connections)
                    self.most_connections = max(self.most_connections, len(connections))
                except OSError:
                    if item in connections:
                        connections.remove(item)
                        item.close()
        for item in connections:
            item.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def stop(self):
        if self._thread is None:
            return
        os.write(self._wake_write, b"x")
        self._thread.join()
        self._thread = None
        self._socket.close()
        os.close(self._wake_read)
        os.close(self._wake_write)


def _read_from(peer, connections, item):
    data = item.recv(65536)
    if not data:
        connections.remove(item)
        item.close()
    else:
        peer.received.append(data)
    return data


def tcp_echo(host=HOST, greeting=b""):
    """Plain TCP, no TLS: says greeting, sends back what comes."""

    def handle(peer, item, connections):
        if item is peer._socket:
            connection = item.accept()[0]
            connections.append(connection)
            connection.sendall(greeting)
        else:
            data = _read_from(peer, connections, item)
            if data:
                item.sendall(data)

    return _SocketPeer(socket.SOCK_STREAM, handle, host)


def tcp_silent(host=HOST):
    """Accepts TCP connections, reads, and never says a word."""

    def handle(peer, item, connections):
        if item is peer._socket:
            connections.append(item.accept()[0])
        else:
            _read_from(peer, connections, item)

    return _SocketPeer(socket.SOCK_STREAM, handle, host)


def tcp_reset(host=HOST):
    """Accepts a TCP connection and resets it as soon as the first bytes have come."""

    def handle(peer, item, connections):
        if item is peer._socket:
            connections.append(item.accept()[0])
            return
        peer.received.append(item.recv(65536))
        # No lingering: close() sends RST in place of FIN.
        item.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connections.remove(item)
        item.close()

    return _SocketPeer(socket.SOCK_STREAM, handle, host)


def tcp_relay(port, to, host=HOST):
    """Listens on this port (0: a free one) and passes bytes on to the TCP server at the port to, both ways."""
    other = {}  # a connection -> the one that its bytes go to

    def handle(peer, item, connections):
        if item is peer._socket:
            client = item.accept()[0]
            server = socket.create_connection((host, to))
            other[client], other[server] = server, client
            connections += [client, server]
            return
        data = item.recv(65536)
        if data:
            other[item].sendall(data)
            return
        for end in (item, other.pop(item)):
            other.pop(end, None)
            connections.remove(end)
            end.close()

    return _SocketPeer(socket.SOCK_STREAM, handle, host, port)


def udp_silent(host=HOST):
    """A UDP port that takes every datagram and never answers."""

    def handle(peer, item, _connections):
        peer.received.append(item.recv(65536))

    return _SocketPeer(socket.SOCK_DGRAM, handle, host)


def udp_relay(port, passes, host=HOST):
    """Stands between a client and the UDP server at port. passes (up, datagram) says which datagrams get through; up: to the
    server."""
    return udp_forger(port, lambda up, data: ([data] if passes(up, data) else [], []), host)


def udp_balancer(ports, host=HOST, *, mute=()):
    """Deals out the datagrams of each client one by one among the UDP servers at ports, as a balancer does that goes by packets.
    mute: those of the ports whose answers do not come back."""
    clients = {}  # address -> the sockets that the servers know it by, and how many datagrams it has sent

    def handle(peer, item, connections):
        if item is peer._socket:
            data, address = item.recvfrom(65536)
            peer.received.append(data)
            if address not in clients:
                clients[address] = [[], 0]
                for port in ports:
                    upstream = socket.socket(item.family, socket.SOCK_DGRAM)
                    upstream.connect((host, port))
                    clients[address][0].append(upstream)
                    connections.append(upstream)
            sockets, n = clients[address]
            clients[address][1] += 1
            sockets[n % len(sockets)].send(data)
        else:
            data = item.recv(65536)
            if item.getpeername()[1] not in mute:
                address = next(address for address, known in clients.items() if item in known[0])
                peer._socket.sendto(data, address)

    return _SocketPeer(socket.SOCK_DGRAM, handle, host)


def udp_forger(port, forge, host=HOST):
    """Makes another server of the UDP server at port. forge (up, datagram) returns two lists: the datagrams that go on in its place,
    and those that go back to who sent it; up: to the server."""
    clients = {}  # address -> the socket that the server knows it by

    def handle(peer, item, connections):
        if item is peer._socket:
            data, address = item.recvfrom(65536)
            peer.received.append(data)
            if address not in clients:
                clients[address] = socket.socket(item.family, socket.SOCK_DGRAM)
                clients[address].connect((host, port))
                connections.append(clients[address])
            on, back = forge(True, data)
            for datagram in on:
                clients[address].send(datagram)
            for datagram in back:
                peer._socket.sendto(datagram, address)
        else:
            data = item.recv(65536)
            address = next(address for address, known in clients.items() if known is item)
            on, back = forge(False, data)
            for datagram in on:
                peer._socket.sendto(datagram, address)
            for datagram in back:
                item.send(datagram)

    return _SocketPeer(socket.SOCK_DGRAM, handle, host)


@contextlib.contextmanager
def closed_port(host=HOST):
    """A port on which nothing listens, over UDP and TCP, for the length of the block. It is held all the same, so that no other
    test gets it: TCP's socket does not listen, and UDP's is connected to itself, which hears nobody else."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with contextlib.ExitStack() as stack:
        port = None
        while port is None:
            tcp = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
            udp = stack.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            tcp.bind((host, 0))
            try:
                udp.bind(tcp.getsockname()[:2])
            except OSError:
                continue
            udp.connect(udp.getsockname()[:2])
            port = udp.getsockname()[1]
        yield port


# --- certificates --------------------------------------------------------------------------


class Certificates:
    """A throwaway CA and leaves of every kind, made on demand in a folder.

    ca: the CA's file, for --cacert. leaf (kind) -> (file with the chain to send, key file), with kind one of
    good, with-intermediate, incomplete-chain (the intermediate is not sent), expired, not-yet-valid, wrong-name,
    self-signed, unknown-ca, below-no-ca, unknown-extension, client, unknown-client; p521, ed25519, rsa by the key."""

    NAMES = ("DNS:localhost", "IP:127.0.0.1", "IP:::1")
    KEYS = {
        "p521": ("ec", "-pkeyopt", "ec_paramgen_curve:P-521"),
        "ed25519": ("ed25519",),
        "rsa": ("rsa:2048",),
    }

    def __init__(self, folder=None):
        self._temporary = None
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory(prefix="qs-certs-")
            folder = self._temporary.name
        self.folder = str(folder)
        self._leaves = {}
        self.ca = self._issue("ca", "Quicscope test CA", authority=True)[0]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._temporary is not None:
            self._temporary.cleanup()

    def _path(self, name):
        return os.path.join(self.folder, name)

    P256 = ("ec", "-pkeyopt", "ec_paramgen_curve:P-256")

    def _issue(self, name, subject, *, issuer=None, authority=False, names=(), usage="serverAuth", dates=(), extra=(), key=P256):
        kind, cert, key = key, self._path(name + ".pem"), self._path(name + ".key")
        command = [openssl_program(), "req", "-x509", "-config", "/dev/null", "-newkey", *kind]
        command += ["-nodes", "-keyout", key, "-out", cert]
        command += ["-subj", f"/CN={subject}", *(dates or ("-days", "30"))]
        if issuer is not None:
            command += ["-CA", self._path(issuer + ".pem"), "-CAkey", self._path(issuer + ".key")]
        command += ["-addext", "subjectKeyIdentifier=hash", "-addext", "authorityKeyIdentifier=keyid"]
        if authority:
            command += ["-addext", "basicConstraints=critical,CA:TRUE"]
            command += ["-addext", "keyUsage=critical,keyCertSign,cRLSign"]
        else:
            command += ["-addext", "basicConstraints=CA:FALSE", "-addext", f"extendedKeyUsage={usage}"]
        if names:
            command += ["-addext", "subjectAltName=" + ",".join(names)]
        subprocess.run([*command, *extra], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        return cert, key

    def _intermediate(self):
        if not os.path.exists(self._path("intermediate.pem")):
            self._issue("intermediate", "Quicscope test intermediate", issuer="ca", authority=True)
        return self._path("intermediate.pem")

    def _make(self, kind):
        day = 86400
        stamp = lambda days: time.strftime("%Y%m%d%H%M%SZ", time.gmtime(time.time() + days * day))
        if kind == "below-no-ca":  # who vouches for it is no CA
            self._issue("no-ca", "Quicscope test non-CA", issuer="ca", names=self.NAMES)
            cert, key = self._issue(kind, "localhost", issuer="no-ca", names=self.NAMES)
            with open(cert, "ab") as chain, open(self._path("no-ca.pem"), "rb") as more:
                chain.write(more.read())
            return cert, key
        if kind == "unknown-extension":  # which is critical
            extra = ("-addext", "1.2.3.4=critical,DER:0500")
            return self._issue(kind, "localhost", issuer="ca", names=self.NAMES, extra=extra)
        if kind == "unknown-client":
            self._issue("other-ca", "Some other test CA", authority=True)
            return self._issue(kind, "localhost", issuer="other-ca", names=self.NAMES, usage="clientAuth")
        if kind in self.KEYS:
            return self._issue(kind, "localhost", issuer="ca", names=self.NAMES, key=self.KEYS[kind])
        if kind in ("good", "client"):
            usage = "clientAuth" if kind == "client" else "serverAuth"
            return self._issue(kind, "localhost", issuer="ca", names=self.NAMES, usage=usage)
        if kind == "expired":
            dates = ("-not_before", stamp(-60), "-not_after", stamp(-30))
            return self._issue(kind, "localhost", issuer="ca", names=self.NAMES, dates=dates)
        if kind == "not-yet-valid":
            dates = ("-not_before", stamp(30), "-not_after", stamp(60))
            return self._issue(kind, "localhost", issuer="ca", names=self.NAMES, dates=dates)
        if kind == "wrong-name":
            return self._issue(kind, "elsewhere.example", issuer="ca", names=("DNS:elsewhere.example",))
        if kind == "self-signed":
            return self._issue(kind, "localhost", names=self.NAMES)
        if kind == "unknown-ca":
            self._issue("other-ca", "Some other test CA", authority=True)
            return self._issue(kind, "localhost", issuer="other-ca", names=self.NAMES)
        if kind in ("incomplete-chain", "with-intermediate"):
            intermediate = self._intermediate()
            cert, key = self._issue(kind, "localhost", issuer="intermediate", names=self.NAMES)
            if kind == "with-intermediate":
                with open(cert, "ab") as chain, open(intermediate, "rb") as more:
                    chain.write(more.read())
            return cert, key
        raise ValueError(f"no such kind of certificate: {kind}")

    def with_revocation_list(self, kind):
        """A file with the CA and its list of revoked certificates: this leaf's."""
        path, config, index = self._path(f"revoked-{kind}.pem"), self._path("ca.conf"), self._path("index.txt")
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[ca]\ndefault_ca = own\n[own]\ndatabase = {index}\ndefault_md = sha256\ndefault_crl_days = 30\n")
        open(index, "wb").close()
        command = [openssl_program(), "ca", "-config", config, "-cert", self.ca, "-keyfile", self._path("ca.key")]
        for step in (["-revoke", self.leaf(kind)[0]], ["-gencrl", "-out", path]):
            subprocess.run([*command, *step], check=True, stdin=subprocess.DEVNULL, capture_output=True)
        with open(path, "ab") as file, open(self.ca, "rb") as more:
            file.write(more.read())
        return path

    def of_many_names(self, count):
        """(certificate, key): localhost, and so many names more."""
        cert, key, config = self._path("many.pem"), self._path("many.key"), self._path("many.cnf")
        names = "".join(f"DNS.{i} = name-{i}.example.test\n" for i in range(1, count))
        with open(config, "w", encoding="ascii") as file:
            file.write(f"[req]\ndistinguished_name = dn\n[dn]\n[ext]\nsubjectAltName = @n\n[n]\nDNS.0 = localhost\n{names}")
        command = [openssl_program(), "req", "-x509", "-config", config, "-extensions", "ext", "-newkey", "ec"]
        command += ["-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", cert, "-subj", "/CN=many"]
        command += ["-days", "30", "-CA", self.ca, "-CAkey", self._path("ca.key")]
        subprocess.run(command, check=True, capture_output=True)
        return cert, key

    def leaf(self, kind="good"):
        if kind not in self._leaves:
            self._leaves[kind] = self._make(kind)
        return self._leaves[kind]


# --- reporting -----------------------------------------------------------------------------


class _TapResult(unittest.TestResult):
    def __init__(self, out):
        super().__init__()
        self._out = out
        self._number = 0

    def _line(self, ok, test, directive="", details=""):
        self._number += 1
        self._out.write(f"{'ok' if ok else 'not ok'} {self._number} {test.id().split('.', 1)[-1]}{directive}\n")
        for line in details.splitlines():
            self._out.write(f"# {line}\n")
        self._out.flush()

    def addSuccess(self, test):
        super().addSuccess(test)
        self._line(True, test)

    def addFailure(self, test, err):
        super().addFailure(test, err)
        self._line(False, test, details="".join(traceback.format_exception(*err)))

    def addError(self, test, err):
        super().addError(test, err)
        self._line(False, test, details="".join(traceback.format_exception(*err)))

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        self._line(True, test, f" # SKIP {reason}")

    def addExpectedFailure(self, test, err):
        super().addExpectedFailure(test, err)
        self._line(True, test)

    def addUnexpectedSuccess(self, test):
        super().addUnexpectedSuccess(test)
        self._line(False, test, details="was expected to fail")

    def addSubTest(self, test, subtest, err):
        super().addSubTest(test, subtest, err)
        if err is not None:
            self._line(False, subtest, details="".join(traceback.format_exception(*err)))


def main(module="__main__"):
    """Runs a module's unittest classes, or those named on the command line, and reports in TAP."""
    loader = unittest.defaultTestLoader
    if isinstance(module, str):
        module = sys.modules[module]
    suite = loader.loadTestsFromNames(sys.argv[1:], module) if sys.argv[1:] else loader.loadTestsFromModule(module)
    result = _TapResult(sys.stdout)
    suite.run(result)
    sys.stdout.write(f"1..{result._number}\n")
    sys.stdout.flush()
    sys.exit(0 if result.wasSuccessful() else 1)
