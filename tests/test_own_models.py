"""A model of one's own: what it may leave out, and what it hears of its mistakes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from pydantic import Field
from support import forget

from pymts import Params, Simulated, Streams, Truth, make, model
from pymts.datasets import load_grid
from pymts.errors import ModelError


class OwnParams(Params):
    """Parameters of a model of one's own."""

    gain: float = Field(default=1.0, description="Gain.")


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    yield
    forget("sine3")


def own(simulate: Callable[[OwnParams, Streams], Any]) -> Any:
    """Register a simulation under the name sine3 and return its function."""
    simulate.__name__ = "sine3"
    simulate.__doc__ = "Sines.\n\nx(t) = gain sin(t)\n\nObserved: x."
    return make(model(OwnParams)(simulate))


def sines(p: OwnParams, rng: Streams) -> np.ndarray:
    batch, realizations = rng.shape
    wave = np.sin(np.arange(p.T))[:, None] * np.ones(p.M)
    return np.reshape(p.gain, (-1, 1, 1, 1)) * np.broadcast_to(wave, (batch, realizations, p.T, p.M))


def test_a_plain_function_without_a_reference_is_a_model() -> None:
    make_sine3 = own(lambda p, rng: Simulated(sines(p, rng)))
    ds = make_sine3(M=2, T=30, n_realizations=3, seed=1, cache=False)
    np.testing.assert_allclose(ds.data[:, 1, 2], np.sin(np.arange(30)))
    assert make_sine3.__name__ == "make_sine3"
    assert "References" not in make_sine3.__doc__
    cells = load_grid([{"model": "sine3", "T": 5, "M": 1, "gain": [1.0, 2.0]}], cache=False)
    assert [float(cell.data.max()) for cell in cells] == pytest.approx([np.sin(2), 2 * np.sin(2)])


def test_truth_may_be_pairs_of_dims_and_an_array_and_have_names_of_its_own() -> None:
    def simulate(p: OwnParams, rng: Streams) -> Any:
        graph = np.repeat(np.eye(p.M, k=1)[None], rng.shape[0], axis=0)
        return Simulated(
            sines(p, rng),
            {"adjacency": (("source", "target"), graph), "phase_shift": ("channel", np.zeros((rng.shape[0], p.M)))},
        )

    ds = own(simulate)(M=3, T=4, seed=1, cache=False)
    assert ds.adjacency.dims == ("target", "source")
    assert float(ds.adjacency.sel(target=1, source=0)) == 1.0
    assert ds.phase_shift.dims == ("channel",)
    ds.pymts.to_networkx()


MISTAKES: list[tuple[Callable[[OwnParams, Streams], Any], str]] = [
    (sines, r"sine3 must return Simulated\(data, truth\), got a ndarray"),
    (
        lambda p, rng: Simulated(np.zeros(p.T)),
        r"must return data of shape \(configuration, realization, time, channel\) = \(1, 3, 9, 2\), got shape \(9,\)",
    ),
    (lambda p, rng: Simulated(sines(p, rng).swapaxes(2, 3)), r"got shape \(1, 3, 2, 9\)"),
    (lambda p, rng: Simulated(sines(p, rng).tolist()), "got a list"),
    (lambda p, rng: Simulated(sines(p, rng).astype(np.float32)), "data of type float64, got float32"),
    (lambda p, rng: Simulated(sines(p, rng), [1]), "must return its truth as a dict of name to Truth"),  # type: ignore[arg-type]
    (lambda p, rng: Simulated(sines(p, rng), {"omega": 3.0}), r"the truth 'omega' must be Truth\(dims, values\)"),  # type: ignore[dict-item]
    (
        lambda p, rng: Simulated(sines(p, rng), {"omega": Truth(("channel",), np.zeros(2))}),
        r"'omega' must have the dims \('configuration', 'channel'\) with 1 along the first, got shape \(2,\)",
    ),
    (
        lambda p, rng: Simulated(sines(p, rng), {"omega": Truth(("channel",), np.zeros((1, 7)))}),
        "the truth 'omega' must have 2 along channel, got 7",
    ),
    (
        lambda p, rng: Simulated(sines(p, rng), {"omega": Truth(("time",), np.zeros((1, 9)))}),
        r"the truth 'omega' must have the dims \('channel',\), got \('time',\)",
    ),
]


@pytest.mark.parametrize(("simulate", "told"), MISTAKES)
def test_a_mistake_is_told_in_one_sentence(simulate: Any, told: str) -> None:
    with pytest.raises(ModelError, match=told) as error:
        own(simulate)(M=2, T=9, n_realizations=3, seed=1, cache=False)
    assert "\n" not in str(error.value)
