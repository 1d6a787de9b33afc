"""Where a device downloads the firmware that it was told to install: by a token of its own, in pieces if it likes."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, HTTPException, Path
from starlette.responses import Response

from actions.releases import DOWNLOAD_PATH, fetch

PATH = DOWNLOAD_PATH.removeprefix("/api") + "{token}"
MEDIA_TYPE = "application/octet-stream"

_RANGE = re.compile(r"bytes=(\d{1,9})-(\d{1,9})?")
_BINARY: dict[str, Any] = {"content": {MEDIA_TYPE: {"schema": {"type": "string", "format": "binary"}}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: {"description": "The whole bundle.", **_BINARY},
    206: {"description": "The piece that `Range` asks for.", **_BINARY},
    404: {"description": "Nobody gave this token out, it has expired, or the release was withdrawn (`not_found`)."},
    416: {"description": "There are no such bytes (`no_such_range`)."},
    503: {"description": "The database does not answer (`unavailable`); try again after `Retry-After`."},
}


def mount(api: FastAPI) -> None:
    """Adds the route to the API's application."""
    router = APIRouter(tags=["devices"])
    router.add_api_route(PATH, download_firmware, response_class=Response, responses=_RESPONSES)
    api.include_router(router)
    api.openapi_schema = None


async def download_firmware(
    token: Annotated[str, Path(pattern="^[A-Za-z0-9_-]{43}$", description="From the command `update`.")],
    wanted: Annotated[
        str | None, Header(alias="Range", description="One range of bytes: `bytes=4096-` or `bytes=0-4095`.")
    ] = None,
) -> Response:
    """A device's download. The token is for one device and one release, for an hour."""
    offered = await fetch(token, datetime.now(UTC))
    if offered is None:
        raise _error(404, "not_found", "Nobody gave this token out, or its time is over.")
    headers = {"Accept-Ranges": "bytes", "Cache-Control": "no-store"}
    whole = offered.bundle
    found = _RANGE.fullmatch(wanted) if wanted else None
    if found is None:  # a form of range that is not offered here is ignored, as RFC 9110 says
        return Response(whole, 200, headers, MEDIA_TYPE)
    first, last = int(found[1]), min(int(found[2] or len(whole) - 1), len(whole) - 1)
    if first > last:
        raise _error(416, "no_such_range", f"The bundle has {len(whole)} bytes.")
    headers["Content-Range"] = f"bytes {first}-{last}/{len(whole)}"
    return Response(whole[first : last + 1], 206, headers, MEDIA_TYPE)


def _error(status: int, code: str, detail: str) -> HTTPException:
    return HTTPException(status, {"code": code, "detail": detail})
