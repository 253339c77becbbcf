"""`fas compare`: two runs on the same presentations."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fas.cli.options import Replicates, Seed, Threshold, examples

app = typer.Typer(add_completion=False, rich_markup_mode=None)

EXAMPLES = examples(
    "compare runs/basn/2026-01-31_12-00-00 runs/basn/2026-02-01_09-30-00",
    "compare a.csv b.csv --threshold 0.5 --replicates 10000 --json",
)


@app.command(epilog=EXAMPLES)
def compare(
    a: Annotated[Path, typer.Argument(help="A run's folder or a scores file.", show_default=False)],
    b: Annotated[Path, typer.Argument(help="Another one, of the same test presentations.", show_default=False)],
    threshold: Threshold = "dev-eer",
    replicates: Replicates = 1000,
    seed: Seed = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare two runs on the same test presentations, paired by video_id.

    Each is evaluated at the threshold of its own dev split. Prints the difference of every metric with a paired
    bootstrap interval over subjects, and McNemar's test of the decisions.
    """
    import json

    from fas.evaluation.comparison.compare import compare_scores
    from fas.evaluation.comparison.pairing import read_side

    comparison = compare_scores(read_side(a), read_side(b), threshold=threshold, replicates=replicates, seed=seed)
    if as_json:
        content = {"a": str(a), "b": str(b), **comparison.to_json()}
        print(json.dumps(content, indent=2, allow_nan=False))
        return
    from fas.cli.terminal import show
    from fas.evaluation.comparison.terminal import render_comparison

    show(render_comparison(comparison, str(a), str(b)))
