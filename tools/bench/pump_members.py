"""Members who press buttons by REST, signed in as a browser is."""

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4

import aiohttp

from actions.people import cookies
from actions.people.secrets_once import digest
from domain.access import Viewer
from storage.session import EVERY_TENANT, transaction
from storage.tables import WebSession

PATIENCE = aiohttp.ClientTimeout(10)


class Members:
    """As a context manager: one connection pool to a running PitPilot, and a session for each member who asks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._tokens: dict[UUID, str] = {}

    async def __aenter__(self) -> Self:
        self._http = aiohttp.ClientSession(self._url, timeout=PATIENCE)
        return self

    async def __aexit__(self, *error: object) -> None:
        await self._http.close()

    async def post(self, member: Viewer, path: str, body: dict[str, Any]) -> Any:
        """Sends it with a fresh idempotency key; returns the answer. Raises RuntimeError when it is refused."""
        headers = {
            "Cookie": f"{cookies.SESSION}={await self._token(member)}",
            "Origin": self._url,
            "Idempotency-Key": str(uuid4()),
        }
        async with self._http.post(path, json=body, headers=headers) as answer:
            if answer.status >= 300:
                raise RuntimeError(f"{path}: {answer.status} {await answer.text()}")
            return await answer.json()

    async def _token(self, member: Viewer) -> str:
        if member.person_id not in self._tokens:
            token = self._tokens[member.person_id] = secrets.token_urlsafe(32)
            row = WebSession(
                token_hash=digest(token),
                person_id=member.person_id,
                tenant_id=member.tenant_id,
                expires_at=datetime.now(UTC) + timedelta(days=1),
            )
            async with transaction(EVERY_TENANT) as tx:
                tx.add(row)
        return self._tokens[member.person_id]
