"""Where clips begin and what they hold: by hand, against a plain definition, and through a real store."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fas.cli.main import main
from fas.data.batch import Clip, Requirements
from fas.data.clips import clip_rows, clip_starts, separate_starts
from fas.data.datamodule import FasDataModule
from fas.errors import FasError, FasWarning
from fas.store import Store
from fas.store.codec import encode_image
from tests.fakes.store import presentations


def starts(frames: dict[int, list[int]], clip: Clip) -> list[tuple[int, int]]:
    """`clip_starts` as (presentation, frame)."""
    codes, numbers = arrays(frames)
    return [(int(codes[place]), int(numbers[place])) for place in clip_starts(codes, numbers, clip)]


def separate(frames: dict[int, list[int]], clip: Clip) -> list[tuple[int, int]]:
    codes, numbers = arrays(frames)
    chosen = separate_starts(clip_starts(codes, numbers, clip), codes, numbers, clip)
    return [(int(codes[place]), int(numbers[place])) for place in chosen]


def arrays(frames: dict[int, list[int]]) -> tuple[np.ndarray, np.ndarray]:
    pairs = [(code, number) for code in sorted(frames) for number in sorted(frames[code])]
    codes, numbers = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    return codes, numbers


def test_every_frame_that_two_others_follow_is_a_start():
    assert starts({0: [0, 1, 2, 3, 4]}, Clip(3)) == [(0, 0), (0, 1), (0, 2)]


def test_frames_are_counted_by_their_numbers_and_not_by_their_places():
    assert starts({0: [0, 3, 6, 9]}, Clip(3, 3)) == [(0, 0), (0, 3)]
    assert starts({0: [0, 3, 6, 9]}, Clip(3)) == []
    assert starts({0: [0, 1, 2, 3, 4, 5, 6]}, Clip(3, 3)) == [(0, 0)]


def test_a_missing_frame_breaks_the_clips_that_need_it_and_no_other():
    without_4 = [0, 1, 2, 3, 5, 6, 7, 8]
    assert starts({0: without_4}, Clip(3)) == [(0, 0), (0, 1), (0, 5), (0, 6)]
    assert starts({0: without_4}, Clip(3, 2)) == [(0, 1), (0, 3)]  # 1 3 5 and 3 5 7


def test_no_clip_crosses_from_one_presentation_to_the_next():
    assert starts({0: [0, 1], 1: [2, 3], 4: [0, 1, 2]}, Clip(3)) == [(4, 0)]
    # The next presentation goes on exactly where this one ends.
    assert starts({0: [8, 9], 1: [10, 11], 2: [0, 1]}, Clip(3)) == []


def test_clips_of_one_frame_and_no_frames():
    assert starts({0: [4], 7: [0, 9]}, Clip(1, 5)) == [(0, 4), (7, 0), (7, 9)]
    assert starts({}, Clip(3)) == []


def test_testing_takes_the_first_start_and_the_next_that_is_length_frames_later():
    assert separate({0: list(range(10))}, Clip(3)) == [(0, 0), (0, 3), (0, 6)]
    # Frame 4 is missing: the clips that begin at 0, 1, 5, 6, 7. After 0 the first from 3 on is 5.
    assert separate({0: [0, 1, 2, 3, 5, 6, 7, 8, 9]}, Clip(3)) == [(0, 0), (0, 5)]
    # At a distance of 3 clips of two frames begin every other frame of the video, and take turns.
    assert separate({0: list(range(8))}, Clip(2, 3)) == [(0, 0), (0, 2), (0, 4)]


def test_every_presentation_begins_with_its_own_first_start():
    assert separate({0: [0, 1, 2, 3], 1: [1, 2, 3, 4]}, Clip(2)) == [(0, 0), (0, 2), (1, 1), (1, 3)]


def test_rows_of_a_clip():
    frames = np.array([0, 1, 2, 0, 2, 3, 4, 6, 0])  # presentations in rows 0-2, 3-7, 8
    assert clip_rows(frames, 3, 8, 3, Clip(4, 2)).tolist() == [3, 4, 6, 7]
    assert clip_rows(frames, 0, 3, 1, Clip(2)).tolist() == [1, 2]


@pytest.mark.parametrize(("length", "step"), [(0, 1), (3, 0), (-1, 1)])
def test_a_clip_without_frames_or_distance_is_refused(length, step):
    with pytest.raises(ValueError, match="at least 1"):
        Clip(length, step)


STORED = st.dictionaries(st.integers(0, 6), st.sets(st.integers(0, 25), min_size=1).map(sorted), max_size=4)
CLIPS = st.builds(Clip, st.integers(1, 5), st.integers(1, 4))


@given(STORED, CLIPS)
def test_starts_are_those_whose_frames_are_all_there(frames, clip):
    expected = [
        (code, number)
        for code in sorted(frames)
        for number in frames[code]
        if all(number + place * clip.step in frames[code] for place in range(clip.length))
    ]
    assert starts(frames, clip) == expected


@given(STORED, CLIPS)
def test_separate_starts_are_found_one_after_another(frames, clip):
    expected = []
    for code in sorted(frames):
        earliest = -1
        for at, number in starts(frames, clip):
            if at == code and number >= earliest:
                expected.append((code, number))
                earliest = number + clip.length
    assert separate(frames, clip) == expected


@given(STORED, CLIPS)
def test_rows_have_the_frames_of_the_clip_within_the_presentation(frames, clip):
    codes, numbers = arrays(frames)
    for row in clip_starts(codes, numbers, clip).tolist():
        start, stop = np.searchsorted(codes, [codes[row], codes[row] + 1]).tolist()
        rows = clip_rows(numbers, start, stop, row, clip)
        assert (codes[rows] == codes[row]).all()
        assert numbers[rows].tolist() == [int(numbers[row]) + place * clip.step for place in range(clip.length)]


# Through a store and the DataModule.

SHORT = {"train": "1_1_01_2", "dev": "1_1_21_2", "test": "1_3_36_1"}  # protocol 1 tests on session 3


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """A store whose pixels say which presentation and frame they are of.

    Frames 0 to 7 without 4; three presentations have only frames 0 and 1.
    """
    root = tmp_path_factory.mktemp("store")
    store = Store.create(root, "oulu-simulated", {"size": 8, "margin": 0.3}, {"fas": "test"}, simulated=True)
    store.declare_layer("rgb", {"size": 8})
    for code, facts in enumerate(presentations()):
        numbers = [0, 1] if facts["video_id"] in SHORT.values() else [0, 1, 2, 3, 5, 6, 7]
        crops = [(number, encode_image(picture(code, number))) for number in numbers]
        store.write_shard("rgb", facts["video_id"], crops, {**facts, "frames": []}, "png")
    store.build_index()
    return root


def picture(code: int, number: int) -> np.ndarray:
    """Red says the presentation, green the frame; blue rises from left to right, so that mirroring shows."""
    image = np.empty((8, 8, 3), np.uint8)
    image[..., 0], image[..., 1], image[..., 2] = code, number, 20 * np.arange(8)
    return image


def data_of(root: Path, **settings: object) -> FasDataModule:
    required = {"input_size": 8, "clip": Clip(3), **settings.pop("required", {})}
    return FasDataModule(
        dataset="oulu-simulated",
        protocol="1",
        store=root,
        requirements=Requirements(**required),
        batch_size=4,
        num_workers=0,
        **settings,
    )


def set_up(data: FasDataModule, stage: str) -> FasDataModule:
    with pytest.warns(FasWarning, match="without a gap"):
        data.setup(stage)
    return data


def seen(clip: torch.Tensor) -> tuple[set[int], list[int]]:
    """The presentations and the frames in the pixels of a clip, `(T, 3, H, W)`."""
    values = (clip * 255).round().to(torch.int64)
    return set(values[:, 0].unique().tolist()), values[:, 1, 0, 0].tolist()


def videos_of(root: Path) -> list[str]:
    """Presentations by the number in their pixels."""
    return [facts["video_id"] for facts in presentations()]


@pytest.mark.parametrize(
    ("clip", "expected"),
    [
        (Clip(3), [[0, 1, 2], [5, 6, 7]]),
        (Clip(2, 2), [[0, 2], [3, 5], [5, 7]]),
    ],
)
def test_clips_of_testing_have_the_right_frames_in_their_order(root, clip, expected):
    data = data_of(root, required={"clip": clip})
    set_up(data, "predict")
    found: dict[str, list[list[int]]] = {}
    for batch in data.predict_dataloader():
        for tensor, code, frame in zip(batch["inputs"]["rgb"], batch["presentation"], batch["frame"], strict=True):
            assert tensor.shape == (clip.length, 3, 8, 8)
            [number], frames = seen(tensor)
            assert videos_of(root)[number] == data.presentations["video_id"][int(code)]
            assert frames[0] == int(frame)
            found.setdefault(videos_of(root)[number], []).append(frames)
    assert len(found) == 18  # 10 of dev and 10 of test, less one that is too short in each
    assert all(clips == expected for clips in found.values())


def test_training_draws_every_clip_that_there_is(root):
    data = set_up(data_of(root, sampling="all"), "fit")
    drawn: dict[int, list[list[int]]] = {}
    for batch in data.train_dataloader():
        for tensor in batch["inputs"]["rgb"]:
            [number], frames = seen(tensor)
            drawn.setdefault(number, []).append(frames)
    assert all(sorted(clips) == [[0, 1, 2], [1, 2, 3], [5, 6, 7]] for clips in drawn.values())
    assert SHORT["train"] not in {videos_of(root)[number] for number in drawn}


def test_one_draw_of_augmentation_serves_all_frames_of_a_clip(root):
    transforms = [{"HorizontalFlip": {"p": 0.5}}, {"RandomBrightnessContrast": {"p": 0.5}}]
    data = set_up(data_of(root, transforms=transforms), "fit")
    torch.manual_seed(0)
    blues = [clip[:, 2] for batch in data.train_dataloader() for clip in batch["inputs"]["rgb"]]
    assert all(torch.equal(frame, clip[0]) for clip in blues for frame in clip)
    mirrored = {bool(clip[0, 0, 0] > clip[0, 0, -1]) for clip in blues}
    assert mirrored == {True, False}, "another draw for another clip"
    assert len({tuple(clip[0, 0].tolist()) for clip in blues}) > 3


def test_presentations_without_a_clip_are_named(root):
    data = data_of(root)
    with pytest.warns(FasWarning) as caught:
        data.setup("fit")
        data.setup("predict")
    train, dev, test = (str(one.message) for one in caught)
    for message, split in ((train, "train"), (dev, "dev"), (test, "test")):
        assert f"1 of 10 {split} presentations have no 3 frames at a distance of 1 without a gap" in message
        assert SHORT[split] in message
    assert "not trained on" in train
    assert "get no score and count as failures to acquire" in dev


def test_if_a_class_has_no_clip_the_remedy_is_more_frames(root):
    with pytest.raises(
        FasError, match=r"10 of 10 train presentations have no 6 frames(.|\n)*`fas preprocess oulu --frames all`"
    ):
        data_of(root, required={"clip": Clip(6)}).setup("fit")


def test_a_presentation_without_a_clip_has_a_row_without_a_score_and_counts_as_failure_to_acquire(
    root, tmp_path, monkeypatch, capsys
):
    def fas(*arguments: object) -> tuple[str, str]:
        monkeypatch.setattr("sys.argv", ["fas", *map(str, arguments)])
        try:
            main()
        except SystemExit as stop:
            assert not stop.code
        return capsys.readouterr()

    monkeypatch.setenv("FAS_STORE", str(root))
    settings = ("input_size=8", "scale=1.6", "channels=[2,2]", "width=4", "hidden=4", "length=3", "step=1")
    run = tmp_path / "run"
    fas(
        *("fit", "--exp", "xu2015/scratch", "data=oulu_simulated", "data.num_workers=0", "logger=csv"),
        *("trainer.max_epochs=1", "trainer.accelerator=cpu", f"run_dir={run}"),
        *(f"model.{setting}" for setting in settings),
    )
    told = fas("test", run)[1]
    assert "1 of 10 test presentations" in told and SHORT["test"] in told
    with (run / "scores.csv").open() as file:
        rows = list(csv.DictReader(file))
    without = {row["video_id"]: row["split"] for row in rows if row["score"] == "nan"}
    assert without == {SHORT["dev"]: "dev", SHORT["test"]: "test"}
    assert sum(row["video_id"] in without for row in rows) == 2
    assert {(row["video_id"], row["frame"]) for row in rows if row["score"] != "nan"} == {
        (video, frame) for video in {row["video_id"] for row in rows} - set(without) for frame in ("0", "5")
    }
    counted = json.loads(fas("evaluate", run / "scores.csv", "--json")[0])
    assert counted["bpcer"]["total"] == 1, "one of the two bona fide test presentations is scored"
    failures = counted["failures_to_acquire"]
    assert (failures["rate"]["errors"], failures["rate"]["total"]) == (1, 10)
    assert (failures["bona_fide"]["errors"], failures["bona_fide"]["total"]) == (1, 2)
    assert all(of_species["errors"] == 0 for of_species in failures["attacks"].values())
