"""Sources split before any window is cut: nothing is on both sides, and nothing is lost but the gap."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from pymts.adapters.sklearn import to_xy, train_test_split
from pymts.datasets import load_grid, make_ar, make_kuramoto, make_var
from pymts.errors import InvalidParameterError


@pytest.fixture(scope="module")
def sweep() -> list[xr.Dataset]:
    records = [
        {"model": "var", "M": 2, "T": 20, "rho": [0.1, 0.3, 0.5, 0.7], "n_realizations": 4},
        {"model": "ar", "M": 2, "T": 20, "rho": [0.2, 0.4, 0.6, 0.8], "n_realizations": 4},
    ]
    return list(load_grid({"configs": records}, cache=False))


def ids(datasets: list[xr.Dataset]) -> list[str]:
    return [ds.attrs["config_id"] for ds in datasets]


@settings(max_examples=60, deadline=None)
@given(
    realizations=st.integers(2, 30),
    test_size=st.integers(1, 29) | st.floats(0.01, 0.99),
    seed=st.integers(0, 2**40),
)
def test_realizations_are_on_one_side_each(realizations: int, test_size: float, seed: int) -> None:
    ds = make_kuramoto(M=2, T=4, n_realizations=realizations, seed=1)
    wanted = test_size if isinstance(test_size, int) else test_size * realizations
    try:
        train, test = train_test_split(ds, test_size, random_state=seed)
    except InvalidParameterError as error:
        assert np.ceil(round(wanted, 9)) >= realizations
        assert "leaves nothing to train on" in str(error)
        return
    assert test.sizes["realization"] == np.ceil(round(wanted, 9))
    labels = [set(part.realization.values.tolist()) for part in (train, test)]
    assert not labels[0] & labels[1]
    assert labels[0] | labels[1] == set(range(realizations))
    for part in (train, test):
        assert part.realization.values.tolist() == sorted(part.realization.values.tolist())
        xr.testing.assert_identical(part, ds.sel(realization=part.realization.values))  # truth included


def test_seven_in_a_hundred_are_seven() -> None:
    assert 0.07 * 100 > 7  # what rounding up alone would make 8
    assert train_test_split(make_ar(M=1, T=3, n_realizations=100, seed=1), 0.07)[1].sizes["realization"] == 7


def test_the_draw_depends_on_the_seed_and_the_configuration_alone(sweep: list[xr.Dataset]) -> None:
    _, test = train_test_split(sweep, 0.5)
    _, same = train_test_split(sweep[::-1], 0.5)
    for one, other in zip(test, same[::-1], strict=True):
        xr.testing.assert_identical(one, other)
    _, alone = train_test_split(sweep[3], 0.5)
    xr.testing.assert_identical(alone, test[3])
    picked = {tuple(train_test_split(sweep[3], 0.5, random_state=seed)[1].realization.values) for seed in range(40)}
    assert picked == {(i, j) for i in range(4) for j in range(i + 1, 4)}
    assert len({tuple(part.realization.values) for part in test}) > 1


def test_a_random_path_is_never_on_both_sides() -> None:
    short, long = make_var(T=10, n_realizations=6, seed=1), make_var(T=30, n_realizations=8, seed=1)
    train, test = train_test_split([short, long], 0.5, random_state=3)
    for part, other in ((train, test), (test, train)):
        assert not set(part[0].realization.values) & set(other[1].realization.values)
    rows = [to_xy(part, context_length=3) for part in (train, test)]
    values = [{row.tobytes() for row in data.X} for data in rows]
    assert not values[0] & values[1]
    train, test = train_test_split([short, long, make_var(seed=2), make_var(seed=3)], 0.4, by="configuration")
    assert ({ds.attrs["seed"] for ds in train} & {ds.attrs["seed"] for ds in test}) == set()


@settings(max_examples=60, deadline=None)
@given(
    test_size=st.integers(1, 40) | st.floats(0.01, 0.99),
    gap=st.integers(0, 40),
    context=st.integers(1, 4),
    horizon=st.integers(1, 3),
)
def test_a_cut_in_time_leaves_the_gap_and_no_window_straddles_it(
    test_size: float, gap: int, context: int, horizon: int
) -> None:
    source = [make_kuramoto(M=2, T=40, n_realizations=2, seed=1), make_ar(M=2, T=31, seed=2)]
    try:
        train, test = train_test_split(source, test_size, by="time", gap=gap)
    except InvalidParameterError as error:
        n_test = test_size if isinstance(test_size, int) else np.ceil(round(test_size * 31, 9))
        assert n_test + gap >= 31 or np.ceil(round(test_size * 40, 9)) + gap >= 40
        assert "to train on" in str(error)
        return
    for whole, first, last in zip(source, train, test, strict=True):
        n_train, n_test = first.sizes["time"], last.sizes["time"]
        assert n_train + gap + n_test == whole.sizes["time"]
        xr.testing.assert_identical(first, whole.isel(time=slice(n_train)))
        xr.testing.assert_identical(last, whole.isel(time=slice(n_train + gap, None)))
        if min(n_train, n_test) >= context + horizon:
            times = [to_xy(part, context_length=context, horizon=horizon).time for part in (first, last)]
            assert times[1].min() - times[0].max() - 1 >= gap


def test_configurations_are_on_one_side_each_and_strata_keep_their_share(sweep: list[xr.Dataset]) -> None:
    sides = set()
    for seed in range(20):
        train, test = train_test_split(sweep, 0.25, by="configuration", random_state=seed)
        assert len(test) == 2
        assert [i for i in ids(sweep) if i in ids(train)] == ids(train)
        assert sorted(ids(train) + ids(test)) == sorted(ids(sweep))
        sides.add(tuple(ids(test)))
        train, test = train_test_split(sweep, 0.25, by="configuration", stratify="model", random_state=seed)
        assert sorted(ds.attrs["model"] for ds in test) == ["ar", "var"]
    assert len(sides) > 8
    shuffled = train_test_split(sweep[::-1], 0.25, by="configuration", random_state=4)[1]
    assert sorted(ids(shuffled)) == sorted(ids(train_test_split(sweep, 0.25, by="configuration", random_state=4)[1]))
    halves = [{"model": "ar", "M": 2, "T": 5, "rho": [0.1, 0.9], "seed": list(range(6))}]
    _, test = train_test_split(load_grid({"configs": halves}, cache=False), 2, by="configuration", stratify="rho")
    assert sorted(ds.pymts.config["params"]["rho"] for ds in test) == [0.1, 0.1, 0.9, 0.9]


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "share of one": ({"test_size": 1.0}, "test_size must be a fraction between 0 and 1 or an integer of at"),
    "no share": ({"test_size": 0.0}, "got 0.0"),
    "negative": ({"test_size": -3}, "got -3"),
    "a switch": ({"test_size": True}, "got True"),
    "a text": ({"test_size": "half"}, "got 'half'"),
    "not a number": ({"test_size": float("nan")}, "got nan"),
    "all of them": ({"test_size": 4}, "leaves nothing to train on: var_M2_T20_R4_"),
    "all the time": ({"test_size": 20, "by": "time"}, "test_size=20 leaves nothing to train on: var_M2_T20_R4_"),
    "all the configurations": (
        {"test_size": 8, "by": "configuration"},
        "the source has 8 different configurations;",
    ),
    "thin strata": (
        {"by": "configuration", "stratify": "rho"},
        "rho=0.1 has 1 different configuration; give",
    ),
    "long gap": ({"by": "time", "gap": 15}, "test_size + gap = 5 + 15 samples leave nothing to train on: var_M2_T20"),
    "negative gap": ({"by": "time", "gap": -1}, "gap must be an integer of at least 0, got -1"),
    "gap elsewhere": ({"gap": 3}, "gap=3 requires by='time'; leave it out with by='realization'"),
    "by": ({"by": "realisation"}, "or a parameter of the source, got 'realisation'; did you mean 'realization'"),
    "unknown stratum": ({"by": "configuration", "stratify": "modl"}, "got 'modl'; did you mean 'model'?"),
    "stratify elsewhere": ({"stratify": "model"}, "stratify='model' requires by='configuration'"),
    "seed": ({"random_state": -1}, "random_state must be an integer of at least 0, got -1"),
}


@pytest.mark.parametrize(("options", "message"), BAD.values(), ids=BAD)
def test_bad_options_are_refused_in_one_sentence(sweep: list[xr.Dataset], options: Any, message: str) -> None:
    with pytest.raises(InvalidParameterError) as refusal:
        train_test_split(sweep, **options)
    assert message in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_what_would_leak_is_refused(sweep: list[xr.Dataset]) -> None:
    short, long = make_var(T=10, n_realizations=4, seed=1), make_var(T=30, n_realizations=4, seed=1)
    for source, options, message in [
        (sweep[0], {"by": "configuration"}, "by='configuration' needs several configurations"),
        (make_var(T=10, seed=1), {}, "has 1 realization; make more, or split by='configuration' or by='time'"),
        ([short, long], {"by": "configuration"}, "the source has 1 different configuration;"),
        ([short, long], {"by": "time"}, "shares its realizations with another dataset of the source, and their cuts"),
        ([short.isel(realization=[0]), long], {"test_size": 0.5}, "all of its 1 would be in one part"),
        (make_var(T=50, seed=1, zscore=True), {"by": "time"}, "was standardised over its whole length"),
    ]:
        with pytest.raises(InvalidParameterError, match=message):
            train_test_split(source, **options)  # type: ignore[call-overload]
