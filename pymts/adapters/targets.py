"""Prediction targets: the future, a truth variable, a parameter or the model."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from pymts.adapters.sources import Member
from pymts.adapters.windows import Windows, column_names, when
from pymts.data.limits import check_fits
from pymts.errors import InvalidParameterError, nearest

FUTURE, MODEL = "future", "model"


@dataclass(frozen=True)
class Target:
    """The labels of all rows.

    ``values`` has shape (n_samples, ...). ``names`` are its columns, or the classes if the labels are class numbers.
    """

    values: NDArray[Any]
    names: list[str]
    is_class: bool = False


def target_of(members: Sequence[Member], target: str, windows: Windows) -> Target:
    """Return the labels of the rows, in the order member, realization, window.

    Raises
    ------
    InvalidParameterError
        If the target is unknown, or missing or of another shape in one of the members.
    """
    if target == FUTURE:
        parts = [windows.cut(member.values)[:, :, windows.context :] for member in members]
        names = column_names(members[0].shape[2], 0, windows.horizon - 1)
        return Target(_stacked(parts, members, target), names)
    if target == MODEL:
        return _classes([_model(member) for member in members], members, windows)
    if any(_is_truth(member, target) for member in members):
        arrays = [_truth(member, target) for member in members]
        labels = [_windowed(array, member, windows) for array, member in zip(arrays, members, strict=True)]
        return Target(_stacked(labels, members, target), _truth_names(arrays[0], windows))
    return _parameter(members, target, windows)


def check_target(members: Sequence[Member], target: str) -> None:
    """Raise InvalidParameterError, with the closest name, unless some member has the target."""
    known = known_targets(members)
    if target not in known:
        hint = nearest(str(target), known) or f" (valid: {', '.join(known)})"
        raise InvalidParameterError(f"there is no target {target!r} in the source{hint}")


def known_targets(members: Sequence[Member]) -> list[str]:
    """Return every target that some member has."""
    truth = [name for member in members for name in member.truth]
    return list(dict.fromkeys([FUTURE, MODEL, *truth, *(name for member in members for name in member.params)]))


def _stacked(parts: Sequence[NDArray[Any]], members: Sequence[Member], target: str) -> NDArray[Any]:
    """Return (R, W, ...) of all members as rows, (n_samples, ...)."""
    for part, member in zip(parts, members, strict=True):
        if part.shape[2:] != parts[0].shape[2:]:
            raise InvalidParameterError(
                f"target {target!r} has shape {parts[0].shape[2:]} in {members[0].name} and {part.shape[2:]} in "
                f"{member.name}; convert each shape separately"
            )
    size = sum(part.nbytes for part in parts)  # as if memory were not shared
    check_fits(f"target {target!r}", size, "raise stride or give fewer datasets")
    return np.concatenate([part.reshape(-1, *part.shape[2:]) for part in parts])


def _repeated(value: Any, member: Member, windows: Windows) -> NDArray[Any]:
    """Return one value for all rows of a member, (R, W, ...)."""
    array = np.asarray(value)
    return np.broadcast_to(array, (member.shape[0], windows.count(member), *array.shape))


def _classes(values: Sequence[Any], members: Sequence[Member], windows: Windows) -> Target:
    names = sorted(set(values))
    codes = [
        _repeated(names.index(value), member, windows).ravel() for value, member in zip(values, members, strict=True)
    ]
    return Target(np.concatenate(codes), [str(name) for name in names], is_class=True)


def _model(member: Member) -> str:
    if member.model is None:
        raise InvalidParameterError(f"{member.name} has no known model; set its attribute 'model'")
    return member.model


def _parameter(members: Sequence[Member], target: str, windows: Windows) -> Target:
    known = known_targets(members)
    if target not in known:
        hint = nearest(target, known) or f" (valid: {', '.join(known)})"
        raise InvalidParameterError(f"there is no target {target!r} in the source{hint}")
    values = []
    for member in members:
        if target not in member.params:
            raise InvalidParameterError(f"{member.name} has no parameter {target!r}; leave it out of the source")
        if member.params[target] is None:
            raise InvalidParameterError(
                f"{target!r} is None in {member.name}, so it was drawn or not used; use a truth variable as the target"
            )
        values.append(member.params[target])
    if all(isinstance(value, str | bool) for value in values):
        return _classes(values, members, windows)
    try:
        arrays = [np.asarray(value) + 0 for value in values]  # a string among the numbers is a TypeError
    except TypeError:
        raise InvalidParameterError(f"target {target!r} is a number in some datasets and a string in others") from None
    labels = [_repeated(array, member, windows) for array, member in zip(arrays, members, strict=True)]
    return Target(_stacked(labels, members, target), _element_names(target, [range(n) for n in arrays[0].shape]))


def _is_truth(member: Member, target: str) -> bool:
    return target in member.truth


def _truth(member: Member, target: str) -> xr.DataArray:
    if not _is_truth(member, target):
        raise InvalidParameterError(f"{member.name} has no variable {target!r}; leave it out of the source")
    array = member.dataset[target]
    if array.dtype.kind not in "biuf":
        raise InvalidParameterError(f"target {target!r} holds {array.dtype} in {member.name}, not numbers")
    return array.transpose("realization", "time", ..., missing_dims="ignore")


def _windowed(array: xr.DataArray, member: Member, windows: Windows) -> NDArray[Any]:
    """Return the labels (R, W, ...): over the horizon, or at the context's last sample, if they depend on time."""
    values = array.values
    if "realization" not in array.dims:
        values = np.broadcast_to(values, (member.shape[0], *values.shape))
    if "time" not in array.dims:
        return np.broadcast_to(values[:, None], (member.shape[0], windows.count(member), *values.shape[1:]))
    cut = windows.cut(values)  # (R, W, length, ...)
    if windows.whole:
        return cut
    return cut[:, :, windows.context :] if windows.horizon else cut[:, :, -1]


def _truth_names(array: xr.DataArray, windows: Windows) -> list[str]:
    axes: list[Sequence[Any]] = []
    for dim in array.dims:
        if dim == "time" and windows.whole:
            axes.append(range(windows.context))
        elif dim == "time":
            axes.append([when(k) for k in range(windows.horizon)] or [when(-1)])
        elif dim != "realization":
            axes.append(array[dim].values.tolist())
    return _element_names(str(array.name), axes)


def _element_names(name: str, axes: Sequence[Sequence[Any]]) -> list[str]:
    """Return ``name``, or ``name[0,0]``, ``name[0,1]`` ... for an array."""
    return [f"{name}[{','.join(map(str, labels))}]" if labels else name for labels in itertools.product(*axes)]
