"""What is loaded when: nothing heavy before it is used."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "matplotlib", "seaborn", "sklearn", "scipy.signal", "scipy.stats", "dask", "rich", "typer"}
NUMERIC = {"numpy", "pandas", "xarray", "pydantic", "pyarrow", "scipy"}


def loaded_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after running the code."""
    script = f"import sys\nold = set(sys.modules)\n{code}\nprint('\\n'.join(set(sys.modules) - old), file=sys.stderr)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("code", "absent"),
    [
        ("import pymts", HEAVY | NUMERIC | {"numba"}),
        ("from pymts.datasets import make_var, load_grid", HEAVY | {"pyarrow.parquet", "scipy.linalg"}),
        # xarray itself loads dask's base where dask is installed.
        (
            "from pymts.datasets import make_kuramoto; make_kuramoto(T=5, seed=1)",
            (HEAVY - {"dask"}) | {"pyarrow.parquet"},
        ),
        ("from pymts.cli.app import run; run(['--help'])", (HEAVY | NUMERIC | {"numba"}) - {"rich", "typer"}),
        # Typer itself takes pydantic for a command that has options.
        (
            "from pymts.cli.app import run; run(['generate', '--help'])",
            (HEAVY | NUMERIC) - {"rich", "typer", "pydantic"},
        ),
        ("from pymts.cli.app import run; run(['list'])", HEAVY - {"rich", "typer"}),
    ],
)
def test_nothing_heavy_is_loaded_before_it_is_used(code: str, absent: set[str]) -> None:
    assert not loaded_by(code) & absent


def test_importing_touches_no_disk(tmp_path: object) -> None:
    code = (
        "import os, sys\n"
        "made = []\n"
        "sys.addaudithook(lambda event, args: made.append((event, args)) if event in ('os.mkdir', 'os.rename') or\n"
        "    event == 'open' and isinstance(args[1], str) and set(args[1]) & set('wax+') else None)\n"
        "sys.dont_write_bytecode = True\n"
        "import pymts.datasets, pymts.store.files, pymts.store.cache\n"
        "made[:] = [one for one in made if 'numba' not in str(one) and '__pycache__' not in str(one)]\n"
        "assert not made, made"
    )
    subprocess.run([sys.executable, "-B", "-c", code], cwd=str(tmp_path), check=True)


TWICE = """
from numba.core import event
compiled = []
class Listener(event.Listener):
    def on_start(self, one): compiled.append(one.data["dispatcher"].py_func.__qualname__)
    def on_end(self, one): pass
event.register("numba:compile", Listener())
from pymts.datasets import make_kuramoto, make_var
make_kuramoto(T=5, noise_std=0.1, seed=1)
make_var(T=5, n_realizations=9, seed=1)
print(len(compiled))
"""


def test_the_second_process_compiles_nothing(tmp_path: Path) -> None:
    def compilations() -> int:
        environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
        done = subprocess.run(
            [sys.executable, "-c", TWICE], capture_output=True, text=True, check=True, env=environment
        )
        return int(done.stdout)

    assert compilations() > 10
    assert compilations() == 0
