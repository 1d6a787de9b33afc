"""An MQTT 3.1.1 load generator: the telemetry of many devices at QoS 1, at full speed or at a fixed rate.

    python -m tools.bench.load --port 1883 --count 100000                              as fast as the broker takes it
    python -m tools.bench.load --port 1883 --count 5000 --rate 500 --connections 1000  like real devices

It is made to cost little beside what it measures: plain sockets, packets put together from encoded parts. What they
say, and how `--times` tells when each reading left, stands in `tools.bench.messages`.

Prints one JSON line: sent, acked, seconds (to the last acknowledgement), rate (per second), cpu_s.
"""

import argparse
import json
import resource
import selectors
import socket
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from itertools import count, islice
from pathlib import Path

from tools.bench.messages import Messages, device_names, remaining_length

ROUND = 400  # messages in one round over the connections at full speed
BURST_MIN = 4  # of one connection before the next has its turn
PENDING_BYTES_MAX = 65_536
FULL_PAUSE_S = 0.001  # while all windows are full: to wake for every single acknowledgement would cost much CPU
ACK_WITHIN_S = 60.0
PUBACK_BYTES = 4  # and nothing else comes from the broker

CONNECT, DISCONNECT = 0x10, b"\xe0\x00"
CONNACK_ACCEPTED = b"\x20\x02\x00\x00"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to send. `names` are "tenant/device"; `rate` in messages a second, 0 for full speed."""

    port: int
    names: Sequence[str]
    count: int
    rate: float = 0.0
    connections: int = 4
    window: int = 2_000  # unacknowledged messages per connection
    boot_id: int = 1
    first_seq: int = 1
    calm: bool = False
    max_s: float = 300.0


@dataclass(frozen=True, slots=True)
class Sent:
    """What came of it; `seconds` from the first message to the last acknowledgement."""

    sent: int
    acked: int
    seconds: float
    rate: float
    cpu_s: float


class Publisher:
    """One connection, and the messages of the devices behind it in their order."""

    def __init__(self, number: int, plan: Plan, messages: Messages) -> None:
        self.sent = self.acked = 0
        self.pending = bytearray()
        self._messages = messages
        self._received_bytes = 0
        self._due = _indices(number, plan)
        self.socket = _connect(plan.port, f"load-{time.time_ns():x}-{number}")

    def queue(self, most: int) -> int:
        """Put up to `most` further messages into the buffer; how many there were."""
        packets = [self._messages.packet(i, self._packet_id(k)) for k, i in enumerate(islice(self._due, most))]
        self.pending += b"".join(packets)
        self.sent += len(packets)
        return len(packets)

    def push(self) -> None:
        """Send what the socket takes now."""
        try:
            del self.pending[: self.socket.send(self.pending)]
        except BlockingIOError:
            return

    def take_acks(self) -> None:
        """Count acknowledgements. Raises ConnectionError when the broker has closed."""
        received = self.socket.recv(65_536)
        if not received:
            raise ConnectionError("the broker closed a connection of the load generator")
        self._received_bytes += len(received)
        self.acked = self._received_bytes // PUBACK_BYTES

    def _packet_id(self, ahead: int) -> int:
        return (self.sent + ahead) % 65_535 + 1


class Load:
    """All connections of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.messages = Messages(plan.names, plan.count, boot_id=plan.boot_id, first_seq=plan.first_seq, calm=plan.calm)
        self._publishers = [Publisher(n, plan, self.messages) for n in range(min(plan.connections, len(plan.names)))]
        self._selector = selectors.DefaultSelector()
        for publisher in self._publishers:
            self._selector.register(publisher.socket, selectors.EVENT_READ, publisher)

    def run(self) -> Sent:
        """Send everything, wait for the acknowledgements, close. Raises ConnectionError when the broker goes away."""
        began = time.perf_counter()
        deadline = began + self._plan.max_s
        if self._plan.rate > 0:
            self._send_steadily(began, deadline)
        else:
            self._send_at_full_speed(deadline)
        sent = sum(publisher.sent for publisher in self._publishers)
        self._await_acks(sent, min(deadline, time.perf_counter() + ACK_WITHIN_S))
        seconds = time.perf_counter() - began
        for publisher in self._publishers:
            publisher.socket.setblocking(True)
            publisher.socket.sendall(DISCONNECT)
            publisher.socket.close()
        acked = sum(publisher.acked for publisher in self._publishers)
        return Sent(sent, acked, round(seconds, 3), round(acked / seconds, 1), round(time.process_time(), 2))

    def _send_at_full_speed(self, deadline: float) -> None:
        waiting = list(self._publishers)
        burst = min(self._plan.window, max(BURST_MIN, ROUND // len(waiting)))
        while waiting and time.perf_counter() < deadline:
            busy = False
            for publisher in list(waiting):
                unacked = publisher.sent - publisher.acked
                if unacked + burst <= self._plan.window and len(publisher.pending) < PENDING_BYTES_MAX:
                    busy = True
                    if publisher.queue(burst) == 0 and not publisher.pending:
                        waiting.remove(publisher)
                if publisher.pending:
                    publisher.push()
            if not busy:
                time.sleep(FULL_PAUSE_S)
            self._take_acks(0.0)

    def _send_steadily(self, began: float, deadline: float) -> None:
        plan, publishers, sent = self._plan, self._publishers, 0
        while sent < plan.count and (now := time.perf_counter()) < deadline:
            for i in range(sent, min(plan.count, int((now - began) * plan.rate) + 1)):
                publisher = publishers[i % len(plan.names) % len(publishers)]
                publisher.queue(1)
                publisher.push()
                sent += 1
            self._take_acks(max(0.0, began + sent / plan.rate - time.perf_counter()))

    def _await_acks(self, sent: int, deadline: float) -> None:
        while sum(publisher.acked for publisher in self._publishers) < sent and time.perf_counter() < deadline:
            for publisher in self._publishers:
                if publisher.pending:
                    publisher.push()
            self._take_acks(0.01)

    def _take_acks(self, wait_s: float) -> None:
        for key, _ in self._selector.select(wait_s):
            key.data.take_acks()


def _indices(publisher: int, plan: Plan) -> Iterator[int]:
    devices = len(plan.names)
    connections = min(plan.connections, devices)
    for turn in count():
        for device in range(publisher, devices, connections):
            if (i := turn * devices + device) >= plan.count:
                return
            yield i


def _connect(port: int, client_id: str) -> socket.socket:
    """A connection with a clean session and no keep-alive. Raises ConnectionError when the broker refuses."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=10)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    name = client_id.encode()
    body = b"\x00\x04MQTT\x04\x02\x00\x00" + len(name).to_bytes(2, "big") + name
    connection.sendall(b"%c%s%s" % (CONNECT, remaining_length(len(body)), body))
    answer = connection.recv(len(CONNACK_ACCEPTED), socket.MSG_WAITALL)
    if answer != CONNACK_ACCEPTED:
        raise ConnectionError(f"the broker refused the load generator: {answer.hex(' ') or 'closed'}")
    connection.setblocking(False)
    return connection


def main() -> None:
    parser = argparse.ArgumentParser(description="MQTT QoS 1 telemetry load for benchmarks, on loopback.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--devices", type=int, default=1_000)
    parser.add_argument("--tenant", default="bench", help="of made-up devices d00001, d00002 …")
    parser.add_argument("--names", type=Path, help="file with one tenant/device a line, instead of made-up devices")
    parser.add_argument("--count", type=int, default=100_000, help="messages in all, one reading each")
    parser.add_argument("--rate", type=float, default=0.0, help="messages a second; 0 for full speed")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument("--window", type=int, default=2_000, help="unacknowledged messages per connection")
    parser.add_argument("--boot-id", type=int, default=1)
    parser.add_argument("--first-seq", type=int, default=1)
    parser.add_argument("--calm", action="store_true", help="no dust, so no alerts")
    parser.add_argument("--max-s", type=float, default=300.0, help="stop sending after this time")
    parser.add_argument("--times", type=Path, help="file for the send times: int64 µs since 1970, by message")
    given = parser.parse_args()

    names = given.names.read_text().split() if given.names else device_names(given.tenant, given.devices)
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # a file per connection
    load = Load(
        Plan(
            port=given.port,
            names=names,
            count=given.count,
            rate=given.rate,
            connections=given.connections,
            window=given.window,
            boot_id=given.boot_id,
            first_seq=given.first_seq,
            calm=given.calm,
            max_s=given.max_s,
        )
    )
    outcome = load.run()
    if given.times:
        given.times.write_bytes(load.messages.sent_us.tobytes())
    print(json.dumps(asdict(outcome)), flush=True)


if __name__ == "__main__":
    main()
