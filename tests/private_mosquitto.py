"""A Mosquitto of a test's own: free port, own folder, set up as in production, and breakable on purpose.

Killing (no farewell, nothing saved), freezing (the socket stays open, nothing answers) and restarting on the same port
with the same persistence are what a broker does to its clients in the field.
"""

import os
import random
import resource
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
PORTS = range(20_000, 32_000)  # below Linux's ephemeral range: a client retrying a dead broker can't connect to itself
PORT_TRIES = 20


class PrivateMosquitto:
    """One broker process on loopback. `start` it, or use it as a context manager, which also removes its folder.

    Without a `password_file` everybody may connect. Both files are copied, so that the broker can read them after it
    has dropped root; `reload` copies them again.
    """

    def __init__(
        self, *, password_file: Path | None = None, acl_file: Path | None = None, settings: tuple[str, ...] = ()
    ) -> None:
        self.port = 0
        self.folder = Path(tempfile.mkdtemp(prefix="mosquitto-"))
        self._rights = {"password_file": password_file, "acl_file": acl_file}
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def pid(self) -> int:
        """Process id, for measuring. Raises RuntimeError when the broker doesn't run."""
        return self._running().pid

    @property
    def log(self) -> str:
        """Everything the broker has logged since it was made."""
        path = self.folder / "log"
        return path.read_text(errors="replace") if path.exists() else ""

    def start(self) -> None:
        """Start and return once it listens, on the earlier port if it had one. Raises RuntimeError with its log."""
        if self.port:
            if not self._try_port(self.port):
                raise RuntimeError(f"port {self.port} was taken meanwhile:\n{self.log}")
            return
        for port in random.sample(PORTS, PORT_TRIES):
            if _is_free(port) and self._try_port(port):
                self.port = port
                return
        raise RuntimeError(f"no free port for mosquitto in {PORT_TRIES} tries")

    def stop(self) -> None:
        """End it in good order (it saves its sessions). Does nothing when it doesn't run."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGCONT)
        self._process.terminate()
        try:
            self._process.wait(STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def kill(self) -> None:
        """Kill −9: whatever it had not saved is gone."""
        process = self._running()
        process.kill()
        process.wait()
        self._process = None

    def restart(self) -> None:
        """Stop in good order if it runs, then start on the same port with the same persistence."""
        self.stop()
        self.start()

    def freeze(self) -> None:
        """Stop the process in its tracks: connections stay open, nothing is answered."""
        self._running().send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let a frozen broker go on."""
        self._running().send_signal(signal.SIGCONT)

    def save(self) -> None:
        """Have it write sessions and queued messages to disk now, and wait until they are there."""
        database = self.folder / "mosquitto.db"
        before = database.stat().st_mtime_ns if database.exists() else 0
        self._running().send_signal(signal.SIGUSR1)
        deadline = time.monotonic() + START_WITHIN_S
        while not database.exists() or database.stat().st_mtime_ns == before:
            if time.monotonic() > deadline:
                raise RuntimeError(f"mosquitto did not save:\n{self.log}")
            time.sleep(0.01)

    def reload(self) -> None:
        """Take changed password and ACL files into use, as an operator's SIGHUP does."""
        self._write_settings(self.port)
        self._running().send_signal(signal.SIGHUP)

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None:
            raise RuntimeError("this mosquitto is not running")
        return self._process

    def _try_port(self, port: int) -> bool:
        """Start on `port`; False when somebody else took it first."""
        self._write_settings(port)
        seen = len(self.log)
        with (self.folder / "log").open("ab") as log:
            command = [find_mosquitto(), "-c", str(self.folder / "mosquitto.conf")]
            with _most_files():
                process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + START_WITHIN_S
        # Its own word, not a connect(): on a port lost to somebody else a connect would succeed too.
        while " running" not in self.log[seen:]:
            if process.poll() is not None:
                if "Address already in use" in self.log[seen:]:
                    return False
                raise RuntimeError(f"mosquitto exited with {process.returncode}:\n{self.log[seen:]}")
            if time.monotonic() > deadline:
                process.kill()
                process.wait()
                raise RuntimeError(f"mosquitto did not start in {START_WITHIN_S:.0f} s:\n{self.log[seen:]}")
            time.sleep(0.01)
        self._process = process
        return True

    def _write_settings(self, port: int) -> None:
        given = {name: path for name, path in self._rights.items() if path is not None}
        lines = [
            f"listener {port} 127.0.0.1",
            f"allow_anonymous {'false' if 'password_file' in given else 'true'}",
            "persistence true",
            f"persistence_location {self.folder}/",
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            "log_dest stderr",
            *(f"{name} {self.folder / name}" for name in given),
            *self._settings,
        ]
        (self.folder / "mosquitto.conf").write_text("\n".join(lines) + "\n")
        for name, path in given.items():
            shutil.copyfile(path, self.folder / name)
            (self.folder / name).chmod(0o600)
        if os.geteuid() == 0:  # started by root it goes on as the user "mosquitto", who must be able to write here
            for path in (self.folder, *self.folder.iterdir()):
                shutil.chown(path, "mosquitto", "mosquitto")


def find_mosquitto() -> str:
    """Path of the broker's program, which Debian keeps outside an ordinary user's PATH.

    Raises FileNotFoundError saying what to install.
    """
    found = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if found is None:
        raise FileNotFoundError("these tests need a broker: install the package 'mosquitto'")
    return found


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def _most_files() -> Iterator[None]:
    """A child that is started here may open as many files as allowed: one a connection, and 1,000 devices connect."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
