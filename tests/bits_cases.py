"""The configurations whose bits are compared between machines: of every model of the registry, nothing named here."""

from __future__ import annotations

import runpy
from collections.abc import Collection
from pathlib import Path
from typing import Any

import annotated_types as at
from support import MODELS, variants

from pymts.models.registry import Model

Cases = dict[str, dict[str, dict[str, Any]]]  # model -> case -> parameters

_MATRICES = runpy.run_path(str(Path(__file__).parent / "registry" / "test_bits_of_matrices.py"))["CASES"]


def channels(model: Model, wanted: int) -> int:
    """Return this number of channels, or the least that the model takes."""
    bounds = model.params.model_fields["M"].metadata
    return max(wanted, *(bound.ge for bound in bounds if isinstance(bound, at.Ge)))


def shapes(model: Model) -> dict[str, dict[str, Any]]:
    """Return two shapes at the defaults: few channels, and a dozen with more realizations than threads."""
    return {
        "small": {"M": channels(model, 3), "T": 60, "burn_in": 20, "n_realizations": 3, "seed": 11},
        # 19 realizations are three groups of eight lanes, the last of them not full
        "wide": {"M": channels(model, 12), "T": 200, "burn_in": 50, "n_realizations": 19, "seed": 12},
    }


def options(model: Model) -> dict[str, dict[str, Any]]:
    """Return every option of every choice on a dozen channels, and the matrices and vectors that tests give."""
    base = {"T": 60, "burn_in": 20, "n_realizations": 3, "seed": 13}
    found = {label: {**base, "M": channels(model, 12), **given} for label, given in variants(model).items()}
    for name, given in _MATRICES:
        if name == model.name:
            label = "given " + ", ".join(f"{k}={v}" if isinstance(v, int) else k for k, v in given.items())
            assert label not in found, f"two cases of {name} have one name: {label}"
            found[label] = {**base, "T": 300, **given}
    return found


def tiny(model: Model) -> dict[str, dict[str, Any]]:
    """Return the default and every option in sizes that the interpreter manages; 6 channels are 1, 2 or 3 a unit."""
    base = {"M": channels(model, 6), "T": 8, "burn_in": 2, "n_realizations": 2, "seed": 14}
    return {label: {**base, **given} for label, given in variants(model).items()}


def cases(size: str, names: Collection[str] = ()) -> Cases:
    """Return the cases of a size, ``shapes``, ``all`` or ``tiny``, of these models, or of every one."""
    sizes = {
        "shapes": shapes,
        "all": lambda model: {**shapes(model), **options(model)},
        "tiny": tiny,
    }
    return {name: sizes[size](MODELS[name]) for name in sorted(names or MODELS)}
