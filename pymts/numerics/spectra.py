"""Noise of a given spectrum: kernels whose transfer function is the root of it, and their convolution with noise."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from pymts.numerics.functions import power
from pymts.numerics.portable.fourier import convolved, irfft, rfft

Array = NDArray[np.float64]

# Kernels of this many times the longest period: what lies beyond has died out as exp(-2 pi f_min L / 2) = 3e-6.
PERIODS = 4


def kernel_length(f_min: float) -> int:
    """Return the length L of a kernel whose spectrum is flat below f_min, cycles a step: a power of two."""
    return 1 << (math.ceil(PERIODS / f_min) - 1).bit_length()


def power_law(beta: Array, f_min: float, length: int) -> Array:
    """Return S(f) ~ (f^2 + f_min^2)^(-beta / 2) at f = k / L, k = 0 ... L / 2, with a mean of 1 over all L.

    Parameters
    ----------
    beta : array of any shape (...)
    f_min : cycles a step
    length : L, even

    Returns
    -------
    array of shape (..., L / 2 + 1)
        Two-sided: frequencies other than 0 and 1/2 count twice in the mean.
    """
    f = np.arange(length // 2 + 1) / length
    shape = (0.25 * (1.0 + f_min * f_min)) / (f * f + f_min * f_min)
    spectra = power(shape, 0.5 * np.asarray(beta)[..., None])
    counts = np.full(length // 2 + 1, 2.0)
    counts[[0, -1]] = 1.0
    return np.asarray(spectra / ((spectra * counts).sum(axis=-1, keepdims=True) / length))


def kernel(spectra: Array) -> Array:
    """Return the symmetric kernel h (..., L) with |H(k / L)|^2 = S_k, from S (..., L / 2 + 1); its middle is L / 2."""
    length = 2 * (spectra.shape[-1] - 1)
    return np.roll(irfft(np.sqrt(spectra).astype(np.complex128)), length // 2, axis=-1)


def filtered(transfer: NDArray[np.complex128], past: Array, now: Array) -> Array:
    """Return sum_s h(s) w(t - s) for the times t of ``now``, s = 0 ... L - 1.

    One circular convolution of length 2 L, whose first half has wrapped around and is left out.

    Parameters
    ----------
    transfer : array of shape (M, L + 1), the transform of the kernels with L zeros behind them
    past, now : arrays of shape (L, M), two consecutive stretches of white noise

    Returns
    -------
    array of shape (L, M)
    """
    series = np.ascontiguousarray(np.concatenate([past, now]).T)  # (M, 2 L)
    return np.asarray(irfft(convolved(rfft(series), transfer))[:, len(past) :].T)
