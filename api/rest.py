"""The API: REST below /api as an application of its own, so that its errors and its OpenAPI document are its own and
those of the pages around it stay theirs; and the live socket beside it.
"""

from fastapi import APIRouter, Depends, FastAPI

from actions import live
from api import (
    account,
    alerts,
    audit,
    cameras,
    customers,
    devices,
    history,
    integrations,
    job_desk,
    jobs,
    limits,
    motor,
    openapi,
    passports,
    people,
    photos,
    pits,
    problems,
    pump_rules,
    pump_settings,
    pumps,
    releases,
    silences,
    socket,
    tenants,
    tokens,
    wallets,
    work,
    workshop,
)  # fmt: skip
from api.context import Context, not_kept

PREFIX = "/v1"
TITLE = "PitPilot API"
DESCRIPTION = (
    "Pits, readings, alerts and devices of a workshop; motors, runs and minutes of a pump. Sign in for a token and "
    "send it as `Authorization: Bearer …`. Every error is `application/problem+json` with a stable `code`."
)


def mount(app: FastAPI, public_url: str = "", hub: live.Hub = live.hub, *, with_people: bool = True) -> FastAPI:
    """Adds everything below /api, and /ws; returns the API's own application, to which ingest adds its route.

    `public_url` is the address by which browsers reach PitPilot, empty: as they ask. Without `with_people` only the
    frame of the API is there: for a process that serves devices alone. The live socket is `state.socket` of what is
    returned.
    """
    api = FastAPI(
        title=TITLE,
        description=DESCRIPTION,
        version="1",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # both pages that FastAPI brings load their scripts from elsewhere
        redoc_url=None,
        generate_unique_id_function=lambda route: route.name,
    )
    api.state.context = Context(hub, public_url)
    problems.install(api)
    openapi.install(api)
    if with_people:
        v1 = APIRouter(prefix=PREFIX, dependencies=[Depends(not_kept)])
        modules = (
            tokens, account, people, pits, history, limits, alerts, silences, devices, audit, releases, tenants,
            integrations,
            cameras, jobs, job_desk, photos, work, workshop, customers, passports, motor, pumps, pump_settings,
            pump_rules, wallets,
        )  # fmt: skip
        for module in modules:
            v1.include_router(module.router)
        api.include_router(v1)
        api.include_router(motor.seed_router, dependencies=[Depends(not_kept)])
        api.state.socket = socket.mount(app, public_url, hub)
    app.mount("/api", api)
    return api
