"""The program's own ingest process against servers of a test, to be killed and started again."""

import os
import subprocess
import sys
from pathlib import Path

from storage.embedded_ports import free_port

REPOSITORY = Path(__file__).parents[2]


class IngestProcess:
    """`python main.py --role ingest`. `data` holds the installation's secret."""

    def __init__(self, data: Path, database_url: str, mqtt_url: str) -> None:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PITPILOT_", "PYTEST_"))}
        self._env = {
            **inherited,
            "PITPILOT_DATA": str(data),
            "PITPILOT_DATABASE_URL": database_url,
            "PITPILOT_MQTT_URL": mqtt_url,
            "PITPILOT_PORT": str(free_port()),
        }
        self._log = data / "ingest.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def log(self) -> str:
        """What it has said since it was made."""
        return self._log.read_text(errors="replace")

    def start(self) -> None:
        with self._log.open("ab") as log:
            command = [sys.executable, "main.py", "--role", "ingest"]
            self._process = subprocess.Popen(command, cwd=REPOSITORY, env=self._env, stdout=log, stderr=log)

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def kill(self) -> None:
        """Kill −9: nothing is said, nothing is finished. Does nothing when it doesn't run."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
