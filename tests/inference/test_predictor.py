"""How a checkpoint's faces are cut again. The whole way to a verdict is in tests/integration."""

from __future__ import annotations

import pytest

from fas.errors import FasError, FasWarning
from fas.inference.predictor import face_settings
from fas.preprocessing.decode import FrameSelection
from fas.preprocessing.settings import FaceSettings

SETTINGS = FaceSettings(FrameSelection("even", 8), 224, 0.25, "none", "png", "mediapipe", "face")


def test_a_recipe_gives_back_the_settings_that_it_was_made_of():
    assert face_settings(SETTINGS.recipe({"detector_identity": {"name": "mediapipe"}})) == SETTINGS


def test_what_an_older_recipe_does_not_know_has_its_default():
    recipe = SETTINGS.recipe({})
    del recipe["rotation"]
    assert face_settings(recipe).rotation == "metadata"


@pytest.mark.parametrize("key", ["frames", "margin"])
def test_a_recipe_that_lacks_a_setting_is_refused(key):
    recipe = SETTINGS.recipe({})
    del recipe[key]
    with pytest.raises(FasError, match=key):
        face_settings(recipe)


def test_faces_that_came_with_the_dataset_are_found_in_other_videos():
    with pytest.warns(FasWarning, match="came with the dataset"):
        settings = face_settings({**SETTINGS.recipe({}), "detector": "annotations"})
    assert settings.detector == "mediapipe"
