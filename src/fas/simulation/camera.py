"""The cameras of six phones, through which every video is made, bona fide or attack.

light -> lens -> Bayer mosaic with noise -> white balance -> demosaicing -> scaling -> colour and tone -> denoising and
sharpening -> 8 bits. The encoder follows in `video`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from fas.simulation.sensor import CENTRE, HEIGHT, SITE_CHANNELS, SITES, WIDTH, Grid, Planes, planes_to_rgb
from fas.srgb import linear_to_srgb

LUMA = np.array([0.2126, 0.7152, 0.0722], np.float32)
"""Luminance of linear sRGB."""
_USUAL_CAST = np.array([1.1, 1.0, 0.88], np.float32)
"""The mean colour that a portrait is taken to have by the automatic white balance, green 1."""
_BASE_EXPOSURE = 0.45
"""The exposure that needs no gain of the sensor."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One model of a phone. Lengths are in sensor pixels, levels relative to full scale.

    Attributes:
        blur: Standard deviation of the lens and the pixel's area.
        vignetting: Light lost in the corners.
        flare: Share of the mean light that lens and finger marks spread over the whole picture.
        distortion: Radial: a corner moves by this share of its distance from the centre.
        brightness: Mean luminance that the exposure aims at, linear.
        white_balance: Share of the cast that it removes, as an exponent.
        tint: What its white balance adds to red and blue.
        read_noise: Standard deviation at base gain.
        shot_noise: Variance at full scale at base gain.
        denoise: Detail below this many 8-bit levels is taken for noise, at base gain.
        sharpen: Gain of detail.
        contrast: Strength of the S-curve.
        saturation: 1 leaves colours as they are.
        bits_per_pixel: Of the encoder.
    """

    blur: float
    vignetting: float
    flare: float
    distortion: float
    brightness: float
    white_balance: float
    tint: tuple[float, float]
    read_noise: float
    shot_noise: float
    denoise: float
    sharpen: float
    contrast: float
    saturation: float
    bits_per_pixel: float


# fmt: off
PHONES: dict[int, Phone] = {
    #        blur  vign. flare  distort. aim  balance  tint         read    shot     denoise sharp contrast satur. bits
    1: Phone(0.62, 0.20, 0.020, -0.012, 0.21, 0.45, (1.00, 1.00), 0.0012, 0.00012, 0.8, 0.7, 0.35, 1.15, 0.22),
    2: Phone(0.78, 0.30, 0.036, +0.010, 0.18, 0.30, (1.03, 0.96), 0.0022, 0.00025, 1.2, 0.4, 0.20, 1.00, 0.16),
    3: Phone(0.70, 0.26, 0.028, -0.018, 0.22, 0.35, (0.98, 1.04), 0.0018, 0.00020, 1.0, 1.0, 0.45, 1.20, 0.14),
    4: Phone(0.74, 0.34, 0.044, +0.016, 0.20, 0.40, (1.02, 1.01), 0.0020, 0.00024, 1.6, 0.6, 0.30, 1.10, 0.13),
    5: Phone(0.86, 0.38, 0.040, -0.006, 0.17, 0.25, (0.97, 1.02), 0.0026, 0.00030, 1.0, 0.5, 0.25, 0.92, 0.17),
    6: Phone(0.66, 0.24, 0.024, +0.006, 0.19, 0.50, (1.01, 0.98), 0.0015, 0.00016, 0.9, 0.6, 0.30, 1.08, 0.19),
}
# fmt: on
"""OULU-NPU has six phones; these six differ as phones do, but none is measured from a real one."""


class Camera:
    """One recording with one phone: focus, exposure and white balance are fixed at its beginning.

    Args:
        phone: The model.
        size: Width and height of the frames it gives; upright, not above the sensor's.
        rng: Draws what differs from recording to recording, and the noise.
    """

    def __init__(self, phone: Phone, size: tuple[int, int], rng: np.random.Generator) -> None:
        self.phone = phone
        self.size = size
        self.blur = phone.blur * float(rng.uniform(0.9, 1.25))
        self._flare = phone.flare * float(np.exp(rng.normal(0, 0.7)))
        self._aim = phone.brightness * float(np.exp(rng.normal(0, 0.08)))
        self._brightest = float(rng.uniform(0.9, 1.7))
        self._tint = np.array([phone.tint[0], 1, phone.tint[1]], np.float32)
        self._tint *= np.exp(rng.normal(0, 0.015, 3)).astype(np.float32)
        self._rng = rng
        # Drawn once: a frame takes another part of it for every site, because drawing costs more than everything else.
        self._noise = rng.standard_normal((HEIGHT // 2 + 256, WIDTH // 2 + 256), np.float32)
        self._falloff = [self._vignette(grid) for grid in SITES]
        self._tone = _tone_curve(phone.contrast)
        grey = np.outer(np.ones(3), LUMA)
        self._colour = (grey + phone.saturation * (np.eye(3) - grey)).astype(np.float32)
        self._veil = np.zeros(3, np.float32)
        self.exposure = 1.0
        self.balance = np.ones(3, np.float32)

    def _vignette(self, grid: Grid) -> NDArray[np.float32]:
        radius2 = np.sum(((grid.nodes() - CENTRE) / np.linalg.norm(CENTRE)) ** 2, axis=-1)
        return grid.refine(np.asarray(1 - self.phone.vignetting * radius2, np.float32))

    def undistort(self, positions: NDArray[np.floating]) -> NDArray[np.float32]:
        """Where the light at these sensor positions `(..., 2)` would fall without the lens's distortion."""
        offset = positions - CENTRE
        radius2 = np.sum((offset / np.linalg.norm(CENTRE)) ** 2, axis=-1, keepdims=True)
        return np.asarray(CENTRE + offset * (1 + self.phone.distortion * radius2), np.float32)

    def distort(self, positions: NDArray[np.floating]) -> NDArray[np.float64]:
        """The inverse of `undistort`: sensor positions `(..., 2)` of points in the image of a pinhole camera."""
        ideal = np.asarray(positions, np.float64)
        found = ideal
        for _ in range(6):
            found = found + ideal - self.undistort(found)
        return found

    def meter(self, planes: Planes) -> None:
        """Sets exposure, white balance and flare by the first frame, the centre counting most."""
        rgb = cv2.resize(planes_to_rgb(planes), (27, 48), interpolation=cv2.INTER_AREA)
        y, x = np.mgrid[-1:1:48j, -1:1:27j]
        weights = np.exp(-1.5 * (x**2 + (y + 0.1) ** 2))
        self._veil = (self._flare * rgb.mean(axis=(0, 1))).astype(np.float32)
        mean = np.average(rgb.reshape(-1, 3), axis=0, weights=weights.ravel()) + self._veil
        luminance = rgb @ LUMA
        # Both rules of a real one: the mean as aimed at, and most of the picture not burnt out.
        self.exposure = float(min(self._aim / (mean @ LUMA), self._brightest / np.quantile(luminance, 0.93)))
        balance = (_USUAL_CAST * mean[1] / np.maximum(mean, 1e-6)) ** self.phone.white_balance
        # It knows that no lamp is as coloured as an orange wall.
        self.balance = (np.clip(balance / balance[1], 0.85, 1.2) * self._tint).astype(np.float32)

    def develop(self, planes: Planes) -> NDArray[np.uint8]:
        """One frame: RGB uint8 of the camera's size from the light at the sensor."""
        gain = max(self.exposure / _BASE_EXPOSURE, 1.0) ** 0.7
        mosaic = np.empty((HEIGHT, WIDTH), np.uint16)
        for index, (plane, falloff) in enumerate(zip(planes, self._falloff, strict=True)):
            channel = SITE_CHANNELS[index]
            signal = plane * falloff
            signal += self._veil[channel]
            signal *= np.float32(self.exposure)
            signal += self._draw_noise(signal, gain)
            # Where the sensor is full it is so before the white balance: a burnt-out lamp may get a colour.
            np.clip(signal, 0, 1, out=signal)
            signal *= 65535 * self.balance[channel]
            mosaic[index // 2 :: 2, index % 2 :: 2] = np.minimum(signal, 65535, out=signal)
        rgb = cv2.cvtColor(mosaic, cv2.COLOR_BayerRGGB2RGB)
        if self.size != (WIDTH, HEIGHT):
            rgb = cv2.resize(rgb, self.size, interpolation=cv2.INTER_AREA)
        return self._enhance(self._render(rgb), gain)

    def preview(self, light: NDArray[np.float32]) -> NDArray[np.float32]:
        """Light `(h, w, 3)` as this recording shows it, in [0, 1] of a frame's range: no noise, lens or sharpening."""
        raw = np.clip((light + self._veil) * self.exposure, 0, 1) * self.balance
        return self._render((np.minimum(raw, 1) * 65535).astype(np.uint16)).astype(np.float32) / np.float32(255)

    def _draw_noise(self, signal: NDArray[np.float32], gain: float) -> NDArray[np.float32]:
        y, x = self._rng.integers(0, 257, 2)
        noise = self._noise[y : y + signal.shape[0], x : x + signal.shape[1]]
        deviation = np.maximum(signal, 0)
        deviation *= np.float32(self.phone.shot_noise * gain)
        deviation += np.float32((self.phone.read_noise * gain) ** 2)
        np.sqrt(deviation, out=deviation)
        deviation *= noise
        return deviation

    def _render(self, rgb: NDArray[np.uint16]) -> NDArray[np.uint8]:
        """Colour and tone of linear 16-bit values; what leaves the range is cut."""
        return np.asarray(cv2.LUT(cv2.transform(rgb, self._colour), self._tone))

    def _enhance(self, rgb: NDArray[np.uint8], gain: float) -> NDArray[np.uint8]:
        scale = self.size[0] / WIDTH
        luma, red, blue = cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2YCrCb))
        smooth = cv2.GaussianBlur(luma.astype(np.float32), (0, 0), max(1.6 * scale, 0.6))
        detail = luma - smooth
        strength = np.abs(detail)
        # Coring: small differences are noise and shrink, larger ones are detail and are sharpened.
        detail *= np.float32(1 + self.phone.sharpen) * strength / (strength + np.float32(self.phone.denoise * gain))
        luma = np.clip(smooth + np.clip(detail, -40, 40) + 0.5, 0, 255).astype(np.uint8)
        sigma = max(2.4 * scale, 0.8)
        red, blue = cv2.GaussianBlur(red, (0, 0), sigma), cv2.GaussianBlur(blue, (0, 0), sigma)
        return np.asarray(cv2.cvtColor(cv2.merge([luma, red, blue]), cv2.COLOR_YCrCb2RGB))


def _tone_curve(contrast: float) -> NDArray[np.uint8]:
    """Linear 16-bit light to 8 bits: the sRGB curve, then an S around middle grey."""
    linear = np.linspace(0, 1, 65536)
    display = linear_to_srgb(linear)
    s_curve = display + contrast * display * (1 - display) * (display - 0.42)
    return np.asarray(np.clip(255 * s_curve + 0.5, 0, 255), np.uint8)
