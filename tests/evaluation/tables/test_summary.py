"""Runs put together: means over folds and seeds worked out by hand, missing folds, what makes a row of its own."""

from __future__ import annotations

import statistics

import pytest

from fas.errors import FasError
from fas.evaluation.tables.results import check_metrics, read_results
from fas.evaluation.tables.sections import sections
from fas.evaluation.tables.summary import fold_name, summarise
from tests.fakes.runs import counted_scores, data, make_run


def summaries(*runs, threshold="dev-eer"):
    return summarise(read_results(runs, threshold))


def test_the_metrics_of_a_run_are_percent(tmp_path):
    # 3 of 10 prints and 1 of 10 replays accepted, 2 of 10 bona fide rejected.
    (result,) = read_results([make_run(tmp_path / "a", counted_scores(3, 1, 2), seed=7)], "dev-eer")
    assert result.values["apcer"] == pytest.approx(30)
    assert result.values["bpcer"] == pytest.approx(20)
    assert result.values["acer"] == pytest.approx(25)
    assert result.values["hter"] == pytest.approx(20)  # pooled: 4 of 20, and 2 of 10
    assert (result.seed, result.trained, result.tested) == (7, data("1", "oulu"), data("1", "oulu"))
    assert (result.fold, result.simulated, result.threshold) == ((None, None), False, "dev-eer")


def test_mean_and_sample_deviation_over_folds_and_the_missing_ones(tmp_path):
    runs = [
        make_run(tmp_path / str(fold), counted_scores(wrong, 0, 0), protocol="3", fold=fold)
        for fold, wrong in ((1, 1), (2, 2), (5, 6))
    ]
    (one,) = summaries(*runs)
    spread = one.spread("apcer")
    assert spread.mean == pytest.approx(30)  # of 10, 20, 60
    assert spread.std == pytest.approx((((10 - 30) ** 2 + (20 - 30) ** 2 + (60 - 30) ** 2) / 2) ** 0.5)
    assert one.over == "folds"
    assert one.missing == ((3, 3), (4, 4), (6, 6))
    assert any("no run of fold 3, 4, 6" in note for note in one.notes())


def test_runs_of_one_fold_are_averaged_before_the_folds(tmp_path):
    runs = [
        make_run(tmp_path / f"{fold}-{seed}", counted_scores(wrong, 0, 0), protocol="3", fold=fold, seed=seed)
        for fold, seed, wrong in ((1, 0, 1), (1, 1, 3), (2, 0, 6))
    ]
    (one,) = summaries(*runs)
    assert one.spread("apcer").mean == pytest.approx(40)  # (20 + 60) / 2, not (10 + 30 + 60) / 3
    assert one.spread("apcer").std == pytest.approx(statistics.stdev([20, 60]))
    assert any("2 runs of fold 1, averaged before the folds are, seeds 0, 1" in note for note in one.notes())


def test_without_folds_the_deviation_is_over_runs_and_a_repeated_seed_is_noted(tmp_path):
    runs = [make_run(tmp_path / str(wrong), counted_scores(wrong, 0, 0), seed=3) for wrong in (1, 2)]
    (one,) = summaries(*runs)
    assert (one.spread("apcer").mean, one.over, one.missing) == (pytest.approx(15), "runs", ())
    assert one.spread("apcer").std == pytest.approx(50**0.5)
    assert any("a seed occurs twice" in note for note in one.notes())
    (alone,) = summaries(runs[0])
    assert (alone.spread("apcer").std, alone.over) == (None, "")


def test_what_was_overridden_is_a_method_of_its_own_and_data_and_seed_are_not(tmp_path):
    def config(seed: int, lr: float, fold: int) -> dict:
        return {"experiment": "demo", "seed": seed, "model": {"lr": lr}, "data": {"fold": fold, "dataset": "oulu"}}

    runs = [
        make_run(tmp_path / str(n), counted_scores(n, 0, 0), config=config(n, lr, n), protocol="3", fold=n)
        for n, lr in ((1, 0.1), (2, 0.1), (3, 0.01))
    ]
    low, high = summaries(*runs)
    assert (low.method, high.method) == ("demo model.lr=0.01", "demo model.lr=0.1")
    assert [result.fold for result in high.results] == [(1, 1), (2, 2)]
    assert [one.method for one in summaries(*runs[:2])] == ["demo"]


def test_simulated_and_real_data_are_never_one_row(tmp_path):
    real = make_run(tmp_path / "real", counted_scores(1, 0, 0))
    simulated = make_run(tmp_path / "simulated", counted_scores(2, 0, 0), simulated=True)
    first, second = summaries(real, simulated)
    assert (first.simulated, second.simulated) == (False, True)
    assert first.spread("apcer").mean == pytest.approx(10)


def test_simulated_folds_are_those_of_the_dataset(tmp_path):
    run = make_run(tmp_path, counted_scores(1, 0, 0), dataset="oulu-simulated", simulated=True, protocol="3", fold=2)
    (one,) = summaries(run)
    assert [fold[0] for fold in one.missing] == [1, 3, 4, 5, 6]


def test_a_dataset_without_a_recipe_here(tmp_path):
    (one,) = summaries(make_run(tmp_path, counted_scores(1, 0, 0), dataset="my_phones", protocol="all"))
    assert (one.expected, one.missing) == (None, ())
    assert any("not known whether folds are missing" in note for note in one.notes())


def test_scores_of_other_data_are_evaluated_at_the_threshold_of_the_runs_own_dev(tmp_path):
    run = make_run(tmp_path, counted_scores(1, 0, 0))
    # On the other data everything scores higher by 0.5, its dev split too: its own EER threshold would be 1.
    other = counted_scores(2, 0, 0)
    make_run(
        run,
        type(other)(**{**vars(other), "score": other.score + 0.5}),
        name="scores_replay_mobile_protocolgrandtest.csv",
        dataset="replay_mobile",
        protocol="grandtest",
        checkpoint="elsewhere/checkpoints/best.ckpt",
    )
    make_run(run, counted_scores(9, 9, 9), name="scores_last.csv", checkpoint="last.ckpt")
    within, across = summaries(run)
    assert (within.tested, across.tested) == (data("1", "oulu"), data("grandtest", "replay_mobile"))
    assert across.trained == data("1", "oulu")
    assert across.spread("apcer").mean == pytest.approx(100)  # at 0.5
    assert across.expected == ((None, None),)


def test_folds_of_both_the_trained_and_the_tested_data(tmp_path):
    run = make_run(tmp_path, counted_scores(1, 0, 0), protocol="3", fold=2)
    make_run(run, counted_scores(2, 0, 0), name="scores_siw_protocol2_fold1.csv", dataset="siw", protocol="2", fold=1)
    _, across = summaries(run)
    assert list(across.by_fold) == [(2, 1)]
    assert len(across.missing) == 6 * 4 - 1
    assert [fold_name(fold) for fold in ((2, 1), (3, 3), (3, None), (None, 4), (None, None))] == [
        "2 on 1",
        "3",
        "3",
        "4",
        "-",
    ]


def test_differently_cut_faces_and_warnings_of_the_evaluation_are_noted(tmp_path):
    a = make_run(tmp_path / "a", counted_scores(1, 0, 0), recipe_hash="abc")
    b, c = (make_run(tmp_path / name, counted_scores(1, 0, 0), recipe_hash="def", absent={"test": 12}) for name in "bc")
    (one,) = summaries(a, b, c)
    assert any("cut in different ways" in note for note in one.notes())
    (warning,) = [note for note in one.notes() if "12 test presentations" in note]
    assert str(b) in warning and str(c) in warning and str(a) + "/" not in warning


def test_a_protocol_across_datasets_trains_on_other_data_than_it_tests_on(tmp_path):
    dataset = "oulu+casia_fasd+replay_attack+msu_mfsd"
    (one,) = summaries(make_run(tmp_path, counted_scores(1, 0, 0), dataset=dataset, protocol="ocim_m"), threshold="0.5")
    assert str(one.trained) == "oulu + casia_fasd + replay_attack, protocol ocim_m"
    assert one.tested == data("ocim_m", "msu_mfsd")
    assert (one.missing, one.expected) == ((), ((None, None),))
    (table, _) = sections([one])
    assert table.header[1:3] == ("HTER %", "AUC %")
    assert {"PDLE (Res-18)", "SSDG-R (Res-18)"} <= {row.cells[0] for row in table.rows}


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda run: (run / "scores.csv").unlink(), "no scores.csv"),
        (lambda run: (run / "scores.json").unlink(), "which dataset and protocol"),
        (lambda run: (run / "scores.json").write_text('{"simulated": false}'), "which dataset and protocol"),
        (lambda run: (run / "config.yaml").write_text("a: ["), "not YAML"),
    ],
)
def test_runs_that_cannot_be_placed(tmp_path, spoil, message):
    run = make_run(tmp_path, counted_scores(1, 0, 0))
    spoil(run)
    with pytest.raises(FasError, match=message):
        read_results([run], "dev-eer")


def test_scores_of_unknown_data_name_the_command_that_scores_again(tmp_path):
    run = make_run(tmp_path / "my runs", counted_scores(1, 0, 0))
    make_run(run, counted_scores(1, 0, 0), name="scores_siw.csv", dataset="siw")
    (run / "scores_siw.json").unlink()
    with pytest.raises(FasError) as error:
        read_results([run], "dev-eer")
    assert "move the file out" in str(error.value.remedy)
    (run / "scores.json").unlink()
    with pytest.raises(FasError) as error:
        read_results([run], "dev-eer")
    assert error.value.remedy == f"score the run again: fas test '{run}'"


def test_a_run_given_twice_and_an_unknown_metric(tmp_path):
    run = make_run(tmp_path / "a", counted_scores(1, 0, 0))
    with pytest.raises(FasError, match="given twice"):
        read_results([run, tmp_path / "b" / ".." / "a"], "dev-eer")
    assert check_metrics(["acer", "eer", "acer"]) == ("acer", "eer")
    with pytest.raises(FasError, match="unknown metric 'f1'"):
        check_metrics(["f1"])
