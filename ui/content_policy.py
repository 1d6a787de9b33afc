"""What browsers may load and run on our pages: nothing from elsewhere, and no inline script but those of the page's
own template.

NiceGUI compiles Vue templates and runs the server's calls by `eval`, and Vue sets styles on elements, so `unsafe-eval`
for scripts and `unsafe-inline` for styles stay. Its inline scripts get a number that is new with each request, so that
no text that somehow became markup (`<img onerror=…>`, `<script>…`) runs.
"""

import secrets
from urllib.parse import urlsplit

from jinja2 import BaseLoader, Environment, TemplateNotFound
from nicegui import client
from starlette.types import Scope

_STATE = "content_policy_nonce"
_MARK = '<script nonce="{{ request.state.' + _STATE + ' }}"'

SOCKET_SCHEMES = {"http": "ws", "https": "wss"}


def install() -> None:
    """Gives the scripts of NiceGUI's page template their number. Call once, before the first page is asked for."""
    loader = client.templates.env.loader
    if loader is not None and not isinstance(loader, _WithNonces):
        client.templates.env.loader = _WithNonces(loader)


class _WithNonces(BaseLoader):
    """NiceGUI's own templates, with the number put into each script element as they are read."""

    def __init__(self, plain: BaseLoader) -> None:
        self._plain = plain

    def get_source(self, environment: Environment, template: str) -> tuple[str, str | None, None]:
        source, file, _ = self._plain.get_source(environment, template)
        if "<script" not in source:
            raise TemplateNotFound(template, "NiceGUI's page has no script any more: see ui/content_policy.py")
        return source.replace("<script", _MARK), file, None


def new_nonce(scope: Scope) -> str:
    """Makes the request's number and leaves it where the template finds it."""
    nonce = secrets.token_urlsafe(16)
    scope.setdefault("state", {})[_STATE] = nonce
    return nonce


def policy(nonce: str, public_url: str) -> str:
    """The header's value. `public_url` may be empty; browsers older than 2022 need it to find the socket."""
    parts = urlsplit(public_url)
    socket = f" {SOCKET_SCHEMES[parts.scheme]}://{parts.netloc}" if public_url else ""
    rules = [
        "default-src 'self'",
        f"script-src 'self' 'nonce-{nonce}' 'unsafe-eval'",
        "script-src-attr 'none'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "worker-src 'self' blob:",
        f"connect-src 'self'{socket}",
        "object-src 'none'",
        "frame-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    ]
    return "; ".join(rules + ["upgrade-insecure-requests"] * public_url.startswith("https://"))
