"""Options shared by several commands."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Threshold = Annotated[
    str,
    typer.Option(
        help="`dev-eer`: equal errors on the dev split; `dev-min-hter`; `dev-bpcerN`: APCER of the worst species at "
        "most 1/N on dev (N = 10, 20, 100, ...); `dev-apcerN`: BPCER at most 1/N on dev; `test-eer-optimistic`: equal "
        "errors on the scores that are evaluated; or a number.",
        metavar="RULE|NUMBER",
    ),
]
"""Where the decision threshold comes from."""

Level = Annotated[
    Literal["coarse", "fine"],
    typer.Option(help="PAI species over which APCER is the maximum: `print`, or `print/printer1`."),
]
"""The level of species of the APCER."""

Aggregate = Annotated[
    Literal["mean", "median", "max", "last"],
    typer.Option(
        help="How the scores of a presentation's frames become one, `max` being that of the frame most like bona fide; "
        "frames without a score are left out."
    ),
]
"""How frames become presentations."""

Unit = Annotated[
    Literal["subjects", "presentations"],
    typer.Option("--intervals", help="What the bootstrap of the confidence intervals draws."),
]
"""The unit of the bootstrap."""

Replicates = Annotated[int, typer.Option(min=1, help="Bootstrap replicates.")]
"""How many replicates a bootstrap has."""

Seed = Annotated[int, typer.Option(min=0, help="Seed of the bootstrap.")]
"""The seed of a bootstrap."""


def examples(*lines: str) -> str:
    """Command lines as the `epilog` of a command's help, each on a line of its own.

    Args:
        lines: Without `fas` before them.
    """
    # \b keeps the lines of a paragraph as they are.
    return "\n".join(["\b", "Examples:", *(f"  fas {line}" for line in lines)])
