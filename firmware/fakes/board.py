"""The line between the fakes and the board that plays the hardware around them: text lines over TCP on loopback.

The board listens; its port is in the environment variable BOARD_PORT. Without one the fakes play a board on which grid
and ready are given and nobody looks at the outputs. Every line is words with blanks between them.

To the board:    pin NUMBER LEVEL US      an output has this level since US, microseconds of the monotonic clock
                 wdt MS                   the watchdog runs, or has another limit
                 feed                     it was fed
                 reset KIND               "hard" or "soft": the program ends itself after this line
From the board:  pin NUMBER LEVEL         an input has this level
                 adc NUMBER RAW           an analogue input has this value, 0…65535
                 wifi 0|1                 the access point is there
                 clock 0|1                an NTP server answers
                 cause KIND               why the controller starts: "power", "watchdog", "soft", "hard"
                 hang MS                  the next look at a pin takes this long: a driver that is stuck
                 crash                    the next look at a pin raises: a driver that breaks
                 ready                    the lines that describe the start are complete
Further words belong to whoever called `listen` for them.
"""

import os
import select
import socket
import time

_listeners = {}
_levels = {}
_analogue = {}
_facts = {"wifi": ["1"], "clock": ["1"], "cause": ["power"]}
_rest = b""
_line = None


def listen(word: str, handler) -> None:
    """`handler(words)` gets the rest of every line that begins with `word`, first of the last one that has come."""
    _listeners[word] = handler
    if word in _facts:
        handler(_facts[word])


def tell(*words) -> None:
    """Sends a line to the board, if there is one."""
    if _line is not None:
        _line.send((" ".join([str(word) for word in words]) + "\n").encode())


def is_there() -> bool:
    return _line is not None


def now_us() -> int:
    """The monotonic clock in microseconds; the same for every process of this machine."""
    return time.ticks_us() if hasattr(time, "ticks_us") else time.monotonic_ns() // 1_000


def level(number: int, default: int) -> int:
    """The level of an input."""
    look()
    return _levels.get(number, default)


def output_level(number: int, driven: int) -> int:
    """The level at an output: what drives it, unless the board holds it elsewhere (a short)."""
    look()
    return _levels.get(number, driven)


def analogue(number: int) -> int:
    look()
    return _analogue.get(number, 0)


def fact(word: str) -> str:
    look()
    return _facts[word][0]


def look(wait_ms=0) -> bool:
    """Takes in what the board has sent; False when there was nothing."""
    global _rest
    if _line is None or not _has_data(wait_ms):
        return False
    data = _line.recv(1_024)
    if not data:
        raise SystemExit(0)  # the board is gone, and with it the power
    lines = (_rest + data).split(b"\n")
    _rest = lines.pop()
    for line in lines:
        _take(line.decode().split())
    return True


def _has_data(wait_ms) -> bool:
    if _poll is None:
        return bool(select.select([_line], [], [], wait_ms / 1_000)[0])
    return bool(_poll.poll(wait_ms))


def _take(words) -> None:
    word = words[0]
    if word == "pin":
        _levels[int(words[1])] = int(words[2])
    elif word == "adc":
        _analogue[int(words[1])] = int(words[2])
    elif word == "crash":
        raise RuntimeError("a driver broke")
    elif word == "hang":
        time.sleep(int(words[1]) / 1_000)
    else:
        _facts[word] = words[1:]
        if word in _listeners:
            _listeners[word](words[1:])


def _connect():
    port = os.getenv("BOARD_PORT")
    if not port:
        return None
    line = socket.socket()
    line.connect(socket.getaddrinfo("127.0.0.1", int(port))[0][-1])
    return line


_line = _connect()
_poll = None
if _line is not None:
    if hasattr(select, "poll"):  # not on Windows
        _poll = select.poll()
        _poll.register(_line, select.POLLIN)
    while "ready" not in _facts:
        look(1_000)
