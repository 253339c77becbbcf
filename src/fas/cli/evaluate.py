"""`fas evaluate`: metrics of a scores file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from fas.cli.options import Aggregate, Level, Replicates, Seed, Threshold, Unit, examples

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "evaluate runs/basn/2026-01-31_12-00-00/scores.csv --threshold dev-bpcer20",
    "evaluate scores-eval scores-dev --json",
    "evaluate theirs.csv --columns score=spoof,label=kind --bona-fide live --higher-is attack --threshold 0.5",
)


@app.command(epilog=EXAMPLES)
def evaluate(
    scores: Annotated[
        Path,
        typer.Argument(
            help="A scores file: as `fas test` writes it, bob's four columns or CSV, or any CSV with --columns.",
            show_default=False,
        ),
    ],
    dev: Annotated[
        Path | None, typer.Argument(help="Another scores file whose dev rows give the threshold.", show_default=False)
    ] = None,
    threshold: Threshold = "dev-eer",
    level: Level = "coarse",
    aggregate: Aggregate = "mean",
    unit: Unit = "subjects",
    replicates: Replicates = 1000,
    seed: Seed = 0,
    columns: Annotated[
        str | None,
        typer.Option(
            help="Columns of a CSV: score=prob,label=is_live and, if the file has them, video_id, subject, split, "
            "attack_type, frame.",
            metavar="NAME=COLUMN,...",
            show_default=False,
        ),
    ] = None,
    bona_fide: Annotated[
        str | None,
        typer.Option(
            help="With --columns: the label that means bona fide; others are attacks. Without: 1, and 0 for attacks.",
            show_default=False,
        ),
    ] = None,
    higher_is: Annotated[
        Literal["bona-fide", "attack"],
        typer.Option(
            help="What high scores of the files mean. With `attack` a presentation is accepted as bona fide if its "
            "score <= the threshold; thresholds that you give and that are printed have "
            "the direction of the files. Not for files that `fas test` wrote, whose direction is known.",
        ),
    ] = "bona-fide",
    every_point: Annotated[
        bool,
        typer.Option(
            "--all",
            help="Also show operating points that need more presentations than there are; --json has all of them.",
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with the counts behind every rate.")] = False,
) -> None:
    """Compute the ISO/IEC 30107-3 metrics of the test rows of a scores file, counted in presentations.

    A file without splits counts as test, a second one as dev.
    """
    import json

    from fas.evaluation.as_json import evaluation_json
    from fas.evaluation.evaluate import evaluate_scores
    from fas.evaluation.scores.foreign import parse_columns, read_any_scores

    mapping = None if columns is None else parse_columns(columns)
    evaluation = evaluate_scores(
        read_any_scores(scores, "test", mapping, bona_fide, higher_is),
        None if dev is None else read_any_scores(dev, "dev", mapping, bona_fide, higher_is),
        threshold=threshold,
        level=level,
        aggregation=aggregate,
        unit=unit,
        replicates=replicates,
        seed=seed,
    )
    if as_json:
        print(json.dumps(evaluation_json(evaluation), indent=2, allow_nan=False))
        return
    from fas.cli.terminal import show
    from fas.evaluation.terminal import render

    show(render(evaluation, scores.name, every_point=every_point))
