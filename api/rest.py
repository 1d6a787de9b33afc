"""The API: REST below /api as an application of its own, so that its errors and its OpenAPI document are its own and
those of the pages around it stay theirs; and the live socket beside it.
"""

from fastapi import FastAPI

from actions import live
from api import (
    account,
    alerts,
    audit,
    cameras,
    customers,
    device_commands,
    device_identity,
    device_settings,
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
    rollouts,
    silences,
    socket,
    tenants,
    tokens,
    wallets,
    work,
    workshop,
)  # fmt: skip
from api.context import Context
from api.routes import PREFIX, add_routes

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
        modules = (
            tokens, account, people, pits, history, limits, alerts, silences, devices, device_identity,
            device_commands, device_settings, audit, releases, rollouts, tenants, integrations, cameras, jobs, job_desk,
            photos, work, workshop, customers, passports, motor, pumps, pump_settings, pump_rules,
            wallets,
        )  # fmt: skip
        add_routes(api, (*(module.router for module in modules), photos.bounded, motor.seed_router))
        api.state.socket = socket.mount(app, public_url, hub)
    app.mount("/api", api)
    return api
