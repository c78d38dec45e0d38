"""The commands, gathered. Their bodies import what they need, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from covey import __version__
from covey.cli.cluster import cluster
from covey.cli.codec_bench import codecs
from covey.cli.compare import compare
from covey.cli.compress import compress
from covey.cli.decompress import decompress
from covey.cli.demo import demo
from covey.cli.evaluate import evaluate
from covey.cli.exits import USAGE
from covey.cli.export import export
from covey.cli.info import info
from covey.cli.knn import knn
from covey.cli.project import add, assign, init, run
from covey.cli.reid import reid
from covey.cli.review import review
from covey.cli.search import search
from covey.cli.train import train
from covey.cli.train_codec import codec
from covey.cli.train_networks import ada_nets, b_attention, linkage
from covey.cli.train_video import video

app = typer.Typer(
    help="Finds what belongs together in large unlabelled collections of embeddings.",
    epilog="Exit codes: 0 done, 1 unexpected failure, 2 usage, 3 bad input, "
    "4 not enough memory, 5 missing extra, 6 in conflict, 130 interrupted.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for command in (
    cluster,
    evaluate,
    compare,
    knn,
    search,
    reid,
    info,
    compress,
    decompress,
    demo,
    init,
    add,
    run,
    assign,
    export,
    review,
):
    app.command()(command)
for command in (b_attention, ada_nets, linkage, codec, video):
    train.command()(command)
app.add_typer(train, name="train")
app.add_typer(codecs, name="codec")


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"covey {__version__}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def covey(
    context: typer.Context,
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Options that stand before the command."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help(), err=True)
        raise typer.Exit(USAGE)
