"""A reflection separation network from a weight file, such as the one BASN used.

Zhang, Ng and Chen, "Single Image Reflection Separation with Perceptual Losses", CVPR 2018. The authors' weights are a
TensorFlow checkpoint; docs/maps.md says how to convert them.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.errors import FasError
from fas.weights.onnx import OnnxNetwork

_FORMAT = (
    "export it to ONNX with one input, float32 RGB (1, 3, H, W) in [0, 1], and two outputs, transmission and "
    "reflection, of the same form (docs/maps.md)"
)


class SeparationNetwork:
    """An ONNX file that maps an image to its transmission and its reflection.

    Args:
        weights: The ONNX file. Input: float32 RGB `(1, 3, H, W)` in [0, 1], H and W fixed or free. Outputs:
            transmission, reflection, float32 `(1, 3, H, W)`; a reflection below 0 is cut off.

    Raises:
        FasError: The file is missing, is not ONNX, or has other inputs and outputs.
    """

    def __init__(self, weights: Path) -> None:
        self._network = OnnxNetwork(weights, name="the reflection network", remedy=_FORMAT)
        inputs, outputs = self._network.inputs, self._network.outputs
        found = [(port.type, list(port.shape)) for port in (*inputs, *outputs)]
        fits = all(kind == "tensor(float)" and len(shape) == 4 and shape[1] in (3, None) for kind, shape in found[:1])
        if len(inputs) != 1 or len(outputs) != 2 or not fits:
            raise FasError(f"the network has inputs and outputs {found}", path=weights, remedy=_FORMAT)
        self._input = inputs[0].name
        height, width = found[0][1][2:]
        self._size = (width, height) if isinstance(height, int) and isinstance(width, int) else None

    @property
    def identity(self) -> dict[str, str]:
        """Name and hash of the weights."""
        return {"estimator": "network", "sha256": self._network.sha256}

    def __call__(self, crop: NDArray[np.uint8], depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """The reflection layer of an RGB crop, float32 `(h, w, 3)` as the network gives it; the depth is not used."""
        if self._size is not None:
            crop = cv2.resize(crop, self._size, interpolation=cv2.INTER_AREA)
        blob = (crop.astype(np.float32) / 255).transpose(2, 0, 1)[None]
        reflection = self._network.run({self._input: blob})[1]
        if reflection.ndim != 4 or reflection.shape[:2] != (1, 3) or not np.isfinite(reflection).all():
            raise FasError(
                f"the reflection network gave {reflection.shape}, not finite values of (1, 3, H, W)",
                path=self._network.path,
                remedy=_FORMAT,
            )
        layer: NDArray[np.float32] = np.maximum(reflection[0].transpose(1, 2, 0), 0).astype(np.float32)
        return layer
