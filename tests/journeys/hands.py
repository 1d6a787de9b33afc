"""What hands do in front of pages: tap with gloves on, carry by mouse or finger, write into dialogs, sign."""

import asyncio
import re

from playwright.async_api import Locator, Page, expect

REST_S = 0.6  # longer than a finger has to rest before it carries


async def tap(page: Page, name: str) -> None:
    """Taps the button whose name begins so: the one on top, if a sheet has it as well."""
    await page.get_by_role("button", name=re.compile(rf"^\W*{name}")).last.tap()


async def finish(page: Page, stage: str) -> None:
    """Finishes a stage on the tablet with its checks open."""
    await expect(page.get_by_role("button", name=f"Finish {stage}")).to_be_enabled()
    await tap(page, f"Finish {stage}")
    await tap(page, "Finish anyway")


async def dialog_of(page: Page, words: str, button: str) -> None:
    """Writes words into the open dialog's last field and presses its button."""
    dialog = page.locator(".dialog")
    await dialog.get_by_role("textbox").last.fill(words)
    await dialog.get_by_role("button", name=button).click()


async def carry_by_mouse(page: Page, what: Locator, to: tuple[float, float]) -> None:
    x, y = await middle(what)
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(*to, steps=6)
    await page.mouse.up()


async def carry_by_finger(page: Page, what: Locator, to: Locator, *, rest_s: float = REST_S) -> None:
    """A finger that does not rest before it moves only swipes."""
    (x, y), (to_x, to_y) = await middle(what), await middle(to)
    session = await page.context.new_cdp_session(page)

    async def touch(kind: str, *points: tuple[float, float]) -> None:
        said = {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]}
        await session.send("Input.dispatchTouchEvent", said)

    await touch("touchStart", (x, y))
    await asyncio.sleep(rest_s)
    for n in range(1, 7):
        await touch("touchMove", (x + (to_x - x) * n / 6, y + (to_y - y) * n / 6))
    await touch("touchEnd")
    await session.detach()


async def middle(what: Locator) -> tuple[float, float]:
    box = await what.bounding_box()
    assert box is not None, "it is not shown"
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def sign(page: Page) -> None:
    """A line by the mouse."""
    pad = page.locator(".signature svg")
    await pad.hover()  # waits until the dialog that it is in has stopped moving
    box = await pad.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 40, box["y"] + 60)
    await page.mouse.down()
    for n in range(1, 8):
        await page.mouse.move(box["x"] + 40 + 30 * n, box["y"] + 60 + 20 * (n % 2))
    await page.mouse.up()
