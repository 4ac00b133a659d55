"""The numbers of a model, data and truth, change only when its version rises; the same digests on every machine."""

from __future__ import annotations

import json

import golden
import pytest
from bits_cases import cases
from bits_exceptions import EXCEPTIONS
from support import MODELS

from benchmarks.bits.worker import digests

GOLDEN = json.loads(golden.FILE.read_text())


def test_every_model_and_every_case_is_recorded() -> None:
    recorded = {name: set(kept["digests"]) for name, kept in GOLDEN.items()}
    assert recorded == {name: set(of) for name, of in cases("all").items()}, "run python tests/golden.py"
    assert golden.FILE.stat().st_size < 100_000


def test_exceptions_are_of_models_and_have_a_reason() -> None:
    assert set(EXCEPTIONS) <= set(MODELS)
    assert all(reason and variables for reason, variables in EXCEPTIONS.values())


@pytest.mark.parametrize("name", sorted(GOLDEN))
def test_numbers_change_only_with_the_version(name: str) -> None:
    kept = GOLDEN[name]
    assert MODELS[name].version == kept["version"], "the version rose: run python tests/golden.py"
    made = {case: digests(name, given) for case, given in cases("shapes", [name])[name].items()}
    assert golden.changed(name, kept["digests"], made) == [], (
        f"the numbers of {name} changed: raise its version, then run python tests/golden.py"
    )


def test_a_change_would_be_found() -> None:
    made = {"small": {"data": "1", "noise": "2"}, "given Sigma": {"data": "3"}}
    kept = golden.condensed(made)
    assert golden.changed("a model", kept, made) == []
    other = {"small": {"data": "1", "noise": "0", "more": "4"}, "given Sigma": {"data": "0"}, "new": {"data": "5"}}
    assert golden.changed("a model", kept, other) == ["small: more", "small: noise", "given Sigma", "new"]
