"""The page behind a customer's link, `/t/{token}`: what it shows, its news, the released photos, the time-lapse.

A link that nobody made, that is over, or that was ended is one and the same friendly page.
"""

import asyncio

from nicegui import app
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from actions.jobs import tracked
from actions.jobs.tracked import Followed, Tracked
from storage import photo_files, still_files
from ui.pages.customer import notices
from ui.pages.customer.asked import found_by, now, unknown
from ui.pages.customer.document import document, headers
from ui.pages.customer.tracking_view import content, path
from ui.pages.customer.words import headline, language_of
from ui.texts import speaking, voice
from ui.track_feed import TrackFeed

NEWS_WITHIN_S = 25.0  # shorter than what proxies and mobile networks allow an answer to take
SETTLE_S = 0.05  # several changes at once are one answer
BUSY_RETRY_S = 15
SMALL = "small"
PHOTO_KEPT = "private, max-age=86400, immutable"  # the key names the very picture


def install(feed: TrackFeed) -> None:
    @app.get("/t/{token}", include_in_schema=False)
    async def show(request: Request, token: str) -> Response:
        found = await found_by(request, token)
        if isinstance(found, Response):
            return found
        seen = await tracked.seen(found, now())
        if seen is None:
            return unknown(request)
        with speaking(language_of(request.query_params.get("lang"), seen.language)):
            return _page(seen, token)

    @app.get("/t/{token}/news", include_in_schema=False)
    async def news(request: Request, token: str, mark: str = "") -> Response:
        found = await found_by(request, token)
        if isinstance(found, Response):
            return found
        with feed.waiting(found) as changed:
            if changed is None:
                return Response(status_code=503, headers=headers() | {"Retry-After": str(BUSY_RETRY_S)})
            seen = await _news(found, mark, changed)
        if seen is None or isinstance(await found_by(request, token), Response):
            return Response(status_code=404, headers=headers())  # it was ended while the page waited
        if seen.mark == mark:
            return Response(status_code=204, headers=headers())
        with speaking(language_of(request.query_params.get("lang"), seen.language)):
            return HTMLResponse(content(seen, token, now()), headers=headers())

    @app.get("/t/{token}/photos/{key}", include_in_schema=False)
    async def photo(request: Request, token: str, key: str, size: str = "") -> Response:
        found = await found_by(request, token)
        if isinstance(found, Response):
            return found
        digest = await tracked.photo_of(found, key)
        content = (
            await asyncio.to_thread(photo_files.read, found.tenant_id, digest, thumb=size == SMALL) if digest else None
        )
        if content is None:
            return Response(status_code=404, headers=headers())
        return Response(content, media_type="image/jpeg", headers=headers() | {"Cache-Control": PHOTO_KEPT})

    @app.get("/t/{token}/films/{key}.mp4", include_in_schema=False)
    async def film(request: Request, token: str, key: str) -> Response:
        found = await found_by(request, token)
        if isinstance(found, Response):
            return found
        digest = await tracked.film_of(found, key)
        file = still_files.path_of(found.tenant_id, digest) if digest else None
        if file is None or not await asyncio.to_thread(file.is_file):
            return Response(status_code=404, headers=headers())
        return FileResponse(file, media_type="video/mp4", headers=headers())

    notices.install()


async def _news(followed: Followed, mark: str, changed: asyncio.Event) -> Tracked | None:
    """What is seen as soon as it is not `mark` any more, or after a while in any case."""
    seen = await tracked.seen(followed, now())
    try:
        async with asyncio.timeout(NEWS_WITHIN_S):
            while seen is not None and seen.mark == mark:
                await changed.wait()
                await asyncio.sleep(SETTLE_S)
                changed.clear()
                seen = await tracked.seen(followed, now())
    except TimeoutError:
        seen = await tracked.seen(followed, now())  # time alone changes what is expected
    return seen


def _page(seen: Tracked, token: str) -> Response:
    live = f"{path(token)}/news?lang={voice().language}"
    said = '<p class="said" role="status"></p>'
    return document(headline(seen, now()), content(seen, token, now()) + said, live=live)
