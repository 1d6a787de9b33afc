"""Who plays in the demo: a workshop, a pump cooperative and a tenant with both, their people, pits and devices; and who
runs the platform.

The workshop shows every state: three pits in spec, a wet one in warning, one without data, and two next to the spray
booth, of which one or the other becomes critical for some minutes about every ten minutes.

The cooperative has two motors, of which one runs at a time, and members with an afternoon, an hour, and too little.
"""

from dataclasses import dataclass

from actions.people.first_run import PLATFORM_NAME
from domain.access import Role

COOL_FILM, WARM_FILM = "Protection film, 15–27 °C", "Graphics film, from 16 °C"  # names in domain.limits.FILM_PROFILES


@dataclass(frozen=True, slots=True)
class PersonPart:
    login: str
    name: str
    role: Role
    language: str = "en"
    minutes: int = 0
    """What the owner has sold to a member."""


@dataclass(frozen=True, slots=True)
class DevicePart:
    """`serial` is what is printed on the box; `role`, `sensors` and `delay_s` are those of tests/virtual/fleet.py."""

    serial: str
    role: str
    sensors: str = "all"
    delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class PitPart:
    """`seed` makes the air of the room. `wet_min`: its floor has been wet for so long; `silent_min`: nothing was heard
    of it for so long.
    """

    name: str
    seed: int
    devices: tuple[DevicePart, ...]
    film: str | None = None
    wet_min: int | None = None
    silent_min: int = 0


@dataclass(frozen=True, slots=True)
class MotorPart:
    """`serial` is what is printed on the controller's box."""

    serial: str
    name: str


@dataclass(frozen=True, slots=True)
class TenantPart:
    name: str
    people: tuple[PersonPart, ...]
    pits: tuple[PitPart, ...] = ()
    motors: tuple[MotorPart, ...] = ()
    has_pump: bool = False
    is_platform: bool = False
    """The tenant of those who run this PitPilot."""

    @property
    def has_workshop(self) -> bool:
        return bool(self.pits)


WORKSHOP = TenantPart(
    "Baner PPF Studio",
    (
        PersonPart("meera@baner", "Meera", Role.OWNER),
        PersonPart("farida@baner", "Farida", Role.STAFF),
        PersonPart("sunil@baner", "Sunil", Role.STAFF, language="hi"),
    ),
    (
        PitPart(
            "Pit 1", 31, (DevicePart("0411", "steady", "climate"), DevicePart("0412", "steady", "dust")), COOL_FILM
        ),
        PitPart("Pit 2", 13, (DevicePart("0413", "dusty", delay_s=600),), COOL_FILM),
        PitPart("Pit 3", 14, (DevicePart("0415", "humid"),), WARM_FILM, wet_min=25),
        PitPart("Pit 4", 8, (DevicePart("0417", "dusty", "climate"), DevicePart("0418", "dusty", "dust"))),
        PitPart("Pit 5", 44, (DevicePart("0419", "flaky"),)),
        PitPart("Pit 6", 46, (DevicePart("0421", "off"),), WARM_FILM, silent_min=23),
    ),
)

COOPERATIVE = TenantPart(
    "Uttarpara Pump",
    (
        PersonPart("anwar@uttarpara", "Anwar", Role.OWNER),
        PersonPart("rahim@uttarpara", "Rahim", Role.MEMBER, language="bn", minutes=240),
        PersonPart("salma@uttarpara", "Salma", Role.MEMBER, language="bn", minutes=4),
        PersonPart("bimal@uttarpara", "Bimal", Role.MEMBER, minutes=60),
    ),
    motors=(MotorPart("0701", "River pump"), MotorPart("0702", "Tube well")),
    has_pump=True,
)

BOTH = TenantPart(
    "Hadapsar Films & Water",
    (PersonPart("joseph@hadapsar", "Joseph", Role.OWNER), PersonPart("imran@hadapsar", "Imran", Role.STAFF)),
    (
        PitPart("Bay A", 12, (DevicePart("0611", "powercut"),), COOL_FILM),
        PitPart("Bay B", 27, (DevicePart("0612", "noclock"),)),
    ),
    has_pump=True,
)

PLATFORM = TenantPart(PLATFORM_NAME, (PersonPart("asha@platform", "Asha", Role.SUPER_ADMIN),), is_platform=True)

CAST = (WORKSHOP, COOPERATIVE, BOTH, PLATFORM)

NOTES = {
    "pm25": ("Spray booth next door was running. Extraction on full.", "Overspray. Film stopped until it was clear."),
    "pm10": ("Sanding in the yard, door closed.", "Floor wiped, filter cleaned."),
    "rh_pct": ("Wash water on the floor. Dehumidifier on.",),
    "t_c": ("Air conditioning was off over lunch.",),
    "iaq": ("Solvent rags taken out.",),
}
"""What staff wrote on past alerts, by rule."""
