"""The command line. Data goes to stdout, progress and complaints to stderr; nothing heavy loads before it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pymts.cli.cache_commands import cache_app
from pymts.cli.exitcodes import Exit
from pymts.cli.group import Group, InterruptedRunError
from pymts.cli.options import ConfigOption, GridArgument, JsonOption, StoreOption
from pymts.errors import PymtsError

EPILOG = (
    "Exit codes: 0 all well, 1 some configurations failed, 2 wrong usage or nothing there, 3 a mismatch, "
    "130 interrupted."
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
    """Return the grid that was given, in one of two ways."""
    found = [path for path in (grid, config) if path is not None]
    if len(found) != 1:
        raise typer.BadParameter("give one YAML grid, such as: pymts generate grid.yaml --save")
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
    save: Annotated[bool, typer.Option("--save", help="Write the datasets to the store.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Also write each dataset as CSV beside its Parquet file.")] = False,
    root: StoreOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be generated, and where.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N configurations.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Override the grid's seed.", show_default=False)] = None,
    jobs: Annotated[
        int | None,
        typer.Option(
            "--jobs", "-j", min=1, help="Processes to use [1; a core each with --dask local].", show_default=False
        ),
    ] = None,
    dask: Annotated[
        str | None,
        typer.Option(help="Scheduler of a Dask cluster, or local.", metavar="tcp://...", show_default=False),
    ] = None,
    shard: Annotated[
        str | None, typer.Option(help="Only part i of n, such as 1/4.", metavar="i/n", show_default=False)
    ] = None,
    max_cells: Annotated[
        int | None, typer.Option(min=1, help="Raise the limit on the number of configurations.", show_default=False)
    ] = None,
    remote: Annotated[
        str | None,
        typer.Option(
            help="Object storage to keep the store in as well.", metavar="s3://bucket/prefix", show_default=False
        ),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Go on where the disk seems too full for the grid.")] = False,
    json: JsonOption = False,
) -> None:
    """Generate a grid; what is stored already is skipped.

    Example: pymts generate grid.yaml --save
    """
    from pymts.cli.generate import generate_grid  # noqa: PLC0415

    if csv and not save:
        raise typer.BadParameter("--csv writes beside the stored files; add --save")
    if remote and not (save or dry_run):
        raise typer.BadParameter("--remote belongs to the store; add --save")
    if ((jobs or 1) > 1 or dask) and not (save or dry_run):
        raise typer.BadParameter("--jobs and --dask hand work to processes that leave it in the store; add --save")
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
    tag: Annotated[str | None, typer.Option(help="Only models with this tag.", show_default=False)] = None,
    json: JsonOption = False,
) -> None:
    """List the models."""
    from pymts.cli.models import list_models  # noqa: PLC0415

    list_models(tag, json)


@app.command()
def describe(
    model: Annotated[str, typer.Argument(help="Name of a model, as `pymts list` shows it.", show_default=False)],
    json: JsonOption = False,
) -> None:
    """Explain a model: equation, parameters, truth, reference."""
    from pymts.cli.models import describe_model  # noqa: PLC0415

    describe_model(model, json)


@app.command()
def verify(
    config: Annotated[
        Path | None,
        typer.Option("--config", "-c", help="Only the configurations of this grid.", show_default=False),
    ] = None,
    root: StoreOption = None,
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="Also generate each configuration again and compare the bits.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check the store, or what a grid should have in it; exit 3 if anything is wrong."""
    from pymts.cli.cache import verify_store  # noqa: PLC0415

    raise typer.Exit(verify_store(config, root, regenerate, json))


@app.command()
def plot(  # noqa: PLR0917  (one parameter per option)
    source: Annotated[
        str,
        typer.Argument(help="A model, the name of a stored dataset, or a YAML grid.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", help="Picture to write: .png, .svg or .pdf [the source's name, .png].", show_default=False
        ),
    ] = None,
    kind: Annotated[str, typer.Option(help="What to draw: overview, timeseries, heatmap, ...")] = "overview",
    realization: Annotated[int, typer.Option(min=0, help="Which realization.")] = 0,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="A parameter of the model (repeatable).", show_default=False),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the model [0].", show_default=False)] = None,
    root: Annotated[
        Path | None,
        typer.Option("--store", "--outdir", help="Store [PYMTS_DATA_HOME, or ./data].", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Draw a model, a stored dataset, or each configuration of a grid.

    Example: pymts plot kuramoto --set K=3 --set M=50 --seed 1
    """
    from pymts.cli.plot import plot_source  # noqa: PLC0415

    plot_source(source, output, kind, realization, settings=settings or [], seed=seed, root=root, as_json=json)


@app.command()
def cite(
    grid: Annotated[Path, typer.Argument(help="YAML file of the grid.", show_default=False)],
) -> None:
    """Print BibTeX for a grid: the grid itself, PyMTS, and the reference of each model."""
    from pymts.plan.grid import Grid  # noqa: PLC0415

    typer.echo(Grid.read(grid).cite())


@app.command()
def gallery(
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory of the site.", show_default=False)],
    model: Annotated[
        list[str] | None, typer.Option(help="Include only this model (repeatable).", show_default=False)
    ] = None,
    store: Annotated[
        list[Path] | None, typer.Option(help="Add a page for this store (repeatable).", show_default=False)
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", "-c", help="Add a page for this grid (repeatable).", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a static site of the models, and of grids and stores."""
    from pymts.cli.gallery import make_gallery  # noqa: PLC0415

    make_gallery(output, model or (), store or (), config or (), as_json=json)


@app.command()
def pack(
    root: StoreOption = None,
    size: Annotated[int, typer.Option(min=1, help="Megabytes in a shard.")] = 256,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove each dataset's own files once its packed form is verified.")
    ] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Only make the manifests of the shards again.")] = False,
    json: JsonOption = False,
) -> None:
    """Pack many small datasets into few large Parquet files, which serve them as before."""
    from pymts.cli.pack import pack_store  # noqa: PLC0415

    raise typer.Exit(pack_store(root, size * 10**6, remove=remove, rebuild=rebuild, as_json=json))


UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="Object storage, such as s3://bucket/prefix.", show_default=False)
]


@app.command()
def push(url: UrlArgument, root: StoreOption = None, json: JsonOption = False) -> None:
    """Upload every stored dataset that object storage lacks."""
    from pymts.cli.transfer import push_store  # noqa: PLC0415

    raise typer.Exit(push_store(url, root, as_json=json))


@app.command()
def pull(
    url: UrlArgument,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Only the configurations of this grid.", show_default=False)
    ] = None,
    root: StoreOption = None,
    json: JsonOption = False,
) -> None:
    """Download every dataset that the store lacks."""
    from pymts.cli.transfer import pull_store  # noqa: PLC0415

    raise typer.Exit(pull_store(url, config, root, as_json=json))


def _complain(message: str) -> None:
    typer.echo(f"pymts: {message}", err=True)


def run(arguments: list[str] | None = None) -> int:
    """Run the command line and return its exit code; no error that is meant for the user shows a traceback."""
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
