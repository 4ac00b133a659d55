"""The numbers of a model change only when its version rises."""

from __future__ import annotations

import json

import golden
import numpy as np
import pytest
from support import MODELS

from pymts.store.entries.inspection import is_same_machine_class

GOLDEN = json.loads(golden.FILE.read_text())


def test_every_model_is_recorded() -> None:
    assert set(GOLDEN["models"]) == set(MODELS), "run python tests/golden.py"


@pytest.mark.parametrize("name", GOLDEN["models"])
def test_numbers_change_only_with_the_version(name: str) -> None:
    kept, made = GOLDEN["models"][name], golden.record(MODELS[name])
    assert made["version"] == kept["version"], "the version rose: run python tests/golden.py"
    message = f"the numbers of {name} changed: raise its version, then run python tests/golden.py"
    np.testing.assert_allclose(made["values"], kept["values"], rtol=1e-9, atol=1e-12, err_msg=message)
    if is_same_machine_class(GOLDEN["machine_class"]):
        assert made["sha256"] == kept["sha256"], message
