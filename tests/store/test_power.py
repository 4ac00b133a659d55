"""Power cuts: what was reported as stored is on the disk, and what was not is whole or not served.

The disk is imagined: a file's bytes are kept when the file was synced, a name when its directory was; of everything
else any part may be there after the cut, or none.
"""

from __future__ import annotations

import copy
import random
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import xarray as xr
from stored import configured, made

from pymts.errors import DamagedEntryWarning
from pymts.plan.configuration import Configuration
from pymts.store import disk
from pymts.store.cache import Durability, Store

Names = dict[int, dict[str, int]]  # of each directory


@dataclass
class State:
    """What is seen, and what is surely kept; directory 0 is where everything is."""

    names: Names = field(default_factory=lambda: {0: {}})
    kept_names: Names = field(default_factory=lambda: {0: {}})
    bytes: dict[int, bytes] = field(default_factory=dict)
    kept_bytes: dict[int, bytes] = field(default_factory=dict)
    reported: int = 0  # how many entries the store has reported as stored


class Recorder:
    """Follows every call that writes the disk, and remembers the state after each."""

    def __init__(self, base: Path, ignored: str = "") -> None:
        self.base, self.ignored = base, ignored
        self.state = State()
        self.states: list[State] = []
        self.count = 0

    def directory(self, path: Path) -> int:
        found = 0
        for name in path.relative_to(self.base).parts:
            found = self.state.names[found][name]
        return found

    def follow(self, name: str, arguments: tuple[Any, ...], result: Any) -> None:
        state = self.state
        target = Path(arguments[0].name if name in ("write", "sync_file") else arguments[0]) if arguments else self.base
        inside = state.names[self.directory(target.parent)] if target != self.base else {}
        match name:
            case "make_directory" | "create":
                self.count += 1
                inside[target.name] = self.count
                if name == "create":
                    state.bytes[self.count] = b""
                else:
                    state.names[self.count] = {}
            case "write":
                state.bytes[inside[target.name]] += bytes(arguments[1])
            case "sync_file":
                state.kept_bytes[inside[target.name]] = state.bytes[inside[target.name]]
            case "sync_directory":
                found = self.directory(target)
                state.kept_names[found] = dict(state.names[found])
            case "sync_all":
                state.kept_names, state.kept_bytes = copy.deepcopy(state.names), dict(state.bytes)
            case "rename" | "replace":
                state.names[self.directory(arguments[1].parent)][arguments[1].name] = inside.pop(target.name)
            case _:  # the three ways to remove
                del inside[target.name]
        self.states.append(copy.deepcopy(state))

    @contextmanager
    def recording(self) -> Iterator[None]:
        def wrap(name: str, real: Callable[..., Any]) -> Callable[..., Any]:
            def call(*arguments: Any) -> Any:
                result = real(*arguments)
                if name != self.ignored:
                    self.follow(name, arguments, result)
                return result

            return call

        with pytest.MonkeyPatch.context() as patch:
            for name in disk.SEAM:
                patch.setattr(disk, name, wrap(name, getattr(disk, name)))
            yield


def after_the_cut(state: State, target: Path, chance: random.Random | None) -> None:
    """Write what is there when the power is back: only what is surely kept, or by chance some of the rest too."""

    def content(number: int) -> bytes:
        kept, seen = state.kept_bytes.get(number, b""), state.bytes[number]
        if chance is None or kept == seen:
            return kept
        return chance.choice((kept, seen, seen[: chance.randint(0, len(seen))], bytes(len(seen))))

    def fill(number: int, path: Path) -> None:
        kept, seen = state.kept_names.get(number, {}), state.names[number]
        for name in sorted({*kept, *seen}):
            sure = kept.get(name) is not None and kept.get(name) == seen.get(name)
            if sure or (name in kept and chance is None) or (chance is not None and chance.random() < 0.5):
                child = kept.get(name, seen.get(name))
                assert child is not None
                if child in state.bytes:
                    (path / name).write_bytes(content(child))
                else:
                    (path / name).mkdir()
                    fill(child, path / name)

    target.mkdir()
    fill(0, target)


@pytest.fixture(scope="module")
def entries() -> list[tuple[Configuration, xr.Dataset]]:
    return [(c, made(c)) for c in (configured(seed=1), configured(seed=2))]


def record(
    base: Path, entries: list[tuple[Configuration, xr.Dataset]], durability: Durability, ignored: str = ""
) -> Recorder:
    base.mkdir()
    recorder = Recorder(base, ignored)
    with recorder.recording():
        store = Store(base / "store", durability)
        for configuration, dataset in entries:
            store.save(configuration, dataset)
            if durability == "entry":
                recorder.state.reported += 1
        if durability == "batch":
            store.sync()
            recorder.state.reported = len(entries)
    recorder.states.append(copy.deepcopy(recorder.state))
    return recorder


def lost(state: State, target: Path, entries: list[tuple[Configuration, xr.Dataset]], chance: Any) -> int:
    """Return how many entries that were reported are not there; whatever is served must be right."""
    after_the_cut(state, target, chance)
    store, missing = Store(target / "store"), 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DamagedEntryWarning)
        for number, (configuration, dataset) in enumerate(entries):
            found = store.load(configuration)
            assert found is None or found.identical(dataset)
            missing += found is None and number < state.reported
    return missing


@pytest.mark.parametrize("durability", ["entry", "batch"])
def test_nothing_that_was_reported_is_lost_and_nothing_wrong_is_served(
    tmp_path: Path, entries: list[tuple[Configuration, xr.Dataset]], durability: Durability
) -> None:
    recorder = record(tmp_path / "real", entries, durability)
    assert len(recorder.states) > 40
    for number, state in enumerate(recorder.states):
        for variant in range(5):
            chance = random.Random(100 * number + variant) if variant else None
            target = tmp_path / f"{number}-{variant}"
            assert lost(state, target, entries, chance) == 0
            if variant == 1:  # what is left does not block a later run
                store = Store(target / "store")
                for configuration, dataset in entries:
                    with warnings.catch_warnings():
                        warnings.simplefilter("ignore", DamagedEntryWarning)
                        store.save(configuration, dataset)
                    loaded = store.load(configuration)
                    assert loaded is not None
                    assert loaded.identical(dataset)


@pytest.mark.parametrize("ignored", ["sync_file", "sync_directory"])
def test_without_waiting_for_the_disk_entries_are_lost(
    tmp_path: Path, entries: list[tuple[Configuration, xr.Dataset]], ignored: str
) -> None:
    recorder = record(tmp_path / "real", entries, "entry", ignored)
    assert lost(recorder.states[-1], tmp_path / "after", entries, None) == 2
