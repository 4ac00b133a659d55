"""The code to copy on the page of a model."""

from __future__ import annotations

import pytest
from support import models

from pymts.gallery.model_page import example
from pymts.models.registry import Model


@pytest.mark.parametrize("model", models())
def test_the_example_of_every_model_runs(model: Model) -> None:
    namespace: dict[str, object] = {}
    exec(compile(example(model), "example", "exec"), namespace)
    assert {"series", "ds"} <= set(namespace)
