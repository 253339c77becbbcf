"""The rooms of the package and the one direction of their imports, read from the code itself."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import fas

PACKAGE = Path(fas.__file__).parent

ROOMS = (
    "__init__ labels errors progress files layers paths resources processes command",  # the ground floor
    "metrics",
    "torchmetrics",
    "datasets",
    "store",
    "weights",
    "maps",
    "faces",
    "preprocessing",
    "simulation",
    "data",
    "methods",
    "runs",
    "evaluation",
    "training",
    "inference",
    "cluster",
    "cli",
)
"""From the ground up; a room may import what is on its own line or above it in this list."""

FLOOR = {room: floor for floor, rooms in enumerate(ROOMS) for room in rooms.split()}


def modules() -> Iterator[tuple[str, Path]]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield ".".join(("fas", *path.relative_to(PACKAGE).with_suffix("").parts)).removesuffix(".__init__"), path


def imports(path: Path) -> Iterator[tuple[str, int, bool]]:
    """Modules of fas that a file imports, with the line, and whether only type checkers see it."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    known = {name for name, _ in modules()}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").split(".")[0] == "fas":
            for alias in node.names:
                full = f"{node.module}.{alias.name}"
                yield (full if full in known else str(node.module)), node.lineno, id(node) in typing_only
        elif isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] == "fas":
                    yield alias.name, node.lineno, id(node) in typing_only


def room(module: str) -> str:
    return [*module.split("."), "__init__"][1]


def test_every_room_has_its_place():
    assert {room(name) for name, _ in modules()} <= FLOOR.keys()


def test_imports_point_one_way():
    wrong = [
        f"{path.relative_to(PACKAGE)}:{line} imports {target}"
        for name, path in modules()
        for target, line, _ in imports(path)
        if FLOOR[room(target)] > FLOOR[room(name)]
    ]
    assert not wrong


@pytest.mark.parametrize("typed", [False, True], ids=["at run time", "for type checkers too"])
def test_no_circles(typed):
    graph = {
        name: {target for target, _, typing_only in imports(path) if target != name and (typed or not typing_only)}
        for name, path in modules()
    }
    done: set[str] = set()
    circles: list[str] = []

    def visit(name: str, way: tuple[str, ...]) -> None:
        if name in way:
            circles.append(" -> ".join((*way[way.index(name) :], name)))
        elif name not in done:
            for target in sorted(graph.get(name, ())):
                visit(target, (*way, name))
            done.add(name)

    for name in graph:
        visit(name, ())
    assert not circles


@pytest.mark.parametrize("module", ["fas.metrics", "fas.evaluation", "fas.datasets", "fas.store", "fas.preprocessing"])
def test_torch_is_not_needed_below_the_methods(module):
    """`fas evaluate`, `table`, `compare`, `datasets`, `preprocess` and `store` answer without waiting for torch."""
    found = [
        f"{path.relative_to(PACKAGE)}: {ast.unparse(node)}"
        for name, path in modules()
        if name == module or name.startswith(module + ".")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(
            part.split(".")[0] in ("torch", "pytorch_lightning")
            for part in ([node.module or ""] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names])
        )
    ]
    assert not found
