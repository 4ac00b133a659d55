"""Splits a source into training, validation and test parts before any window is cut."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, overload

import xarray as xr

from pymts.adapters.part import Part
from pymts.adapters.shares import TEST, TRAIN, VALIDATION, Sizes, check_size, dealt_out, draws_of
from pymts.adapters.sources import Many, Member, Source, whole_number
from pymts.adapters.view import View
from pymts.errors import InvalidParameterError, nearest

REALIZATION, CONFIGURATION, TIME, MODEL = "realization", "configuration", "time", "model"


@overload
def train_test_split(
    source: xr.Dataset,
    test_size: float = ...,
    *,
    by: str = ...,
    gap: int = ...,
    stratify: str | None = ...,
    random_state: int = ...,
) -> tuple[xr.Dataset, xr.Dataset]: ...


@overload
def train_test_split(
    source: Many,
    test_size: float = ...,
    *,
    by: str = ...,
    gap: int = ...,
    stratify: str | None = ...,
    random_state: int = ...,
) -> tuple[View, View]: ...


def train_test_split(
    source: Source,
    test_size: float = 0.25,
    *,
    by: str = REALIZATION,
    gap: int = 0,
    stratify: str | None = None,
    random_state: int = 0,
) -> tuple[Any, Any]:
    """Split a source into a training and a test part; see ``split`` for the options.

    Examples
    --------
    >>> from pymts.adapters import train_test_split
    >>> from pymts.datasets import make_var
    >>> train, test = train_test_split(make_var(n_realizations=10, seed=1), 0.2)
    >>> train.sizes["realization"], test.sizes["realization"]
    (8, 2)
    """
    sizes = Sizes({TRAIN: None, TEST: test_size}, {TEST: "test_size"})
    train, test = _split(source, sizes, by=by, gap=gap, stratify=stratify, random_state=random_state)
    return train, test


def split(
    source: Source,
    *,
    train: float | None = None,
    validation: float | None = None,
    test: float | None = None,
    by: str = REALIZATION,
    gap: int = 0,
    stratify: str | None = None,
    random_state: int = 0,
) -> tuple[Any, ...]:
    """Split a source into training, validation and test parts; windows are cut afterwards, so none spans two parts.

    Parameters
    ----------
    source : xarray.Dataset, list of xarray.Dataset, DatasetSequence, View, Store or path
        As in ``to_xy``. Stored data is not read: the parts are views of it.
    train, validation, test : float, int or None
        Fraction of the realizations, configurations or samples, between 0 and 1 and rounded up, or their number.
        ``train`` defaults to the remainder; at least one of the others is required.
    by : str
        "realization" splits the realizations of every configuration at random, "configuration" whole configurations;
        "time" trains on the first samples of every series and tests on the last; "model" or the name of a parameter
        splits its values, so that the test set has values unseen in training. The same random path is never in two
        parts.
    gap : int
        Number of samples left out between two parts, with by="time".
    stratify : str or None
        "model" or the name of a parameter, with by="configuration": each of its values is split separately.
    random_state : int
        Seed of the draw. The split of a configuration's realizations does not depend on the rest of the source.

    Returns
    -------
    tuple of View, or of xarray.Dataset
        The requested parts, in the order train, validation, test. Views unless the source is one dataset.

    Raises
    ------
    InvalidParameterError
        If a part would be empty, or a series was standardised across a cut in time.

    Examples
    --------
    >>> from pymts.adapters import split
    >>> from pymts.datasets import load_grid
    >>> grid = load_grid([{"model": "var", "T": 50, "rho": [0.1, 0.3, 0.5, 0.7, 0.9], "seed": 1}], cache=False)
    >>> train, validation, test = split(grid, validation=0.2, test=0.2, by="rho")
    >>> len(train), len(validation), len(test)
    (3, 1, 1)
    """
    given = {TRAIN: train, VALIDATION: validation, TEST: test}
    if validation is None and test is None:
        raise InvalidParameterError("validation and test are both missing; give at least one of them, such as test=0.2")
    of = {side: size for side, size in given.items() if side == TRAIN or size is not None}
    sizes = Sizes(of, {side: side for side in of})
    return _split(source, sizes, by=by, gap=gap, stratify=stratify, random_state=random_state)


def _split(
    source: Source, sizes: Sizes, *, by: str, gap: int, stratify: str | None, random_state: int
) -> tuple[Any, ...]:
    for side, size in sizes.of.items():
        if size is not None:
            check_size(sizes.names[side], size)
    whole_number("random_state", random_state, 0)
    if whole_number("gap", gap, 0) and by != TIME:
        raise InvalidParameterError(f"gap={gap} requires by='time'; leave it out with by={by!r}")
    if stratify is not None and by != CONFIGURATION:
        raise InvalidParameterError(
            f"stratify={stratify!r} requires by='configuration'; by={by!r} splits every value equally anyway"
        )
    view = View.of(source)
    found = view.as_members()
    is_one = isinstance(source, xr.Dataset)
    if by not in (REALIZATION, TIME):
        _column(by, found)
        if is_one:
            raise InvalidParameterError(f"by={by!r} needs several configurations, but the source is one dataset")
    if by == REALIZATION:
        sides = _by_realization(view, found, sizes, random_state)
    elif by == TIME:
        sides = _by_time(view, found, sizes, gap)
    else:
        sides = _by_value(view, found, sizes, by=by, stratify=stratify, seed=random_state)
    views = [View(view.whole, tuple(sides[side]), view.origin) for side in sizes.of]
    return tuple(one[0] for one in views) if is_one else tuple(views)


def _column(name: str, found: Sequence[Member]) -> None:
    """Raise unless the name is a way to split or a column of the source."""
    known = [REALIZATION, CONFIGURATION, TIME, MODEL, *dict.fromkeys(name for one in found for name in one.params)]
    if name not in known:
        hint = nearest(str(name), known)
        ways = ", ".join(map(repr, known[:4]))
        raise InvalidParameterError(f"by must be one of {ways} or a parameter of the source, got {name!r}{hint}")


def _by_realization(view: View, found: Sequence[Member], sizes: Sizes, seed: int) -> dict[str, list[Part]]:
    labels: dict[str, dict[Any, None]] = {}
    for member in found:
        labels.setdefault(member.path, {}).update(dict.fromkeys(member.realizations))
    dealt: dict[str, dict[Any, str | None]] = {}
    for member in found:
        every = list(labels[member.path])
        what = f"{member.name} has {len(every)} realization{'s' if len(every) > 1 else ''}"
        counts = sizes.counts(len(every), what, "make more, or split by='configuration' or by='time'")
        dealt[member.path] = dict(zip(every, dealt_out(draws_of(seed, member.path, len(every)), counts), strict=True))
    sides: dict[str, list[Part]] = {side: [] for side in sizes.of}
    for index, member in enumerate(found):
        of = [dealt[member.path][label] for label in member.realizations]
        for side, parts in sides.items():
            chosen = [place for place, given in enumerate(of) if given == side]
            if not chosen:
                raise InvalidParameterError(
                    f"{member.name} shares its realizations with another dataset of the source, and all of its "
                    f"{len(of)} would be in one part; leave out one of the two"
                )
            parts.append(view[[index]].select(realization=chosen).parts[0])
    return sides


def _by_value(
    view: View, found: Sequence[Member], sizes: Sizes, *, by: str, stratify: str | None, seed: int
) -> dict[str, list[Part]]:
    """Split configurations, or the values of a column, within each stratum."""
    whole = by == CONFIGURATION
    units = [member.path if whole else f"{by}={_value(member, by)}" for member in found]
    strata: dict[str, dict[str, float]] = {}
    for member, unit in zip(found, units, strict=True):
        stratum = "" if stratify is None else _stratum(member, stratify, found)
        strata.setdefault(stratum, {})[unit] = draws_of(seed, unit, 1)[0]
    dealt: dict[str, str | None] = {}
    for value, draws in strata.items():
        where = "the source" if stratify is None else f"{stratify}={value}"
        kind = "different configuration" if whole else f"value of {by}"
        what = f"{where} has {len(draws)} {kind if len(draws) == 1 else kind.replace('value', 'values')}"
        what += "s" if whole and len(draws) > 1 else ""
        counts = sizes.counts(len(draws), what, "give more, or split by='realization'")
        names = sorted(draws)
        dealt |= dict(zip(names, dealt_out([draws[name] for name in names], counts), strict=True))
    return {
        side: [part for part, unit in zip(view.parts, units, strict=True) if dealt[unit] == side] for side in sizes.of
    }


def _value(member: Member, name: str) -> str:
    return str(member.model if name == MODEL else member.params.get(name))


def _stratum(member: Member, stratify: str, found: Sequence[Member]) -> str:
    known = [MODEL, *dict.fromkeys(name for other in found for name in other.params)]
    if stratify not in known:
        hint = nearest(str(stratify), known) or f" (valid: {', '.join(known)})"
        raise InvalidParameterError(f"stratify must be 'model' or a parameter of the source, got {stratify!r}{hint}")
    return _value(member, stratify)


def _by_time(view: View, found: Sequence[Member], sizes: Sizes, gap: int) -> dict[str, list[Part]]:
    twice = {path for path, count in Counter(member.path for member in found).items() if count > 1}
    sides: dict[str, list[Part]] = {side: [] for side in sizes.of}
    for index, member in enumerate(found):
        if member.path in twice:
            raise InvalidParameterError(
                f"{member.name} shares its realizations with another dataset of the source, and their cuts in time "
                "would overlap; leave out one of the two"
            )
        if member.params.get("zscore"):
            raise InvalidParameterError(
                f"{member.name} was standardised over its whole length, which leaks the future into the past; generate "
                "it with zscore=False and scale in a Pipeline, or split by='realization' or by='configuration'"
            )
        times = member.shape[1]
        what = f"{member.name} has T={times}"
        counts = sizes.counts(times, what, "lower it")
        later = [side for side in counts if side != TRAIN]
        end = times
        for side in reversed(later):
            sides[side].append(_stretch(view, index, max(end - counts[side], 0), end))
            end -= counts[side] + gap
        if end < 1:
            names = " + ".join(sizes.names[side] for side in later)
            numbers = " + ".join(str(counts[side]) for side in later)
            raise InvalidParameterError(
                f"{names} + gap = {numbers} + {gap} samples leave nothing to train on: {what}; lower one of them"
            )
        sides[TRAIN].append(_stretch(view, index, max(0, end - counts[TRAIN]), end))
    return sides


def _stretch(view: View, index: int, start: int, stop: int) -> Part:
    return view[[index]].select(time=slice(start, stop)).parts[0]
