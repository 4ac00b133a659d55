from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from support import assert_same_bits, block, run, whole

from pymts.errors import DivergenceError, InvalidParameterError
from pymts.models.narma import SEGMENT
from pymts.plan.configuration import Configuration
from pymts.streams import Streams


def _plain(u: np.ndarray, n: int = 10) -> np.ndarray:
    """Run the published recursion on inputs (steps, paths) from an all-zero past; no redraw."""
    y = np.zeros((len(u) + n, u.shape[1]))
    past = np.vstack([np.zeros((n - 1, u.shape[1])), u])
    with np.errstate(all="ignore"):
        for t in range(len(u)):
            window = y[t : t + n].sum(axis=0)
            y[t + n] = 0.3 * y[t + n - 1] + 0.05 * y[t + n - 1] * window + 1.5 * past[t] * past[t + n - 1] + 0.1
    return y[n - 1 :]


def _z(means: np.ndarray, theory: float) -> float:
    return float(abs(means.mean() - theory) / (means.std(ddof=1) / np.sqrt(means.size)))


@pytest.mark.parametrize("n", [1, 2, 10, 20])
def test_the_returned_input_gives_the_series_back(n: int) -> None:
    numbers = {"alpha": 0.25, "beta": 0.4 / n, "gamma": 1.2, "delta": 0.08}
    values, truth = run("narma", n=n, **numbers, T=1500, n_realizations=2, M=3)
    y, u = values, truth["input"].values.transpose(2, 0, 1)
    assert (u >= 0).all()
    assert (u < 0.5).all()
    at = np.arange(n, 1499)
    window = sum(y[:, at - i] for i in range(n))
    quadratic = numbers["beta"] * y[:, at] * window
    rest = numbers["alpha"] * y[:, at] + numbers["gamma"] * u[:, at - n + 1] * u[:, at] + numbers["delta"]
    np.testing.assert_allclose(y[:, at + 1], rest + quadratic, rtol=0, atol=1e-12)
    assert (quadratic[:, at > 1000] > 0.005).all(), "the quadratic term has died out"


def test_it_starts_from_nothing_and_follows_the_published_recursion() -> None:
    values, truth = run("narma", T=SEGMENT + 200, burn_in=0, M=4)
    np.testing.assert_allclose(values[0], _plain(truth["input"].values[:, :, 0])[:-1], rtol=0, atol=1e-12)
    np.testing.assert_array_equal(values[0, 0], np.zeros(4))


def test_an_exploding_path_is_drawn_again_and_no_other() -> None:
    values, truth = run("narma", T=2000, burn_in=0, M=10, n_realizations=100)
    redraws = truth["redraws"].values.T  # (R, M)
    first = 0.5 * Streams([1], range(100)).process().uniform(2048, 10)[0]  # (R, steps, M)
    plain = _plain(first.swapaxes(0, 1).reshape(2048, -1))[:2000]
    exploded = ~np.isfinite(plain).all(axis=0).reshape(100, 10)
    assert 2 <= exploded.sum() <= 25  # about one path in a hundred
    # One that is beyond return at the end of a stretch need not have overflowed yet.
    beyond = exploded | (plain.reshape(2000, 100, 10).max(axis=0) > 2)
    np.testing.assert_array_equal(redraws > 0, beyond)
    assert np.isfinite(values).all()
    assert values.max() < 1.5
    kept = ~beyond
    np.testing.assert_allclose(
        values.swapaxes(1, 2)[kept], plain.reshape(2000, 100, 10).transpose(1, 2, 0)[kept], rtol=0, atol=1e-11
    )
    u = truth["input"].values.transpose(2, 1, 0)  # (R, M, T)
    again = u != first[:, :2000].swapaxes(1, 2)
    np.testing.assert_array_equal(again.any(axis=2), beyond)
    for path in again[beyond]:  # whole stretches, and few of them
        stretches = np.unique(np.flatnonzero(path) // SEGMENT)
        assert 1 <= len(stretches) <= 2
    assert len(np.unique(u[beyond])) == u[beyond].size  # and uniform draws again


def test_a_redraw_depends_on_nothing_else() -> None:
    base = {"T": 1500, "burn_in": 0, "M": 1, "seed": 1}
    many = block(Configuration.of("narma", {**base, "n_realizations": 300}))
    redraws = many.truth["redraws"].values[0]
    assert redraws.any()
    last = int(np.flatnonzero(redraws)[0]) + 1
    few = block(Configuration.of("narma", {**base, "n_realizations": last}))
    np.testing.assert_array_equal(few.values, many.values[:last])
    np.testing.assert_array_equal(few.truth["redraws"], many.truth["redraws"][:, :last])
    longer = block(Configuration.of("narma", {**base, "T": 1700, "n_realizations": last}))
    np.testing.assert_array_equal(longer.values[:, :1500], few.values)
    batch = [Configuration.of("narma", {**base, "seed": seed, "n_realizations": last}) for seed in (5, 1, 2)]
    assert_same_bits(whole(batch)[1], few)
    single = block(Configuration.of("narma", {**base, "n_realizations": 1}))
    np.testing.assert_array_equal(single.values, many.values[:1])


def test_a_run_may_end_at_the_edge_of_a_stretch() -> None:
    longer, truth = run("narma", T=SEGMENT + 2, burn_in=0)
    for steps in (SEGMENT, SEGMENT + 1):
        values, shorter = run("narma", T=steps, burn_in=0)
        np.testing.assert_array_equal(values, longer[:, :steps])
        np.testing.assert_array_equal(shorter["input"], truth["input"][:steps])


@pytest.mark.parametrize("n", [2, 5])
def test_without_the_quadratic_term_mean_and_variance_have_closed_forms(n: int) -> None:
    alpha, gamma, delta, top = 0.6, 1.5, 0.1, 0.5
    values, _ = run("narma", n=n, alpha=alpha, beta=0.0, gamma=gamma, delta=delta, T=400, M=10, n_realizations=100)
    paths = values.swapaxes(1, 2).reshape(1000, 400)
    mean = (gamma * top**2 / 4 + delta) / (1 - alpha)
    assert _z(paths.mean(axis=1), mean) < 5
    drive = top**4 * (1 / 9 - 1 / 16)
    shared = top**4 * (1 / 12 - 1 / 16)  # u(t) comes in at t and at t + n - 1
    variance = gamma**2 * (drive + 2 * alpha ** (n - 1) * shared) / (1 - alpha**2)
    assert _z(((paths - mean) ** 2).mean(axis=1), variance) < 5


def test_the_mean_is_that_of_the_full_equation() -> None:
    values, _ = run("narma", T=1000, M=10, n_realizations=40, seed=3)
    ours = values.mean(axis=1).ravel()
    independent = _plain(np.random.default_rng(8).uniform(0, 0.5, (1200, 400)))[200:]
    theirs = independent[:, np.isfinite(independent).all(axis=0)].mean(axis=0)
    error = np.sqrt(ours.var() / ours.size + theirs.var() / theirs.size)
    assert abs(ours.mean() - theirs.mean()) < 5 * error
    assert abs(ours.mean() - 0.388) < 0.002  # and not the .277 that is left without the quadratic term


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"n": 30}, r"delta must be at most \(1 - alpha\)\^2 / \(4 n beta\) = 0\.08167, got 0\.1"),
        ({"n": 300}, "n must be an integer from 1 to 256, got 300"),
        ({"alpha": 1.0}, "alpha must be a finite number of at least 0 and less than 1"),
    ],
)
def test_what_explodes_without_input_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("narma", **given)


def test_what_explodes_every_time_is_reported() -> None:
    with pytest.raises(DivergenceError, match="narma diverged, realization 0 is"):
        run("narma", gamma=30.0, M=2)
