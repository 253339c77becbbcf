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
        image: `(..., H, W)` in [0, 1], channels first.
        h: Gradient threshold per pixel; 0 gives the image back.
        epsilon: Weight of staying near the image. It alone ties the mean: T has the mean of Y in every channel, so
            `Y - T` has mean zero.

    Returns:
        float64 of the same shape; may leave [0, 1].
    """
    dx, dy = np.zeros_like(image), np.zeros_like(image)
    dx[..., :-1] = np.diff(image, axis=-1)
    dy[..., :-1, :] = np.diff(image, axis=-2)
    strong = dx**2 + dy**2 >= h**2
    dx *= strong
    dy *= strong
    divergence = dx + dy
    divergence[..., 1:] -= dx[..., :-1]
    divergence[..., 1:, :] -= dy[..., :-1, :]
    # L is applied in the transformed domain, where it is a multiplication.
    of_divergence, of_image = _factors(*image.shape[-2:], epsilon)
    spectrum = of_divergence * dctn(divergence, axes=(-2, -1), overwrite_x=True)
    spectrum += of_image * dctn(image, axes=(-2, -1))
    transmission: Floats = idctn(spectrum, axes=(-2, -1), overwrite_x=True)
    return transmission


@lru_cache(maxsize=4)
def _factors(height: int, width: int, epsilon: float) -> tuple[Floats, Floats]:
    """K / (K^2 + epsilon) and epsilon / (K^2 + epsilon), K the eigenvalues of the Neumann Laplacian."""
    rows, columns = (2 * np.cos(np.pi * np.arange(n) / n) - 2 for n in (height, width))
    eigenvalues = rows[:, None] + columns[None, :]
    scale = 1 / (eigenvalues**2 + epsilon)
    return eigenvalues * scale, epsilon * scale


class YangSuppression:
    """Reflection = the light that the suppression removes: `max(Y - T, 0)`.

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

    def __call__(self, crop: NDArray[np.uint8], depth: NDArray[np.float32]) -> NDArray[np.float32]:
        """The reflection layer of an RGB crop, float32 `(H, W, 3)` in [0, 1]; the depth is not used."""
        image = np.ascontiguousarray(crop.transpose(2, 0, 1), dtype=np.float64) / 255
        reflection = image - suppress_reflection(image, self._h)
        return np.maximum(reflection, 0).transpose(1, 2, 0).astype(np.float32)
