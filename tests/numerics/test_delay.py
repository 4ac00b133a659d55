"""Delay equations: a closed form, the order of convergence, and which states are kept."""

from __future__ import annotations

from collections.abc import Iterator
from math import factorial

import numpy as np
import pytest
from numpy.typing import NDArray

from pymts.numerics.delay import Delay, HistoryMap, delayed_trajectory, rk4_driven
from pymts.numerics.integrate import rk4
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
EPS = np.finfo(float).eps
ONE = np.ones((1, 1, 1))


def nothing(x: Array) -> Array:
    return np.zeros_like(x)


def steps_of_one(t: float) -> float:
    """Return the solution of x' = -x(t - 1) that is 1 up to time 0: a polynomial between whole numbers."""
    return sum((-1) ** k * (t - k + 1) ** k / factorial(k) for k in range(int(np.ceil(t)) + 1))


def linear(steps: int, end: int) -> Array:
    sampling = Sampling(0, 1, end * steps + 1)
    return delayed_trajectory(Delay(lambda x: -x, nothing, steps, 1.0 / steps), ONE, sampling)[0, 0, :, 0]


def test_cubic_pieces_are_found_exactly() -> None:
    found = linear(5, 4)
    expected = [steps_of_one(t) for t in np.arange(21) / 5]
    np.testing.assert_allclose(found, expected, atol=100 * EPS)


def test_the_error_falls_with_the_fourth_power_of_the_step_across_many_delays() -> None:
    errors = [abs(linear(steps, 12)[-1] - steps_of_one(12.0)) for steps in (4, 8, 16, 32)]
    np.testing.assert_allclose(-np.diff(np.log2(errors)), 4, atol=0.1)


def test_without_delayed_influence_it_is_rk4() -> None:
    def logistic(x: Array) -> Array:
        return x * (1.0 - x)

    found = delayed_trajectory(Delay(nothing, logistic, 7, 0.2), 0.1 * ONE, Sampling(0, 1, 31))[0, 0, :, 0]
    x = 0.1 * ONE
    for value in found:
        np.testing.assert_allclose(value, x[0, 0, 0], rtol=20 * EPS)
        x = rk4(logistic, x, 0.2)


def test_a_drive_that_is_constant_in_time_is_part_of_the_equation() -> None:
    x, drive = 0.3 * ONE, 0.7 * ONE
    found = rk4_driven(lambda y: -2.0 * y, x, (drive, drive, drive), 0.1)
    np.testing.assert_allclose(found, rk4(lambda y: 0.7 - 2.0 * y, x, 0.1), rtol=4 * EPS)


@pytest.mark.parametrize(
    "sampling", [Sampling(0, 1, 20), Sampling(3, 1, 4), Sampling(0, 4, 6), Sampling(11, 3, 4), Sampling(2, 7, 1)]
)
@pytest.mark.parametrize("length", [3, 100])
def test_sampling_and_blocks_of_noise_keep_the_path(sampling: Sampling, length: int) -> None:
    rng = np.random.default_rng(0)
    past, noise = rng.random((2, 3, 4)), 0.1 * rng.standard_normal((2, 3, 40, 4))

    def path(chosen: Sampling, size: int) -> Array:
        def blocks() -> Iterator[tuple[int, Array]]:
            for first in range(0, chosen.n_steps, size):
                yield first, noise[:, :, first : min(first + size, chosen.n_steps)].copy()

        return delayed_trajectory(Delay(lambda x: np.sin(3 * x), lambda x: -x, 5, 0.1), past, chosen, blocks())

    everything = path(Sampling(0, 1, 41), 40)
    kept = sampling.burn_in + sampling.every * np.arange(sampling.T)
    np.testing.assert_array_equal(path(sampling, length), everything[:, :, kept])


def test_noise_is_added_after_each_step() -> None:
    noise = np.random.default_rng(1).standard_normal((1, 1, 9, 1))
    found = delayed_trajectory(Delay(nothing, nothing, 4, 0.1), ONE, Sampling(0, 1, 10), [(0, noise)])
    np.testing.assert_allclose(found[0, 0, 1:, 0], 1 + np.cumsum(noise[0, 0, :, 0]), rtol=10 * EPS)


def test_the_map_of_one_delay_follows_the_path() -> None:
    rng = np.random.default_rng(2)
    delay = Delay(lambda x: np.sin(3 * x), lambda x: -x, 5, 0.1)
    states = rng.random((3, 4))
    move, path = HistoryMap(delay), delayed_trajectory(delay, states[None], Sampling(0, 1, 16))[0]
    history = move.at_rest(states)
    for window in range(3):
        history = move(history)
        values = history.reshape(3, 2, 6, 4)[:, 0]
        np.testing.assert_array_equal(values, path[:, 5 * window : 5 * window + 6])
    assert move.time == 0.5
