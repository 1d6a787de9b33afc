"""PitPilot's commands. `python main.py` runs it; `python main.py --help` lists the operator's commands."""

import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

gc.disable()  # until all is imported: to look for what nobody needs of it takes an eighth of the start

import settings as settings_module
from logs import set_up_logs
from settings import Settings, WrongSettings
from tools import assets, audit
from tools.check import check
from tools.reset_password import reset_password
from tools.simulate.command import simulate_pumps
from wiring.web import serve

gc.freeze()
gc.enable()

commands = typer.Typer(no_args_is_help=False, add_completion=False, help="PitPilot: workshops' climate, shared pumps.")
commands.add_typer(audit.commands, name="audit")
commands.command("check")(check)
commands.command("simulate")(simulate_pumps)
commands.command("reset-password")(reset_password)


@commands.callback(invoke_without_command=True)
def run(
    context: typer.Context,
    with_demo: Annotated[bool, typer.Option("--demo", help="Add demo tenants and run virtual devices.")] = False,
    role: Annotated[str, typer.Option(help="all, web or ingest; overrides PITPILOT_ROLE.")] = "",
) -> None:
    """Runs PitPilot until it is stopped (the default command)."""
    if context.invoked_subcommand is not None:
        context.obj = _settings_of_a_command
        return
    if role:
        os.environ["PITPILOT_ROLE"] = role
    settings = _settings()
    set_up_logs(settings.log_format, settings.log_level)
    missing = assets.missing()
    if missing and settings.role != "ingest":
        sys.exit(f"Browser assets are missing ({', '.join(map(str, missing))}). Run: make assets")
    serve(settings, with_demo)


@commands.command("settings")
def show_settings() -> None:
    """Lists every setting with its default and meaning."""
    for name, info in Settings.model_fields.items():
        print(f"PITPILOT_{name.upper()}  (default: {str(info.get_default() or '') or 'empty'})\n    {info.description}")


def _settings_of_a_command() -> Settings:
    settings = _settings()
    set_up_logs(settings.log_format, "warning")  # a command prints its own answer
    return settings


def _settings() -> Settings:
    try:
        return settings_module.load()
    except WrongSettings as error:
        sys.exit(f"Wrong settings:\n{error}")


if __name__ in {"__main__", "__mp_main__"}:
    sys.path.insert(0, str(Path(__file__).parent))
    commands()
