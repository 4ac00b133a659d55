"""The registry of models, and the decorator that turns a simulation into a ``make_*`` function."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar, cast

from pymts.data.truth import Simulated
from pymts.errors import UnknownModelError, nearest
from pymts.models.docstrings import help_text, numpydoc, signature
from pymts.params.base import Params
from pymts.streams import Streams

if TYPE_CHECKING:
    import xarray as xr

P = ParamSpec("P")
Q = TypeVar("Q", bound=Params)


class Make(Protocol[P]):
    """A ``make_*`` function: keyword parameters in, dataset out."""

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> xr.Dataset:
        """Generate the dataset, or serve it from the store."""

    def help(self) -> None:
        """Print the model's equation, parameters, truth and reference."""

    def params(self) -> dict[str, Any]:
        """Return the JSON schema of the parameters."""


@dataclass(frozen=True)
class Model:
    """One registered model.

    ``truth`` names the variables that a default call carries; another configuration may carry fewer.
    """

    name: str
    params: type[Params]
    simulate: Callable[[Any, Streams], Simulated]
    make: Make[...]
    version: int
    reference: str
    tags: tuple[str, ...]
    truth: tuple[str, ...]

    @property
    def doc(self) -> str:
        """The docstring that the model's author wrote."""
        return inspect.getdoc(self.simulate) or ""

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return self.doc.split("\n", 1)[0]

    @property
    def help_text(self) -> str:
        """What ``help()`` prints: equation, parameters, truth and reference."""
        return help_text(self.name, self.doc, self.params, truth=self.truth, tags=self.tags, reference=self.reference)


_MODELS: dict[str, Model] = {}
MODELS: Mapping[str, Model] = MappingProxyType(_MODELS)


def get_model(name: object) -> Model:
    """Return the model of this name, or say which one was probably meant."""
    if isinstance(name, str) and name in _MODELS:
        return _MODELS[name]
    known = ", ".join(sorted(_MODELS))
    hint = nearest(name, _MODELS) if isinstance(name, str) else ""
    raise UnknownModelError(f"there is no model {name!r}{hint or '; choose one'} (models: {known})")


def model(
    params: Callable[P, Q],
    *,
    reference: str,
    version: int = 1,
    tags: tuple[str, ...] = (),
    truth: tuple[str, ...] = (),
) -> Callable[[Callable[[Q, Streams], Simulated]], Make[P]]:
    """Register a simulation ``make_<name>(p, rng)`` and turn it into ``make_<name>(**parameters)``.

    ``version`` rises whenever the numbers change; it is part of every dataset's identity.
    """

    def register(simulate: Callable[[Q, Streams], Simulated]) -> Make[P]:
        params_class = cast("type[Q]", params)
        name = simulate.__name__.removeprefix("make_")

        def make(**given: Any) -> xr.Dataset:
            from pymts.run.generator import make_dataset  # noqa: PLC0415  (the one call up the layers)

            return make_dataset(_MODELS[name], given)

        make.__name__ = make.__qualname__ = simulate.__name__
        make.__module__ = "pymts.datasets"
        make.__doc__ = numpydoc(inspect.getdoc(simulate) or "", params_class, truth, reference)
        public = cast("Make[P]", make)
        public.__signature__ = signature(params_class)  # type: ignore[attr-defined]  # what inspect reads
        public.help = lambda: print(_MODELS[name].help_text)  # type: ignore[method-assign]  # noqa: T201
        public.params = lambda: params_class.model_json_schema(by_alias=False)  # type: ignore[method-assign]
        registered = Model(name, params_class, simulate, public, version, reference, tags, truth)
        if name in _MODELS and _MODELS[name].params.__module__ != params_class.__module__:
            raise ValueError(f"model {name!r} is already registered by {_MODELS[name].params.__module__}")
        _MODELS[name] = registered
        return public

    return register
