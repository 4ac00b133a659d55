"""Row-wise products: their values, and bits that do not depend on how many rows there are."""

from __future__ import annotations

import numpy as np
import pytest

from pymts.numerics.rows import coloured, rows_times

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


@pytest.mark.parametrize("n", SIZES)
def test_sums_have_the_order_of_their_terms(n: int) -> None:
    rng = np.random.default_rng(n)
    x, matrix = rng.standard_normal((5, 41, n)), rng.standard_normal((5, n, n))
    expected = np.zeros_like(x)
    for j in range(n):
        expected += matrix[:, None, :, j] * x[:, :, j, None]
    np.testing.assert_array_equal(rows_times(x, matrix), expected)
    np.testing.assert_array_equal(rows_times(x[2:4, 6:], matrix[2:4]), expected[2:4, 6:])


@pytest.mark.parametrize("diagonal", [True, False])
def test_noise_is_coloured_and_moved_in_place(diagonal: bool) -> None:
    rng = np.random.default_rng(3)
    noise, centre = rng.standard_normal((2, 3, 50, 4)), rng.standard_normal((2, 4))
    factor = rng.random((2, 4))[:, :, None] * np.eye(4) if diagonal else np.tril(rng.standard_normal((2, 4, 4)))
    expected = centre[:, None, None] + np.einsum("bij,brtj->brti", factor, noise)
    found = coloured(noise, factor, centre)
    assert found is noise
    np.testing.assert_allclose(noise, expected, rtol=0, atol=1e-14)


def test_views_give_the_bits_of_copies_and_arguments_stay_as_they_are() -> None:
    rng = np.random.default_rng(0)
    x, matrix = rng.standard_normal((2, 30, 40)), rng.standard_normal((2, 40, 40))
    view, turned = x[:, ::2, :20], matrix[:, :20, :20].swapaxes(1, 2)
    before = x.copy(), matrix.copy()
    np.testing.assert_array_equal(rows_times(view, turned), rows_times(view.copy(), turned))
    np.testing.assert_allclose(rows_times(view, turned), view @ turned.swapaxes(1, 2), atol=1e-13)
    np.testing.assert_array_equal(x, before[0])
    np.testing.assert_array_equal(matrix, before[1])
