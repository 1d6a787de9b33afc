"""What it costs the server to render the overview of a workshop with 50 pits, as a browser fetches it."""

from statistics import median

import aiohttp

from api.auth import COOKIE
from tools.bench.found import Found
from tools.bench.light_pages import BROWSERS_HEADERS
from tools.bench.measure import cpu_s
from tools.bench.product import Product
from tools.bench.rig import Rig
from tools.bench.world import make_world

TURNS = 3
GETS = 20
PAGE_WITHIN_S = 10.0

KEYS = ("pages.dashboard50_cpu_ms",)


async def measure(rig: Rig, found: Found) -> None:
    """CPU of the product's process for a GET, a mean of 20, with values and trends of the last hour on every card."""
    database = await rig.database("pages")
    world = await make_world(database.superuser_url, tenants=2)
    headers = {**BROWSERS_HEADERS, "Cookie": f"{COOKIE}={world.tokens[0]}"}
    with rig.broker() as broker:
        async with (
            await Product.launch(rig.folder, database=database, broker=broker) as product,
            aiohttp.ClientSession(
                product.url, headers=headers, timeout=aiohttp.ClientTimeout(PAGE_WITHIN_S), raise_for_status=True
            ) as http,
        ):
            page = await _get(http)  # what is done at the first page only is not counted
            found.put("pages.dashboard50_html_bytes", len(page))
            costs = []
            for _ in range(TURNS):
                before_s = cpu_s(product.pid)
                for _ in range(GETS):
                    await _get(http)
                costs.append((cpu_s(product.pid) - before_s) / GETS * 1_000)
    found.put("pages.dashboard50_cpu_ms", median(costs))


async def _get(http: aiohttp.ClientSession) -> bytes:
    async with http.get("/") as answer:
        return await answer.read()
