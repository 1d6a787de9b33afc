"""Which pin of an ESP32 may do what. Source: ESP32 data sheet, "Pin Overview" and "Strapping Pins"."""

PIN_MAX = 39
FLASH = range(6, 12)  # wired to the flash chip
INPUT_ONLY = range(34, 40)
STRAPPING = (0, 2, 5, 12, 15)
SERIAL = (1, 3)  # the console
ADC1 = range(32, 40)  # ADC2 doesn't work beside Wi-Fi
MOTOR_OUTPUTS = ("relay", "opto")
OUTPUTS = MOTOR_OUTPUTS + ("rfid_sck", "rfid_mosi", "rfid_cs", "rfid_rst", "led", "pms_tx", "scl", "sda", "dht")
NEEDED = MOTOR_OUTPUTS + ("grid", "ready")


def check_pins(kind: str, pins: dict, known: dict) -> list:
    """Complaints about a pin map, in words; an empty list when it can be wired."""
    faults, used = ([] if pins else ["pins: an object"]), {}
    for name in sorted(pins):
        number = pins[name]
        if name not in known:
            faults.append("pins.%s: unknown" % name)
        elif number is None:
            if name in NEEDED and kind != "pit":
                faults.append("pins.%s: needed" % name)
        else:
            fault = _fault(name, number) or (number in used and "GPIO%d is %s already" % (number, used[number]))
            if fault:
                faults.append("pins.%s: %s" % (name, fault))
            else:
                used[number] = name
    return faults


def _fault(name: str, number) -> str | None:
    if type(number) is not int or not 0 <= number <= PIN_MAX:
        return "0…%d" % PIN_MAX
    if number in FLASH or number in SERIAL:
        return "GPIO%d belongs to flash or console" % number
    if number in INPUT_ONLY and name in OUTPUTS:
        return "GPIO%d can't be an output" % number
    if name == "relay" and number in STRAPPING:
        return "GPIO%d moves while the controller starts" % number
    if name == "current" and number not in ADC1:
        return "current needs ADC1, GPIO32…39"
    return None


def outputs_of(kind: str, pins: dict) -> list:
    """Pins that must be OFF before anything else happens; a pit node has none."""
    return [] if kind == "pit" else [pins[name] for name in MOTOR_OUTPUTS]
