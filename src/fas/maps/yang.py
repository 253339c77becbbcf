"""Single-image reflection suppression by convex optimisation.

Yang, Ma, Zheng, Chen and Wang, "Fast Single Image Reflection Suppression via Convex Optimization", CVPR 2019.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn

Floats = NDArray[np.float64]


def suppress_reflection(image: Floats, h: float = 0.03, epsilon: float = 1e-8) -> Floats:
    """The transmission layer T of an image Y.

    Minimises `1/2 ||L(T) - div(delta_h(grad Y))||^2 + epsilon/2 ||T - Y||^2` (equation 4), where delta_h keeps a
    gradient whose length is at least h and sets others to zero, and L is the Laplacian with Neumann boundary. The
    normal equation `(L^2 + epsilon) T = L div(delta_h(grad Y)) + epsilon Y` is diagonal under the cosine transform
    (equations 7 to 10). Channels are independent, as in the authors' code.

    Args:
        image: `(H, W, C)` in [0, 1].
        h: Gradient threshold per pixel; 0 gives the image back.
        epsilon: Weight of staying near the image. It alone ties the mean: T has the mean of Y in every channel, so
            `Y - T` has mean zero.

    Returns:
        float64 `(H, W, C)`; may leave [0, 1].
    """
    dy, dx = (np.diff(image, axis=axis, append=np.take(image, [-1], axis=axis)) for axis in (0, 1))
    weak = np.hypot(dx, dy) < h
    dy[weak] = dx[weak] = 0
    divergence = np.diff(dy, axis=0, prepend=0) + np.diff(dx, axis=1, prepend=0)
    eigenvalues = _laplacian_eigenvalues(*image.shape[:2])[..., None]
    # L is applied in the transformed domain, where it is a multiplication.
    spectrum = eigenvalues * dctn(divergence, axes=(0, 1)) + epsilon * dctn(image, axes=(0, 1))
    transmission: Floats = idctn(spectrum / (eigenvalues**2 + epsilon), axes=(0, 1))
    return transmission


@lru_cache(maxsize=4)
def _laplacian_eigenvalues(height: int, width: int) -> Floats:
    rows, columns = (2 * np.cos(np.pi * np.arange(n) / n) - 2 for n in (height, width))
    eigenvalues: Floats = rows[:, None] + columns[None, :]
    return eigenvalues


class YangSuppression:
    """Reflection = what the suppression removes: `max(Y - T, 0)`.

    Y - T has mean zero in each channel, because nothing in one image tells a constant reflection from a brighter scene.
    Its negative part says where T became brighter than the image, which no added light explains, and is cut off.

    Args:
        h: Gradient threshold for images in [0, 1].
    """

    def __init__(self, h: float = 0.03) -> None:
        self._h = h

    @property
    def identity(self) -> dict[str, str]:
        """Name and settings."""
        return {"estimator": "yang", "h": str(self._h)}

    def __call__(self, crop: NDArray[np.uint8]) -> NDArray[np.float32]:
        """The reflection layer of an RGB crop, float32 `(H, W, 3)` in [0, 1]."""
        image = crop.astype(np.float64) / 255
        return np.maximum(image - suppress_reflection(image, self._h), 0).astype(np.float32)
