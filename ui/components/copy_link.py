"""What is shown once and has to be carried elsewhere: a link, or lines such as recovery codes."""

from collections.abc import Sequence
from typing import Any

from nicegui.element import Element

from ui.texts import _


class _CopyText(Element, component="copy_link.js"):
    """Text that can't be edited, with a button that copies it, in browsers without a secure address too."""

    def __init__(self, text: str, label: str, *, copy: str, lines: bool, share: bool, file_name: str) -> None:
        super().__init__()
        words = {
            "copy": copy,
            "copied": _("Copied"),
            "by_hand": _("Select the text and copy it yourself."),
            "share": _("Share"),
            "download": _("Download"),
        }
        self.props.update(
            {"text": text, "label": label, "lines": lines, "share": share, "file_name": file_name, "words": words}
        )

    @property
    def text(self) -> str:
        """What is shown."""
        return str(self.props["text"])

    def _displayed_contents(self, *, only_visible: bool) -> list[Any]:
        return [self.props["label"], self.text, *self.props["words"].values()]


class CopyLink(_CopyText):
    """A link with Copy and, on phones that can, Share."""

    def __init__(self, href: str, label: str) -> None:
        super().__init__(href, label, copy=_("Copy link"), lines=False, share=True, file_name="")


class CopyLines(_CopyText):
    """Lines with Copy and, under `file_name`, Download."""

    def __init__(self, lines: Sequence[str], label: str, *, file_name: str = "") -> None:
        super().__init__("\n".join(lines), label, copy=_("Copy"), lines=True, share=False, file_name=file_name)


class CopySecret(_CopyText):
    """One secret, such as an API key, with Copy."""

    def __init__(self, secret: str, label: str) -> None:
        super().__init__(secret, label, copy=_("Copy"), lines=False, share=False, file_name="")
