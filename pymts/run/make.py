"""Turns a model into its ``make_*`` function."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, cast

from pymts.models.docstrings import numpydoc, signature
from pymts.models.registry import Model
from pymts.run.generator import make_dataset

if TYPE_CHECKING:
    import xarray as xr

P = ParamSpec("P")


class Make(Protocol[P]):
    """A ``make_*`` function: keyword parameters in, dataset out."""

    __name__: str

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> xr.Dataset:
        """Generate the dataset, or load it from the store."""

    def help(self) -> None:
        """Print the model's equation, parameters, truth and reference."""

    def params(self) -> dict[str, Any]:
        """Return the JSON schema of the parameters."""


def make(model: Model[P]) -> Make[P]:
    """Return the function that generates datasets of a model: typed, documented, and the same object each time.

    Parameters
    ----------
    model : Model
        As returned by the decorator ``@pymts.model``.

    Returns
    -------
    function
        Takes the model's parameters as keywords and returns an ``xarray.Dataset``; ``.help()`` prints the equation
        and each parameter, ``.params()`` returns the JSON schema.
    """
    return cast("Make[P]", _make(model))


@cache
def _make(model: Model[...]) -> Any:
    def function(**given: Any) -> xr.Dataset:
        return make_dataset(model, given)

    function.__name__ = function.__qualname__ = f"make_{model.name}"
    function.__module__ = "pymts.datasets" if model.module.startswith("pymts.models.") else model.module
    function.__doc__ = numpydoc(model.doc, model.params, model.truth, model.reference)
    public: Any = function
    public.__signature__ = signature(model.params)
    public.help = lambda: print(model.help_text)  # noqa: T201
    public.params = lambda: model.schema
    return public
