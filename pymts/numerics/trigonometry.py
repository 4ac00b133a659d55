"""Sine and cosine together, at a fraction of NumPy's price."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def sincos(x: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return (sin x, cos x) from t = tan(x/2); the error is below 3e-16.

    NumPy vectorises tan but not always sin and cos: for large arrays this is about five times faster. It is used
    at every size, since switching by size would make the bits depend on the batch.
    """
    t = np.tan(0.5 * x)
    q = t * t
    cos = 1.0 - q
    q += 1.0
    cos /= q
    t += t
    t /= q
    return t, cos
