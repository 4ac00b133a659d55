"""Series that the libraries are tried on."""

from __future__ import annotations

from functools import cache

import xarray as xr

from pymts.datasets import make_kuramoto, make_var

PHI = [[[0.5, 0.4, 0.0], [0.0, 0.5, 0.0], [0.0, 0.4, 0.5]]]  # 1 drives 0 and 2


@cache
def linear() -> xr.Dataset:
    """Return six realizations of a VAR(1) whose graph is known."""
    return make_var(Phi=PHI, T=300, n_realizations=6, seed=1)


@cache
def two_models() -> list[xr.Dataset]:
    """Return sixteen realizations of each of two models."""
    return [
        make_var(M=3, T=60, n_realizations=16, seed=1),
        make_kuramoto(M=3, T=60, n_realizations=16, seed=2, observable="sin"),
    ]
