"""What pages say about commands to devices: what was asked, how far it is, and how it ended."""

from datetime import datetime

from domain.commands import ASK_AGAIN, Command, Kind, Stage
from storage.command_history import CommandRow
from ui.components.views import Tone
from ui.texts import _, ago, clock, day, moment


def title(command: Command) -> str:
    """ "Restart", "Update to 1.5.0"."""
    if command.kind is Kind.UPDATE:
        return _("Update to {version}").format(version=command.body.get("version", ""))
    words = {
        Kind.RESTART: _("Restart"),
        Kind.IDENTIFY: _("Identify"),
        Kind.SET: _("Change settings"),
        Kind.ENABLE: _("Switch on"),
        Kind.DISABLE: _("Switch off"),
    }
    return words[command.kind]


def stage_chip(command: Command) -> tuple[Tone, str, str]:
    """Tone, word and icon."""
    chips: dict[Stage, tuple[Tone, str, str]] = {
        Stage.REQUESTED: ("brand", _("Requested"), "schedule"),
        Stage.SENT: ("brand", _("Sent"), "send"),
        Stage.ACKNOWLEDGED: ("brand", _("Acknowledged"), "done"),
        Stage.DONE: ("ok", _("Done"), "check_circle"),
        Stage.REFUSED: ("warn", _("Refused"), "warning"),
        Stage.EXPIRED: ("unknown", _("Expired"), "timer_off"),
        Stage.SUPERSEDED: ("", _("Replaced"), "swap_horiz"),
    }
    return chips[command.stage]


def truth(row: CommandRow, zone: str, now: datetime) -> str:
    """The whole way in one line: asked 13:05:01 by Asha, sent 13:05:01, acknowledged 13:05:02, done 13:05:20."""
    c = row.command
    asked = _("Asked {time} by {name}").format(time=_at(c.requested_at, zone, now), name=row.by or "PitPilot")
    steps = [asked]
    if c.sent_at is not None:
        times = _(", {n} times").format(n=c.tries) if c.tries > 1 else ""
        steps.append(_("sent {time}").format(time=_time(c.sent_at, zone)) + times)
    if c.acknowledged_at is not None:
        steps.append(_("acknowledged {time}").format(time=_time(c.acknowledged_at, zone)))
    if c.closed_at is not None and c.kind not in (Kind.ENABLE, Kind.DISABLE):
        steps.append(_end(c).format(time=_time(c.closed_at, zone)))
    return _("{steps}.").format(steps=", ".join(steps))


def why(command: Command) -> str:
    """What the end of a command means, or nothing."""
    if command.stage is Stage.REFUSED:
        return reason_text(command.reason)
    if command.stage is not Stage.EXPIRED:
        return ""
    if command.acknowledged_at is not None and command.closed_at is not None:
        if command.acknowledged_at > command.closed_at:
            return _("It answered too late to count.")
        return _("It answered, but the effect did not show.")
    if command.reason in ASK_AGAIN:
        return _("Its clock was never set, so it could not tell whether this was still wanted. It needs a time server.")
    return _("It did not answer in time.") if command.sent_at else _("It could not be sent: the device was away.")


def under_way(command: Command, zone: str, now: datetime) -> str:
    """What an open command waits for, and how long it will."""
    until = moment(command.due_at, zone, now)
    if command.stage is Stage.ACKNOWLEDGED:
        return _("It has taken it. Waits for the effect until {time}.").format(time=until)
    if command.reason in ASK_AGAIN:
        return _("Its clock is not set yet, so it is asked again until {time}.").format(time=until)
    if command.stage is Stage.SENT and command.sent_at is not None:
        since = ago((now - command.sent_at).total_seconds())
        return _("Sent {ago}. Waits for its answer until {time}.").format(ago=since, time=until)
    return _("Waits until the device can be reached, at most until {time}.").format(time=until)


def reason_text(reason: str) -> str:
    """What a device says when it refuses; its own word where nobody knows a better one."""
    motor = _("Its motor was running. Try again when it stands still.")
    texts = {
        "expired": _("By its clock the command is too old."),
        "busy": _("It was busy with something else."),
        "bad": _("It can't do that, or not with these values."),
        "malformed": _("It did not understand the command."),
        "unknown": _("It does not know this command. A newer firmware may."),
        "older": _("It has newer settings already."),
        "motor on": motor,
        "running": motor,
        "rolled_back": _("The new firmware failed its test, so it went back to the one before."),
    }
    return texts.get(reason) or (_("It says: {reason}").format(reason=reason) if reason else _("It gave no reason."))


def _end(command: Command) -> str:
    match command.stage, command.kind:
        case Stage.DONE, Kind.RESTART:
            return _("started again {time}")
        case Stage.DONE, Kind.SET:
            return _("in force {time}")
        case Stage.DONE, Kind.UPDATE:
            return _("runs it since {time}")
        case Stage.DONE, _:
            return _("done {time}")
        case Stage.REFUSED, _:
            return _("refused {time}")
        case Stage.SUPERSEDED, _:
            return _("replaced {time}")
    return _("expired {time}")


def _at(at: datetime, zone: str, now: datetime) -> str:
    """With the day, unless it is today."""
    return _time(at, zone) if day(at, zone) == day(now, zone) else f"{day(at, zone)}, {_time(at, zone)}"


def _time(at: datetime, zone: str) -> str:
    return clock(at, zone, seconds=True)
