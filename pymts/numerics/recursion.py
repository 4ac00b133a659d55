"""Linear recursions along time, a chunk of steps at once: blocks of noise in, blocks of states out.

Arrays are (configuration, realization, step, channel). A generator here takes blocks as ``Draws.blocks`` yields them
and yields ``(first step, values)``; its buffer, too, is overwritten by the next block. Chunk lengths follow from the
sizes M and p alone and divide the length of every block but the last, so that no bit depends on how many
configurations, realizations or steps are worked on at once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.rows import ROWS, rows_times
from pymts.numerics.sampling import Sampling

Array = NDArray[np.float64]
Blocks = Iterable[tuple[int, Array]]

# Chunks that are as long as this, or as M allows: a step's share of calls falls with the length L of a chunk, and its
# share of multiplications, L M each value, rises with it. Measured; both divide the length of a block of noise.
MAX_CHUNK = 16
CHUNK_PRODUCT = 512
# From so many channels on, equal recursions of all channels are one product with the chunk's own matrix on the left.
SHARED_CHANNELS = 4
# Values that are coloured at once: they stay in cache.
SLAB = 2**15
SLAB_ROWS = 16


def chunk_length(m: int) -> int:
    """Return how many steps of an M-channel recursion are one product: a power of two, 1 to 16."""
    fitting = max(1, min(MAX_CHUNK, CHUNK_PRODUCT // (m * m)))
    return int(2 ** (fitting.bit_length() - 1))


def responses(phi: Array, length: int) -> tuple[Array, Array]:
    """Return what a chunk's steps owe to their noise and to the past.

    Parameters
    ----------
    phi : array of shape (B, p, M, M)
    length : steps of the chunk, L, a power of two

    Returns
    -------
    impulse : array of shape (B, L, M, M), the response k steps after a unit of noise
    carry : array of shape (B, L M, p M), the response of the L steps to the p values before them, oldest first
    """
    batch, p, m, _ = phi.shape
    n = p * m
    advance = np.zeros((batch, n, n))  # the companion matrix with the oldest value first
    advance[:, :-m, m:] = np.eye(n - m)
    advance[:, -m:] = phi[:, ::-1].transpose(0, 2, 1, 3).reshape(batch, m, n)
    powers = np.empty((batch, length, n, n))
    powers[:, 0] = advance
    known = 1
    while known < length:  # length is a power of two
        np.matmul(powers[:, :known], powers[:, known - 1 : known], out=powers[:, known : 2 * known])
        known *= 2
    carry = np.ascontiguousarray(powers[:, :, -m:])  # (B, L, M, p M)
    impulse = np.empty((batch, length, m, m))
    impulse[:, 0] = np.eye(m)
    impulse[:, 1:] = carry[:, :-1, :, -m:]  # a unit of the newest value is a unit of noise one step earlier
    return impulse, carry.reshape(batch, length * m, n)


def toeplitz(impulse: Array) -> Array:
    """Return the response of a chunk to its own noise, (B, L M, L M), from the impulse response (B, L, M, M)."""
    batch, length, m, _ = impulse.shape
    padded = np.concatenate([impulse, np.zeros((batch, 1, m, m))], axis=1)
    ago = np.arange(length)[:, None] - np.arange(length)
    blocks = padded[:, np.where(ago < 0, length, ago)]  # (B, L, L, M, M)
    return np.ascontiguousarray(blocks.transpose(0, 1, 3, 2, 4)).reshape(batch, length * m, length * m)


def _whole_chunks(noise: Array, length: int) -> Array:
    """Return the noise with zeros behind it up to a whole number of chunks."""
    batch, realizations, steps, m = noise.shape
    if steps % length == 0:
        return noise
    padded = np.zeros((batch, realizations, -(-steps // length) * length, m))
    padded[:, :, :steps] = noise
    return padded


def _colour(noise: Array, matrix: Array, out: Array) -> None:
    """Write matrix (B, L M, L M) times each chunk of the noise (B, R, steps, M) to ``out``, of the same shape."""
    batch, realizations, steps, m = noise.shape
    width = matrix.shape[-1]
    at_once = max(1, SLAB // (steps * m))
    configurations = max(1, at_once // realizations)
    for b in range(0, batch, configurations):
        some = slice(b, b + configurations)
        for r in range(0, realizations, at_once):
            slab = noise[some, r : r + at_once]
            product = rows_times(slab.reshape(len(slab), -1, width), matrix[some], SLAB_ROWS)
            out[some, r : r + at_once] = product.reshape(slab.shape)


def vector_recursion(phi: Array, factor: Array, past: Array, blocks: Blocks) -> Iterator[tuple[int, Array]]:
    """Yield the states of x_t = sum_k Phi_k x_{t-k} + L z_t, a block for each block of the noise z.

    A chunk of steps is the response to its own noise, found for all chunks of a block at once, plus the response to
    the p values before it, chunk after chunk.

    Parameters
    ----------
    phi : array of shape (B, p, M, M)
    factor : array of shape (B, M, M), the L above, or (B, 1, 1), a number for all channels
    past : array of shape (B, R, p, M), the values before the first step, oldest first
    blocks : pairs of the first step and z of shape (B, R, steps, M)
    """
    batch, realizations, p, m = past.shape
    length = chunk_length(m)
    impulse, carry = responses(phi, length)
    scale_only = factor.shape[-1] == 1 != m and length == 1
    matrix = (
        None
        if scale_only
        else toeplitz(impulse * factor[:, None] if factor.shape[-1] == 1 else impulse @ factor[:, None])
    )
    carry_rows = carry.swapaxes(-1, -2)[:, None]  # (B, 1, p M, L M)
    # Products have a fixed number of rows (see rows.py), so the realizations are padded to a multiple of it.
    slices = -(-realizations // ROWS)
    state = np.zeros((batch, slices, ROWS, p * m))
    response = np.empty((batch, slices, ROWS, length * m))
    state_rows = state.reshape(batch, slices * ROWS, p * m)[:, :realizations]
    response_rows = response.reshape(batch, slices * ROWS, length * m)[:, :realizations]
    buffer = np.empty((batch, realizations, 0, m))
    for start, block in blocks:
        steps = block.shape[2]
        noise = _whole_chunks(block, length)
        padded = noise.shape[2]
        if buffer.shape[2] < p + padded:  # the first block is the longest
            buffer = np.empty((batch, realizations, p + padded, m))
        values = buffer[:, :, : p + padded]
        values[:, :, :p] = past
        if matrix is None:
            np.multiply(noise, factor[:, None], out=values[:, :, p:])
        else:
            _colour(noise, matrix, values[:, :, p:])
        flat = buffer.reshape(batch, realizations, -1)
        for first in range(0, padded * m, length * m):
            state_rows[...] = flat[:, :, first : first + p * m]
            np.matmul(state, carry_rows, out=response)
            chunk = flat[:, :, first + p * m : first + (p + length) * m]
            np.add(chunk, response_rows, out=chunk)
        yield start, values[:, :, p : p + steps]
        past = values[:, :, steps : steps + p].copy()


def scalar_recursion(phi: Array, scale: Array, past: Array, blocks: Blocks) -> Iterator[tuple[int, Array]]:
    """Yield the states of x_t = sum_k phi_k x_{t-k} + scale z_t, each channel by itself.

    Parameters
    ----------
    phi : array of shape (B, M, p), or (B, 1, p) where the channels share it
    scale : array of shape (B, M) or (B, 1)
    past : array of shape (B, R, p, M), oldest first
    blocks : pairs of the first step and z of shape (B, R, steps, M), worked on in place
    """
    batch, _, p = phi.shape
    m = past.shape[3]
    if phi.shape[1] == 1 and m >= SHARED_CHANNELS:
        yield from _shared_recursion(phi[:, 0], scale, past, blocks)
        return
    # Every channel of every configuration is a one-channel recursion of its own.
    phi_each = np.broadcast_to(phi, (batch, m, p)).reshape(batch * m, p, 1, 1)
    factor = np.broadcast_to(scale, (batch, m)).reshape(batch * m, 1, 1)
    past_each = past.transpose(0, 3, 1, 2).reshape(batch * m, -1, p, 1)
    for start, values in vector_recursion(phi_each, factor, past_each, _channels_first(blocks)):
        yield start, values.reshape(batch, m, *values.shape[1:3]).transpose(0, 2, 3, 1)


def _channels_first(blocks: Blocks) -> Iterator[tuple[int, Array]]:
    """Yield (B, R, steps, M) as (B M, R, steps, 1)."""
    for start, block in blocks:
        batch, realizations, steps, m = block.shape
        yield start, block.transpose(0, 3, 1, 2).reshape(batch * m, realizations, steps, 1)


def _shared_recursion(phi: Array, scale: Array, past: Array, blocks: Blocks) -> Iterator[tuple[int, Array]]:
    """Yield the states of channels that share phi (B, p): a chunk of (L, M) values is one product from the left.

    Every product has the sizes of one realization, so there are no rows to pad.
    """
    batch, realizations, p, m = past.shape
    length = MAX_CHUNK
    impulse, carry = responses(phi[:, :, None, None], length)
    matrix = toeplitz(impulse)[:, None, None]  # (B, 1, 1, L, L)
    carry = carry[:, None]  # (B, 1, L, p)
    response = np.empty((batch, realizations, length, m))
    buffer = np.empty((batch, realizations, 0, m))
    for start, block in blocks:
        steps = block.shape[2]
        np.multiply(block, scale[:, None, None], out=block)
        noise = _whole_chunks(block, length)
        padded = noise.shape[2]
        if buffer.shape[2] < p + padded:
            buffer = np.empty((batch, realizations, p + padded, m))
        values = buffer[:, :, : p + padded]
        values[:, :, :p] = past
        chunks = (batch, realizations, padded // length, length, m)
        np.matmul(matrix, noise.reshape(chunks), out=values[:, :, p:].reshape(chunks))
        for first in range(0, padded, length):
            np.matmul(carry, values[:, :, first : first + p], out=response)
            chunk = values[:, :, first + p : first + p + length]
            np.add(chunk, response, out=chunk)
        yield start, values[:, :, p : p + steps]
        past = values[:, :, steps : steps + p].copy()


def sampled(initial: Array, blocks: Blocks, sampling: Sampling) -> Array:
    """Return the samples (B, R, T, M) of the initial state (B, R, M) and of the blocks of states that follow it.

    Step n leads from state n to state n + 1.
    """
    batch, realizations, m = initial.shape
    out = np.empty((batch, realizations, sampling.T, m))
    states, samples = sampling.kept(0, 1)
    out[:, :, samples] = initial[:, :, None][:, :, states]
    for start, values in blocks:
        states, samples = sampling.kept(start + 1, values.shape[2])
        out[:, :, samples] = values[:, :, states]
    return out
