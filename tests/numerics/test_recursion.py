from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from pymts.numerics import linear, recursion
from pymts.numerics.sampling import Sampling
from pymts.streams import BLOCK_MULTIPLE

SIZES = [(1, 1), (1, 3), (2, 2), (5, 1), (5, 20), (7, 3), (10, 2), (16, 5), (30, 1)]  # channels, lags


def _blocks(noise: np.ndarray, *lengths: int) -> Iterator[tuple[int, np.ndarray]]:
    """Cut the noise into blocks: of these lengths, and the rest."""
    start = 0
    for length in (*lengths, noise.shape[2] - sum(lengths)):
        yield start, noise[:, :, start : start + length].copy()
        start += length


def _join(blocks: Iterator[tuple[int, np.ndarray]]) -> np.ndarray:
    found = []
    for start, values in blocks:
        assert start == sum(part.shape[2] for part in found)
        found.append(values.copy())
    return np.concatenate(found, axis=2)


def _phi(batch: int, p: int, m: int) -> np.ndarray:
    raw = np.random.default_rng(p * 100 + m).standard_normal((batch, p, m, m))
    return linear.scale_to_radius(raw, np.linspace(0.6, 0.98, batch))


def _loop(phi: np.ndarray, factor: np.ndarray, past: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Step by step, lag by lag, configuration by configuration."""
    out = np.empty_like(noise)
    for b in range(noise.shape[0]):
        for r in range(noise.shape[1]):
            values = list(past[b, r])
            for t in range(noise.shape[2]):
                x = factor[b] @ noise[b, r, t]
                for k in range(phi.shape[1]):
                    x = x + phi[b, k] @ values[-1 - k]
                values.append(x)
                out[b, r, t] = x
    return out


def test_chunks_divide_blocks_and_follow_from_the_channels_alone() -> None:
    lengths = [recursion.chunk_length(m) for m in range(1, 300)]
    assert all(BLOCK_MULTIPLE % length == 0 for length in lengths)
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[0] > lengths[-1] == 1


@pytest.mark.parametrize(("m", "p"), SIZES)
def test_the_vector_recursion_is_the_loop(m: int, p: int) -> None:
    rng = np.random.default_rng(1)
    phi, noise, past = _phi(2, p, m), rng.standard_normal((2, 3, 150, m)), rng.standard_normal((2, 3, p, m))
    for factor in (rng.standard_normal((2, m, m)), np.array([0.5, 3.0])[:, None, None]):
        dense = factor * np.eye(m) if factor.shape[-1] == 1 else factor
        expected = _loop(phi, dense, past, noise)
        found = _join(recursion.vector_recursion(phi, factor, past, _blocks(noise, 64, 64)))
        np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize(("m", "p"), SIZES)
@pytest.mark.parametrize("shared", [True, False])
def test_the_scalar_recursion_is_the_loop(m: int, p: int, shared: bool) -> None:
    rng = np.random.default_rng(2)
    sets = 1 if shared else m
    phi = _phi(2 * sets, p, 1).reshape(2, sets, p)
    noise, past = rng.standard_normal((2, 3, 150, m)), rng.standard_normal((2, 3, p, m))
    scale = rng.random((2, m))
    diagonal = np.broadcast_to(phi, (2, m, p)).transpose(0, 2, 1)[..., None] * np.eye(m)
    expected = _loop(diagonal, scale[..., None] * np.eye(m), past, noise)
    found = _join(recursion.scalar_recursion(phi, scale, past, _blocks(noise, 64, 64)))
    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12 * np.abs(expected).max())


@pytest.mark.parametrize(("m", "p"), SIZES)
@pytest.mark.parametrize("kind", ["vector", "scalar", "shared"])
def test_bits_do_not_depend_on_batch_realizations_blocks_or_length(kind: str, m: int, p: int) -> None:
    rng = np.random.default_rng(3)
    batch, realizations = 3, 11
    noise, past = rng.standard_normal((batch, realizations, 300, m)), rng.standard_normal((batch, realizations, p, m))
    if kind == "vector":
        phi, factor, run = _phi(batch, p, m), rng.standard_normal((batch, m, m)), recursion.vector_recursion
    else:
        sets = 1 if kind == "shared" else m
        phi, factor, run = (
            _phi(batch * sets, p, 1).reshape(batch, sets, p),
            rng.random((batch, m)),
            recursion.scalar_recursion,
        )
    whole = _join(run(phi, factor, past, _blocks(noise)))
    for b, r, steps, lengths in ((0, 1, 300, (64,)), (1, 5, 300, (128, 64, 64)), (2, 11, 203, (192,)), (1, 2, 64, ())):
        one = slice(b, b + 1)
        part = _join(run(phi[one], factor[one], past[one, :r], _blocks(noise[one, :r, :steps], *lengths)))
        np.testing.assert_array_equal(part, whole[one, :r, :steps])


def test_samples_are_the_states_that_are_kept() -> None:
    states = np.arange(201.0).reshape(1, 1, 201, 1)
    blocks = ((start, states[:, :, 1 + start : 1 + min(start + 64, 200)]) for start in range(0, 200, 64))
    found = recursion.sampled(states[:, :, 0], blocks, Sampling(burn_in=3, every=7, T=29))
    np.testing.assert_array_equal(found.ravel(), 3 + 7 * np.arange(29))
    found = recursion.sampled(states[:, :, 0], iter([(0, states[:, :, 1:])]), Sampling(burn_in=0, every=1, T=201))
    np.testing.assert_array_equal(found, states)
