"""A user's own recordings, of every kind of media, from a manifest or a recipe to the splits that training reads."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import cv2
import h5py
import numpy as np
import pytest

from fas.data.batch import Requirements
from fas.data.datamodule import FasDataModule
from tests.fakes.faces import face_frames
from tests.fakes.video import write_video

pytestmark = pytest.mark.slow

MANIFEST = """path,label,attack_type,subject,split,lamp
ann/one.mp4,1,,ann,train,on
ann/paper.png,0,print/glossy,ann,train,on
bob/frames,1,,bob,dev,off
bob/screen.avi,0,replay,bob,dev,off
cleo/still.jpg,1,,cleo,test,on
cleo/mask.mp4,0,mask/paper,cleo,test,on
"""

RECIPE = """
name: arrays
title: Arrays
media: hdf5
hdf5_array: Color_Data
grammar: (?P<subject>[a-z]+)_(?P<kind>real|mask)\\.hdf5
fields: {subject: name, kind: {real: bona fide, mask: a mask}}
bona_fide: {kind: real}
attacks: {mask: {kind: mask}}
splits: {train: {subject: ann}, dev: {subject: bob}, test: {subject: cleo}}
protocols:
  official: {about: all, train: {split: train}, dev: {split: dev}, test: {split: test}}
annotations: {path: '{path}', array: Eye_Pos, columns: eye1_x eye1_y eye2_x eye2_y}
"""


def fas(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "fas.cli.main", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def write_image(path: Path, image: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    cv2.imwrite(str(path), cv2.cvtColor(image, cv2.COLOR_RGB2BGR))


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    root = tmp_path / "recordings"
    frames = face_frames(3)
    for name in ("ann/paper.png", "cleo/still.jpg", "bob/frames/1.jpg", "bob/frames/2.jpg"):
        write_image(root / name, frames[0])
    for name in ("ann/one.mp4", "bob/screen.avi", "cleo/mask.mp4"):
        write_video(root / name, frames, codec="mpeg4" if name.endswith("mp4") else "mjpeg")
    return root


def test_a_manifest_from_preprocessing_to_training_batches(recordings: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "mine.csv"
    manifest.write_text(MANIFEST)
    shown = fas("datasets", "show", manifest, "--root", recordings, "--strict")
    assert shown.returncode == 0, shown.stderr
    done = fas(
        "preprocess", manifest, "--root", recordings, "--store", tmp_path / "store", "--size", 64, "--workers", 1
    )
    assert done.returncode == 0, done.stderr
    assert "done now:      6 presentations, 13 faces; 13 frames seen" in done.stdout
    data = FasDataModule(
        dataset="mine",
        recipe=str(manifest),
        protocol="official",
        requirements=Requirements(input_size=32),
        store=tmp_path / "store",
        num_workers=0,
        batch_size=4,
    )
    data.setup("fit")
    data.setup("predict")
    names = {split: sorted(data.presentations["video_id"][part.codes]) for split, part in data.splits.items()}
    assert names == {
        "train": ["ann/one", "ann/paper"],
        "dev": ["bob/frames", "bob/screen"],
        "test": ["cleo/mask", "cleo/still"],
    }
    assert next(iter(data.train_dataloader()))["inputs"]["rgb"].shape == (2, 3, 32, 32)  # 1 : 1


def test_a_folder_of_ones_own_is_trained_on_by_its_name_alone(
    recordings: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From a CSV file to a decision about a new video, with commands that name nothing but the data."""
    monkeypatch.setenv("FAS_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.chdir(tmp_path)
    manifest = tmp_path / "mine.csv"
    manifest.write_text(MANIFEST)
    done = fas("preprocess", manifest, "--root", recordings, "--size", "64", "--workers", "1")
    assert done.returncode == 0, done.stderr
    manifest.unlink()  # the store keeps its own copy
    small = ("model.backbone=test_efficientnet", "model.pretrained=false", "model.input_size=32", "logger=csv")
    trainer = ("trainer.accelerator=cpu", "trainer.max_epochs=1", "data.num_workers=0")
    fitted = fas("fit", "--exp", "classifier", "data=mine", *small, *trainer, "run_dir=run")
    assert fitted.returncode == 0, fitted.stderr
    assert "data     mine, protocol official: 2 train, 2 dev, 2 test presentations" in fitted.stdout
    following = next(line for line in fitted.stdout.splitlines() if line.startswith("next"))
    tested = fas(*following.split()[2:])  # as it is printed
    assert tested.returncode == 0, tested.stderr
    following = next(line for line in tested.stdout.splitlines() if line.startswith("next"))
    reported = fas(*following.split()[2:])
    assert reported.returncode == 0, reported.stderr
    assert Path(reported.stdout.strip().splitlines()[-1]).is_file()
    predicted = fas("predict", "run", recordings / "cleo" / "still.jpg", "--out", "seen")
    assert predicted.returncode == 0, predicted.stderr
    assert "1 faces in 1 frames" in predicted.stdout

    # What a layer needs is said with the command that makes it, complete and as it works when pasted.
    lacking = fas("fit", "--exp", "basn", "data=mine", "model.backbone=test_efficientnet", "model.pretrained=false")
    assert lacking.returncode == 2
    command = re.search(r"add it with `([^`]+ --depth)`", lacking.stderr)
    assert command, lacking.stderr
    made = fas(*shlex.split(command[1])[1:])
    assert made.returncode == 0, made.stderr
    assert "done now:      6 presentations" in made.stdout


def test_hdf5_with_its_own_eye_positions(tmp_path: Path) -> None:
    root = tmp_path / "arrays"
    root.mkdir()
    frames = face_frames(3)
    for name in ("ann_real", "ann_mask", "bob_real", "bob_mask", "cleo_real", "cleo_mask"):
        with h5py.File(root / f"{name}.hdf5", "w") as file:
            file["Color_Data"] = np.stack(frames).transpose(0, 3, 1, 2)
            # In the photograph, from which the frames are cut at (80, 10) and further to the right.
            eyes = [[124 - 3 * number, 100, 166 - 3 * number, 99] for number in range(3)]
            file["Eye_Pos"] = [[0, 0, 0, 0]] * 3 if name == "bob_mask" else eyes
    recipe = tmp_path / "arrays.yaml"
    recipe.write_text(RECIPE)
    common = ("preprocess", recipe, "--root", root, "--store", tmp_path / "store", "--size", 64, "--workers", 1)
    checked = fas(*common, "--check-annotations")
    assert checked.returncode == 0, checked.stderr
    assert "18 faces; 18 frames seen" in checked.stdout
    notes = [line for line in checked.stdout.splitlines() if line.startswith("note:")]
    assert notes == ["note:          bob_mask: no annotation to compare the faces with"]
    taken = fas(*common, "--detector", "annotations")
    assert taken.returncode == 1  # one has no annotation, so no face
    assert "done now:      5 presentations, 15 faces" in taken.stdout
    assert "no face in any of N frames: bob_mask" in taken.stdout


def test_annotations_of_a_dataset_without_any(recordings: Path, tmp_path: Path) -> None:
    manifest = tmp_path / "mine.csv"
    manifest.write_text(MANIFEST)
    done = fas("preprocess", manifest, "--root", recordings, "--store", tmp_path / "store", "--detector", "annotations")
    assert done.returncode == 2
    assert "has no face annotations" in done.stderr
    assert not (tmp_path / "store").exists()
