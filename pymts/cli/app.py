"""The command line. Data goes to stdout, progress and complaints to stderr; nothing heavy loads before it is needed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from pymts.cli.exitcodes import Exit
from pymts.cli.group import Group, InterruptedRunError
from pymts.errors import PymtsError

app = typer.Typer(
    name="pymts",
    cls=Group,
    help="Synthetic multivariate time series with ground truth.",
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
cache_app = typer.Typer(cls=Group, help="Look after the store of generated datasets.", no_args_is_help=True)
app.add_typer(cache_app, name="cache")

ConfigOption = Annotated[Path, typer.Option("--config", "-c", help="YAML file of the grid.", show_default=False)]
OutdirOption = Annotated[
    Path | None,
    typer.Option("--outdir", "-o", help="Root of the store [PYMTS_DATA_HOME, or ./data].", show_default=False),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for a program to read.")]


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
    config: ConfigOption,
    save: Annotated[bool, typer.Option("--save", help="Write the datasets to the store.")] = False,
    csv: Annotated[bool, typer.Option("--csv", help="Also write each dataset as CSV beside its Parquet file.")] = False,
    outdir: OutdirOption = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="List what would be generated, and where.")] = False,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Only the first N configurations.", show_default=False)
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Takes the place of the grid's seed.", show_default=False)] = None,
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
        int | None, typer.Option(min=1, help="Allow a grid of more configurations.", show_default=False)
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
    """Generate a grid; what is stored already is skipped."""
    from pymts.cli.generate import generate_grid  # noqa: PLC0415

    if csv and not save:
        raise typer.BadParameter("--csv writes beside the stored files; add --save")
    if remote and not (save or dry_run):
        raise typer.BadParameter("--remote belongs to the store; add --save")
    if ((jobs or 1) > 1 or dask) and not (save or dry_run):
        raise typer.BadParameter("--jobs and --dask hand work to processes that leave it in the store; add --save")
    code = generate_grid(
        config,
        save=save,
        csv=csv,
        outdir=outdir,
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
    outdir: OutdirOption = None,
    regenerate: Annotated[
        bool, typer.Option("--regenerate", help="Also generate each configuration again and compare the bits.")
    ] = False,
    json: JsonOption = False,
) -> None:
    """Check the store, or what a grid should have in it; exit 3 if anything is wrong."""
    from pymts.cli.cache import verify_store  # noqa: PLC0415

    raise typer.Exit(verify_store(config, outdir, regenerate, json))


@app.command()
def plot(  # noqa: PLR0917  (one parameter per option)
    source: Annotated[
        str,
        typer.Argument(help="A model, the name of a stored dataset, or a YAML grid.", show_default=False),
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", help="Picture to write: .png, .svg or .pdf.", show_default=False)
    ],
    kind: Annotated[str, typer.Option(help="What to draw: overview, timeseries, heatmap, ...")] = "overview",
    realization: Annotated[int, typer.Option(min=0, help="Which realization.")] = 0,
    outdir: Annotated[
        Path | None,
        typer.Option("--outdir", help="Root of the store [PYMTS_DATA_HOME, or ./data].", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Draw a model with its defaults, a stored dataset, or each configuration of a grid."""
    from pymts.cli.plot import plot_source  # noqa: PLC0415

    plot_source(source, output, kind, realization, outdir=outdir, as_json=json)


@app.command()
def gallery(
    output: Annotated[Path, typer.Option("--output", "-o", help="Directory of the site.", show_default=False)],
    model: Annotated[
        list[str] | None, typer.Option(help="Only this model; may be given again.", show_default=False)
    ] = None,
    store: Annotated[
        list[Path] | None, typer.Option(help="Also a page of this store; may be given again.", show_default=False)
    ] = None,
    config: Annotated[
        list[Path] | None,
        typer.Option("--config", "-c", help="Also a page of this grid; may be given again.", show_default=False),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Make a static site of the models, and of grids and stores."""
    from pymts.cli.gallery import make_gallery  # noqa: PLC0415

    make_gallery(output, model or (), store or (), config or (), as_json=json)


@app.command()
def pack(
    outdir: OutdirOption = None,
    size: Annotated[int, typer.Option(min=1, help="Megabytes in a shard.")] = 256,
    remove: Annotated[
        bool, typer.Option("--remove", help="Remove each dataset's own files once its packed form is verified.")
    ] = False,
    rebuild: Annotated[bool, typer.Option("--rebuild", help="Only make the manifests of the shards again.")] = False,
    json: JsonOption = False,
) -> None:
    """Pack many small datasets into few large Parquet files, which serve them as before."""
    from pymts.cli.pack import pack_store  # noqa: PLC0415

    raise typer.Exit(pack_store(outdir, size * 10**6, remove=remove, rebuild=rebuild, as_json=json))


UrlArgument = Annotated[
    str, typer.Argument(metavar="URL", help="Object storage, such as s3://bucket/prefix.", show_default=False)
]


@app.command()
def push(url: UrlArgument, outdir: OutdirOption = None, json: JsonOption = False) -> None:
    """Upload every stored dataset that object storage lacks."""
    from pymts.cli.transfer import push_store  # noqa: PLC0415

    raise typer.Exit(push_store(url, outdir, as_json=json))


@app.command()
def pull(
    url: UrlArgument,
    config: Annotated[
        Path | None, typer.Option("--config", "-c", help="Only the configurations of this grid.", show_default=False)
    ] = None,
    outdir: OutdirOption = None,
    json: JsonOption = False,
) -> None:
    """Download every dataset that the store lacks."""
    from pymts.cli.transfer import pull_store  # noqa: PLC0415

    raise typer.Exit(pull_store(url, config, outdir, as_json=json))


@cache_app.command("ls")
def cache_ls(outdir: OutdirOption = None, json: JsonOption = False) -> None:
    """List the stored datasets."""
    from pymts.cli.cache import list_entries  # noqa: PLC0415

    list_entries(outdir, json)


@cache_app.command("du")
def cache_du(outdir: OutdirOption = None, json: JsonOption = False) -> None:
    """Show how much each model takes."""
    from pymts.cli.cache import disk_usage  # noqa: PLC0415

    disk_usage(outdir, json)


@cache_app.command("prune")
def cache_prune(
    outdir: OutdirOption = None,
    everything: Annotated[bool, typer.Option("--all", help="Remove every stored dataset as well.")] = False,
    json: JsonOption = False,
) -> None:
    """Remove what interrupted runs left behind and what was quarantined."""
    from pymts.cli.cache import prune  # noqa: PLC0415

    prune(outdir, everything, json)


@cache_app.command("path")
def cache_path(
    config_id: Annotated[str | None, typer.Argument(help="Name of a stored dataset.", show_default=False)] = None,
    outdir: OutdirOption = None,
) -> None:
    """Print where the store is, or where a dataset is in it."""
    from pymts.cli.cache import print_path  # noqa: PLC0415

    print_path(config_id, outdir)


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
