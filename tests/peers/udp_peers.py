# SPDX-License-Identifier: GPL-3.0-or-later
"""Peers on UDP that are no good QUIC server, one behaviour each; standard library alone.

    udp_peers.py BEHAVIOUR [--port=P] [--upstream=HOST:PORT]

Prints "listening on ADDRESS:P" and serves until it is killed.
"""
import argparse
import os
import socket
import struct
import threading


def connection_ids(datagram):
    at = 6 + datagram[5]
    return datagram[6:at], datagram[at + 1:at + 1 + datagram[at]]


def echo(sock, datagram, peer, _args):
    sock.sendto(datagram, peer)


def noise(sock, _datagram, peer, _args):
    sock.sendto(os.urandom(60), peer)


def once(sock, datagram, peer, _args):
    """A service that answers one datagram and keeps silent then."""
    if peer not in ANSWERED:
        ANSWERED.add(peer)
        sock.sendto(b'go away\r\n', peer)


def dns(sock, datagram, peer, _args):
    """FORMERR, as name servers answer what they cannot read."""
    sock.sendto(datagram[:2] + b'\x80\x01' + bytes(8), peer)


def stun(sock, _datagram, peer, _args):
    sock.sendto(b'\x01\x11\x00\x00\x21\x12\xa4\x42' + os.urandom(12), peer)


def ntp(sock, datagram, peer, _args):
    sock.sendto(bytes([0x24, 2]) + os.urandom(22) + datagram[40:48] + os.urandom(16), peer)


def memcached(sock, datagram, peer, _args):
    sock.sendto(datagram[:2] + b'\x00\x00\x00\x01\x00\x00ERROR\r\n', peer)


def http(sock, _datagram, peer, _args):
    sock.sendto(b'HTTP/1.1 400 Bad Request\r\n\r\n', peer)


def swapped_ids(sock, datagram, peer, _args):
    """A Version Negotiation that anybody could have made up: its connection ids are not the client's."""
    if datagram[0] & 0x80:
        sock.sendto(b'\xc0' + bytes(4) + b'\x08' + os.urandom(8) + b'\x08' + os.urandom(8) + struct.pack('>I', 0xff00001d), peer)


def dtls_alert(sock, _datagram, peer, _args):
    sock.sendto(b'\x15\xfe\xfd' + bytes(8) + b'\x00\x02\x02\x32', peer)


def versions(*listed):
    def serve(sock, datagram, peer, _args):
        if datagram[0] & 0x80:
            destination, source = connection_ids(datagram)
            sock.sendto(bytes([0x80 | os.urandom(1)[0] & 0x7f]) + bytes(4) + bytes([len(source)]) + source +
                        bytes([len(destination)]) + destination + b''.join(struct.pack('>I', v) for v in listed), peer)
    return serve


def unless_version_1(serve):
    """Passes over the client's own packets; whoever asks in a version that does not exist is answered."""
    return lambda sock, datagram, peer, args: datagram[1:5] != bytes((0, 0, 0, 1)) and serve(sock, datagram, peer, args)


def other_port(_sock, datagram, peer, _args):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(('127.0.0.1', 0))
        other.sendto(datagram, peer)


def other_address(_sock, datagram, peer, args):
    """Asked on 127.0.0.2, it answers from 127.0.0.1 with the same port: what a server bound to the wildcard does."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(('127.0.0.1', args.bound))
        other.sendto(datagram, peer)


def relay(keep_up=lambda _n, _length: True, keep_down=lambda _n, _length: True):
    """Passes datagrams to the upstream server and back; keep_… (number from 1, length) says which."""
    clients = {}

    def back(upstream, peer, sock):
        count = 0
        while True:
            datagram = upstream.recv(65536)
            count += 1
            if keep_down(count, len(datagram)) and peer not in GONE:
                sock.sendto(datagram, peer)

    def serve(sock, datagram, peer, args):
        if peer not in clients:
            host, port = args.upstream.rsplit(':', 1)
            upstream = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            upstream.connect((host, int(port)))
            clients[peer] = [upstream, 0]
            threading.Thread(target=back, args=(upstream, peer, sock), daemon=True).start()
        clients[peer][1] += 1
        if keep_up(clients[peer][1], len(datagram)):
            clients[peer][0].send(datagram)
    return serve


ANSWERED = set()
GONE = set()
def forgets(after=20):
    """A relay whose server is restarted after so many of the client's datagrams: stateless resets under a key that is new."""
    passes = relay()
    counts = {}

    def serve(sock, datagram, peer, args):
        counts[peer] = counts.get(peer, 0) + 1
        if counts[peer] <= after:
            passes(sock, datagram, peer, args)
        elif counts[peer] == after + 1:
            GONE.add(peer)
        if peer in GONE:
            sock.sendto(bytes([0x40 | os.urandom(1)[0] & 0x3f]) + os.urandom(42), peer)
    return serve


def resets_strays(limit=65536, begins=True):
    """A server that answers what is of no connection with a stateless reset, and a version that it does not know with its
    list, behind a path that drops what is larger than limit, or (not begins) what has a long header."""
    listing = unless_version_1(versions(1))

    def serve(sock, datagram, peer, args):
        if len(datagram) > limit:
            return
        if datagram[0] & 0x80:
            if begins and len(datagram) >= 1200:
                listing(sock, datagram, peer, args)
        elif len(datagram) > 43:
            sock.sendto(bytes([0x40 | os.urandom(1)[0] & 0x3f]) + os.urandom(42), peer)
    return serve


BEHAVIOURS = {
    'resets-strays': resets_strays(),
    'resets-small-strays': resets_strays(limit=1100),
    'resets-strays-hears-no-long-header': resets_strays(begins=False),
    'forgets': forgets(),
    'once': once,
    'dns': dns,
    'stun': stun,
    'ntp': ntp,
    'memcached': memcached,
    'http': http,
    'swapped-ids': swapped_ids,
    'lists-drafts-and-grease': versions(0xff00001d, 0x1a2a3a4a, 0x6b3343cf),
    'echo': echo,
    'noise': noise,
    'dtls-alert': dtls_alert,
    'lists-offered-version': versions(1),
    'lists-old-versions': versions(0x51303436, 0x51303530, 0xfaceb002),
    'answers-only-other-versions': unless_version_1(versions(1, 0x6b3343cf, 0x0a1a2a3a)),
    'answers-from-other-port': other_port,
    'answers-from-other-address': other_address,
    'second-half-of-hello-lost': relay(keep_up=lambda n, length: n == 1 or n >= 14 or length < 1200),
    'one-large-gets-through': relay(keep_up=lambda n, length: n == 1 or length < 1200),
    'nothing-large-comes-back': relay(keep_down=lambda _n, length: length <= 1100),
    'relay': relay(),
}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('behaviour', choices=sorted(BEHAVIOURS))
    parser.add_argument('--port', type=int, default=0)
    parser.add_argument('--upstream', default='127.0.0.1:443')
    args = parser.parse_args()
    address = '127.0.0.2' if args.behaviour == 'answers-from-other-address' else '127.0.0.1'
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind((address, args.port))
    args.bound = sock.getsockname()[1]
    print('listening on %s:%d' % (address, args.bound), flush=True)
    while True:
        datagram, peer = sock.recvfrom(65536)
        BEHAVIOURS[args.behaviour](sock, datagram, peer, args)


if __name__ == '__main__':
    main()
