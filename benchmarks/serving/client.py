"""Clients in a process of their own: each sends its next request when it has the answer to the last.

    python client.py PORT CLIENTS SECONDS TYPE < bodies in base64, one a line

Plain sockets and one loop over those that are ready: a client should cost little of the cores that it shares with the
server. Prints requests, requests/s, answers that aren't 200, the times in ms, and the seconds of CPU that it took.
"""

from __future__ import annotations

import base64
import json
import selectors
import socket
import sys
import time


def main() -> None:
    """Ask until the time is over."""
    port, clients, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    head = f"POST /predict HTTP/1.1\r\nhost: x\r\ncontent-type: {sys.argv[4]}\r\n".encode()
    bodies = [base64.b64decode(line) for line in sys.stdin.buffer.read().split(b"\n") if line]
    requests = [head + b"content-length: %d\r\n\r\n" % len(body) + body for body in bodies]
    ready = selectors.DefaultSelector()
    for i in range(clients):
        sock = socket.create_connection(("127.0.0.1", port))
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        ready.register(sock, selectors.EVENT_READ, One(sock, i))
    begun, cpu = time.perf_counter(), time.process_time()
    now = begun
    for key in ready.get_map().values():
        key.data.send(requests, begun)
    took: list[float] = []
    bad = 0
    while now < begun + seconds:
        for key, _ in ready.select():
            one = key.data
            if one.whole():
                now = time.perf_counter()
                took.append(now - one.begun)
                bad += not one.data.startswith(b"HTTP/1.1 200")
                one.at += clients
                one.send(requests, now)
    cpu = time.process_time() - cpu
    took.sort()
    times = {"p50": took[len(took) // 2] * 1e3, "p99": took[int(len(took) * 0.99)] * 1e3}
    print(json.dumps({"n": len(took), "rate": len(took) / (now - begun), "bad": bad, "clients": cpu, **times}))


class One:
    """A connection."""

    def __init__(self, sock: socket.socket, at: int) -> None:
        self.sock, self.at = sock, at
        self.data, self.need, self.begun = b"", -1, 0.0

    def send(self, requests: list[bytes], now: float) -> None:
        """The next one."""
        self.data, self.need, self.begun = b"", -1, now
        self.sock.sendall(requests[self.at % len(requests)])

    def whole(self) -> bool:
        """Read on; whether all of the answer is there."""
        part = self.sock.recv(1 << 18)
        if not part:
            sys.exit("the server closed a connection")
        self.data += part
        if self.need < 0 and (end := self.data.find(b"\r\n\r\n")) >= 0:
            length = self.data[:end].lower().split(b"content-length:", 1)[1].split(b"\r\n", 1)[0]
            self.need = end + 4 + int(length)
        return 0 <= self.need <= len(self.data)


if __name__ == "__main__":
    main()
