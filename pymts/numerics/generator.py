"""Random numbers for structure: graphs, coefficients, frequencies; the same on every machine."""

from __future__ import annotations

from typing import overload

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.portable import pcg, random
from pymts.numerics.portable.elementary import log_into

Array = NDArray[np.float64]
Shape = int | tuple[int, ...]


class Generator:
    """One stream of PCG64, with the methods of ``numpy.random.Generator`` that structure needs.

    Parameters
    ----------
    state : array of shape (4,)
        See ``pymts.numerics.portable.pcg``. It moves on with every number.
    """

    def __init__(self, state: NDArray[np.uint64]) -> None:
        self.state = np.ascontiguousarray(state).reshape(1, 4)

    @overload
    def random(self) -> float: ...
    @overload
    def random(self, size: Shape) -> Array: ...
    def random(self, size: Shape | None = None) -> float | Array:
        """Return numbers on [0, 1), the same as NumPy's."""
        if size is None:
            return float(pcg.next_uniform(self.state[0]))
        out = np.empty(size)
        random.fill_uniform(self.state, out.reshape(1, -1))
        return out

    def standard_normal(self, size: Shape) -> Array:
        """Return standard normal numbers."""
        out = np.empty(size)
        random.fill_normal(self.state, out.reshape(1, -1))
        return out

    def standard_cauchy(self, size: Shape) -> Array:
        """Return standard Cauchy numbers."""
        out = np.empty(size)
        random.fill_cauchy(self.state, out.reshape(1, -1))
        return out

    def geometric(self, p: float, size: int) -> Array:
        """Return the number of trials up to the first success, as whole float64s."""
        missed = np.empty(size)
        random.fill_exponential(self.state, missed.reshape(1, -1))
        rate = np.array([1.0 - p])
        log_into(rate, rate)
        with np.errstate(divide="ignore"):
            return np.asarray(1.0 + np.floor(missed / -rate[0]))

    @overload
    def integers(self, low: int, high: int | None = None) -> int: ...
    @overload
    def integers(self, low: int, high: int | None = None, *, size: Shape) -> NDArray[np.int64]: ...
    def integers(self, low: int, high: int | None = None, *, size: Shape | None = None) -> int | NDArray[np.int64]:
        """Return integers from ``low`` to ``high - 1``, or below ``low`` if it is the only bound."""
        least, most = (0, low) if high is None else (low, high)
        out = np.empty(1 if size is None else size, dtype=np.int64)
        random.below_into(self.state[0], most - least, out.reshape(-1))
        out += least
        return int(out[0]) if size is None else out

    def choice(self, n: int, size: int) -> NDArray[np.int64]:
        """Return ``size`` different integers below n, every order of every set equally likely."""
        out = np.empty(size, dtype=np.int64)
        random.choice_into(self.state[0], n, out)
        return out

    def permutation(self, n: int) -> NDArray[np.int64]:
        """Return 0, ..., n - 1 in an order drawn at random."""
        out = np.empty(n, dtype=np.int64)
        random.permutation_into(self.state[0], out)
        return out
