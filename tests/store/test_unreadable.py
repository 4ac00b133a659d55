"""A folder that may not be read: told in a sentence, and the rest is looked after as ever."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from stored import configured, made, unprivileged

from pymts.cli.app import run
from pymts.cli.exitcodes import Exit
from pymts.datasets import load_grid
from pymts.errors import StoreError, UnreadableWarning
from pymts.store.cache import Store

ONE, TWO = configured(seed=1), configured(seed=2)


@pytest.fixture
def store() -> Iterator[Store]:
    """Two datasets in a place that everybody may look at."""
    place = Path(tempfile.mkdtemp())
    place.chmod(0o755)
    store = Store(place / "store")
    for configuration in (ONE, TWO):
        store.save(configuration, made(configuration))
    # What is imported when it is needed is imported now, by one who may.
    assert run(["verify", "--outdir", str(store.root)]) == Exit.OK
    yield store
    for folder in (store.root / "kuramoto", *(store.root / "kuramoto").iterdir()):
        folder.chmod(0o755)
    shutil.rmtree(place)


def closed(store: Store, what: str) -> Path:
    """Take the permission to read off an entry, or off the folder of its model."""
    folder = store.path(ONE).parent if what == "entry" else store.root / "kuramoto"
    folder.chmod(0)
    return folder


@pytest.mark.parametrize("what", ["entry", "model"])
def test_verify_tells_it_and_checks_the_rest(store: Store, what: str, capsys: pytest.CaptureFixture[str]) -> None:
    folder = closed(store, what)
    capsys.readouterr()
    with unprivileged(), pytest.warns(UnreadableWarning, match="cannot be read: Permission denied"):
        assert run(["verify", "--outdir", str(store.root)]) == Exit.MISMATCH
    told = capsys.readouterr().out
    assert "unreadable: " in told
    assert str(folder) in told
    assert ("1 OK, 1 failed" if what == "entry" else "0 OK, 1 failed") in told


@pytest.mark.parametrize("what", ["entry", "model"])
@pytest.mark.parametrize("command", ["ls", "du"])
def test_listings_leave_it_out_and_say_so(
    store: Store, what: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    closed(store, what)
    with unprivileged(), pytest.warns(UnreadableWarning, match="cannot be read: Permission denied"):
        assert run(["cache", command, "--outdir", str(store.root)]) == Exit.OK
    if what == "entry":
        assert (TWO.config_id if command == "ls" else "kuramoto") in capsys.readouterr().out


def test_what_would_remove_or_read_it_refuses(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    closed(store, "entry")
    with unprivileged():
        with pytest.raises(StoreError, match="cannot be read: Permission denied"):
            load_grid([{"model": "kuramoto", **ONE.values}], outdir=store.root, cache="read")[0]
        assert store.load(TWO) is not None
    closed(store, "model")
    capsys.readouterr()
    with unprivileged():
        assert run(["cache", "prune", "--outdir", str(store.root)]) == Exit.USAGE
    told = capsys.readouterr().err
    assert told.startswith("pymts: ")
    assert "cannot be read: Permission denied" in told
