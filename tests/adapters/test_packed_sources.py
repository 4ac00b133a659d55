"""The adapters give from a packed store what they give from a loose one."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch

from pymts.adapters.sklearn import to_xy
from pymts.adapters.torch import SeriesDataset, WindowDataset
from pymts.datasets import load_grid, make_var
from pymts.errors import DamagedEntryError
from pymts.store.cache import Store
from pymts.store.entries.housekeeping import PACKED

GRID = [{"model": "var", "M": 3, "T": [30, 41], "n_realizations": 2, "seed": [1, 2]}, {"model": "cml", "M": 3, "T": 25}]


@pytest.mark.parametrize("group", [17, 2**19])
def test_windows_and_features_are_those_of_the_loose_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, group: int
) -> None:
    monkeypatch.setattr("pymts.store.format.parquet.GROUP_VALUES", group)  # so that windows span row groups, or do not
    loose = load_grid(GRID, outdir=tmp_path / "loose")
    assert len(list(loose)) == 5
    shutil.copytree(tmp_path / "loose", tmp_path / "packed")
    assert Store(tmp_path / "packed").pack(remove=True).removed == 5
    packed = load_grid(GRID, outdir=tmp_path / "packed", cache="read")
    for one, other in zip(packed, loose, strict=True):
        assert one.identical(other)
    for source, expected in ((packed, loose), (Store(tmp_path / "packed"), Store(tmp_path / "loose"))):
        one, other = (to_xy(given, context_length=5, horizon=2, return_X_y=True) for given in (source, expected))
        for first, second in zip(one, other, strict=True):
            np.testing.assert_array_equal(first, second)
    grid = load_grid(GRID, outdir=tmp_path / "packed")
    for source in (grid, Store(tmp_path / "packed")):
        windows = WindowDataset(source, 9, 2, mapped=True)
        plain = WindowDataset(loose if source is grid else Store(tmp_path / "loose"), 9, 2)
        again = pickle.loads(pickle.dumps(windows))
        for number in (slice(None), [3, 0, 7]):
            for one, other, third in zip(windows[number], plain[number], again[number], strict=True):
                assert torch.equal(one, other)
                assert torch.equal(third, other)
    assert sorted(path.name for path in (tmp_path / "packed" / "var").iterdir()) == [PACKED]
    stored = make_var(M=3, T=30, n_realizations=2, seed=1, outdir=tmp_path / "packed")
    assert stored.identical(make_var(M=3, T=30, n_realizations=2, seed=1, cache=False))


def test_a_flipped_bit_stops_the_epoch(tmp_path: Path) -> None:
    grid = load_grid([{"model": "var", "M": 3, "T": 30, "seed": [1, 2]}], outdir=tmp_path)
    list(grid)
    grid.store.pack(remove=True)
    series = SeriesDataset(grid, mapped=True)
    place = grid.store.locate(grid.configuration(1))
    assert place is not None
    raw = bytearray(place.path.read_bytes())
    raw[place.values().layout.places[0][0] + 100] ^= 1
    place.path.write_bytes(raw)
    fresh = pickle.loads(pickle.dumps(series))
    assert torch.equal(fresh[0][0], torch.from_numpy(grid[0].data[..., 0].values).float())
    with pytest.raises(DamagedEntryError, match=r"are not those that were written"):
        fresh[1]
