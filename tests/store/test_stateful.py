"""Whatever is done to a store in whatever order, it serves what was stored or nothing."""

from __future__ import annotations

import shutil
import tempfile
import warnings
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from stored import configured, made

from pymts.errors import DamagedEntryError, DamagedEntryWarning
from pymts.run.simulate import simulate_blocks
from pymts.store import disk
from pymts.store.cache import Store

CONFIGURATIONS = [configured(seed=seed, T=2, M=2, n_realizations=2) for seed in (1, 2, 3)]
DATASETS = [made(configuration) for configuration in CONFIGURATIONS]
WHICH = st.integers(0, len(CONFIGURATIONS) - 1)
SUFFIX = st.sampled_from((".parquet", ".truth.npz", ".metadata.json"))


class StoreMachine(RuleBasedStateMachine):
    """The store beside a set of names that says what it must hold."""

    def __init__(self) -> None:
        super().__init__()
        self.place = Path(tempfile.mkdtemp())
        self.root = self.place / "store"
        self.stored: set[int] = set()
        self.damaged: set[int] = set()
        self.other = Store(self.root, "batch")  # another process, as it were: nothing is remembered between calls

    @property
    def store(self) -> Store:
        return Store(self.root)

    def teardown(self) -> None:
        shutil.rmtree(self.place)

    def folder(self, which: int) -> Path:
        configuration = CONFIGURATIONS[which]
        return self.root / "kuramoto" / configuration.name(8)

    @rule(which=WHICH, stream=st.booleans())
    def save(self, which: int, stream: bool) -> None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            if stream:
                self.other.write(CONFIGURATIONS[which], simulate_blocks(CONFIGURATIONS[which], 1))
            else:
                self.store.save(CONFIGURATIONS[which], DATASETS[which])
        assert [w.category for w in said] == [DamagedEntryWarning] * (which in self.damaged)
        self.damaged.discard(which)
        self.stored.add(which)

    @rule(which=WHICH, lazy=st.booleans())
    def load(self, which: int, lazy: bool) -> None:
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            found = self.store.load(CONFIGURATIONS[which], lazy=lazy)
            if (
                which in self.damaged and lazy and found is not None
            ):  # damage in the Parquet file is found as it is read
                with pytest.raises(DamagedEntryError):
                    found.load()
                return
            assert (found is not None) == (which in self.stored - self.damaged)
            assert found is None or found.load().identical(DATASETS[which])
        assert bool(said) == (which in self.damaged)
        if which in self.damaged:
            self.damaged.discard(which)
            self.stored.discard(which)

    @precondition(lambda self: self.stored - self.damaged)
    @rule(data=st.data(), suffix=SUFFIX, way=st.sampled_from(("flip", "value", "truncate", "remove", "append")))
    def damage(self, data: st.DataObject, suffix: str, way: str) -> None:
        which = data.draw(st.sampled_from(sorted(self.stored - self.damaged)))
        path = self.folder(which) / f"{self.folder(which).name}{suffix}"
        raw = bytearray(path.read_bytes())
        if way == "remove":
            path.unlink()
        else:
            values = DATASETS[which]["data"].transpose("realization", "time", "channel").values.tobytes()
            first = max(raw.find(values), 0) if way == "value" else 0
            at = first + data.draw(st.integers(0, (len(values) if way == "value" else len(raw)) - 1))
            if way in ("flip", "value"):
                raw[at] ^= 1 << data.draw(st.integers(0, 7))
            elif way == "truncate":
                del raw[at:]
            else:
                raw += b"\0"
            path.write_bytes(raw)
        self.damaged.add(which)

    @rule()
    def kill(self) -> None:
        if (self.root / "kuramoto").is_dir():
            draft = self.root / "kuramoto" / disk.temporary_name()
            draft.mkdir()
            (draft / "half.parquet").write_bytes(b"PAR1")

    @precondition(lambda self: self.root.is_dir())
    @rule()
    def prune(self) -> None:
        self.store.prune(stale_after=0.0)
        assert not list(self.root.rglob(".tmp-*"))
        assert not self.store.quarantined()

    @precondition(lambda self: self.root.is_dir())
    @rule()
    def clear(self) -> None:
        self.store.clear()
        self.stored.clear()
        self.damaged.clear()

    @invariant()
    def every_entry_is_listed_and_verified(self) -> None:
        found = {finding.config_id: finding.status for finding in self.store.verify()}
        expected = {self.folder(which).name: "damaged" if which in self.damaged else "ok" for which in self.stored}
        assert found == expected


StoreMachine.TestCase.settings = settings(max_examples=40, stateful_step_count=25, deadline=None)
TestStore = pytest.mark.slow(StoreMachine.TestCase)
