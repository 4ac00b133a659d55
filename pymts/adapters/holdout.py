"""A source split into one to train and one to test on, before any window is cut."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence
from typing import Any, Literal, overload

import numpy as np
import xarray as xr

from pymts.adapters.sources import Many, Member, Source, members, whole_number
from pymts.errors import InvalidParameterError, nearest

Unit = Literal["realization", "config", "time"]
UNITS = ("realization", "config", "time")


@overload
def train_test_split(
    source: xr.Dataset,
    test_size: float = ...,
    *,
    by: Unit = ...,
    gap: int = ...,
    stratify: str | None = ...,
    seed: int = ...,
) -> tuple[xr.Dataset, xr.Dataset]: ...


@overload
def train_test_split(
    source: Many,
    test_size: float = ...,
    *,
    by: Unit = ...,
    gap: int = ...,
    stratify: str | None = ...,
    seed: int = ...,
) -> tuple[list[xr.Dataset], list[xr.Dataset]]: ...


def train_test_split(
    source: Source,
    test_size: float = 0.25,
    *,
    by: Unit = "realization",
    gap: int = 0,
    stratify: str | None = None,
    seed: int = 0,
) -> tuple[Any, Any]:
    """Split a source into one to train and one to test on; windows are cut afterwards, so none lies in both.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, Store or path
        What ``to_xy`` takes.
    test_size : float or int
        Share of the realizations, configurations or samples to test on, greater than 0 and less than 1, rounded up;
        or their number.
    by : "realization", "config" or "time"
        "realization" takes this many realizations of every configuration, "config" whole configurations, drawn at
        random; "time" the last samples of every series. The same random path never lies on both sides.
    gap : int
        Samples left out between the two parts, with by="time".
    stratify : str or None
        "model" or the name of a parameter, with by="config": the share is taken of each of its values.
    seed : int
        Which ones are drawn. A configuration's realizations do not depend on what else is in the source.

    Returns
    -------
    train, test : xarray.Dataset or list of xarray.Dataset
        Datasets if the source is a dataset, else lists, in the order of the source, truth included.

    Raises
    ------
    InvalidParameterError
        If nothing would be left on one side, or a series was standardised over the cut.

    Examples
    --------
    >>> from pymts.adapters.sklearn import train_test_split
    >>> from pymts.datasets import make_var
    >>> train, test = train_test_split(make_var(n_realizations=10, seed=1), 0.2)
    >>> train.sizes["realization"], test.sizes["realization"]
    (8, 2)
    """
    if by not in UNITS:
        hint = nearest(str(by), UNITS)
        raise InvalidParameterError(f"by must be one of {', '.join(map(repr, UNITS))}, got {by!r}{hint}")
    _check_size(test_size)
    whole_number("seed", seed, 0)
    if whole_number("gap", gap, 0) and by != "time":
        raise InvalidParameterError(f"gap={gap} is for by='time'; leave it out with by={by!r}")
    if stratify is not None and by != "config":
        raise InvalidParameterError(
            f"stratify={stratify!r} is for by='config'; by={by!r} takes the same share of every configuration anyway"
        )
    found = members(source)
    is_one = isinstance(source, xr.Dataset)
    if by == "config":
        if is_one:
            raise InvalidParameterError("by='config' needs several configurations, and the source is one dataset")
        return _by_config(found, test_size, stratify, seed)
    pairs = _by_realization(found, test_size, seed) if by == "realization" else _by_time(found, test_size, gap)
    train, test = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return (train[0], test[0]) if is_one else (train, test)


def _check_size(test_size: Any) -> None:
    is_number = isinstance(test_size, int | float | np.integer | np.floating) and not isinstance(test_size, bool)
    is_count = isinstance(test_size, int | np.integer)
    if not is_number or not (test_size >= 1 if is_count else 0 < test_size < 1):
        raise InvalidParameterError(
            f"test_size must be a share greater than 0 and less than 1 or a number of at least 1, got {test_size!r}"
        )


def _n_test(test_size: float, available: int, what: str, remedy: str) -> int:
    """Return how many of ``available`` to test on, if both sides get some."""
    is_count = isinstance(test_size, int | np.integer)
    # Rounding first: 0.07 of 100 is 7, and not 8 for the sake of the last bit.
    count = int(test_size) if is_count else math.ceil(round(test_size * available, 9))
    if count >= available:
        raise InvalidParameterError(f"test_size={test_size} leaves nothing to train on: {what}; {remedy}")
    return count


def _draws(seed: int, key: str, size: int) -> list[float]:
    """Return random numbers that depend on the seed and the key alone."""
    words = np.frombuffer(hashlib.sha256(key.encode()).digest(), dtype=np.uint32)
    return list(np.random.default_rng([seed, *words.tolist()]).random(size))


def _lowest(draws: Sequence[float], count: int) -> set[int]:
    return set(np.argsort(draws, kind="stable")[:count].tolist())


def _by_realization(found: Sequence[Member], test_size: float, seed: int) -> list[tuple[xr.Dataset, xr.Dataset]]:
    labels: dict[str, dict[Any, None]] = {}
    for member in found:
        labels.setdefault(member.path, {}).update(dict.fromkeys(member.realizations))
    chosen = {}
    for member in found:
        every = list(labels[member.path])
        what = f"{member.name} has {len(every)} realization{'s' if len(every) > 1 else ''}"
        count = _n_test(test_size, len(every), what, "make more, or split by='config' or by='time'")
        tested = _lowest(_draws(seed, member.path, len(every)), count)
        chosen[member.path] = {label for i, label in enumerate(every) if i in tested}
    pairs = []
    for member in found:
        is_test = np.array([label in chosen[member.path] for label in member.realizations])
        if is_test.all() or not is_test.any():
            raise InvalidParameterError(
                f"{member.name} shares its realizations with another dataset of the source, and all of its "
                f"{is_test.size} would fall on one side; leave one of the two out"
            )
        pairs.append(tuple(member.dataset.isel(realization=np.flatnonzero(side)) for side in (~is_test, is_test)))
    return [(train, test) for train, test in pairs]


def _by_config(
    found: Sequence[Member], test_size: float, stratify: str | None, seed: int
) -> tuple[list[xr.Dataset], list[xr.Dataset]]:
    strata: dict[str, dict[str, float]] = {}
    for member in found:
        draw = _draws(seed, member.path, 1)[0]
        strata.setdefault(_stratum(member, stratify, found), {})[member.path] = draw
    tested = set()
    for value, draws in strata.items():
        where = "the source" if stratify is None else f"{stratify}={value}"
        what = f"{where} has {len(draws)} different configuration{'s' if len(draws) > 1 else ''}"
        count = _n_test(test_size, len(draws), what, "give more, or split by='realization'")
        paths = sorted(draws)
        tested |= {paths[i] for i in _lowest([draws[path] for path in paths], count)}
    train = [member.dataset for member in found if member.path not in tested]
    return train, [member.dataset for member in found if member.path in tested]


def _stratum(member: Member, stratify: str | None, found: Sequence[Member]) -> str:
    if stratify is None:
        return ""
    known = ["model", *dict.fromkeys(name for other in found for name in other.params)]
    if stratify not in known:
        hint = nearest(str(stratify), known) or f" (these are {', '.join(known)})"
        raise InvalidParameterError(f"stratify must be 'model' or a parameter of the source, got {stratify!r}{hint}")
    return str(member.model if stratify == "model" else member.params.get(stratify))


def _by_time(found: Sequence[Member], test_size: float, gap: int) -> list[tuple[xr.Dataset, xr.Dataset]]:
    twice = {path for path, count in Counter(member.path for member in found).items() if count > 1}
    pairs = []
    for member in found:
        if member.path in twice:
            raise InvalidParameterError(
                f"{member.name} shares its realizations with another dataset of the source, and their cuts in time "
                "would overlap; leave one of the two out"
            )
        if member.params.get("zscore"):
            raise InvalidParameterError(
                f"{member.name} was standardised over its whole length, so that its past knows its future; make it "
                "with zscore=False and scale in a Pipeline, or split by='realization' or by='config'"
            )
        n_times = member.shape[1]
        what = f"{member.name} has T={n_times}"
        count = _n_test(test_size, n_times, what, "lower it")
        if count + gap >= n_times:
            raise InvalidParameterError(
                f"test_size + gap = {count} + {gap} samples leave nothing to train on: {what}; lower one of them"
            )
        train = member.dataset.isel(time=slice(None, n_times - count - gap))
        pairs.append((train, member.dataset.isel(time=slice(n_times - count, None))))
    return pairs
