"""What the network sees of a store: the centre of its crops at each scale, and three frames as nine channels."""

import cv2
import numpy as np
import pytest
import torch

from fas.data.batch import Clip
from fas.data.datamodule import FasDataModule
from fas.errors import FasError
from fas.methods.yang2014 import Yang2014, Yang2014Cnn
from fas.methods.yang2014.inputs import stacked
from tests.fakes.store import make_store

MARGIN = 0.8  # stored crops of 64 pixels are 2.6 face boxes wide: the face itself has 24.6
KINDS = pytest.mark.parametrize("kind", [Yang2014Cnn, Yang2014], ids=["cnn", "svm"])


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = tmp_path_factory.mktemp("store")
    make_store(folder, frames=4, layers=(), recipe={"size": 64, "margin": MARGIN})
    return folder


def data(root, method, **settings) -> FasDataModule:
    made = FasDataModule(
        dataset="oulu-simulated",
        protocol="1",
        requirements=method.requirements,
        store=root,
        num_workers=0,
        batch_size=4,
        **settings,
    )
    made.setup("fit")
    return made


def small(kind, **settings):
    return kind(**{**kind.small, **settings})


def stored(root, made: FasDataModule, presentation: int) -> list[np.ndarray]:
    """The crops of a presentation by frame number, read past the DataModule."""
    index = made.index
    rows = np.flatnonzero(index.presentation == presentation)
    reader = made.dataset(rows)._reader
    return [reader.read(int(row), "rgb") for row in rows]


@KINDS
@pytest.mark.parametrize(("scale", "first", "last"), [(1.0, 19, 44), (1.8, 10, 54), (2.6, 0, 64)])
def test_a_scale_is_the_centre_of_the_stored_crops(root, kind, scale, first, last):
    # 64 / 2.6 = 24.6 and 1.8 * 64 / 2.6 = 44.3 pixels: 25 from 19 on, 44 from 10 on
    made = data(root, small(kind, scale=scale))
    for loader in (made.val_dataloader(), made.predict_dataloader()):  # training crops are mirrored at random
        batch = next(iter(loader))
        assert batch["inputs"]["rgb"].shape == (4, 3, 128, 128)
        for place in range(4):
            crop = stored(root, made, int(batch["presentation"][place]))[int(batch["frame"][place]) // 5]
            expected = cv2.resize(crop[first:last, first:last], (128, 128), interpolation=cv2.INTER_LINEAR)
            shown = (255 * batch["inputs"]["rgb"][place]).round().byte().permute(1, 2, 0).numpy()
            assert np.array_equal(shown, expected)


@KINDS
def test_a_scale_that_the_store_does_not_have_is_refused_with_the_margin_to_take(tmp_path, kind):
    make_store(tmp_path, layers=(), recipe={"size": 64, "margin": 0.25})
    with pytest.raises(FasError, match=r"1.8 times the face box, but the stored crops have 1.5(.|\n)*--margin 0.4"):
        data(tmp_path, small(kind, scale=1.8))


@KINDS
def test_three_frames_are_nine_channels_in_their_order(root, kind):
    method = small(kind, scale=2.6, frames=3)
    assert method.requirements.clip == Clip(3, 5)
    made = data(root, method)
    batch = next(iter(made.val_dataloader()))
    nine = stacked(batch["inputs"]["rgb"])
    assert nine.shape == (4, 9, 128, 128)
    for place in range(4):
        start = int(batch["frame"][place]) // 5
        crops = stored(root, made, int(batch["presentation"][place]))[start : start + 3]
        assert not np.array_equal(crops[0], crops[1]) and not np.array_equal(crops[1], crops[2])
        expected = np.concatenate([cv2.resize(one, (128, 128), interpolation=cv2.INTER_LINEAR) for one in crops], 2)
        assert np.array_equal((255 * nine[place]).round().byte().permute(1, 2, 0).numpy(), expected)


@KINDS
def test_the_network_receives_the_nine_channels(kind):
    method = small(kind, frames=3).eval()
    seen = []
    method.network.register_forward_pre_hook(lambda _, given: seen.append(given[0]))
    clip = torch.arange(9.0).view(1, 3, 3, 1, 1).expand(1, 3, 3, 128, 128) / 9
    method(inputs={"rgb": clip}) if kind is Yang2014Cnn else method.extract({"rgb": clip})
    assert (9 * seen[0][0, :, 0, 0]).round().tolist() == list(range(9))


def test_the_three_frames_of_a_training_sample_are_mirrored_together(root):
    made = data(root, small(Yang2014Cnn, scale=2.6, frames=3))
    mirrored = set()
    for batch in made.train_dataloader():
        for place in range(len(batch["label"])):
            start = int(batch["frame"][place]) // 5
            crops = stored(root, made, int(batch["presentation"][place]))[start : start + 3]
            clip = (255 * batch["inputs"]["rgb"][place]).round().byte().permute(0, 2, 3, 1).numpy()
            whole = [cv2.resize(one, (128, 128), interpolation=cv2.INTER_LINEAR) for one in crops]
            flips = {(np.array_equal(a, b), np.array_equal(a, b[:, ::-1])) for a, b in zip(clip, whole, strict=True)}
            assert flips in ({(True, False)}, {(False, True)})
            mirrored |= flips
    assert len(mirrored) == 2


def test_the_svm_reads_every_frame_once_and_unmirrored(root):
    made = data(root, small(Yang2014, scale=1.0))
    assert made.facts["sampling"] == "all"
    seen = sorted(
        (int(code), int(frame))
        for batch in made.train_dataloader()
        for code, frame in zip(batch["presentation"], batch["frame"], strict=True)
    )
    assert len(seen) == len(set(seen)) == 4 * len(made.splits["train"].codes)
    assert Yang2014().requirements.augmentation == ()
