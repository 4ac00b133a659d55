"""The registry of models, and the decorator that adds one."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import threading
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Generic, ParamSpec, TypeVar, cast

from pymts.data.truth import Simulated
from pymts.errors import UnknownModelError, nearest
from pymts.models.docstrings import help_text
from pymts.numerics.generator import Generator
from pymts.numerics.lyapunov import Step
from pymts.params.base import Params
from pymts.streams import Streams

P = ParamSpec("P")
Q = TypeVar("Q", bound=Params)


@dataclass(frozen=True)
class Model(Generic[P]):
    """One registered model; its type records the parameters of its ``make_*`` function.

    ``truth`` names the variables that a default call returns; other configurations may return fewer. ``title`` is the
    name shown on plots. ``step`` gives one noise-free step of the equation, if there is one.
    """

    name: str
    params: type[Params]
    simulate: Callable[[Any, Streams], Simulated]
    version: int
    reference: str
    tags: tuple[str, ...]
    truth: tuple[str, ...]
    title: str
    step: Callable[[Any, Generator, int], Step] | None

    @property
    def doc(self) -> str:
        """The docstring that the model's author wrote."""
        return inspect.getdoc(self.simulate) or ""

    @property
    def summary(self) -> str:
        """The first sentence of the docstring."""
        return self.doc.split("\n", 1)[0]

    @property
    def example_seed(self) -> int:
        """A seed for examples, different for each model: with one seed, models with the same noise would look alike."""
        return zlib.crc32(self.name.encode()) % 100

    @property
    def module(self) -> str:
        """The module that registers the model when it is imported."""
        return self.simulate.__module__

    @property
    def schema(self) -> dict[str, Any]:
        """The JSON schema of the parameters."""
        return self.params.model_json_schema(by_alias=False)

    @property
    def help_text(self) -> str:
        """The text of ``pymts describe``: equation, parameters, truth and reference."""
        return help_text(self.name, self.doc, self.params, truth=self.truth, tags=self.tags, reference=self.reference)

    def __reduce__(self) -> tuple[Any, tuple[str, str]]:
        """Pickle by name: the process that reads it imports the model's module."""
        return registered, (self.module, self.name)


class Registry(Mapping[str, Model[...]]):
    """Models by name. On first use it imports the models that come with the package."""

    def __init__(self) -> None:
        self._models: dict[str, Model[...]] = {}
        self._lock = threading.RLock()
        self._filled = False

    def add(self, model: Model[...]) -> None:
        """Add a model; one of the same name must come from the same module."""
        known = self._models.get(model.name)
        if known is not None and known.module != model.module:
            raise ValueError(f"model {model.name!r} is already registered by {known.module}")
        self._models[model.name] = model

    def _read(self) -> dict[str, Model[...]]:
        with self._lock:
            if not self._filled:
                self._filled = True  # before the imports: a model may use the registry
                package = importlib.import_module("pymts.models")
                for found in pkgutil.iter_modules(package.__path__, "pymts.models."):
                    importlib.import_module(found.name)
            return self._models

    def __getitem__(self, name: str) -> Model[...]:
        return self._read()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._read())

    def __len__(self) -> int:
        return len(self._read())


_REGISTRY = Registry()
MODELS: Mapping[str, Model[...]] = _REGISTRY


def get_model(name: object) -> Model[...]:
    """Return the model of this name, or raise an error that suggests the closest one."""
    if isinstance(name, str) and name in MODELS:
        return MODELS[name]
    known = ", ".join(sorted(MODELS))
    hint = nearest(name, MODELS) if isinstance(name, str) else ""
    raise UnknownModelError(f"there is no model {name!r}{hint or '; choose one'} (models: {known})")


def registered(module: str, name: str) -> Model[...]:
    """Return a model after importing the module that registers it."""
    importlib.import_module(module)
    return get_model(name)


def model(
    params: Callable[P, Q],
    *,
    reference: str = "",
    version: int = 1,
    tags: tuple[str, ...] = (),
    truth: tuple[str, ...] = (),
    title: str = "",
    step: Callable[[Q, Generator, int], Step] | None = None,
) -> Callable[[Callable[[Q, Streams], Simulated]], Model[P]]:
    """Register a simulation ``name(p, rng)`` as the model of that name; ``pymts.make`` turns it into a function.

    ``version`` must rise whenever the numbers change; it is part of every dataset's identity. ``title`` is the name
    shown on plots. ``step(p, generator, rows)`` gives the noise-free step of states (rows, state size), drawing the
    graph and other structure from ``generator``; it allows Lyapunov exponents at any parameters.
    """

    def register(simulate: Callable[[Q, Streams], Simulated]) -> Model[P]:
        name = simulate.__name__.removeprefix("make_")
        shown = title or name.replace("_", " ").capitalize()
        entered = Model[P](name, cast("type[Q]", params), simulate, version, reference, tags, truth, shown, step)
        _REGISTRY.add(entered)
        return entered

    return register
