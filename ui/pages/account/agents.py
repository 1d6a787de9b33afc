"""What a browser's User-Agent header says in two words: "Chrome, Android"."""

from actions.people.seats import Door
from ui.texts import _

# In this order: later ones also claim to be earlier ones.
_BROWSERS = (
    ("Edg/", "Edge"), ("EdgA/", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"), ("FxiOS/", "Firefox"), ("CriOS/", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"),
)  # fmt: skip
_SYSTEMS = (
    ("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("CrOS", "ChromeOS"),
    ("Mac OS X", "macOS"), ("Linux", "Linux"),
)  # fmt: skip
_HANDHELD = ("Android", "iPhone", "iPad", "Mobile")


def agent_words(agent: str, door: Door) -> str:
    """Browser and system; what can't be read is said as such."""
    found = [next((word for mark, word in table if mark in agent), "") for table in (_BROWSERS, _SYSTEMS)]
    words = ", ".join(word for word in found if word)
    if words:
        return words
    return _("App on a phone") if door is Door.PHONE else _("Unknown browser")


def agent_icon(agent: str, door: Door) -> str:
    return "smartphone" if door is Door.PHONE or any(mark in agent for mark in _HANDHELD) else "computer"
