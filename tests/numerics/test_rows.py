"""Row-wise products: their values, and bits that do not depend on how many rows there are."""

from __future__ import annotations

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from pymts.numerics.rows import ROWS, rows_times

SIZES = [1, 2, 3, 5, 8, 16, 17, 33, 64, 100]


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("m", [1, 4, 16, 50])
def test_it_is_the_product_of_each_row_with_its_matrix(n: int, m: int) -> None:
    rng = np.random.default_rng(n)
    for rows in (1, 7, 8, 19):
        x, matrix = rng.standard_normal((3, rows, n)), rng.standard_normal((3, m, n))
        out = rows_times(x, matrix)
        assert out.shape == (3, rows, m)
        # n products and sums of numbers of size one: a few roundings each.
        np.testing.assert_allclose(out, np.einsum("bmn,brn->brm", matrix, x), atol=1e-15 * 4 * n)
        np.testing.assert_array_equal(rows_times(x, matrix[:1])[0], out[0])


@pytest.mark.parametrize("block", [ROWS, 32])
@pytest.mark.parametrize("n", SIZES)
def test_the_bits_of_a_row_do_not_depend_on_the_others(n: int, block: int) -> None:
    rng = np.random.default_rng(n)
    x, matrix = rng.standard_normal((5, 41, n)), rng.standard_normal((5, n, n))
    with threadpool_limits(1, user_api="blas"):
        whole = rows_times(x, matrix, block)
        for rows in (1, 2, 3, 4, 7, 8, 9, 16, 40):
            np.testing.assert_array_equal(rows_times(x[:, :rows], matrix, block), whole[:, :rows])
        for row in (0, 6, 8, 40):  # a row alone, and first in its slice
            np.testing.assert_array_equal(rows_times(x[:, row:], matrix, block)[:, 0], whole[:, row])
        for batch in range(5):
            np.testing.assert_array_equal(
                rows_times(x[batch : batch + 1], matrix[batch : batch + 1], block)[0], whole[batch]
            )
        order = [4, 2, 0]
        np.testing.assert_array_equal(rows_times(x[order], matrix[order], block), whole[order])


def test_views_give_the_bits_of_copies_and_arguments_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    x, matrix = rng.standard_normal((2, 30, 40)), rng.standard_normal((2, 40, 40))
    view, turned = x[:, ::2, :20], matrix[:, :20, :20].swapaxes(1, 2)
    before = x.copy(), matrix.copy()
    np.testing.assert_array_equal(rows_times(view, turned), rows_times(view.copy(), turned))
    np.testing.assert_allclose(rows_times(view, turned), view @ turned.swapaxes(1, 2), atol=1e-13)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(matrix, before[1])
