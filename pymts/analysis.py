"""Quantities computed from a configuration beyond its truth."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import xarray as xr

from pymts.data.block import Block
from pymts.data.truth import TRUTH
from pymts.errors import InvalidParameterError
from pymts.models.registry import MODELS, get_model
from pymts.numerics.delay import HistoryMap
from pymts.numerics.lyapunov import local_exponents, mean_and_error, tangent_step
from pymts.plan.configuration import Configuration
from pymts.run.simulate import simulate
from pymts.streams import Role, generator


def lyapunov(
    source: xr.Dataset | Configuration,
    n_exponents: int | None = None,
    *,
    steps: int | None = None,
    orbits: int = 8,
    every: int = 5,
) -> xr.Dataset:
    """Return the Lyapunov exponents of a configuration with its own parameters and graph, without noise.

    Tangent vectors are propagated by central differences of the model's step and orthonormalised (Benettin et al. 1980,
    doi:10.1007/BF02128236).

    Parameters
    ----------
    source : xarray.Dataset or Configuration
        A dataset of the model, or its configuration.
    n_exponents : int or None
        Number of exponents, largest first; ``None`` computes one per state variable, which takes longer. A delay
        equation has infinitely many.
    steps : int or None
        Number of steps over which growth is averaged, after a tenth as many for the tangents to align; for a delay
        equation, one step is one delay. ``None`` takes 10,000 steps, or 1,000 delays.
    orbits : int
        Number of initial conditions, taken after ``burn_in``; the standard error is over them.
    every : int
        Number of steps between orthonormalisations.

    Returns
    -------
    xarray.Dataset
        ``lyapunov`` and ``lyapunov_error`` with the dim ``exponent``, per second or per step of a map.

    Raises
    ------
    InvalidParameterError
        If the model is stochastic and has no noise-free step, or a number is out of range.

    Examples
    --------
    >>> from pymts.analysis import lyapunov
    >>> from pymts.datasets import make_cml
    >>> one_map = make_cml(M=1, A=[[0.0]], T=1, seed=1)
    >>> abs(float(lyapunov(one_map).lyapunov[0]) - np.log(2)) < 0.02
    True
    """
    configuration = source if isinstance(source, Configuration) else _configuration(source)
    model = configuration.model
    if model.step is None:
        known = ", ".join(sorted(name for name, one in MODELS.items() if one.step is not None))
        raise InvalidParameterError(f"{model.name} has no deterministic step; models that have one: {known}")
    start = _starts(configuration, orbits)
    params: Any = configuration.params
    time, size = params.step, start.shape[1]
    count = size if n_exponents is None else n_exponents
    probe = model.step(params, generator(configuration.seed, Role.STRUCTURE), orbits)
    if isinstance(probe, HistoryMap):
        start, time = probe.at_rest(start), probe.time
    if steps is None:
        steps = 1000 if isinstance(probe, HistoryMap) else 10_000
    limits = (("n_exponents", count, start.shape[1]), ("steps", steps, 10**9), ("orbits", orbits, 10**6))
    for name, value, most in limits:
        least = 2 if name == "orbits" else 1
        if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
            raise InvalidParameterError(f"{name} must be an integer from {least} to {most}, got {value!r}")
    step = model.step(params, generator(configuration.seed, Role.STRUCTURE), (2 * count + 1) * orbits)
    length = -(-steps // every) * every
    local = local_exponents(
        tangent_step(step, orbits, count),
        start,
        count,
        n_steps=length,
        transient=-(-length // (10 * every)) * every,
        dt=time,
        every=every,
    )
    mean, error = mean_and_error(local)
    method = f"QR of tangents along {orbits} orbits of {length} steps; the error is over the orbits"
    unit = "1/s" if params.time_unit == "s" else "1/step"
    variables = {
        name: ("exponent", values, {"description": TRUTH[name].meaning, "units": unit, "method": method})
        for name, values in (("lyapunov", mean), ("lyapunov_error", error))
    }
    return xr.Dataset(variables, attrs={"model": model.name, "config_id": configuration.config_id})


def _configuration(dataset: xr.Dataset) -> Configuration:
    """Return the configuration recorded in a dataset."""
    try:
        config = json.loads(dataset.attrs["config"])
        return Configuration.of(get_model(config["model"]), config["params"])
    except (AttributeError, KeyError, TypeError, ValueError):
        raise InvalidParameterError(
            f"lyapunov needs a dataset made by PyMTS or a Configuration, got a {type(dataset).__name__}"
        ) from None


def _starts(configuration: Configuration, orbits: int) -> Any:
    """Return states of the whole system on its attractor, (orbits, state size)."""
    values = dict(configuration.values)
    if hasattr(configuration.params, "variables"):  # all variables of all units
        units: Any = configuration.params
        values |= {"observable": "all", "M": units.nodes * len(units.variables)}
    elif "observable" in values:
        values["observable"] = "phase"
    values |= {"T": 1, "n_realizations": orbits, "zscore": False}
    if "noise_std" in values:
        values["noise_std"] = 0.0
    alike = Configuration.of(configuration.model, values)
    block = simulate([alike])[0]
    if not isinstance(block, Block):
        raise block
    # Orbits from the same given state would have an error of zero.
    states = block.values[:, 0]
    shift = np.random.default_rng(configuration.seed).standard_normal(states.shape)
    return states + 1e-6 * (1.0 + np.abs(states)) * shift
