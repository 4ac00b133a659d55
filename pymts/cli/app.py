"""The command line. Data goes to stdout, progress and errors to stderr; heavy modules load only when needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pymts.cli.cache_commands import cache_app
from pymts.cli.exitcodes import Exit
from pymts.cli.group import Group, InterruptedRunError
from pymts.cli.options import (
    ConfigOption,
    DaskOption,
    GridArgument,
    ImageOption,
    JobsOption,
    JsonOption,
    MaxCellsOption,
    OnlyGridOption,
    RemoteOption,
    SettingsOption,
    StoreOption,
    UrlArgument,
)
from pymts.errors import PymtsError

EPILOG = (
    "Example: pymts generate grid.yaml --save\n\n"
    "Exit codes: 0 all well, 1 some configurations failed, 2 wrong usage or an invalid configuration, "
    "3 verification found a mismatch, 130 interrupted."
)
app = typer.Typer(
    name="pymts",
    cls=Group,
    help="Synthetic multivariate time series with ground truth.",
    epilog=EPILOG,
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.add_typer(cache_app, name="cache")


def _one_grid(grid: Path | None, config: Path | None) -> Path:
    """Return the grid, given either as an argument or as an option."""
    found = [path for path in (grid, config) if path is not None]
    if len(found) != 1:
        raise typer.BadParameter("give exactly one YAML grid, such as: pymts generate grid.yaml --save")
    return found[0]


def _version(wanted: bool) -> None:
    if wanted:
        from pymts import __version__  # noqa: PLC0415

        typer.echo(f"pymts {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Synthetic multivariate time series with ground truth."""


@app.command()
def generate(  # noqa: PLR0917  (one parameter per option)
    grid: GridArgument = None,
    config: ConfigOption = None,
    save: Annotated[bool, typer.Option("--save", help="Save the datasets to the store.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Also save each dataset as CSV next to its Parquet file.")] = False,
    root: StoreOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List what would be generated, and where, without generating it.")
    ] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N configurations.", metavar="N", show_default=False)
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Override the grid's seed.", metavar="SEED", show_default=False)
    ] = None,
    jobs: JobsOption = None,
    dask: DaskOption = None,
    shard: Annotated[
        str | None, typer.Option(help="Only part I of N, such as 1/4.", metavar="I/N", show_default=False)
    ] = None,
    max_cells: MaxCellsOption = None,
    remote: RemoteOption = None,
    force: Annotated[bool, typer.Option("--force", help="Continue even if the grid may not fit on the disk.")] = False,
    json: JsonOption = False,
) -> None:
    """Generate the datasets of a grid; datasets already stored are skipped.

    Example: pymts generate grid.yaml --save
    """
    from pymts.cli.generate import generate_grid  # noqa: PLC0415

    if csv and not save:
        raise typer.BadParameter("--csv saves next to the stored files; add --save")
    if remote and not (save or dry_run):
        raise typer.BadParameter("--remote mirrors the store; add --save")
    if ((jobs or 1) > 1 or dask) and not (save or dry_run):
        raise typer.BadParameter("--jobs and --dask leave their results in the store; add --save")
    code = generate_grid(
        _one_grid(grid, config),
        save=save,
        csv=csv,
        root=root,
        dry_run=dry_run,
        limit=limit,
        seed=seed,
        jobs=jobs,
        dask=dask,
        shard=shard,
        max_cells=max_cells,
        remote=remote,
        force=force,
        as_json=json,
    )
    raise typer.Exit(code)


@app.command("list")
def list_(
    tag: Annotated[
        str | None, typer.Option(help="Only models with this tag.", metavar="TAG", show_default=False)
    ] = None,
    json: JsonOption = False,
) -> None:
    """List the models."""
    from pymts.cli.models import list_models  # noqa: PLC0415

    list_models(tag, json)


@app.command()
def describe(
    model: Annotated[
        str, typer.Argument(help="Name of a model, as listed by `pymts list`.", metavar="MODEL", show_default=False)
    ],
    json: JsonOption = False,
) -> None:
    """Describe a model: equation, parameters, truth, reference."""
    from pymts.cli.models import describe_model  # noqa: PLC0415

    describe_model(model, json)


@app.command()
def verify(
    config: OnlyGridOption = None,
    root: StoreOption = None,
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="Also regenerate each dataset and compare it bit by bit.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Verify the store, or the datasets of one grid; the exit code is 3 if anything is wrong."""
    from pymts.cli.cache import verify_store  # noqa: PLC0415

    raise typer.Exit(verify_store(config, root, regenerate, json))


@app.command()
def plot(  # noqa: PLR0917  (one parameter per option)
    source: Annotated[
        str,
        typer.Argument(
            help="A model, the name of a stored dataset, or a YAML grid.", metavar="SOURCE", show_default=False
        ),
    ],
    output: ImageOption = None,
    kind: Annotated[
        str, typer.Option(help="Kind of plot: overview, timeseries, heatmap, ...", metavar="KIND")
    ] = "overview",
    realization: Annotated[int, typer.Option(min=0, help="Index of the realization.", metavar="N")] = 0,
    settings: SettingsOption = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of the model (default: 0).", metavar="SEED", show_default=False)
    ] = None,
    root: Annotated[
        Path | None,
        typer.Option(
            "--store",
            "--outdir",
            help="Directory of the store (default: PYMTS_DATA_HOME, or ./data).",
            metavar="DIR",
            show_default=False,
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Plot a model, a stored dataset, or each configuration of a grid.

    Example: pymts plot kuramoto --set K=3 --set M=50 --seed 1
    """
    from pymts.cli.plot import plot_source  # noqa: PLC0415

    plot_source(source, output, kind, realization, settings=settings or [], seed=seed, root=root, as_json=json)


@app.command()
def cite(
    grid: Annotated[Path, typer.Argument(help="YAML file of the grid.", metavar="GRID", show_default=False)],
) -> None:
    """Print BibTeX for a grid, for PyMTS, and for the reference of each model."""
    from pymts.plan.grid import Grid  # noqa: PLC0415

    typer.echo(Grid.read(grid).cite())


@app.command()
def gallery(
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Directory of the site.", metavar="DIR", show_default=False)
    ],
    model: Annotated[
        list[str] | None,
        typer.Option(help="Include only this model (repeatable).", metavar="MODEL", show_default=False),
    ] = None,
    store: Annotated[
        list[Path] | None,
        typer.Option(help="Add a page for this store (repeatable).", metavar="DIR", show_default=False),
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option(
            "--config", "-c", help="Add a page for this grid (repeatable).", metavar="FILE", show_default=False
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Build a static site of the models, grids and stores."""
    from pymts.cli.gallery import make_gallery  # noqa: PLC0415

    make_gallery(output, model or (), store or (), config or (), as_json=json)


@app.command()
def pack(
    root: StoreOption = None,
    size: Annotated[int, typer.Option(min=1, help="Size of a shard in megabytes.", metavar="MB")] = 256,
    remove: Annotated[
        bool,
        typer.Option("--remove", help="Remove the original files of each dataset once its packed copy is verified."),
    ] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Only rebuild the manifests of the shards.")] = False,
    json: JsonOption = False,
) -> None:
    """Pack many small datasets into a few large Parquet files; they are read as before."""
    from pymts.cli.pack import pack_store  # noqa: PLC0415

    raise typer.Exit(pack_store(root, size * 10**6, remove=remove, rebuild=rebuild, as_json=json))


@app.command()
def push(url: UrlArgument, root: StoreOption = None, json: JsonOption = False) -> None:
    """Upload the stored datasets that are missing from object storage."""
    from pymts.cli.transfer import push_store  # noqa: PLC0415

    raise typer.Exit(push_store(url, root, as_json=json))


@app.command()
def pull(
    url: UrlArgument,
    config: OnlyGridOption = None,
    root: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Download the datasets that are missing from the store."""
    from pymts.cli.transfer import pull_store  # noqa: PLC0415

    raise typer.Exit(pull_store(url, config, root, as_json=json))


def _complain(message: str) -> None:
    typer.echo(f"pymts: {message}", err=True)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; errors meant for the user show no traceback."""
    try:
        app(args=arguments, prog_name="pymts")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.OK
    except InterruptedRunError as error:
        _complain(str(error))
        return Exit.INTERRUPTED
    except PymtsError as error:
        _complain(str(error))
        return Exit.USAGE
    return Exit.OK
