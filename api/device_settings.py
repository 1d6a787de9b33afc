"""What a device is to be set to, what it says that it has, and how the two differ."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import Depends, Header
from pydantic import BaseModel, ConfigDict, Field

from actions import device_settings
from actions.device_commands import KEY_CHARS_MAX
from api.auth import viewer
from api.context import Now
from api.device_identity import DeviceId, Manager
from api.openapi import errors
from api.problems import refused
from api.routes import routes
from domain.access import Intent, Viewer
from domain.device_settings import NOT_WIRED, PIN_MOST, PIN_NAME, PINS_MAX, SettingsFault, differences
from domain.readings import Metric
from domain.refusals import Refusal
from storage import queries
from storage.device_settings import SettingsRow, read
from storage.session import transaction

router = routes("/devices/{device_id}", tag="devices")
DeviceReader = Annotated[Viewer, Depends(viewer(Intent.SEE_DEVICES))]
IdempotencyKey = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        max_length=KEY_CHARS_MAX,
        pattern="^[!-~]*$",
        description="Any text without spaces. Asking again with the same one tells of the same command.",
    ),
]

SAYS: dict[str, str] = {
    Refusal.NOT_FOUND: "There is no such device.",
    Refusal.NOT_ALLOWED: "The role may not do this.",
    Refusal.NOT_CLAIMED: "The device has no credential. Make a claim code, and let it claim itself.",
    Refusal.DEVICE_OFF: "The device is switched off. Switch it on first.",
    Refusal.COMMAND_OPEN: "A command of this kind is on its way already.",
    Refusal.KEY_USED: "Something else was asked for with this Idempotency-Key.",
    Refusal.ALREADY_SO: "It is so already.",
    SettingsFault.EMPTY: "No setting is named.",
    SettingsFault.NUMBER: "A number is outside what this kind of device takes, or none that it knows.",
    SettingsFault.THRESHOLD: "A threshold lies outside what the sensor can measure, or the device has no such sensor.",
    SettingsFault.CROSSED: "A lower threshold is not below the upper one.",
    SettingsFault.PIN: f"A pin is a GPIO of an ESP32, 0 to {PIN_MOST}; 1, 3 and 6 to 11 it needs itself.",
    SettingsFault.PIN_TWICE: "Two things can't hang on the same pin.",
}


class Threshold(BaseModel):
    """Beyond these the device speaks up at once, in the metric's unit."""

    model_config = ConfigDict(extra="forbid")
    low: Annotated[float | None, Field(allow_inf_nan=False)] = None
    high: Annotated[float | None, Field(allow_inf_nan=False)] = None


PinName = Annotated[str, Field(pattern=f"^{PIN_NAME.pattern}$")]
Gpio = Annotated[int, Field(ge=NOT_WIRED, le=PIN_MOST)]
Whole = Annotated[int | None, Field(ge=0, le=1_000_000)]


class Settings(BaseModel):
    """What a device can be set to. Of a number or pin that is left out it keeps its own; `thresholds` are all of them.
    A pit node has `interval_s`; the other numbers are a pump controller's.
    """

    model_config = ConfigDict(extra="forbid")
    interval_s: Whole = Field(None, description="Between two measurements, or two states of a pump controller.")
    lease_cap_ms: Whole = Field(None, description="The longest lease that it takes.")
    min_off_ms: Whole = Field(None, description="Rest between two starts.")
    starts_per_hour: Whole = None
    grid_delay_min_ms: Whole = Field(None, description="After the grid's return it waits by chance, at least this.")
    grid_delay_max_ms: Whole = Field(None, description="And at most this.")
    watchdog_ms: Whole = None
    feedback_within_ms: Whole = Field(None, description="The contactor must follow its coil within this.")
    current_ua_per_count: Whole = Field(None, description="Of the current sensor.")
    trip_delay_ms: Whole = Field(None, description="How long the current must be wrong.")
    inrush_ms: Whole = Field(None, description="After a start nothing trips for this long.")
    trip_rest_s: Whole = Field(None, description="A tripped motor rests for this long.")
    thresholds: dict[Metric | Literal["current_ma"], Threshold] | None = None
    pins: Annotated[dict[PinName, Gpio], Field(max_length=PINS_MAX)] | None = Field(
        None,
        description=f"GPIOs, by what hangs on them; {NOT_WIRED}: nothing does.",
        examples=[{"relay": 25, "grid": 32}],
    )


class SettingDifference(BaseModel):
    """One setting that the device has not, or not so."""

    setting: str = Field(examples=["thresholds.t_c.high"])
    desired: float
    reported: float | None = Field(description="Null: the device says nothing of it.")


class DeviceSettings(BaseModel):
    """What is asked of a device, and what it says that it has."""

    desired: dict[str, Any] | None = Field(description="Null: nothing was asked yet.")
    desired_version: int
    desired_at: datetime | None
    desired_by: str | None
    reported: dict[str, Any] | None = Field(description="Null: it has not said so yet.")
    reported_version: int | None
    reported_at: datetime | None = Field(description="When it said so for the first time.")
    settled: bool = Field(description="Whether it has taken what was asked of it last.")
    differences: list[SettingDifference]


@router.get("/settings", responses=errors(401, 403, 404, 503))
async def read_settings(device_id: DeviceId, viewer: DeviceReader, now: Now) -> DeviceSettings:
    """What is asked of a device, what it says that it has, and how the two differ."""
    return _settings(await _read(device_id, viewer, now))


@router.put("/settings", responses=errors(401, 403, 404, 409, 413, 503))
async def set_settings(
    device_id: DeviceId, wanted: Settings, by: Manager, now: Now, key: IdempotencyKey = ""
) -> DeviceSettings:
    """Asks a device for these settings, in place of what was asked before. They are kept until it has them, also while
    it is away; settings that it has already are no error.
    """
    answer = await device_settings.ask(device_id, wanted.model_dump(mode="json"), by, now, key=key)
    if isinstance(answer, Refusal | SettingsFault) and answer is not Refusal.ALREADY_SO:
        raise refused(answer, SAYS[answer])
    return _settings(await _read(device_id, by, now))


async def _read(device_id: str, by: Viewer, now: datetime) -> SettingsRow:
    async with transaction(by.tenant_id) as tx:
        if await queries.device(tx, device_id, now) is None:
            raise refused(Refusal.NOT_FOUND, SAYS[Refusal.NOT_FOUND])
        return await read(tx, device_id)


def _settings(row: SettingsRow) -> DeviceSettings:
    return DeviceSettings(
        desired=row.desired,
        desired_version=row.desired_version,
        desired_at=row.desired_at,
        desired_by=row.desired_by,
        reported=row.reported,
        reported_version=row.reported_version,
        reported_at=row.reported_at,
        settled=row.is_settled,
        differences=[
            SettingDifference(setting=each.path, desired=each.desired, reported=each.reported)
            for each in differences(row.desired, row.reported)
            if each.desired is not None and not each.is_settled
        ],
    )
