"""Checks what a model returned before it is used; the messages are for authors of models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from pymts.data.truth import TRUTH, Simulated, Truth
from pymts.errors import ModelError
from pymts.models.registry import Model

AXES = ("configuration", "realization", "time", "channel")


def checked(model: Model[...], returned: Any, shape: tuple[int, int, int, int]) -> Simulated:
    """Check and return a model's result, truth as ``Truth``; ``shape`` is (configuration, realization, time, channel).

    Raises
    ------
    ModelError
        If it is not ``Simulated``, its data has the wrong shape, or its truth is not named dims and an array.
    """
    if not isinstance(returned, Simulated):
        raise ModelError(f"{model.name} must return Simulated(data, truth), got a {type(returned).__name__}")
    data = returned.data
    if not isinstance(data, np.ndarray) or data.shape != shape:
        got = f"shape {data.shape}" if isinstance(data, np.ndarray) else f"a {type(data).__name__}"
        expected = ", ".join(map(str, shape))
        raise ModelError(f"{model.name} must return data of shape ({', '.join(AXES)}) = ({expected}), got {got}")
    if data.dtype != np.float64:
        raise ModelError(f"{model.name} must return data of type float64, got {data.dtype}")
    if not isinstance(returned.truth, Mapping):
        raise ModelError(f"{model.name} must return its truth as a dict of name to Truth, got {returned.truth!r:.60}")
    sizes = dict(zip(AXES, shape, strict=True))
    truth = {name: _checked(model.name, str(name), item, len(data), sizes) for name, item in returned.truth.items()}
    return returned if all(truth[name] is item for name, item in returned.truth.items()) else Simulated(data, truth)


def _checked(model: str, name: str, item: Any, batch: int, sizes: Mapping[str, int]) -> Truth:
    """Return one truth variable, which may be a pair of dims and an array."""
    if isinstance(item, tuple) and len(item) == 2:
        dims, values = item
        item = Truth((dims,) if isinstance(dims, str) else tuple(dims), np.asarray(values))
    if not isinstance(item, Truth):
        raise ModelError(f"{model}: the truth {name!r} must be Truth(dims, values) or (dims, values), got {item!r:.60}")
    found = ("configuration", *item.dims)
    if item.values.ndim != len(found) or len(item.values) != batch:
        raise ModelError(
            f"{model}: the truth {name!r} must have the dims {found} with {batch} along the first, "
            f"got shape {item.values.shape}"
        )
    kind = TRUTH.get(name)
    if kind is not None and set(kind.dims) != set(item.dims):
        raise ModelError(f"{model}: the truth {name!r} must have the dims {kind.dims}, got {item.dims}")
    for dim, size in zip(item.dims, item.values.shape[1:], strict=True):
        if size != sizes.get(dim, size):
            raise ModelError(f"{model}: the truth {name!r} must have {sizes[dim]} along {dim}, got {size}")
    return item
