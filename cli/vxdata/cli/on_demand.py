"""Commands on demand: a module is imported when its command is called.

To import the server takes more than a second, which the help and most mistakes need not wait for.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True)
class OnDemand:
    """A command, or a group of commands, as the help lists it.

    Args:
        name: Its name.
        help: What it does, in one sentence.
        module: Its module in `vxdata.cli.commands`, if that has another name. The module of a group has the
            group as `commands`, that of a command has a function of its name.
    """

    name: str
    help: str
    module: str = ""

    def load(self) -> Any:
        """Import the command.

        Returns:
            The command or group as click calls it.
        """
        module = import_module(f"vxdata.cli.commands.{self.module or self.name}")
        if hasattr(module, "commands"):
            group = typer.main.get_group(module.commands)
            group.help = self.help
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(self.name)(getattr(module, self.name))
        return typer.main.get_command(alone)


class CommandsOnDemand(TyperGroup):
    """A group of commands that are imported when they are called; a subclass lists them."""

    LISTED: ClassVar[Sequence[OnDemand]] = ()

    def __init__(self, **settings: Any) -> None:
        """Describe each command by its name and its help alone."""
        super().__init__(**settings)
        for each in self.LISTED:
            self.add_command(TyperCommand(each.name, help=each.help))

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Import the command that is called; an unknown one is refused as in every group."""
        name, _, rest = super().resolve_command(ctx, args)
        (called,) = (each for each in self.LISTED if each.name == name)
        return name, called.load(), rest
