from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pytest
from support import run

from pymts.errors import InvalidParameterError
from pymts.models.piecewise import Change
from pymts.streams import Streams

CHANGES = get_args(Change)


def _z(samples: np.ndarray, theory: np.ndarray | float) -> float:
    """Return the largest deviation from theory of the mean over independent rows, in standard errors."""
    error = samples.std(axis=0, ddof=1) / np.sqrt(len(samples))
    return float((np.abs(samples.mean(axis=0) - theory) / np.maximum(error, 1e-12)).max())


@pytest.mark.parametrize("change", CHANGES)
def test_every_segment_follows_the_equation_from_its_own_noise_alone(change: str) -> None:
    values, truth = run("piecewise", change=change, T=700, M=3, n_realizations=3, density=0.8)
    noise = Streams([1], range(3)).process().normal(700, 3)[0]  # (R, T, M)
    regime, changed = truth["regime"].values.T, truth["change_point"].values.T
    mean, slope, phi = (truth[f"regime_{name}"].values for name in ("mean", "slope", "coefficients"))
    covariance = truth["regime_cov"].values
    for r in range(3):
        level, since = np.zeros(3), 0
        for t in range(700):
            s = regime[r, t]
            if t == 0 or changed[r, t]:
                level, since = (level + slope[regime[r, t - 1]] * since if t else level), 0
                v = np.linalg.cholesky(covariance[s]) @ noise[r, t]  # what was before does not come in
            else:
                shock = covariance[s] - phi[s] @ covariance[s] @ phi[s].T
                v = phi[s] @ v + np.linalg.cholesky(shock) @ noise[r, t]
            expected = mean[s] + level + slope[s] * since
            np.testing.assert_allclose(truth["local_mean"].values[t, :, r], expected, rtol=0, atol=1e-10)
            np.testing.assert_allclose(values[r, t], expected + v, rtol=0, atol=1e-9)
            since += 1


@pytest.mark.parametrize("every", [1, 7])
def test_labels_equal_the_switches(every: int) -> None:
    _, truth = run("piecewise", T=2000, n_realizations=8, sample_every=every, min_length=10, max_length=30)
    regime, changed = truth["regime"].values, truth["change_point"].values
    assert regime.dtype == np.int64
    assert changed.dtype == bool
    assert not changed[0].any()
    differs = regime[1:] != regime[:-1]
    assert (changed[1:] | ~differs).all()
    if every == 1:
        np.testing.assert_array_equal(changed[1:], differs)
    means = truth["regime_mean"].values[regime]  # (T, R, M)
    np.testing.assert_array_equal(truth["local_mean"], means.transpose(0, 2, 1))
    assert set(np.unique(regime)) == {0, 1, 2}


def test_lengths_are_uniform_and_the_next_regime_is_any_other_one() -> None:
    _, truth = run("piecewise", T=40_000, M=1, n_realizations=5, min_length=10, max_length=30, n_regimes=4, jump=1.0)
    regime, changed = truth["regime"].values, truth["change_point"].values
    lengths = np.concatenate([np.diff(np.flatnonzero(changed[:, r])) for r in range(5)])
    shares = (lengths[:, None] == np.arange(10, 31)).astype(float)
    assert shares.sum() == len(lengths)
    assert _z(shares, 1 / 21) < 5
    before = np.concatenate([regime[np.flatnonzero(changed[:, r]) - 1, r] for r in range(5)])
    after = np.concatenate([regime[changed[:, r], r] for r in range(5)])
    turns = ((after - before) % 4)[:, None] == np.arange(4)
    assert not turns[:, 0].any()
    assert _z(turns[:, 1:].astype(float), 1 / 3) < 5


@pytest.mark.parametrize("change", CHANGES)
def test_segment_moments_hold_from_the_first_step_to_the_last(change: str) -> None:
    values, truth = run(
        "piecewise", change=change, T=40, M=3, n_realizations=9000, change_points=[10, 17, 30], density=0.7, seed=4
    )
    v = values - truth["local_mean"].values.transpose(2, 0, 1)
    regime = truth["regime"].values  # (T, R)
    for t in (0, 9, 10, 16, 17, 39):
        for s in range(3):
            x = v[regime[t] == s, t]
            assert _z(x, 0.0) < 5
            assert _z(x[:, :, None] * x[:, None, :], truth["regime_cov"].values[s]) < 5
    for edge in (10, 17, 30):  # nothing leaks
        assert _z(v[:, edge, :, None] * v[:, edge - 1, None, :], 0.0) < 5
    for s in range(3):
        pairs = regime[20] == s
        expected = truth["regime_coefficients"].values[s] @ truth["regime_cov"].values[s]
        assert _z(v[pairs, 21, :, None] * v[pairs, 20, None, :], expected) < 5


@pytest.mark.parametrize("change", CHANGES)
def test_only_what_is_named_changes(change: str) -> None:
    _, truth = run("piecewise", change=change, sigma=2.0, T=5, density=0.8)
    covariance, phi = truth["regime_cov"].values, truth["regime_coefficients"].values
    deviation = np.sqrt(np.diagonal(covariance, axis1=1, axis2=2))
    correlation = covariance / (deviation[:, :, None] * deviation[:, None])
    moving = {
        "mean": truth["regime_mean"].values.any(),
        "trend": truth["regime_slope"].values.any(),
        "coupling": phi.any(),
        "variance": np.ptp(deviation) > 1e-9,
        "correlation": np.abs(correlation - np.eye(5)).max() > 1e-9,
    }
    if change == "all":
        assert all(moving.values())
        return
    assert moving[change]
    implied = {"coupling": {"variance", "correlation"}}.get(change, set())  # coupled channels are correlated
    assert not [name for name, moves in moving.items() if moves and name != change and name not in implied]
    if not moving["variance"]:
        np.testing.assert_allclose(deviation, 2.0, rtol=1e-12)
    if change == "variance":
        assert (deviation > 2.0 / 4).all()
        assert (deviation < 2.0 * 4).all()
    if change == "coupling":
        np.testing.assert_allclose(np.abs(np.linalg.eigvals(phi)).max(axis=1), 0.8, rtol=1e-10)
        np.testing.assert_array_equal(truth["adjacency"], np.abs(phi).max(axis=0))


def test_given_change_points_are_used_and_a_trend_has_no_jumps() -> None:
    _, truth = run("piecewise", change="trend", T=300, change_points=[40, 41, 200], n_realizations=4)
    for r in range(4):
        np.testing.assert_array_equal(np.flatnonzero(truth["change_point"].values[:, r]), [40, 41, 200])
    steps = np.diff(truth["local_mean"].values, axis=0)  # (T - 1, M, R)
    expected = truth["regime_slope"].values[truth["regime"].values[:-1]].transpose(0, 2, 1)
    np.testing.assert_allclose(steps, expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"min_length": 300}, "min_length must be at most max_length = 200, got 300"),
        ({"change_points": [5, 5]}, r"change_points must increase from 1 on, got \[5, 5\]"),
        ({"change_points": [0, 5]}, r"change_points must increase from 1 on, got \[0, 5\]"),
        ({"n_regimes": 1}, "n_regimes must be an integer from 2 to 64"),
        ({"change": "nothing"}, "change must be one of 'mean', 'variance'"),
    ],
)
def test_what_does_not_fit_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidParameterError, match=message):
        run("piecewise", **given)
