"""Tables of text in the terminal, in Markdown and in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from fas.evaluation.tables.sections import SIMULATED, Section

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    "±": r"$\pm$",
}


def render_text(sections: Sequence[Section]) -> RenderableType:
    """Tables for the terminal; papers' rows are dim."""
    return Group(*(part for section in sections for part in _text(section)))


def _text(section: Section) -> Iterator[RenderableType]:
    yield Text(section.title, style="bold black on yellow" if section.title.startswith(SIMULATED) else "bold")
    table = Table()
    for place, name in enumerate(section.header):
        number = 0 < place <= section.numbers
        table.add_column(Text(name), justify="right" if number else "left", no_wrap=number)
    for row, following in zip(section.rows, [*section.rows[1:], None], strict=True):
        last = following is not None and following.published != row.published
        table.add_row(*map(Text, row.cells), style="dim" if row.published else "", end_section=last)
    yield table
    for note in section.notes:
        yield Text(f"- {note}")
    yield Text()


def render_markdown(sections: Sequence[Section]) -> str:
    """Tables of GitHub's Markdown, each under a heading."""
    return "\n".join(line for section in sections for line in _markdown(section))


def _markdown(section: Section) -> Iterator[str]:
    yield f"### {markdown_text(section.title)}"
    yield ""
    yield _line(section.header)
    yield "| --- |" + " ---: |" * section.numbers + " --- |" * (len(section.header) - 1 - section.numbers)
    for row in section.rows:
        yield _line(row.cells)
    yield ""
    for note in section.notes:
        yield f"- {markdown_text(note)}"
    if section.notes:
        yield ""


def _line(cells: Sequence[str]) -> str:
    return "| " + " | ".join(map(markdown_text, cells)) + " |"


def markdown_text(text: str) -> str:
    """Escapes a text for Markdown, in a cell or outside."""
    return re.sub(r"([\\`*_{}\[\]<>|#~&])", r"\\\1", _one_line(text))


def render_latex(sections: Sequence[Section]) -> str:
    """One `table` environment per table; needs the package booktabs."""
    return "\n".join(["% needs \\usepackage{booktabs}", *(line for section in sections for line in _latex(section))])


def _latex(section: Section) -> Iterator[str]:
    columns = "l" + "r" * section.numbers + r"p{0.4\linewidth}" * (len(section.header) - 1 - section.numbers)
    yield r"\begin{table}"
    yield r"\centering"
    yield rf"\caption{{{latex_text(section.title)}}}"
    yield rf"\begin{{tabular}}{{{columns}}}"
    yield r"\toprule"
    yield _tabular_line(section.header)
    yield r"\midrule"
    for place, row in enumerate(section.rows):
        if place and row.published != section.rows[place - 1].published:
            yield r"\midrule"
        yield _tabular_line(row.cells)
    yield r"\bottomrule"
    yield r"\end{tabular}"
    if section.notes:
        yield r"\begin{itemize}"
        for note in section.notes:
            yield rf"\item {latex_text(note)}"
        yield r"\end{itemize}"
    yield r"\end{table}"
    yield ""


def _tabular_line(cells: Sequence[str]) -> str:
    return " & ".join(map(latex_text, cells)) + r" \\"


def latex_text(text: str) -> str:
    """Escapes a text for LaTeX.

    A leading bracket or star would be read as the argument of the line break or item before it, so it gets a guard.
    """
    escaped = "".join(_LATEX.get(character, character) for character in _one_line(text))
    return "{}" + escaped if escaped[:1] in ("[", "*") else escaped


def _one_line(text: str) -> str:
    """Names come from files: control characters and breaks of any kind would end a row."""
    return "".join(character if character.isprintable() else " " for character in text).strip()
