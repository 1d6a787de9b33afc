"""A process with one part of the work is watched as the whole is."""

from pathlib import Path

import httpx
import pytest

from tests.journeys.program import started


@pytest.mark.parametrize("role", ["ingest", "web"])
async def test_a_process_with_a_part_of_the_work_says_how_it_is(role: str, database: str, tmp_path: Path) -> None:
    async with started(database, tmp_path, role=role) as running, httpx.AsyncClient(base_url=running.url) as watching:
        said = {path: await watching.get(path) for path in ("/healthz", "/readyz", "/metrics")}
    assert {path: answer.status_code for path, answer in said.items()} == dict.fromkeys(said, 200)
    assert ('pitpilot_ingest_batches_total{way="mqtt"}' in said["/metrics"].text) is (role == "ingest")
    assert "pitpilot_task_well" in said["/metrics"].text
