"""Fuzz: mutated and made-up grid files, metadata and names; only success or our error comes out, in one sentence."""

from __future__ import annotations

import os
import queue
import random
import signal
import sys
import traceback
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.reliability.common import PATIENCE, Proof, end, fingerprint, fresh, processes_context, proof, scratch
from benchmarks.reliability.hostile import DOCUMENTS, TOKENS, edited, grown, mutated, sealed
from pymts.errors import DamagedEntryWarning, PymtsError
from pymts.plan.configuration import Configuration
from pymts.plan.grid import Grid
from pymts.run.generator import check_memory, run
from pymts.store.cache import Store
from pymts.store.entries.entry import METADATA

_SMALL = 4000  # steps of a configuration that is worth simulating here
_SLOW = 5.0  # seconds that one input may take


class _SlowError(Exception):
    """An input took too long."""


def _read_grid(path: Path, store: Store) -> str:
    """Do with a grid file what a user would: read it, find its places, simulate and store what is small."""
    grid = Grid.read(path, max_cells=2000)
    for index in range(min(len(grid), 8)):
        configuration = grid[index]
        target = store.path(configuration)
        if target.parent.parent.parent != store.root:
            raise AssertionError(f"{target} is not in {store.root}")
        params = configuration.params
        steps = params.n_realizations * (params.T * params.sample_every + params.burn_in) * params.M**2
        if steps <= _SMALL:
            check_memory(configuration, streamed=False)
            for outcome in run([(0, configuration)], store, cache=index == 0):
                if outcome.error is not None:
                    raise outcome.error
    return "read"


class _Metadata:
    """An entry whose metadata are changed, looked at in every way, and put back."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.configuration = Configuration.of("kuramoto", {"M": 2, "T": 3, "n_realizations": 2, "seed": 1})
        self.dataset = fresh(self.configuration)
        self.print = fingerprint(self.dataset)
        self.restore()
        folder = store.path(self.configuration).parent
        self.path = folder / f"{folder.name}{METADATA}"
        self.raw = self.path.read_bytes()

    def restore(self) -> None:
        if self.configuration not in self.store:
            self.store.save(self.configuration, self.dataset)

    def attempt(self, random_numbers: random.Random) -> str:
        forged = random_numbers.random() < 0.5
        if forged:
            raw = edited(random_numbers, self.raw)
        else:
            raw = mutated(random_numbers, self.raw, [self.raw, *DOCUMENTS])
            if random_numbers.random() < 0.5:
                forged, raw = True, sealed(raw)
        if raw == self.raw:
            return "unchanged"
        self.path.write_bytes(raw)
        try:
            return self._look(random_numbers.randrange(4), forged)
        finally:
            if self.path.parent.is_dir():
                self.path.write_bytes(self.raw)
            else:
                self.store.prune()
            self.restore()

    def _look(self, way: int, forged: bool) -> str:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DamagedEntryWarning)
            if way == 0:
                found = self.store.load(self.configuration)
            elif way == 1:
                found = self.store.load(self.configuration, lazy=True, heal=False)
            elif way == 2:
                found = self.store.open_id(self.configuration.config_id, lazy=True)
            else:
                return next(iter(self.store.verify())).status
        if found is None:
            return "none"
        same = fingerprint(found) == self.print
        if not same and not forged:
            raise AssertionError("changed metadata are served")
        return "served"


def _guard(allowed: str, outside: list[str]) -> None:
    """Note every attempt of this process to write, make, rename or remove outside a directory."""
    writing = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
    events = {
        "os.mkdir": 1,
        "os.rename": 2,
        "os.remove": 1,
        "os.rmdir": 1,
        "os.symlink": 2,
        "os.link": 2,
        "os.chmod": 1,
    }

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & writing:
            paths: Sequence[Any] = arguments[:1]
        elif event in events:
            paths = arguments[: events[event]]
        else:
            return
        for path in paths:
            # Calls relative to an open directory (rmtree) name only the last part, which has no separator.
            name = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
            if os.sep in name and not os.path.normpath(name).startswith(allowed):
                outside.append(f"{event} {name}")

    sys.addaudithook(hook)


def _message_problem(error: PymtsError) -> str | None:
    """Return what is wrong with a message: it is one line, or a count and a line for each problem."""
    first, *rest = str(error).split("\n")
    if not first.strip() or len(first) > 2000:
        return "empty or endless"
    if rest and not (first.endswith(" problems") and all(line.startswith("  ") and line.strip() for line in rest)):
        return "several lines"
    if any(len(line) > 2000 for line in rest) or len(rest) > 21:
        return "endless"
    return None if str(error).replace("\n", "").isprintable() else "not printable"


def _too_slow(*_: object) -> None:
    raise _SlowError(f"more than {_SLOW:g} s")


def _fuzz(place: str, inputs: int, seed: int, answers: Any) -> None:
    """Give inputs to the readers; note what comes out that is neither a result nor our error."""
    random_numbers, outside, outcomes, failures = random.Random(seed), list[str](), Counter[str](), list[str]()
    folder = Path(place)
    store, path, ids = Store(folder / "store", "batch"), folder / "grid.yaml", ("x", "..", "/etc", "")
    metadata = _Metadata(store)
    name = metadata.configuration.config_id.encode()
    os.chdir(folder)
    signal.signal(signal.SIGALRM, _too_slow)
    warnings.simplefilter("error")
    _guard(place, outside)
    for number in range(inputs):
        kind = random_numbers.choices(("text", "grammar", "metadata", "name"), (40, 25, 30, 5))[0]
        raw = b""
        signal.setitimer(signal.ITIMER_REAL, _SLOW)
        try:
            if kind == "metadata":
                outcomes[f"metadata {metadata.attempt(random_numbers)}"] += 1
            elif kind == "name":
                raw = mutated(random_numbers, name, [name, b"../../x", *TOKENS])
                text = raw.decode("utf-8", "surrogateescape")
                outcomes[f"name {store.open_id(random_numbers.choice((text, text, text, *ids))).sizes}"] += 1
            else:
                text_of = random_numbers.choice(DOCUMENTS)
                raw = grown(random_numbers) if kind == "grammar" else mutated(random_numbers, text_of, DOCUMENTS)
                path.write_bytes(raw)
                outcomes[f"{kind} {_read_grid(path, store)}"] += 1
        except PymtsError as error:
            outcomes[f"{kind} refused"] += 1
            problem = _message_problem(error)
            if problem is not None:
                failures.append(
                    f"{kind} {number} of seed {seed}: message {problem}: {str(error)!r:.300}; input {raw!r:.600}"
                )
        except BaseException as error:  # noqa: BLE001  (what must never happen is what is looked for)
            last = traceback.extract_tb(error.__traceback__)[-1]
            at = f"{Path(last.filename).name}:{last.lineno}"
            failures.append(f"{kind} {number} of seed {seed}: {error!r:.300} at {at}; input {raw!r:.600}")
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
        if outside:
            failures.append(f"{kind} {number} of seed {seed}: outside the root: {outside}; input {raw!r:.600}")
            outside.clear()
    answers.put((inputs, dict(outcomes), failures))


def fuzz(inputs: int, seed: int = 0, jobs: int = 2) -> Proof:
    """Give mutated and made-up grids, metadata and names; only success or our error comes out, in one sentence."""
    context = processes_context()
    with proof("fuzz: hostile grids, metadata, names") as found, scratch() as place:
        (place / "away").mkdir()
        (place / "away" / "canary").write_bytes(b"alive")
        answers, workers = context.Queue(), []
        try:
            for job in range(jobs):
                sandbox = place / str(job) / "work"
                sandbox.mkdir(parents=True)
                count = inputs // jobs + (job < inputs % jobs)
                workers.append(context.Process(target=_fuzz, args=(str(sandbox), count, seed * 1000 + job, answers)))
                workers[-1].start()
            outcomes: Counter[str] = Counter()
            deadline = PATIENCE + inputs * 0.05
            for _ in workers:
                tried, seen, failures = answers.get(timeout=deadline)
                found.tried += tried
                outcomes.update(seen)
                found.failures += failures
        except queue.Empty:
            found.failures.append("a process did not answer in time")
        finally:
            for worker in workers:
                end(worker)
        found.check(sorted(path.name for path in place.iterdir()) == sorted(["away", *map(str, range(jobs))]), "strays")
        for job in range(jobs):
            found.check([path.name for path in (place / str(job)).iterdir()] == ["work"], "strays beside the work")
            names = {path.name for path in (place / str(job) / "work").iterdir()}
            found.check(names == {"store", "grid.yaml"}, f"strays in the work: {names}")
        found.check((place / "away" / "canary").read_bytes() == b"alive", "the canary is gone")
        found.notes = dict(sorted(outcomes.items()))
    return found
