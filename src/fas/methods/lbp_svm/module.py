"""LBP-SVM as a method: hyper-parameters, features, the fit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, PositiveFloat, PositiveInt
from torch import Tensor

from fas.data.batch import Requirements
from fas.errors import FasError
from fas.layers import RGB
from fas.methods.fitted import FittedMethod, TrainingTable
from fas.methods.lbp_svm.colour import Colour, ColourChannels
from fas.methods.lbp_svm.patterns import Pattern, PatternHistogram
from fas.methods.svm import Grid, Kernel, SvmDecision

Values = Annotated[tuple[PositiveFloat, ...], Field(min_length=1)]

_C = tuple(2.0**power for power in range(-3, 14, 2))  # both grids: bob.pad.face
_GAMMA = tuple(2.0**power for power in range(-15, 0, 2))


class LbpSvm(FittedMethod):
    """Histograms of local binary patterns and an SVM (Chingovska et al. 2012; in colour Boulkenafet et al. 2015).

    The paper's sections are not known here; the README names the source of each value.

    Args:
        input_size: Side of the input in pixels.
        colour: The channels whose histograms are concatenated: `grey` (Chingovska), `hsv_ycbcr` (Boulkenafet), or one
            of its halves `hsv` and `ycbcr`.
        blocks: Blocks per side: 1 for the whole face, 3 for 3 x 3 blocks (Chingovska uses both).
        pattern: `uniform` (LBP^u2, 59 bins with 8 points) or `default` (256 bins).
        radius: Radius of the circle of points, in pixels.
        points: Points on the circle.
        interpolation: Interpolate values between pixels instead of using the nearest pixel.
        scale: Side of the crop in sides of the face box; None uses the stored crop.
        kernel: `rbf` or `linear`.
        c_grid: Penalties to choose from.
        gamma_grid: Widths of the RBF kernel to choose from; not read for a linear one.
        grid_samples: At most so many training samples are used to choose; the fit itself uses all.

    Raises:
        FasError: A block is too small for a circle.
    """

    name: ClassVar[str] = "lbp_svm"
    small: ClassVar[Mapping[str, object]] = {"input_size": 32, "c_grid": (1.0,), "gamma_grid": (0.01,)}

    def __init__(
        self,
        *,
        input_size: PositiveInt = 64,
        colour: Colour = "grey",
        blocks: Literal[1, 3] = 1,
        pattern: Pattern = "uniform",
        radius: PositiveInt = 1,
        points: Annotated[int, Field(ge=4, le=16)] = 8,
        interpolation: bool = False,
        scale: PositiveFloat | None = 1.0,
        kernel: Kernel = "rbf",
        c_grid: Values = _C,
        gamma_grid: Values = _GAMMA,
        grid_samples: PositiveInt = 2000,
    ) -> None:
        super().__init__()
        self.save_hyperparameters()
        if input_size // blocks <= 2 * radius:
            raise FasError(
                f"blocks of {input_size // blocks} pixels are too small for patterns of radius {radius}",
                remedy="choose a larger model.input_size, or a smaller model.blocks or model.radius",
            )
        self.requirements = Requirements(input_size=input_size, crop_scale=scale, sampling="all")
        self.channels = ColourChannels(colour)
        self.histogram = PatternHistogram(
            pattern=pattern, radius=radius, points=points, interpolation=interpolation, blocks=blocks
        )
        self.svm = SvmDecision(kernel)
        self._grid = Grid(c_grid, gamma_grid, grid_samples)

    def extract(self, inputs: Mapping[str, Tensor]) -> Tensor:
        """The histograms of `rgb`, `(B, 3, input_size, input_size)` in [0, 1]: `(B, D)` float64."""
        histograms: Tensor = self.histogram(self.channels(inputs[RGB]))
        return histograms

    def fit(self, features: NDArray[np.float64], table: TrainingTable, seed: int) -> dict[str, Any]:
        """See `SvmDecision.fit`."""
        return self.svm.fit(features, table, self._grid, seed)

    def decide(self, features: Tensor) -> Tensor:
        """The decision of the SVM: `(B,)` float64."""
        decision: Tensor = self.svm(features)
        return decision
