"""Reads for pages and API. Each takes a transaction that is already scoped to the viewer's tenant: row-level security
filters, so no query here needs to name the tenant to be safe (some do, to use an index).
"""

from storage.queries.alert_rows import (
    AlertEventRow,
    AlertFilter,
    AlertRow,
    alert,
    alerts,
    count_open_alerts,
    open_alerts,
    silences,
)
from storage.queries.device_rows import DeviceRow, RejectionRow, device, devices, rejections
from storage.queries.pit_rows import PitRow, limits_said, pits

__all__ = [
    "AlertEventRow",
    "AlertFilter",
    "AlertRow",
    "DeviceRow",
    "PitRow",
    "RejectionRow",
    "alert",
    "alerts",
    "count_open_alerts",
    "device",
    "devices",
    "limits_said",
    "open_alerts",
    "pits",
    "rejections",
    "silences",
]
