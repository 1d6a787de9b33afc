"""One file to be chosen or dropped; its size and kind are looked at before and after it is sent."""

from collections.abc import Awaitable, Callable

from nicegui import events, ui
from nicegui.element import Element

from ui.components.markup import Text, icon_element
from ui.components.pieces import button
from ui.texts import _


class FileDrop:
    """`take` gets name and bytes of a file of at most `bytes_max`; `refuse` is called without one if it is too large
    or, by its name, of another kind than `suffix`.
    """

    def __init__(
        self,
        label: str,
        *,
        suffix: str,
        bytes_max: int,
        take: Callable[[str, bytes], Awaitable[None]],
        refuse: Callable[[], None],
    ) -> None:
        self._suffix, self._bytes_max, self._take, self._refuse = suffix, bytes_max, take, refuse
        with Element("div").classes("drop"):
            self._upload = ui.upload(
                auto_upload=True, max_files=1, max_file_size=bytes_max, on_upload=self._got, on_rejected=refuse
            ).props(f'accept="{suffix}" aria-hidden="true"')
            with Element("div").classes("blank"):
                icon_element("upload_file", "huge")
                Text("p", label)
                pick = button(_("Choose a file"), kind="primary")
        # In the browser itself: a click that went by way of the server is none of the person's any more.
        pick.on("click", js_handler=f"() => getElement({self._upload.id}).pickFiles()")

    async def _got(self, sent: events.UploadEventArguments) -> None:
        self._upload.reset()
        if sent.file.size() > self._bytes_max or not sent.file.name.lower().endswith(self._suffix):
            self._refuse()
            return
        await self._take(sent.file.name, await sent.file.read())
