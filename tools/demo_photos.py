"""Photos of the demo's cars: drawn, since nobody's car belongs here."""

import asyncio
import random
from datetime import datetime, timedelta
from io import BytesIO
from uuid import UUID, uuid4

from PIL import Image, ImageDraw, ImageFilter
from sqlalchemy import text

from actions.jobs import photos
from domain.access import Role, Viewer
from storage.photos import PhotoRow
from storage.session import EVERY_TENANT, transaction

WIDTH, HEIGHT = 1_600, 1_200
FLOOR, WALL, GLASS, TYRE, RIM, LAMP = "#5b6468", "#aeb9bd", "#25333b", "#1b1f22", "#c9d0d3", "#fff6d8"


def car_photo(colour: str, seed: int) -> bytes:
    """A car in a pit from its side, as JPEG; `seed` moves the camera a little."""
    chance = random.Random(seed)
    image = Image.new("RGB", (WIDTH, HEIGHT), WALL)
    draw = ImageDraw.Draw(image)
    floor = HEIGHT * 62 // 100
    draw.rectangle((0, floor, WIDTH, HEIGHT), FLOOR)
    for x in range(100, WIDTH, 350):
        draw.rectangle((x, 60, x + 240, 84), LAMP)  # strip lights
    left, ground = 180 + chance.randrange(-60, 60), HEIGHT * 80 // 100 + chance.randrange(-20, 20)
    _car(draw, colour, left, ground)
    image = image.filter(ImageFilter.GaussianBlur(1.2)).rotate(
        chance.uniform(-1.5, 1.5), Image.Resampling.BICUBIC, fillcolor=WALL
    )
    out = BytesIO()
    image.save(out, "JPEG", quality=88)
    return out.getvalue()


def _car(draw: ImageDraw.ImageDraw, colour: str, x: int, ground: int) -> None:
    draw.ellipse((x - 20, ground - 30, x + 1_260, ground + 40), "#3b4246")  # its shadow
    body = [
        (x, ground - 90), (x + 10, ground - 210), (x + 60, ground - 250), (x + 320, ground - 280),
        (x + 480, ground - 410), (x + 560, ground - 430), (x + 860, ground - 425), (x + 1_010, ground - 290),
        (x + 1_190, ground - 260), (x + 1_230, ground - 200), (x + 1_235, ground - 90),
    ]  # fmt: skip
    draw.polygon(body, colour)
    draw.rectangle((x + 8, ground - 110, x + 1_230, ground - 60), colour)
    windows = [(x + 360, ground - 282), (x + 500, ground - 392), (x + 845, ground - 392), (x + 965, ground - 288)]
    draw.polygon(windows, GLASS)
    draw.rectangle((x + 655, ground - 394, x + 675, ground - 282), colour)
    draw.line((x + 30, ground - 235, x + 1_210, ground - 228), "#ffffff", 5)  # light along the shoulder
    for door in (x + 350, x + 665, x + 960):
        draw.line((door, ground - 275, door, ground - 95), TYRE, 3)
    for wheel in (x + 240, x + 980):
        draw.ellipse((wheel - 95, ground - 165, wheel + 95, ground + 25), TYRE)
        draw.ellipse((wheel - 55, ground - 125, wheel + 55, ground - 15), RIM)
    draw.ellipse((x + 1_180, ground - 245, x + 1_228, ground - 205), LAMP)


PAINTS = {"black": "#22272b", "white": "#e8ecee", "silver": "#b9c2c6", "grey": "#7b858b", "blue": "#2d4f8e",
    "red": "#a12a2f"}  # fmt: skip
OTHER_PAINT = "#1f6f78"
EACH = 2

_OPEN = """
    SELECT j.id, v.colour, s.person_id, p.name FROM job j
    JOIN vehicle v ON v.tenant_id = j.tenant_id AND v.id = j.vehicle_id
    JOIN LATERAL (SELECT person_id FROM job_staff c WHERE c.tenant_id = j.tenant_id AND c.job_id = j.id LIMIT 1) s
        ON true
    JOIN person p ON p.id = s.person_id
    WHERE j.tenant_id = :tenant AND j.state IN ('in_progress', 'quality_check', 'on_hold', 'complete')
    ORDER BY j.planned_at, j.id"""


async def add_photos(tenants: dict[UUID, list[UUID]], now: datetime) -> None:
    """Gives each car that is worked on some photos, of which the customer sees the first."""
    for tenant_id in tenants:
        async with transaction(EVERY_TENANT) as tx:
            rows = (await tx.execute(text(_OPEN), {"tenant": tenant_id})).all()
        for n, (job_id, colour, person_id, name) in enumerate(rows):
            by = Viewer(person_id, name, tenant_id, Role.STAFF)
            for k in range(EACH):
                drawn = await asyncio.to_thread(car_photo, PAINTS.get(colour, OTHER_PAINT), 10 * n + k)
                at = now - timedelta(minutes=90 - 30 * k)
                taken = await photos.take(job_id, BytesIO(drawn), None, by, at, key=uuid4())
                if isinstance(taken, PhotoRow) and k == 0:
                    await photos.release(taken.id, True, by, at)
