"""Base class of every model's parameters.

A parameter class is the single source of names, types, defaults, ranges, units and documentation. The signature
and docstring of ``make_*``, the JSON schema, the YAML keys and the configuration's digest are derived from it.
"""

from __future__ import annotations

import math
import types
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal, TypeAlias

import numpy as np
from annotated_types import Ge
from numpy.typing import NDArray
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    GetPydanticSchema,
    model_validator,
)

from pymts.numerics.sampling import Sampling
from pymts.params.arrays import plain
from pymts.params.fields import STRUCTURAL, Describe, admits


def _nested(element: Any, depth: int, text: str) -> tuple[Any, ...]:
    """Return the annotations of a nested list of numbers, kept as nested tuples."""
    runtime = element
    for _ in range(depth):
        runtime = types.GenericAlias(tuple, (runtime, ...))
    return GetPydanticSchema(lambda _type, handler: handler(runtime)), Describe(text, depth)


# For type checkers, what a user may pass; at run time, nested tuples of floats.
_V = _nested(float, 1, "a vector of numbers")
_NV = _nested(Annotated[float, Ge(0)], 1, "a vector of numbers of at least 0")
_M = _nested(float, 2, "a matrix of numbers")
_L = _nested(float, 3, "a list of matrices of numbers")
_I = _nested(int, 1, "a list of integers")
Vector: TypeAlias = Annotated[Sequence[float] | NDArray[np.float64], *_V]
NonNegativeVector: TypeAlias = Annotated[Sequence[float] | NDArray[np.float64], *_NV]
Matrix: TypeAlias = Annotated[Sequence[Sequence[float]] | NDArray[np.float64], *_M]
Matrices: TypeAlias = Annotated[Sequence[Sequence[Sequence[float]]] | NDArray[np.float64], *_L]
Integers: TypeAlias = Annotated[Sequence[int] | NDArray[np.int64], *_I]
NonNegative: TypeAlias = Annotated[float, Ge(0)]

MAX_SEED = 2**63 - 1


def _frozen(value: Any) -> Any:
    """Return lists as tuples, as strict unions require in every pydantic release, and -0.0 as 0.0."""
    if isinstance(value, list):
        return tuple(_frozen(item) for item in value)
    return value + 0.0 if isinstance(value, float) else value


@cache
def _whole_fields(params: type[Params]) -> frozenset[str]:
    """Return the names and synonyms of the fields that accept integers but not floats."""
    found = set()
    for name, field in params.model_fields.items():
        if admits(field.annotation, int) and not admits(field.annotation, float):
            found |= {name, *map(str, getattr(field.validation_alias, "choices", ()))}
    return frozenset(found)


class Params(BaseModel):
    """Parameters common to all models.

    ``cache`` and ``store`` control how a dataset is fetched and do not define it: they are not part of the identity,
    the schema or a grid record.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False, validate_default=True)

    time_unit: ClassVar[str] = "step"
    quantity: ClassVar[str] = "x"  # observed quantity, for axis labels
    channels_are: ClassVar[str] = "channel"  # singular, for axis labels

    M: int = Field(
        default=5,
        ge=1,
        le=10**6,
        validation_alias=AliasChoices("M", "n_channels"),
        description="Number of channels; `n_channels` is a synonym.",
    )
    T: int = Field(
        default=1000,
        ge=1,
        le=10**12,
        validation_alias=AliasChoices("T", "n_timepoints"),
        description="Number of samples in time; `n_timepoints` is a synonym.",
    )
    n_realizations: int = Field(
        default=1, ge=1, le=10**9, description="Number of independent realizations of the same configuration."
    )
    seed: int | None = Field(
        default=None,
        ge=0,
        le=MAX_SEED,
        validation_alias=AliasChoices("seed", "random_state"),
        description="Seed; `None` draws one and records it in the dataset. `random_state` is a synonym.",
    )
    burn_in: int = Field(
        default=0, ge=0, le=10**12, description="Number of steps simulated and discarded before the first sample."
    )
    sample_every: int = Field(default=1, ge=1, le=10**9, description="Number of steps from one sample to the next.")
    zscore: bool = Field(
        default=False,
        description="Standardise each channel of each realization to mean 0 and standard deviation 1 over time.",
    )
    truth: Literal["auto", "all"] = Field(
        default="auto",
        description='"auto" leaves out truth that costs far more than the data (more than 1 GiB, or autocovariances '
        'of more than 1,000 states) and lists it in the attribute `truth_left_out`; "all" computes everything.',
    )
    cache: bool | Literal["read"] = Field(
        default="read",
        exclude=True,
        description='"read" loads a stored dataset if there is one; True also stores new ones; False bypasses the '
        "store.",
    )
    store: str | Path | None = Field(
        default=None,
        exclude=True,
        validation_alias=AliasChoices("store", "outdir"),
        description="Root of the store; `None` uses the environment variable PYMTS_DATA_HOME, or else ./data.",
    )

    @model_validator(mode="before")
    @classmethod
    def _numpy_is_welcome(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        whole = _whole_fields(cls)
        found = {name: _frozen(plain(value)) for name, value in given.items()}
        return {
            name: int(value) if isinstance(value, float) and value.is_integer() and name in whole else value
            for name, value in found.items()
        }

    @property
    def sampling(self) -> Sampling:
        """The states that become samples."""
        return Sampling(self.burn_in, self.sample_every, self.T)

    @property
    def step(self) -> float | int:
        """Duration of one step: 1 in discrete time."""
        return 1

    @property
    def observed(self) -> tuple[str, str]:
        """The observed quantity and its unit ("" if none)."""
        return self.quantity, ""

    @property
    def costly_truth(self) -> frozenset[str]:
        """Truth that costs far more than the data at these sizes."""
        return frozenset()

    @property
    def left_out(self) -> frozenset[str]:
        """Truth that is left out because of its cost."""
        return self.costly_truth if self.truth == "auto" else frozenset()

    @property
    def preparation(self) -> tuple[float, int]:
        """Set-up time in seconds on an ordinary machine, and memory in bytes beyond data and truth."""
        return 0.0, 0

    @property
    def asked_truth(self) -> frozenset[str]:
        """Optional truth requested by these parameters."""
        return frozenset()

    @property
    def channel_labels(self) -> dict[str, tuple[int | str, ...]]:
        """Extra channel labels, if channels show several variables."""
        return {}

    def batch_key(self) -> tuple[object, ...]:
        """Return what must be equal within a batch, beyond the structural fields."""
        return ()


class ContinuousParams(Params):
    """Parameters of a model in continuous time."""

    time_unit: ClassVar[str] = "s"

    dt: Annotated[float, STRUCTURAL] = Field(default=0.01, gt=0, description="Time step, s.")

    @model_validator(mode="after")
    def _time_is_a_number(self) -> ContinuousParams:
        steps = self.burn_in + self.T * self.sample_every
        if not math.isfinite(self.dt * float(steps)):
            raise ValueError(f"dt must give a finite duration, got {self.dt:g} s for {steps} steps; use a smaller dt")
        return self

    @property
    def step(self) -> float | int:
        """Duration of one step in seconds."""
        return self.dt


def square(name: str, value: Any, m: int, side: str = "M") -> NDArray[np.float64]:
    """Return ``value`` as an (m, m) array, or raise with the expected shape; ``side`` names m."""
    matrix = ragged_array(name, value)
    if matrix.shape != (m, m):
        raise ValueError(f"{name} must have shape ({side}, {side}) = ({m}, {m}), got shape {matrix.shape}")
    return matrix


def per_channel(name: str, value: Any, m: int, what: str = "M") -> NDArray[np.float64]:
    """Return a number or a vector as an (m,) array, or raise with the expected shape; ``what`` names m."""
    vector = np.asarray(value, dtype=np.float64)
    if vector.ndim == 1 and vector.shape != (m,):
        raise ValueError(f"{name} must be one number or {what} = {m} numbers, got {vector.size} numbers")
    return np.broadcast_to(vector, (m,))  # (M,)


def ragged_array(name: str, value: Any) -> NDArray[np.float64]:
    """Return nested tuples as an array; raise if rows differ in length."""
    try:
        return np.asarray(value, dtype=np.float64)
    except ValueError:
        raise ValueError(f"{name} has rows of different lengths; give all rows the same length") from None
