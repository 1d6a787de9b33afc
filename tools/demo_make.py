"""Turns the demo's cast into rows, logins and devices' cards, with drawn ids and passwords. Nothing is written here."""

import secrets
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlmodel import SQLModel

from actions.passwords import hashed
from domain.access import Role
from domain.limits import FILM_PROFILES, Origin
from storage.tables import Device, DevicePresence, FilmProfile, LimitsRow, Membership, Person, Pit, Tenant
from tests.virtual.climate import Room
from tests.virtual.fleet import Card
from tests.virtual.script import ROLES
from tools.demo_cast import DevicePart, MotorPart, PersonPart, PitPart, TenantPart
from tools.demo_files import Login
from tools.demo_past import PastPit
from tools.demo_pumps import MotorCard, Sold

_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that looks like another


class Made:
    """What becomes of tenants that are added as of `now`. `staff` holds every tenant, with its staff's ids."""

    def __init__(self, now: datetime) -> None:
        self.rows: list[SQLModel] = []
        self.logins: list[Login] = []
        self.cards: list[Card] = []
        self.motors: list[MotorCard] = []
        self.sold: list[Sold] = []
        self.pits: list[PastPit] = []
        self.staff: dict[UUID, list[UUID]] = {}
        self._now = now
        self._born = now.astimezone(UTC) - timedelta(days=31)

    async def add_tenant(self, part: TenantPart) -> None:
        """Adds a tenant with all that belongs to it. Each person's password takes its time to hash."""
        tenant = Tenant(
            name=part.name,
            has_workshop=part.has_workshop,
            has_pump=part.has_pump,
            is_platform=part.is_platform,
            created_at=self._born,
        )
        self.rows.append(tenant)
        self.staff[tenant.id] = []
        people = [await self._add_person(tenant, person) for person in part.people]
        self.sold += [
            Sold(tenant.id, id_, people[0], person.minutes)  # the first is the owner
            for id_, person in zip(people, part.people, strict=True)
            if person.minutes
        ]
        films = self._add_films(tenant.id) if part.has_workshop else {}
        for position, pit in enumerate(part.pits, start=1):
            self._add_pit(tenant.id, pit, position, films)
        for motor in part.motors:
            self._add_motor(tenant.id, motor)

    async def _add_person(self, tenant: Tenant, part: PersonPart) -> UUID:
        password = "-".join(_letters(4) for _ in range(3))  # 59 bits, and easy to type
        person = Person(
            login=part.login,
            name=part.name,
            password_hash=await hashed(password),
            language=part.language,
            created_at=self._born,
        )
        membership = Membership(tenant_id=tenant.id, person_id=person.id, role=part.role, created_at=self._born)
        self.rows += [person, membership]
        self.logins.append(Login(tenant.name, part.name, part.role, part.login, password))
        if part.role is Role.STAFF:
            self.staff[tenant.id].append(person.id)
        return person.id

    def _add_films(self, tenant_id: UUID) -> dict[str, UUID]:
        """Copies the makers' profiles as the tenant's own data; returns their ids by name."""
        films: dict[str, UUID] = {}
        for name, limits in FILM_PROFILES.items():
            film = FilmProfile(tenant_id=tenant_id, name=name)
            films[name] = film.id
            self.rows.append(film)
            self.rows += [
                LimitsRow(tenant_id=tenant_id, origin=Origin.FILM, place_id=film.id, metric=metric, **asdict(said))
                for metric, said in limits.items()
            ]
        return films

    def _add_pit(self, tenant_id: UUID, part: PitPart, position: int, films: dict[str, UUID]) -> None:
        pit = Pit(
            tenant_id=tenant_id,
            name=part.name,
            position=position,
            film_profile_id=films[part.film] if part.film else None,
            created_at=self._born,
        )
        self.rows.append(pit)
        wet_since_s = None if part.wet_min is None else self._now.timestamp() - 60 * part.wet_min
        ids = [self._add_device(pit, device, part.seed, wet_since_s) for device in part.devices]
        until = self._now - timedelta(minutes=part.silent_min)
        if part.silent_min:
            self.rows += [
                DevicePresence(device_id=id_, tenant_id=tenant_id, heard_at=until, online=False, boot_id=1)
                for id_ in ids
            ]
        room = Room(part.seed, any(ROLES[device.role].sprays for device in part.devices), wet_since_s)
        devices = tuple((id_, device.sensors) for id_, device in zip(ids, part.devices, strict=True))
        self.pits.append(PastPit(tenant_id, pit.id, room, devices, until.timestamp()))

    def _add_device(self, pit: Pit, part: DevicePart, seed: int, wet_since_s: float | None) -> str:
        """Returns the device's id, which nobody can guess from its serial."""
        id_, name = _device_id(part.serial), f"PP-{part.serial}"
        self.rows.append(Device(id=id_, tenant_id=pit.tenant_id, pit_id=pit.id, name=name, created_at=self._born))
        self.cards.append(
            Card(
                tenant=str(pit.tenant_id),
                device=id_,
                password=secrets.token_urlsafe(24),
                seed=seed,
                role=part.role,
                sensors=part.sensors,
                boots=1,  # the past was its first
                delay_s=part.delay_s,
                wet_since_s=wet_since_s,
            )
        )
        return id_

    def _add_motor(self, tenant_id: UUID, part: MotorPart) -> None:
        id_ = _device_id(part.serial)
        self.rows.append(Device(id=id_, tenant_id=tenant_id, kind="pump", name=part.name, created_at=self._born))
        self.motors.append(MotorCard(tenant=str(tenant_id), device=id_, password=secrets.token_urlsafe(24)))


def _device_id(serial: str) -> str:
    return f"pp-{serial}-{_letters(5)}"


def _letters(count: int) -> str:
    return "".join(secrets.choice(_LETTERS) for _ in range(count))
