"""Options that several commands take, written once."""

from __future__ import annotations

from typing import Annotated, Literal

import typer

Threshold = Annotated[
    str, typer.Option(help="`dev-eer`: equal errors on the dev split; or a number.", metavar="dev-eer|NUMBER")
]
"""Where the decision threshold comes from."""

Level = Annotated[
    Literal["coarse", "fine"],
    typer.Option(help="PAI species over which APCER is the maximum: `print`, or `print/printer1`."),
]
"""The level of species of the APCER."""
