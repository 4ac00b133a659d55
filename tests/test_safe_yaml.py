"""YAML from strangers."""

from __future__ import annotations

import math
import tracemalloc
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from pymts.errors import GridError
from pymts.plan.safe_yaml import MAX_DEPTH, MAX_NODES, MAX_SCALAR, load


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 1e-3),
        ("1E5", 1e5),
        ("-.5", -0.5),
        ("010", 10),
        ("0o17", "0o17"),
        ("1_000", "1_000"),
        ("1:30", "1:30"),
        ("yes", "yes"),
        ("on", "on"),
        ("True", True),
        ("~", None),
        ("2001-01-01", "2001-01-01"),
        (".inf", math.inf),
        ("-.INF", -math.inf),
        ("{y: 1, 1: 2}", {"y": 1, "1": 2}),
        ("[&a [1], *a]", [[1], [1]]),
    ],
)
def test_values_are_those_of_yaml_1_2(text: str, value: Any) -> None:
    found = load(text.encode())
    assert found == value
    assert type(found) is type(value)


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{', '.join([f'*{chr(97 + i)}'] * 9)}]\n" for i in range(20)
)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param(BOMB, f"more than {MAX_NODES} values", id="alias bomb"),
        pytest.param("[" * 30_000, f"deeper than {MAX_DEPTH}", id="brackets"),
        pytest.param("- " * 30_000, f"deeper than {MAX_DEPTH}", id="dashes"),
        pytest.param("a: " + "x" * (MAX_SCALAR + 1), f"the limit is {MAX_SCALAR}", id="long value"),
        pytest.param("a: " + "x" * 10_000_000, "bytes of YAML; the limit is", id="long file"),
        pytest.param("a: " + "9" * 5_000, "5000 digits", id="long number"),
        pytest.param("a: &a [*a]", "no finished anchor", id="recursive alias"),
        pytest.param("a: &a {b: 1}\nc:\n  <<: *a", "line 3: merge keys", id="merge"),
        pytest.param("a: 1\nb: 2\na: 3", "line 3: the key 'a' is repeated (first on line 1)", id="repeated key"),
        pytest.param("? [1, 2]\n: 3", "a key must be a string", id="list as key"),
        pytest.param("a: !!python/object/apply:os.system [x]", "the tag", id="python tag"),
        pytest.param("--- 1\n--- 2", "one YAML document", id="two documents"),
        pytest.param("a:\n\t- 1", "spaces, not tabs", id="tab"),
        pytest.param("a: [1", "not valid YAML", id="unclosed"),
        pytest.param("\x00", "not valid YAML", id="control character"),
    ],
)
def test_what_a_grid_does_not_need_is_refused_cheaply(text: str, complaint: str) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(GridError) as refusal:
            load(text.encode())
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert complaint in str(refusal.value)
    assert "\n" not in str(refusal.value)
    assert peak < 50 * 2**20


def test_other_encodings_are_refused() -> None:
    with pytest.raises(GridError, match="byte 3 is not UTF-8"):
        load(b"a: \xff")


words = st.text("abc xyz_äß", max_size=10)  # no digits: "1e5" is a text in YAML 1.1 and a number in 1.2
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None)
@given(plain)
def test_what_yaml_writes_is_read_back(value: Any) -> None:
    assert load(yaml.safe_dump(value, allow_unicode=True).encode()) == value


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200) | st.text("[]{}&*!?:-<>|'\"%@` \n\tab1.~#,", max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    try:
        load(raw)
    except GridError as error:
        assert str(error)
