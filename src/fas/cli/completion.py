"""Shell completion of experiments, datasets and runs. Nothing here may be slow or fail."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def _quietly(find: Callable[[], list[str]]) -> list[str]:
    found: list[str] = []
    with suppress(Exception):  # completion has nowhere to print an error
        found = find()
    return found


def experiments(incomplete: str) -> list[str]:
    """Names of experiments that begin with what is typed."""

    def find() -> list[str]:
        from fas.resources import resource_dir

        root = resource_dir("experiments")
        return sorted(path.relative_to(root).with_suffix("").as_posix() for path in root.rglob("*.yaml"))

    return [name for name in _quietly(find) if name.startswith(incomplete)]


def datasets(incomplete: str) -> list[str]:
    """Names of datasets that begin with what is typed."""

    def find() -> list[str]:
        from fas.resources import resource_dir

        return sorted(path.stem for path in resource_dir("preprocess").glob("*.yaml"))

    return [name for name in _quietly(find) if name.startswith(incomplete)]


def runs(incomplete: str) -> list[str]:
    """Folders of runs below `runs/` that begin with what is typed, the latest first."""

    def find() -> list[str]:
        # W&B keeps files of this name in a folder of the run.
        configs = [path for path in Path("runs").glob("**/config.yaml") if "wandb" not in path.parts]
        configs.sort(key=lambda path: path.stat().st_mtime, reverse=True)
        return [str(path.parent) for path in configs]

    return [name for name in _quietly(find) if name.startswith(incomplete)]


def overrides(incomplete: str) -> list[str]:
    """`data=` and `model=` with the available choices."""

    def find() -> list[str]:
        from fas.resources import resource_dir

        conf = resource_dir("conf")
        return [
            f"{group.name}={path.relative_to(group).with_suffix('').as_posix()}"
            for group in sorted(conf.iterdir())
            if group.is_dir()
            for path in sorted(group.rglob("*.yaml"))
        ]

    return [one for one in _quietly(find) if one.startswith(incomplete)]
