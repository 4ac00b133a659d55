"""The engine's own arithmetic, and what it says when it cannot go on."""

from __future__ import annotations

import json
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from pymts import generate
from pymts.cli import app as cli
from pymts.datasets import load_grid
from pymts.errors import InvalidParameterError, WorkersDiedError
from pymts.plan.grid import Grid
from pymts.run.executors import pools
from pymts.run.executors.engine import AHEAD, FIRST_RANGE, MAX_RANGE, TARGET_SECONDS, Engine, Estimate
from pymts.run.executors.pools import width
from pymts.run.executors.report import shard_range
from pymts.run.executors.worker import Finished, Part, Result
from pymts.store.cache import Store

GRID = [{"model": "ar", "T": 5, "rho": {"sweep": [k / 100 for k in range(90)]}}]


def finished(count: int, seconds: float) -> Finished:
    return Finished(tuple(Result(index, "", "generated", 0.0) for index in range(count)), seconds)


def test_ranges_take_a_few_seconds_and_the_last_ones_are_short() -> None:
    estimate = Estimate()
    assert estimate.size(10**6, 2) == FIRST_RANGE
    estimate.learn(finished(8, 0.8))
    assert estimate.size(10**6, 2) == TARGET_SECONDS / 0.1
    for _ in range(20):
        estimate.learn(finished(10, 10.0))
    assert estimate.size(10**6, 2) == TARGET_SECONDS
    estimate.learn(finished(10, 1e-9))
    assert estimate.size(12, 2) == 12 // (2 * AHEAD)
    for _ in range(60):
        estimate.learn(finished(1000, 1e-9))
    assert estimate.size(10**9, 2) == MAX_RANGE
    assert estimate.size(1, 8) == 1


class Watched(ThreadPoolExecutor):
    """Counts what is out at once."""

    most = 0
    out = 0
    sizes: list[int]

    def submit(self, fn: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        type(self).out += 1
        type(self).most = max(self.most, self.out)
        self.sizes.append(len(arguments[1].indices))
        future = super().submit(fn, *arguments, **options)
        future.add_done_callback(lambda _: setattr(type(self), "out", self.out - 1))
        return future


def test_few_ranges_are_out_at_a_time_and_they_make_up_the_grid(tmp_path: Any) -> None:
    Watched.sizes = []
    seen: list[int] = []
    with Watched(2) as executor:
        report = generate(GRID, tmp_path, executor=executor, progress=lambda result: seen.append(result.index))
    assert Watched.most <= AHEAD * 2
    assert sum(Watched.sizes) == len(report) == 90
    assert sorted(seen) == list(range(90))


@pytest.mark.filterwarnings("ignore")
def test_a_scheduler_that_runs_already_is_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from distributed import LocalCluster

    grid = tmp_path / "grid.yaml"
    grid.write_text("configs: [{model: ar, T: 5, rho: [0.1, 0.2, 0.3]}]")
    command = ["generate", "-c", str(grid), "--save", "-o", str(tmp_path / "store"), "--dask"]
    options = {"n_workers": 1, "threads_per_worker": 2, "processes": False, "protocol": "tcp://", "host": "127.0.0.1"}
    with LocalCluster(dashboard_address=None, **options) as running:
        assert running.scheduler_address.startswith("tcp://127.0.0.1:")
        assert cli.run([*command, running.scheduler_address]) == 0
        assert len(list(Store(tmp_path / "store").ids())) == 3
        capsys.readouterr()
    monkeypatch.setattr(pools, "CONNECT_SECONDS", 0.5)
    assert cli.run([*command, running.scheduler_address]) == 2
    err = capsys.readouterr().err
    assert f"--dask: no scheduler answers at '{running.scheduler_address}'" in err


@pytest.mark.parametrize("bounds", [(0, 1), (0, 90), (89, 92), (90, 91), (91, 97), (95, 97)])
def test_a_range_travels_with_its_own_records_alone(bounds: tuple[int, int]) -> None:
    grid = Grid([*GRID, {"model": "var", "M": [2, 3], "seed": [4, 5, 6]}, {"model": "cml"}], seed=7)
    part = Part.of(grid, range(*bounds))
    again = Grid.read(json.loads(part.records))
    for index in part.indices:
        assert again[index - part.before].digest == grid[index].digest
    touched = {grid[index].model.name for index in part.indices}
    assert [record.model.name for record in again.records] == [name for name in ("ar", "var", "cml") if name in touched]


class Broken(Executor):
    """An executor whose workers have died."""

    def submit(self, fn: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        raise BrokenExecutor("a child process terminated abruptly")

    def shutdown(self, *arguments: Any, **options: Any) -> None:
        return


def test_a_broken_executor_that_is_not_ours_is_told_with_what_to_do(tmp_path: Any) -> None:
    with pytest.raises(WorkersDiedError, match="new executor to resume, or pass a function that creates"):
        generate(GRID, tmp_path, executor=Broken())


def test_one_that_can_be_made_again_is_made_again(tmp_path: Any) -> None:
    made: list[Executor] = []

    def make() -> Executor:
        made.append(Broken() if not made else ThreadPoolExecutor(2))
        return made[-1]

    assert generate(GRID, tmp_path, executor=make).counts == {"generated": 90}
    assert len(made) == 2


def test_an_error_of_the_work_itself_is_raised_not_blamed_on_a_configuration(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import pymts.run.executors.worker as worker

    def fail(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("a fault of the program")

    monkeypatch.setattr(worker, "run", fail)
    with ThreadPoolExecutor(1) as executor, pytest.raises(ZeroDivisionError):
        generate(GRID, tmp_path, executor=executor)


def test_shards_make_up_the_whole_in_any_order(tmp_path: Any) -> None:
    parts = [shard_range(90, (part, 4)) for part in (3, 1, 4, 2)]
    assert sorted(index for part in parts for index in part) == list(range(90))
    for part in (3, 1, 4, 2):
        assert generate(GRID, tmp_path, shard=(part, 4)).counts.keys() == {"generated"}
    assert generate(GRID, tmp_path).counts == {"cached": 90}
    with pytest.raises(InvalidParameterError, match=r"shard must be \(i, n\)"):
        generate(GRID, tmp_path, shard=(5, 4))


def test_load_grid_fills_the_store_on_the_executor(tmp_path: Any) -> None:
    with ThreadPoolExecutor(2) as executor:
        datasets = load_grid(GRID, outdir=tmp_path, executor=executor)
        assert len(list(Store(tmp_path).ids())) == 90
        with pytest.raises(InvalidParameterError, match="cache must be True, got 'read'"):
            load_grid(GRID, outdir=tmp_path, cache="read", executor=executor)
    assert datasets[3].attrs["config_id"] in set(Store(tmp_path).ids())


def test_width_is_the_number_of_workers() -> None:
    with ThreadPoolExecutor(3) as executor:
        assert width(executor) == 3
    assert width(Broken()) >= 1


def test_the_engine_holds_no_more_than_its_grid(tmp_path: Any) -> None:
    engine = Engine(Grid(GRID), range(90), Store(tmp_path), lambda: ThreadPoolExecutor(1))
    stream = engine.run()
    next(stream)
    assert len(engine.waiting) > 0
    stream.close()


class Dying(ThreadPoolExecutor):
    """Its work is lost for as long as there are deaths left, as by a worker that was killed."""

    deaths = 0

    def submit(self, fn: Any, /, *arguments: Any, **options: Any) -> Future[Any]:
        if type(self).deaths:
            type(self).deaths -= 1
            lost: Future[Any] = Future()
            lost.set_exception(BrokenExecutor("killed"))
            return lost
        return super().submit(fn, *arguments, **options)


@pytest.mark.parametrize(("deaths", "failed"), [(1, 0), (2, 0), (3, 1)])
def test_a_configuration_is_blamed_only_if_its_worker_dies_twice_while_it_is_alone(
    deaths: int, failed: int, tmp_path: Any
) -> None:
    Dying.deaths = deaths  # the first one is in company
    report = generate([{"model": "ar", "T": 5}], tmp_path, executor=lambda: Dying(1))
    assert report.counts == ({"failed": 1} if failed else {"generated": 1})
