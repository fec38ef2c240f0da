"""Foreseen errors: those that say themselves what to do, each in one line."""

from __future__ import annotations

import tomllib
from json import JSONDecodeError

from botocore.exceptions import BotoCoreError
from pydantic import ValidationError
from pydantic_settings import SettingsError

from vxdata.schemas.errors import VxDataError
from vxdata.schemas.violations import said_of
from vxdata.server.config import CONFIG_VARIABLE
from vxdata.server.database.errors import DatabaseError
from vxdata.server.database.upgrade import SchemaMismatch
from vxdata.server.embedded.errors import EmbeddedStackError
from vxdata.server.tls.errors import TlsProblem

FORESEEN = (
    VxDataError,
    EmbeddedStackError,
    SchemaMismatch,
    DatabaseError,
    TlsProblem,
    OSError,
    ValidationError,
    SettingsError,
    tomllib.TOMLDecodeError,
)
"""Errors that say themselves what to do; all others are faults and show their traceback."""


def describe(error: Exception) -> tuple[str, str]:
    """Name an error and say what it is; the inputs of settings may be secret, so they are left out."""
    match error:
        case ValidationError():
            problems = error.errors(include_url=False, include_input=False)
            return "InvalidSettings", "; ".join(
                f"{_setting(problem['loc'])}: {said_of(problem)}" for problem in problems
            )
        case SettingsError(__cause__=cause):
            reason = f", which takes JSON: {cause}" if isinstance(cause, JSONDecodeError) else ""
            return "InvalidSettings", f"{error}{reason}; its value is not shown."
        case tomllib.TOMLDecodeError():
            return "InvalidSettings", f"the file that {CONFIG_VARIABLE} names is not TOML: {error}"
        case VxDataError(__cause__=DatabaseError() | BotoCoreError() as reason):
            return type(error).__name__, f"{error} {reason}"
        case OSError(strerror=str(reason), filename=str(path)):
            return type(error).__name__, f"{path}: {reason}"
        case _:
            return type(error).__name__, " ".join([str(error), *getattr(error, "__notes__", ())])


def _setting(place: tuple[int | str, ...]) -> str:
    """Name a setting by its variable; what lies in its JSON has none, nor has what several need together."""
    if not place:
        return "VXDATA_*"
    name, *within = map(str, place)
    return f"VXDATA_{name.upper()}" + (f", {'.'.join(within)}" if within else "")
