"""Behaviour of all commands: interrupts print one sentence, and flags show no type."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from pymts.errors import PymtsError


class InterruptedRunError(PymtsError):
    """The user pressed Ctrl-C."""


class Group(TyperGroup):
    """Commands that report interrupts themselves (the library would exit with 1) and show flags without a type."""

    def get_params(self, ctx: Any) -> Any:
        """Return the parameters of the group."""
        return _bare_flags(super().get_params(ctx))

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command."""
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            _bare_flags(command.get_params(ctx))
        return command

    def invoke(self, ctx: Any) -> Any:
        """Run a command, and turn an interrupt into an error."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise InterruptedRunError("interrupted; run the same command again to resume") from None


def _bare_flags(params: Any) -> Any:
    """Hide the type of flags: the library shows ``--save <bool>``, as if they took a value."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params
