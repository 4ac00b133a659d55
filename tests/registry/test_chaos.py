"""What is called chaotic is so at its defaults, and exponents at any parameters agree with tables and closed forms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq
from support import MODELS

from pymts.analysis import lyapunov
from pymts.datasets import (
    make,
    make_cml,
    make_kuramoto,
    make_lorenz,
    make_mackey_glass,
    make_rossler,
    make_stuart_landau,
    make_var,
)
from pymts.errors import InvalidParameterError
from pymts.plan.configuration import Configuration

CHAOTIC = sorted(name for name, model in MODELS.items() if "chaotic" in model.tags)
WITH_STEP = sorted(name for name, model in MODELS.items() if model.step is not None)


@pytest.mark.parametrize("name", CHAOTIC)
def test_a_model_called_chaotic_is_so_at_its_defaults(name: str) -> None:
    for seed in range(3):
        found = lyapunov(Configuration.of(name, {"seed": seed}), 1, steps=1000 if name == "mackey_glass" else 3000)
        assert found.lyapunov[0] > 5 * found.lyapunov_error[0] > 0


@pytest.mark.parametrize("m", [2, 3, 5, 8, 10, 16, 50])
def test_the_lattice_is_chaotic_whatever_its_size(m: int) -> None:
    found = lyapunov(Configuration.of("cml", {"M": m, "seed": m}), 1, steps=3000)
    assert found.lyapunov[0] > 0.4 - 5 * found.lyapunov_error[0]
    assert found.lyapunov[0] > 0.3


def test_the_history_over_a_delay_has_the_exponents_of_the_linearised_equation() -> None:
    one = lyapunov(make_mackey_glass(M=1, A=[[0.0]], T=1, seed=1), 1, steps=2000, orbits=16)
    assert abs(one.lyapunov[0] - 0.00515) < 5 * one.lyapunov_error[0] < 0.002  # 100 orbits of 50,000 s
    # Decay with a linear delayed feedback: the largest root of s = -gamma + beta exp(-s tau).
    beta, gamma, tau = 0.05, 0.1, 17.0
    root = brentq(lambda s: s + gamma - beta * np.exp(-s * tau), -0.1, 0.0)
    linear = make_mackey_glass(M=1, A=[[0.0]], n=0.0, beta=2 * beta, gamma=gamma, tau=tau, T=1, seed=1)
    np.testing.assert_allclose(lyapunov(linear, 1, steps=500).lyapunov[0], root, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20))
def test_the_lattice_is_chaotic_whatever_the_seed(seed: int) -> None:
    ds = make_cml(T=200, seed=seed)
    assert float(ds.lyapunov[0]) > 0.4
    own = lyapunov(ds, 2, steps=4000)
    np.testing.assert_allclose(own.lyapunov, ds.lyapunov[:2], atol=0.04)
    spread = ds.data.std("channel").min()
    assert float(spread) > 0, "the sites never become one"


@pytest.mark.parametrize("name", [name for name in CHAOTIC if "lyapunov" in MODELS[name].truth])
def test_exponents_agree_with_the_table_at_the_defaults(name: str) -> None:
    ds = make(MODELS[name])(T=1, seed=3, cache=False)
    found = lyapunov(ds, 2, steps=8000, orbits=16)
    error = np.hypot(found.lyapunov_error, ds.lyapunov_error[:2])
    assert (np.abs(found.lyapunov - ds.lyapunov[:2]) < 5 * error + 0.02 * np.abs(ds.lyapunov[0])).all()


@pytest.mark.slow
def test_closed_forms() -> None:
    alone: dict[str, Any] = {"M": 1, "A": [[0.0]], "T": 1, "seed": 1}
    np.testing.assert_allclose(lyapunov(make_cml(**alone)).lyapunov, [np.log(2)], atol=2e-3)
    quadratic = lyapunov(make_cml(local_map="quadratic", **alone))
    np.testing.assert_allclose(quadratic.lyapunov, [np.log(2)], atol=2e-3)
    np.testing.assert_allclose(lyapunov(make_cml(r=2.5, **alone)).lyapunov, [np.log(0.5)], atol=1e-6)  # f' = 2 - r
    settled = lyapunov(make_lorenz(M=1, K=0.0, rho=20.0, burn_in=20_000, T=1, seed=1), steps=20_000)
    assert settled.lyapunov[0] < -0.1
    np.testing.assert_allclose(settled.lyapunov.sum(), -(10 + 1 + 8 / 3), rtol=1e-4)  # the divergence
    chaos = lyapunov(make_lorenz(M=1, K=0.0, rho=35.0, T=1, seed=1))
    assert chaos.lyapunov[0] > 5 * chaos.lyapunov_error[0]
    np.testing.assert_allclose(chaos.lyapunov.sum(), -(10 + 1 + 8 / 3), rtol=1e-4)
    cycle = lyapunov(make_stuart_landau(M=1, K=0.0, a=1.0, noise_std=0.0, T=1, seed=1, A=[[0.0]], burn_in=5000))
    np.testing.assert_allclose(cycle.lyapunov, [0.0, -2.0], atol=5e-3)  # along the cycle, and back to it
    locked = lyapunov(make_kuramoto(M=3, K=5.0, omega=[0.0, 0.0, 0.0], burn_in=2000, T=1, seed=1), 3)
    np.testing.assert_allclose(locked.lyapunov, [0.0, -5.0, -5.0], atol=1e-3)


def test_noise_is_left_out_and_what_is_observed_plays_no_part() -> None:
    plain = make_rossler(M=2, T=1, seed=2)
    for ds in (make_rossler(M=6, T=1, seed=2, observable="all"), make_rossler(M=2, T=3, seed=2, observable="z")):
        found, expected = (lyapunov(one, 1, steps=2000).lyapunov for one in (ds, plain))
        np.testing.assert_allclose(found, expected, atol=1e-9)
    assert set(WITH_STEP) >= {"cml", "kuramoto", "lorenz", "lorenz96", "rossler", "stuart_landau", "wilson_cowan"}


def test_what_cannot_be_computed_is_said() -> None:
    with pytest.raises(InvalidParameterError, match="var has no deterministic step; models that have one: cml"):
        lyapunov(make_var(T=5, seed=1))
    with pytest.raises(InvalidParameterError, match="n_exponents must be an integer from 1 to 5, got 6"):
        lyapunov(make_cml(T=5, seed=1), 6)
    with pytest.raises(InvalidParameterError, match="orbits must be an integer from 2"):
        lyapunov(make_cml(T=5, seed=1), orbits=1)
    with pytest.raises(InvalidParameterError, match="lyapunov needs a dataset made by PyMTS or a Configuration"):
        lyapunov(make_cml(T=5, seed=1).assign_attrs(config="{}"))
