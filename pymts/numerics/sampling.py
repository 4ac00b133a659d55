"""Which states of a simulation are kept."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Sampling:
    """Sample k is the state after ``burn_in + k * every`` steps, for k = 0 ... T - 1; state 0 is the initial one."""

    burn_in: int
    every: int
    T: int

    @property
    def n_steps(self) -> int:
        """Steps from the initial state to the last sample."""
        return self.burn_in + (self.T - 1) * self.every

    def kept(self, first: int, count: int) -> tuple[slice, slice]:
        """Return where the states ``first ... first + count - 1`` hold samples, and which samples these are.

        The first slice indexes the states, the second one the samples; both have the same length.
        """
        begin = min(self.T, max(0, -((self.burn_in - first) // self.every)))
        end = min(self.T, max(0, -((self.burn_in - first - count) // self.every)))
        offset = self.burn_in + begin * self.every - first
        return slice(offset, offset + (end - begin) * self.every, self.every), slice(begin, end)

    def index(self, state: int) -> int | None:
        """Return which sample this state is, or None."""
        past = state - self.burn_in
        return past // self.every if past >= 0 and past % self.every == 0 else None
