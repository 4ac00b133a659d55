"""How long imports and the command line take to start, and what they load."""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.speed.workload import Row, milliseconds
from benchmarks.timing import timings

HEAVY = ("numpy", "scipy", "pandas", "xarray", "pydantic", "pyarrow", "rich", "typer", "torch", "sklearn", "matplotlib")
STARTS = {
    "python": "pass",
    "import pymts": "import pymts",
    "from pymts.datasets import make_var": "from pymts.datasets import make_var",
    "pymts --help": "from pymts.__main__ import main; sys.argv = ['pymts', '--help']; main()",
}
_TELL = "import json, sys, atexit; atexit.register(lambda: print(json.dumps([m for m in {} if m in sys.modules])))"


def startup(rounds: int) -> list[Row]:
    """Time three starts beside that of the interpreter."""
    commands = {name: [sys.executable, "-c", f"import sys; {code}"] for name, code in STARTS.items()}
    works = {
        name: lambda command=command: subprocess.run(command, check=True, capture_output=True)
        for name, command in commands.items()
    }
    times = timings(works, rounds)
    rows = [Row("start-up", "python alone", milliseconds(times["python"]), "", "")]
    for name, code in list(STARTS.items())[1:]:
        listing = [sys.executable, "-c", f"{_TELL.format(HEAVY)}; {code}"]
        printed = subprocess.run(listing, check=True, capture_output=True, text=True).stdout
        loaded = ", ".join(json.loads(printed.splitlines()[-1])) or "nothing heavy"
        rows.append(Row("start-up", name, milliseconds(times[name]), f"loads {loaded}", ""))
    return rows
