"""Dialogs: they wait for the person's word, and let go when the page is closed."""

import asyncio
import re
from pathlib import Path

from nicegui import ui
from nicegui.testing import User

from tests.ui.conftest import Show
from ui.components.dialog import answer_of, confirm
from ui.components.pieces import button


async def test_a_dialog_waits_for_the_persons_word(user: User, show: Show) -> None:
    answers: list[bool] = []

    async def ask() -> None:
        answers.append(await confirm("Stop the run?", "The motor goes off now.", "Stop motor", keep="Keep running"))

    await show(lambda: button("ask", ask))
    for word in ("Keep running", "Stop motor"):
        user.find("ask").click()
        await user.should_see("The motor goes off now.")
        user.find(word).click()
        await user.should_not_see("The motor goes off now.")
    assert answers == [False, True]


async def test_a_dialog_whose_page_is_closed_meanwhile_is_left_alone(user: User, show: Show) -> None:
    went_on: list[bool] = []

    async def ask() -> None:
        with ui.dialog() as dialog:
            ui.label("Still there?")
        await answer_of(dialog)
        went_on.append(True)

    await show(lambda: button("ask", ask))
    user.find("ask").click()
    await user.should_see("Still there?")
    with user:
        ui.context.client.delete()
    await asyncio.sleep(0.1)
    assert went_on == []  # and no error was logged, which would fail this test


def test_no_page_waits_for_a_dialog_in_its_own_way() -> None:
    bare = re.compile(r"await [\w.]*dialog\b(?!\()")
    files = (Path(__file__).parents[2] / "ui" / "pages").rglob("*.py")
    assert [str(file) for file in files if bare.search(file.read_text(encoding="utf-8"))] == []
