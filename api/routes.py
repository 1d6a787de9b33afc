"""Routers whose routes are the API's own as they are declared.

FastAPI looks through all parameters of a route when it is declared, and again wherever its router is included with a
prefix or dependencies: that took a third of the program's start. So a router knows its prefix and dependencies from the
beginning, and `add_routes` only hands its routes on.
"""

from collections.abc import Iterable

from fastapi import APIRouter, Depends, FastAPI
from fastapi.routing import APIRoute

from api.context import not_kept
from api.problems import BoundedRoute

PREFIX = "/v1"


def routes(prefix: str = "", *, tag: str, version: str = PREFIX, takes_files: bool = False) -> APIRouter:
    """A router for routes below `/api`+`version`+`prefix`, whose answers nobody keeps and whose requests are of
    bounded size unless they take files and bound those themselves.
    """
    return APIRouter(
        prefix=version + prefix,
        tags=[tag],
        dependencies=[Depends(not_kept)],
        generate_unique_id_function=lambda route: route.name,
        route_class=APIRoute if takes_files else BoundedRoute,
    )


def add_routes(api: FastAPI, routers: Iterable[APIRouter]) -> None:
    """The application answers on these routers' routes, in this order."""
    for router in routers:
        api.router.routes.extend(router.routes)
