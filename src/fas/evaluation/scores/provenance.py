"""Where scores come from: a JSON file next to the scores file."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fas.errors import FasError, FasWarning
from fas.files import write_text


def provenance_path(scores: Path) -> Path:
    """Where the provenance of a scores file lives: `scores.csv` -> `scores.json`."""
    return scores.with_suffix(".json")


def write_provenance(path: Path, provenance: Mapping[str, Any], scores_sha256: str) -> None:
    """Writes the provenance of a scores file, with the SHA-256 of its content, so that a reader notices a change.

    Args:
        path: The scores file that it is the provenance of.
        provenance: `dataset` (str) and `simulated` (bool) are required, so that no number loses that it is of simulated
            data. Also in use: `protocol`, `fold`, `absent` (split -> published presentations that were never
            preprocessed), `experiment`, `checkpoint`, `seed`, `commit`, `aggregation` and `versions`. Values are plain
            JSON.
        scores_sha256: Of the content of the scores file.

    Raises:
        ValueError: A required key is missing.
    """
    if not isinstance(provenance.get("dataset"), str) or not isinstance(provenance.get("simulated"), bool):
        raise ValueError("provenance needs 'dataset' (str) and 'simulated' (bool)")
    content = {**provenance, "scores_sha256": scores_sha256}
    write_text(provenance_path(path), json.dumps(content, indent=2, allow_nan=False) + "\n")


def read_provenance(scores: Path) -> dict[str, Any] | None:
    """What is known of where a scores file comes from, or None if it has no provenance file.

    Warns:
        FasWarning: The scores file was changed after its provenance was written.

    Raises:
        FasError: The provenance file is not a JSON object, or does not say whether the data is simulated.
    """
    path = provenance_path(scores)
    if not path.is_file():
        return None
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise FasError(f"the provenance of the scores is not JSON: {error}", path=path) from None
    if not isinstance(provenance, dict) or not isinstance(provenance.get("simulated"), bool):
        raise FasError("the provenance of the scores is not a JSON object with 'simulated': true or false", path=path)
    if "scores_sha256" in provenance and provenance["scores_sha256"] != _sha256(scores):
        warnings.warn(f"{scores} was changed after its provenance {path.name} was written", FasWarning, stacklevel=2)
    return provenance


def is_of_fas(scores: Path) -> bool:
    """Whether a scores file has a provenance as fas writes it, however the file is read."""
    path = provenance_path(scores)
    try:
        provenance = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):  # none, or a file of something else
        return False
    return isinstance(provenance, dict) and isinstance(provenance.get("simulated"), bool)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
