from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from pymts.numerics.kernels import Term, compose
from pymts.numerics.tiles import TILE, factor_rows, times_columns

Kernel = Callable[[np.ndarray, np.ndarray], np.ndarray]


def _kernel(*terms: Term) -> Kernel:
    return lambda t, s: compose(terms, t, s)


def _whole(rows: list[np.ndarray]) -> np.ndarray:
    n = TILE * len(rows)
    return np.vstack([np.hstack([row, np.zeros((TILE, n - row.shape[1]))]) for row in rows])


@pytest.mark.parametrize(
    "kernel",
    [
        _kernel(Term("matern12", 30.0)),
        _kernel(Term("rbf", 15.0)),
        _kernel(Term("linear", 50.0), Term("periodic", 1.0, 9.0)),
    ],
    ids=["matern12", "rbf", "sum"],
)
def test_the_factor_is_lower_triangular_and_gives_the_covariance_back(kernel: Kernel) -> None:
    times = np.arange(TILE * 5, dtype=np.float64)
    covariance = kernel(times, times)
    covariance[np.diag_indices_from(covariance)] *= 1 + 1e-9
    factor = _whole(factor_rows(kernel, 5, 1e-9))
    np.testing.assert_array_equal(factor, np.tril(factor))
    assert (np.diag(factor) > 0).all()
    np.testing.assert_allclose(factor @ factor.T, covariance, rtol=0, atol=1e-12 * covariance.max())


def test_it_is_the_factor_of_the_whole_matrix() -> None:
    kernel = _kernel(Term("matern32", 10.0))
    times = np.arange(TILE * 4, dtype=np.float64)
    expected = np.linalg.cholesky(kernel(times, times))
    np.testing.assert_allclose(_whole(factor_rows(kernel, 4, 0.0)), expected, rtol=0, atol=1e-9)


def test_a_longer_time_begins_with_the_shorter_one_bit_for_bit() -> None:
    kernel = _kernel(Term("rbf", 15.0))
    long = factor_rows(kernel, 6, 1e-9)
    z = np.random.default_rng(1).standard_normal((TILE * 6, 37))
    product = times_columns(long, z)
    np.testing.assert_allclose(product, _whole(long) @ z, rtol=0, atol=1e-12)
    for tiles in (1, 2, 5):
        short = factor_rows(kernel, tiles, 1e-9)
        for one, other in zip(short, long, strict=False):
            np.testing.assert_array_equal(one, other)
        for columns in (1, 3, 8, 9, 37):
            found = times_columns(short, z[: TILE * tiles, :columns])
            np.testing.assert_array_equal(found, product[: TILE * tiles, :columns])


def test_what_is_not_a_covariance_is_told() -> None:
    with pytest.raises(np.linalg.LinAlgError):
        factor_rows(lambda t, s: np.cos(t[:, None] * s[None, :]), 2, 0.0)
