"""Running sums over blocks of increments."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]


def running_sum(start: Array, blocks: Iterable[tuple[int, Array]], sampling: Sampling) -> Array:
    """Return the samples of ``start + cumulated increments``, (B, R, T, M).

    ``start`` is (B, R, M); a block is (B, R, steps, M) and is overwritten. The sum so far goes into the first increment
    of the next block, so the additions, and hence the bits, are the same however the steps are grouped.
    """
    out = np.empty((*start.shape[:2], sampling.T, start.shape[2]))
    states, samples = sampling.kept(0, 1)
    out[:, :, samples] = start[:, :, None][:, :, states]
    carry = start
    for first, block in blocks:
        block[:, :, 0] += carry
        # Two channels as one complex number: the same additions, two of them in the time that one waits for its turn.
        pairs = block if block.shape[3] % 2 else block.view(np.complex128)
        np.cumsum(pairs, axis=2, out=pairs)
        states, samples = sampling.kept(first + 1, block.shape[2])
        out[:, :, samples] = block[:, :, states]
        carry = block[:, :, -1].copy()
    return out
