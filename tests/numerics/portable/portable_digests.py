"""Print a digest of what each kernel gives, one line a kernel; the argument is the number of elements.

Run in a process of its own, since numba reads its settings once.
"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator

import numpy as np
from numpy.random import PCG64

from pymts.numerics.portable import dense, eigen, elementary, pcg, random, special

ONE = ("exp", "expm1", "tanh", "cosh", "sinh", "log", "log1p")
QUANTILES = ("normal_quantile", "laplace_quantile", "cauchy_quantile")
FILLS = ("fill_uniform", "fill_normal", "fill_exponential", "fill_cauchy")


def numbers(n: int) -> np.ndarray:
    """Return n finite numbers of all sizes, made of raw words alone, and the special ones."""
    words = PCG64(20).random_raw(2 * n)
    wide = words[:n].view(np.float64)
    wide = np.where(np.isfinite(wide), wide, 0.5)
    narrow = (words[n:] >> np.uint64(11)) * 2.0**-48 - 16.0
    return np.concatenate([wide, narrow, [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 5e-324]])


def results(n: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield the name of each kernel and what it gives."""
    x = numbers(n)
    sin, cos = np.empty_like(x), np.empty_like(x)
    elementary.sincos_into(x, sin, cos)
    yield "sincos_into", np.concatenate([sin, cos])
    yield "sincos", np.array([elementary.sincos(a) for a in x])
    for name in ("exp_into", "log_into"):
        out = np.empty_like(x)
        getattr(elementary, name)(np.abs(x), out)
        yield name, out
    for name in ONE:
        yield name, np.array([getattr(elementary, name)(a) for a in x])
    yield "pow", np.array([elementary.pow(abs(a), b) for a, b in zip(x, x[::-1] / 64.0, strict=True)])
    yield "integer_power", np.array([elementary.integer_power(a, 7) for a in x])
    p = np.append(np.abs(x[n : 2 * n]) / 16.0, [0.0, 1e-300, 1.0])
    for name in QUANTILES:
        yield name, np.array([getattr(special, name)(a) for a in p])
    yield "normal_cdf", np.array([special.normal_cdf(a) for a in x])
    for name in FILLS:
        states = np.stack([pcg.state_of(PCG64(seed)) for seed in range(3)])
        out = np.empty((3, n))
        getattr(random, name)(states, out)
        yield name, np.concatenate([out.view(np.uint64).ravel(), states.ravel()])
    order = np.empty(n, np.int64)
    random.permutation_into(pcg.state_of(PCG64(1)), order)
    yield "permutation_into", order
    random.choice_into(pcg.state_of(PCG64(1)), 2 * n, order)
    yield "choice_into", order
    yield from matrices(min(n, 40))


def matrices(n: int) -> Iterator[tuple[str, np.ndarray]]:
    """Yield what routines of matrices give."""
    a, b = ((PCG64(seed).random_raw(n * n) >> np.uint64(11)) * 2.0**-52 - 1.0 for seed in (1, 2))
    a, b = a.reshape(n, n), b.reshape(n, n)
    yield "product", dense.product(a, b)
    yield "solve", dense.solve(a, b)
    yield "cholesky_of", dense.cholesky_of(dense.product(a, a.T))
    yield "exponential", dense.exponential(a)
    yield "eigenvalues", eigen.eigenvalues(a).view(np.float64)


if __name__ == "__main__":
    for kernel, given in results(int(sys.argv[1])):
        values = np.where(np.isnan(given), np.nan, given) if given.dtype == np.float64 else given  # one NaN
        print(kernel, hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:16])
