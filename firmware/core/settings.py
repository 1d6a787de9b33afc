"""The settings of each kind of node: default, least and greatest value. Names end in their unit.

The server sends some of them with the command `set`, and beside them `pins` and `thresholds`, which are
`{metric: {"low", "high"}}` with either left out; `/state` reports all of them.
"""

PUMP = {
    "interval_s": (5, 1, 5),  # between two states; the server counts three missed ones as silence
    "lease_cap_ms": (15_000, 5_000, 60_000),  # longest lease that a grant may give
    "min_off_ms": (30_000, 0, 600_000),  # rest between two starts; boot counts as its beginning
    "starts_per_hour": (12, 1, 60),  # motor data sheet; small submersible motors bear 15–20
    "grid_delay_min_ms": (5_000, 0, 600_000),  # after the grid's return, so that a village's
    "grid_delay_max_ms": (30_000, 0, 600_000),  # motors don't all start at once
    "watchdog_ms": (3_000, 1_000, 3_000),  # no more: the server's wait before another motor holds this much
    "feedback_within_ms": (1_500, 100, 10_000),  # the contactor must follow its coil within this
    "current_ua_per_count": (1_000, 1, 1_000_000),  # clamp ratio over burden resistor, for a count of 16 bits
    "trip_delay_ms": (3_000, 100, 60_000),  # how long the current must be wrong
    "inrush_ms": (2_000, 0, 30_000),  # after a start nothing trips: starting current and priming
    "trip_rest_s": (1_800, 1, 86_400),  # a tripped motor rests for this long
}
PIT = {
    "interval_s": (5, 2, 3_600),  # between two readings
}
THRESHOLDS = {
    "pump": ("current_ma",),  # below `low` the pump runs dry, above `high` the motor is overloaded; needs a sensor
    "pit": ("t_c", "rh_pct", "p_hpa", "pm1", "pm25", "pm10", "iaq"),
}
THRESHOLDS["pump_http"] = THRESHOLDS["pump"]
PUMP_HTTP = dict(PUMP)
PUMP_HTTP["interval_s"] = (4, 1, 4)  # many servers close a connection that was idle for 5 s, and that means OFF
RANGES = {"pump": PUMP, "pump_http": PUMP_HTTP, "pit": PIT}

PUMP_PINS = {
    "relay": 25,
    "opto": 5,  # a strapping pin, high at boot: it never energises the motor alone, the relay is in series
    "grid": 32,
    "ready": 33,
    "feedback": None,  # auxiliary contact of the contactor
    "current": None,  # analogue, ADC1: GPIO32–39
    "rfid_sck": 18,
    "rfid_mosi": 23,
    "rfid_miso": 19,
    "rfid_cs": 21,  # many boards' drawings use GPIO5 here, which is the opto's
    "rfid_rst": 22,
    "led": 2,
    "button": 0,
}
PIT_PINS = {
    "dht": 4,
    "sda": 21,
    "scl": 22,
    "pms_rx": 16,
    "pms_tx": 17,
    "led": 2,
    "button": 0,
}
PINS = {"pump": PUMP_PINS, "pump_http": PUMP_PINS, "pit": PIT_PINS}
