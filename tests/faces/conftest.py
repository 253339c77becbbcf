"""The default networks and two packaged photographs, each loaded once."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import cv2
import numpy as np
import pytest
import skimage.data
from numpy.typing import NDArray

from fas.faces.mediapipe import MediaPipeDetector, MediaPipeMesh


@pytest.fixture(scope="session")
def detector() -> MediaPipeDetector:
    return MediaPipeDetector()


@pytest.fixture(scope="session")
def mesh_model() -> MediaPipeMesh:
    return MediaPipeMesh()


@pytest.fixture(scope="session")
def astronaut() -> NDArray[np.uint8]:
    """One frontal face, 512 x 512."""
    return skimage.data.astronaut()


@pytest.fixture(scope="session")
def group() -> NDArray[np.uint8]:
    """Six faces, two of them in half profile."""
    # Found without importing the package, which takes seconds.
    path = Path(find_spec("insightface").origin).parent / "data" / "images" / "t1.jpg"
    return cv2.cvtColor(cv2.imread(str(path)), cv2.COLOR_BGR2RGB)
