"""Sensors of other makes, mapped to pits, and whether devices are described to Home Assistant."""

from datetime import datetime
from typing import Annotated, Any, NoReturn
from uuid import UUID

from fastapi import Depends
from pydantic import BaseModel, ConfigDict, Field

from actions import foreign_sensors, home_assistant
from actions.devices import NAME_CHARS_MAX
from actions.foreign_sensors import Mapping
from api.auth import viewer
from api.context import Now
from api.device_identity import DeviceId
from api.fields import Words
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.foreign import TOPIC_CHARS_MAX, Rule
from domain.json_paths import PATH_CHARS_MAX
from domain.readings import METRICS, Metric
from domain.refusals import Refusal
from storage.foreign import ForeignSensor

router = routes(tag="integrations")
Reader = Annotated[Viewer, Depends(viewer(Intent.SEE_DEVICES))]
Manager = Annotated[Viewer, Depends(viewer(Intent.MANAGE_DEVICES))]
Name = Annotated[Words, Field(min_length=1, max_length=NAME_CHARS_MAX)]
Path = Annotated[Words, Field(max_length=PATH_CHARS_MAX, examples=["AM2301.Temperature"])]

_SAYS = {
    Refusal.NOT_FOUND: "There is no such sensor or pit.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.EMPTY: "A name needs a character, and only such that can be shown.",
    Refusal.TOO_LONG: f"A name has at most {NAME_CHARS_MAX} characters.",
    Refusal.TOPIC_TAKEN: "Another sensor reads this topic.",
    Refusal.TOPIC_UNUSABLE: "This is not one topic below the tenant's branch.",
    Refusal.RULES_UNUSABLE: "No value is read, a metric stands twice, or a path or a unit can't be used.",
    Refusal.ALREADY_SO: "It is so already.",
}


class Value(BaseModel):
    """Where a metric stands in a message, and in which unit."""

    model_config = ConfigDict(extra="forbid")
    metric: Metric
    path: Path
    unit: Annotated[Words, Field(max_length=10, examples=["°C"])]


class NewMapping(BaseModel):
    """What is read from a topic."""

    model_config = ConfigDict(extra="forbid")
    topic: Annotated[Words, Field(max_length=TOPIC_CHARS_MAX + 60, description="Below `foreign/{tenant}/`.")]
    time_path: Annotated[Path, Field(description="Empty: a message counts for the moment of its arrival.")] = ""
    rules: Annotated[list[Value], Field(max_length=len(METRICS))]


class NewSensor(NewMapping):
    """A sensor of another make."""

    name: Name
    pit_id: UUID | None = None


class Sensor(BaseModel):
    """A sensor of another make; it is a device like any other."""

    device_id: str
    name: str
    pit_id: UUID | None
    pit: str | None = Field(description="The pit's name.")
    topic: str = Field(description="Below `foreign/{tenant}/`.")
    time_path: str
    rules: list[Value]
    enabled: bool
    heard_at: datetime | None


class Sensors(BaseModel):
    """By name."""

    sensors: list[Sensor]


class Added(BaseModel):
    """A sensor that is read from now on."""

    device_id: str


class HomeAssistant(BaseModel):
    """Whether devices are described by Home Assistant's discovery."""

    model_config = ConfigDict(extra="forbid")
    enabled: bool


@router.get("/foreign-sensors", responses=errors(401, 403, 503))
async def list_foreign_sensors(by: Reader) -> Sensors:
    """Sensors of other makes, and what is read of them."""
    found = await foreign_sensors.sensors_of(by)
    if isinstance(found, Refusal):
        _refuse(found)
    return Sensors(sensors=[Sensor(**_fields(sensor)) for sensor in found])


@router.post("/foreign-sensors", status_code=201, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def add_foreign_sensor(by: Manager, new: NewSensor, now: Now) -> Added:
    """Maps a topic to a pit's metrics."""
    answer = await foreign_sensors.add_sensor(new.name, new.pit_id, _mapping(new), by, now)
    if isinstance(answer, Refusal):
        _refuse(answer)
    return Added(device_id=answer)


@router.put("/foreign-sensors/{device_id}", status_code=204, responses=errors(400, 401, 403, 404, 409, 413, 422, 503))
async def change_foreign_sensor(by: Manager, device_id: DeviceId, new: NewMapping, now: Now) -> None:
    """Reads another topic, or other values of it, from now on."""
    if refusal := await foreign_sensors.change_sensor(device_id, _mapping(new), by, now):
        _refuse(refusal)


@router.get("/home-assistant", responses=errors(401, 403, 503))
async def read_home_assistant(by: Reader) -> HomeAssistant:
    """Whether the tenant's devices are described to other programs."""
    return HomeAssistant(enabled=await home_assistant.is_home_assistant_on(by))


@router.put("/home-assistant", status_code=204, responses=errors(400, 401, 403, 409, 413, 422, 503))
async def switch_home_assistant(by: Manager, wanted: HomeAssistant) -> None:
    """Switched off, what was said of devices is taken back within seconds."""
    if refusal := await home_assistant.switch_home_assistant(by, wanted.enabled):
        _refuse(refusal)


def _mapping(new: NewMapping) -> Mapping:
    rules = tuple(Rule(value.metric, value.path, value.unit) for value in new.rules)
    return Mapping(new.topic, rules, new.time_path)


def _fields(sensor: ForeignSensor) -> dict[str, Any]:
    return {
        "device_id": sensor.device_id,
        "name": sensor.name,
        "pit_id": sensor.pit_id,
        "pit": sensor.pit,
        "topic": sensor.topic,
        "time_path": sensor.time_path,
        "rules": [Value(metric=rule.metric, path=rule.path, unit=rule.unit) for rule in sensor.rules],
        "enabled": sensor.enabled,
        "heard_at": sensor.heard_at,
    }


def _refuse(refusal: Refusal) -> NoReturn:
    raise refused(refusal, _SAYS[refusal])
