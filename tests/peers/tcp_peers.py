# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers on TCP that are no good TLS server, one behaviour each; standard library alone.

    tcp_peers.py BEHAVIOUR [--port=P] [--upstream=HOST:PORT] [--certificate=PEM]

Prints "listening on 127.0.0.1:P" and serves until it is killed. Behaviours: see the table at the end.
"""
import argparse
import os
import socket
import ssl
import struct
import threading
import time


def reset(conn, _hello=b''):
    conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    conn.close()


def alert(level, description):
    def act(conn, _hello):
        conn.sendall(bytes([21, 3, 1, 0, 2, level, description]))
        time.sleep(0.2)
    return act


def pump(source, sink):
    try:
        while chunk := source.recv(65536):
            sink.sendall(chunk)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


HYBRID_SHARE = bytes.fromhex('11ec04c0')  # X25519MLKEM768, 1216 bytes


def box(act, refuses=lambda hello: len(hello) > 1400):
    """A middlebox that acts on the ClientHellos that it refuses, and passes the others to the upstream server."""
    def serve(conn, args):
        time.sleep(0.02)
        hello = conn.recv(65536)
        if refuses(hello):
            act(conn, hello)
            return
        host, port = args.upstream.rsplit(':', 1)
        upstream = socket.create_connection((host, int(port)))
        upstream.sendall(hello)
        back = threading.Thread(target=pump, args=(upstream, conn), daemon=True)
        back.start()
        pump(conn, upstream)
        back.join(5)
    return serve


def large_answers_lost(conn, args, most=576):
    """A path that loses large segments on the way back: of a connection whose ends agreed on small ones nothing is lost."""
    hello = conn.recv(65536)
    host, port = args.upstream.rsplit(':', 1)
    upstream = socket.create_connection((host, int(port)))
    if conn.getsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG) <= most:
        back = threading.Thread(target=pump, args=(upstream, conn), daemon=True)
    else:
        back = threading.Thread(target=lambda: [None for _ in iter(lambda: upstream.recv(65536), b'')], daemon=True)
    upstream.sendall(hello)
    back.start()
    pump(conn, upstream)
    back.join(5)


def says(text, first=True):
    def serve(conn, _args):
        if not first:
            conn.recv(65536)
        conn.sendall(text)
        time.sleep(0.3)
    return serve


def no_renegotiation_info(conn, args):
    """A TLS 1.2 ServerHello with no extension at all, so without RFC 5746."""
    conn.recv(65536)
    der = ssl.PEM_cert_to_DER_cert(open(args.certificate, encoding='ascii').read().split('-----END')[0] + '-----END CERTIFICATE-----\n')
    hello = b'\x03\x03' + os.urandom(32) + b'\x00' + b'\xc0\x2f' + b'\x00' + b'\x00\x00'
    chain = struct.pack('>I', len(der) + 3)[1:] + struct.pack('>I', len(der))[1:] + der
    flight = b'\x02' + struct.pack('>I', len(hello))[1:] + hello + b'\x0b' + struct.pack('>I', len(chain))[1:] + chain
    conn.sendall(b'\x16\x03\x03' + struct.pack('>H', len(flight)) + flight)
    conn.settimeout(2)
    conn.recv(100)


def server_hello(version=b'\x03\x03', suite=b'\xc0\x2f', extensions=b'\xff\x01\x00\x01\x00'):
    hello = version + os.urandom(32) + b'\x00' + suite + b'\x00' + struct.pack('>H', len(extensions)) + extensions
    return b'\x02' + struct.pack('>I', len(hello))[1:] + hello


def record(kind, fragment, version=b'\x03\x03'):
    return bytes([kind]) + version + struct.pack('>H', len(fragment)) + fragment


def half_a_hello(conn, _args):
    conn.recv(65536)
    conn.sendall(record(22, server_hello())[:30])


def small_group(conn, args):
    """A ServerKeyExchange with a Diffie-Hellman group of 1024 bits."""
    conn.recv(65536)
    der = ssl.PEM_cert_to_DER_cert(open(args.certificate, encoding='ascii').read().split('-----END')[0] + '-----END CERTIFICATE-----\n')
    chain = struct.pack('>I', len(der) + 3)[1:] + struct.pack('>I', len(der))[1:] + der
    prime = b'\xff' * 127 + b'\x61'
    exchange = struct.pack('>H', len(prime)) + prime + b'\x00\x01\x02' + struct.pack('>H', len(prime)) + os.urandom(len(prime))
    exchange += b'\x04\x01\x01\x00' + os.urandom(256)
    flight = server_hello(suite=b'\x00\x9f') + b'\x0b' + struct.pack('>I', len(chain))[1:] + chain
    flight += b'\x0c' + struct.pack('>I', len(exchange))[1:] + exchange + b'\x0e\x00\x00\x00'
    conn.sendall(record(22, flight))
    conn.settimeout(2)
    conn.recv(100)


def old_tls(conn, _args):
    """A server that knows TLS 1.0 and nothing newer."""
    conn.recv(65536)
    conn.sendall(record(22, server_hello(version=b'\x03\x01'), b'\x03\x01'))
    conn.settimeout(2)
    conn.recv(100)


def sends_then_alert(level, description):
    def serve(conn, _args):
        conn.recv(65536)
        conn.sendall(record(21, bytes([level, description]), b'\x03\x01'))
        conn.settimeout(2)
        conn.recv(100)
    return serve


def echo(conn, _args):
    while data := conn.recv(65536):
        conn.sendall(data)


BEHAVIOURS = {
    'half-a-hello': half_a_hello,
    'small-group': small_group,
    'old-tls': old_tls,
    'alert-40': sends_then_alert(2, 40),
    'alert-71': sends_then_alert(2, 71),
    'smtp': says(b'220 mail.example.test ESMTP Postfix\r\n'),
    'ftp': says(b'220 FTP server ready\r\n'),
    'imap': says(b'* OK [CAPABILITY IMAP4rev1] ready\r\n'),
    'pop3': says(b'+OK POP3 ready\r\n'),
    'mysql': says(b'\x4a\x00\x00\x00\x0a8.0.36\x00' + bytes(60)),
    'redis': says(b'-ERR Protocol error\r\n', False),
    'memcached': says(b'ERROR\r\n', False),
    'ssl2': says(b'\x80\x0b\x04\x00\x01\x00\x02' + bytes(6), False),
    'http2': says(b'\x00\x00\x06\x04\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x64'),
    'http-511': says(b'HTTP/1.1 511 Network Authentication Required\r\nContent-Length: 0\r\n\r\n', False),
    'http-same-host': says(b'HTTP/1.1 301 Moved\r\nLocation: http://127.0.0.1/x\r\n\r\n', False),
    'proxy-header': says(b'PROXY TCP4 192.0.2.1 192.0.2.2 1 2\r\n'),
    'large-hello-reset': box(reset),
    'large-hello-silence': box(lambda conn, _hello: time.sleep(30)),
    'large-hello-alert-40': box(alert(2, 40)),
    'large-answers-lost': large_answers_lost,
    'hybrid-hello-alert-40': box(alert(2, 40), lambda hello: HYBRID_SHARE in hello),
    'any-hello-alert-40': box(alert(2, 40), lambda hello: True),
    'any-hello-silence': box(lambda conn, _hello: time.sleep(30), lambda hello: True),
    'first-hello-alert-40': box(alert(2, 40), lambda hello, first=iter((True,)): next(first, False)),
    'first-hellos-alert-40': box(alert(2, 40), lambda hello, first=iter((True, True)): next(first, False)),
    # The groups ffdhe3072 and ffdhe4096, side by side.
    'hello-without-ffdhe4096-reset': box(reset, lambda hello: bytes.fromhex('01010102') not in hello),
    'fin-after-hello': lambda conn, _args: conn.recv(65536),
    'reset-after-hello': lambda conn, _args: reset(conn, conn.recv(65536)),
    'no-renegotiation-info': no_renegotiation_info,
    'http-400': says(b'HTTP/1.1 400 Bad Request\r\nServer: web\r\nContent-Type: text/html\r\n\r\n<html>bad</html>', False),
    'http-portal': says(b'HTTP/1.1 302 Found\r\nLocation: http://portal.example.test/login\r\nContent-Length: 0\r\n\r\n', False),
    'echo': echo,
    'ssh': says(b'SSH-2.0-OpenSSH_9.2p1\r\n'),
    'telnet': says(b'\xff\xfd\x18\xff\xfd\x20'),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('behaviour', choices=sorted(BEHAVIOURS))
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--upstream', default='127.0.0.1:443')
    parser.add_argument('--certificate')
    args = parser.parse_args()
    listener = socket.create_server(('127.0.0.1', args.port))
    print('listening on 127.0.0.1:%d' % listener.getsockname()[1], flush=True)
    while True:
        conn, _peer = listener.accept()

        def run(conn=conn):
            try:
                BEHAVIOURS[args.behaviour](conn, args)
            except OSError:
                pass
            finally:
                conn.close()
        threading.Thread(target=run, daemon=True).start()


if __name__ == '__main__':
    main()
