"""How commands behave: interrupts are told in a sentence, and flags take no value."""

from __future__ import annotations

from typing import Any

from typer.core import TyperGroup

from pymts.errors import PymtsError


class InterruptedRunError(PymtsError):
    """The user pressed Ctrl-C."""


class Group(TyperGroup):
    """Commands whose interruption is ours to report (the library would exit with 1), and whose flags take no value."""

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
        """Run a command, and tell an interrupt in words."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            raise InterruptedRunError("interrupted; the same command goes on where it stopped") from None


def _bare_flags(params: Any) -> Any:
    """Take the type off flags: the library shows ``--save <bool>``, as if one had to say which."""
    for param in params:
        if getattr(param, "is_flag", False):
            param.metavar = ""
    return params
