"""`covey demo`: the main job on real input that needs no download."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from covey.cli import options
from covey.cli.cluster import figures, summary
from covey.cli.evaluate import score_sentences
from covey.cli.terminal import Terminal


def demo(
    out: Annotated[
        Path, typer.Option("-o", "--out", help="Folder for groups, edges, summary and report.")
    ] = Path("demo"),
    force: options.Force = False,
    json: options.Json = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Group handwritten digits and write a report.

    The 1,797 digits come with scikit-learn, so this is real input without a download. Their labels
    are looked at once the groups are made, to show how good those are.
    """
    terminal = Terminal(json=json, quiet=quiet)  # its clock runs while libraries load
    from covey import clustering
    from covey.cli.interrupt import interruptible
    from covey.cli.outputs import REPORT, ReportContent, plan_outputs
    from covey.cli.words import cluster_sentences
    from covey.datasets.digits import load_digits_images
    from covey.io.embeddings import EmbeddingTable
    from covey.io.report.groups import group
    from covey.io.report.verdict import judge
    from covey.metrics.clustering import evaluate
    from covey.types import UsageError

    plan = plan_outputs(out, force=force)
    if not plan.is_folder:
        raise UsageError(f"{out}: the demo writes a folder; give a name without a suffix")
    digits = load_digits_images()
    table = EmbeddingTable(digits.x, None, None, [], Path("digits of scikit-learn"))
    with terminal.progress() as tell:
        result = interruptible(partial(clustering.cluster, digits.x, progress=tell))
        tell("writing", 0.0)
        content = ReportContent("Handwritten digits", images=digits.images, command="covey demo")
        verdict = judge(result.report, group(result))
        facts = summary(result, table, verdict, result.report.notes, terminal.seconds)
        facts["outputs"] = plan.paths()
        plan.write(result, table, facts, content)
        tell("writing", 1.0)
    scores = evaluate(digits.labels, result.clustering.labels)
    facts |= figures(terminal.seconds)
    facts["against_labels"] = scores.as_dict()
    sentences = cluster_sentences(result, table, result.report.notes, plan.paths())
    sentences += [
        "",
        "Against the true digits, which the run never saw:",
        *score_sentences(scores, None, []),
        "",
        f"Open {(out / REPORT).absolute()} in a browser.",
    ]
    terminal.answer(sentences, facts, verdict=verdict.heading)
