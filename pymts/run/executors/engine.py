"""Sends ranges of a grid to workers and receives ids; the data goes to the store.

Ranges are sized to take a few seconds, judging by earlier ones, and few are pending at a time, so the driver's memory
does not grow with the grid. If a worker is killed, its ranges are retried alone and halved until the one configuration
that kills its worker is found; no other is blamed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

from pymts.errors import WorkersDiedError
from pymts.plan.grid import Grid
from pymts.run.executors.pools import ExecutorLike, is_death, width
from pymts.run.executors.worker import Finished, Part, Result, Task, work
from pymts.store.cache import Store

TARGET_SECONDS = 3.0  # per range
MAX_RANGE = 4096  # configurations
FIRST_RANGE = 8
AHEAD = 2  # pending ranges per worker
WEIGHT = 0.5  # weight of the newest range in the running estimate
DIED = "the process that simulated it died (out of memory, or killed)"


class Estimate:
    """Number of configurations in a range, from a running estimate of their time."""

    def __init__(self) -> None:
        self.seconds: float | None = None

    def learn(self, finished: Finished) -> None:
        """Update the estimate with a finished range."""
        each = finished.seconds / max(1, len(finished.results))
        self.seconds = each if self.seconds is None else WEIGHT * each + (1 - WEIGHT) * self.seconds

    def size(self, left: int, workers: int) -> int:
        """Return the size of the next range; the last ones are short, so that all workers finish together."""
        fitting = FIRST_RANGE if self.seconds is None else int(TARGET_SECONDS / max(self.seconds, 1e-9))
        return max(1, min(fitting, MAX_RANGE, -(-left // (AHEAD * workers))))


class Engine:
    """Runs a part of a grid on an executor."""

    def __init__(self, grid: Grid, indices: range, store: Store, executor: ExecutorLike) -> None:
        self.task = Task.of(grid, store)
        self.grid = grid
        self.waiting = indices
        self.made = not isinstance(executor, Executor)
        self.make: Callable[[], Executor] = executor if not isinstance(executor, Executor) else lambda: executor
        self.estimate = Estimate()
        self.suspects: deque[range] = deque()
        self.once: set[int] = set()  # configurations whose worker died once while running alone
        self.total = len(indices)

    def run(self) -> Iterator[Result]:
        """Yield the result of every configuration as its range finishes."""
        while self.waiting or self.suspects:
            executor = self.make()
            try:
                yield from self._together(executor)
                while self.suspects:
                    yield from self._alone(executor)
            except BrokenExecutor as error:
                if not self.made:
                    raise WorkersDiedError(
                        f"the executor broke ({error}) with {len(self.waiting)} of {self.total} configurations not "
                        "submitted; finished ones are stored, so run again with a new executor to resume, or pass "
                        "a function that creates one, such as lambda: ProcessPoolExecutor(2)"
                    ) from None
            finally:
                if self.made:
                    executor.shutdown(wait=True)  # nothing is queued: pending ranges have returned or been cancelled

    def _next(self, workers: int) -> range:
        size = self.estimate.size(len(self.waiting), workers)
        part, self.waiting = self.waiting[:size], self.waiting[size:]
        return part

    def _together(self, executor: Executor) -> Iterator[Result]:
        """Submit ranges to all workers. Lost ranges become suspects; a broken executor ends the loop."""
        flying: dict[Future[Finished], range] = {}
        workers = width(executor)
        try:
            while self.waiting or flying:
                while self.waiting and len(flying) < AHEAD * workers:
                    part = self._next(workers)
                    flying[self._submit(executor, part, flying)] = part
                done, _ = wait(flying, return_when=FIRST_COMPLETED)
                for future in done:
                    error = future.exception() if not future.cancelled() else BrokenExecutor("cancelled")
                    if error is not None and not is_death(error):
                        raise error
                    if isinstance(error, BrokenExecutor):
                        raise error
                    part = flying.pop(future)
                    if error is not None:
                        self.suspects.append(part)
                        continue
                    finished = future.result()
                    self.estimate.learn(finished)
                    yield from finished.results
        finally:
            self.suspects.extend(flying.values())
            for future in flying:
                future.cancel()

    def _submit(self, executor: Executor, part: range, flying: dict[Future[Finished], range]) -> Future[Finished]:
        try:
            return executor.submit(work, self.task, Part.of(self.grid, part))
        except BrokenExecutor:
            flying[Future()] = part  # it is a suspect like the pending ones
            raise

    def _alone(self, executor: Executor) -> Iterator[Result]:
        """Run one suspected range alone; halve it if its worker dies again."""
        part = self.suspects.popleft()
        try:
            finished = executor.submit(work, self.task, Part.of(self.grid, part)).result()
        except BaseException as error:
            if not is_death(error):
                raise
            if len(part) > 1:
                middle = len(part) // 2
                self.suspects.extendleft((part[middle:], part[:middle]))
            elif part[0] not in self.once:  # something else may have killed its worker
                self.once.add(part[0])
                self.suspects.appendleft(part)
            else:
                yield Result(part[0], str(self.grid[part[0]].config_id), "failed", 0.0, DIED)
            if isinstance(error, BrokenExecutor):
                raise
            return
        yield from finished.results
