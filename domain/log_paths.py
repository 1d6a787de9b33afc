"""How much of an address may stand in a log: a link lets its holder in, so nothing of it that may be a secret."""

API = "/api/"
ID_CHARS = 36  # of a UUID; every secret that we put into an address is longer
PATH_CHARS_MAX = 200


def noted(path: str) -> str:
    """Of the API's paths all parts that can be no secret, of pages' the first one."""
    parts = path.split("/")
    kept = [part if len(part) <= ID_CHARS else "…" for part in parts] if path.startswith(API) else parts[:2]
    return "/".join(kept)[:PATH_CHARS_MAX]
