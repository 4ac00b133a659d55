"""The cost of linear models of many channels before the first sample."""

from __future__ import annotations

LARGE = 1000  # states of a recursion whose autocovariances cost far more than its data
LARGE_BYTES = 2**30  # of truth that is larger than the data
# For an eigenvalue problem, a covariance by doubling and its factor, on one core.
SECONDS = 2.5e-9
MATRICES = 12  # of the states, held at the same time


def of_recursion(states: int) -> tuple[float, int]:
    """Return the seconds and the bytes of the radius, the stationary covariance and its factor."""
    return SECONDS * states**3, MATRICES * 8 * states**2
