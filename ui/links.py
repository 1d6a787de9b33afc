"""Addresses of our own pages as they are handed to somebody else: in an invitation, as a QR code."""

from nicegui import ui


class _Reached:
    by_https = False


_reached = _Reached()


def install(*, secure: bool) -> None:
    """`secure`: browsers reach us by https, whatever a proxy in between says."""
    _reached.by_https = secure


def absolute(path: str) -> str:
    """The address of a path of ours, by the name under which this page's browser reached us."""
    url = ui.context.client.request.base_url.replace(path="", query="", fragment="")
    return str(url.replace(scheme="https") if _reached.by_https else url) + path
