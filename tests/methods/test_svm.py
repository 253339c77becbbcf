"""The SVM: its decision in torch next to scikit-learn's, the choice of C and gamma, people kept apart."""

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC, LinearSVC

from fas.errors import FasError, FasWarning
from fas.methods.fitted import TrainingTable
from fas.methods.svm import Grid, SvmDecision, _folds

FIXED = Grid((2.0,), (0.05,), 1000)


def table(labels, subjects=None):
    labels = np.asarray(labels, dtype=np.int64)
    names = [str(row % 5) for row in range(len(labels))] if subjects is None else subjects
    empty = np.full(len(labels), "", dtype=object)
    return TrainingTable(labels, np.arange(len(labels)), np.array(names, dtype=object), empty)


def two_clouds(count=60, dimensions=6, seed=0):
    """As many of each class in turns, of different scales; the classes overlap."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    features = rng.normal(labels[:, None] * 0.8, 1, (count, dimensions)) * 10.0 ** np.arange(dimensions) + 3
    return features, labels


def reference(kernel):
    if kernel == "linear":
        return LinearSVC(C=2.0, dual=False, class_weight="balanced", random_state=0, max_iter=10_000)
    return SVC(C=2.0, gamma=0.05, class_weight="balanced")


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_decision_equals_that_of_scikit_learn(kernel):
    features, labels = two_clouds(80)
    features, labels = features[:60], labels[:60]
    unseen = two_clouds(50, seed=1)[0]
    svm = SvmDecision(kernel)
    svm.fit(features, table(labels), FIXED, 0)
    expected = make_pipeline(StandardScaler(), reference(kernel)).fit(features, labels).decision_function(unseen)
    got = svm(torch.from_numpy(unseen)).numpy()
    assert got.dtype == np.float64
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-9)
    assert got.std() > 0.1


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_bona_fide_is_positive_and_the_classes_weigh_the_same(kernel):
    # One bona fide sample among four attacks at mirrored places: with equal weights the border lies in the middle.
    features = np.array([[-1.0], [-1.0], [-1.0], [-1.0], [1.0]])
    svm = SvmDecision(kernel)
    svm.fit(features, table([0, 0, 0, 0, 1]), Grid((1e3,), (0.1,), 10), 0)
    decision = svm(torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64))
    assert decision[0] < -0.9 and decision[2] > 0.9
    assert abs(decision[1]) < 0.05


def test_reports_what_was_chosen_and_how_it_fits():
    # No border has the bona fide samples 30 and -5 on one side: all attacks are right and half of the bona fide
    # samples, (1 + 1/2) / 2. Of all samples it would be 5/6.
    features = np.array([[0.0], [1.0], [2.0], [3.0], [30.0], [-5.0]])
    chosen = SvmDecision("linear").fit(features, table([0, 0, 0, 0, 1, 1]), Grid((1.0,), (), 100), 0)
    assert chosen == {
        "C": 1.0,
        "samples": 6,
        "dimensions": 1,
        "cross_validation_accuracy": None,  # nothing was to choose
        "training_accuracy": 0.75,
    }
    wide = SvmDecision("rbf")
    chosen = wide.fit(features, table([0, 0, 0, 0, 1, 1]), Grid((1.0,), (1e-4,), 100), 0)
    assert (chosen["gamma"], chosen["training_accuracy"]) == (1e-4, 0.75)
    assert chosen["support_vectors"] == len(wide.decision.support)


def test_a_feature_without_variance_leaves_the_others_alone():
    features, labels = two_clouds()
    constant = np.hstack([features, np.full((len(features), 2), [0.0, 0.3])])
    unseen = two_clouds(20, seed=1)[0]
    for kernel in ("linear", "rbf"):
        svm, alone = SvmDecision(kernel), SvmDecision(kernel)
        svm.fit(constant, table(labels), FIXED, 0)
        alone.fit(features, table(labels), FIXED, 0)
        given = torch.from_numpy(np.hstack([unseen, np.full((20, 2), [0.0, 0.3])]))
        torch.testing.assert_close(svm(given), alone(torch.from_numpy(unseen)), rtol=1e-6, atol=1e-6)


def test_refuses_what_cannot_be_fitted():
    features, labels = two_clouds()
    with pytest.raises(FasError, match="one class only"):
        SvmDecision("rbf").fit(features, table(np.ones(60)), FIXED, 0)
    features[3, 1] = np.nan
    with pytest.raises(FasError, match="not finite"):
        SvmDecision("rbf").fit(features, table(labels), FIXED, 0)


def test_other_features_than_those_of_the_fit_are_refused():
    svm = SvmDecision("linear")
    with pytest.raises(ValueError, match="the fit had 0"):
        svm(torch.zeros(2, 1, dtype=torch.float64))
    svm.fit(np.array([[0.0], [1.0], [4.0], [5.0]]), table([0, 0, 1, 1]), FIXED, 0)
    with pytest.raises(ValueError, match="3 features, but the fit had 1"):
        svm(torch.zeros(2, 3, dtype=torch.float64))


def ring(count=90):
    """Bona fide inside, attacks around: no linear border, and a wide kernel fails."""
    rng = np.random.default_rng(0)
    labels = np.arange(count) % 2
    angle = rng.uniform(0, 2 * np.pi, count)
    radius = np.where(labels, rng.uniform(0, 0.5, count), rng.uniform(0.8, 1.2, count))
    return np.stack([radius * np.cos(angle), radius * np.sin(angle)], 1), labels


def test_chooses_the_best_and_of_equals_the_smallest():
    features, labels = ring()
    # At gamma 1e-5 nothing can be told apart; 0.5 and 1 separate this ring without an error at both penalties.
    chosen = SvmDecision("rbf").fit(features, table(labels), Grid((100.0, 10.0), (1.0, 0.5, 1e-5), 1000), 0)
    assert chosen["cross_validation_accuracy"] == 1.0
    assert (chosen["C"], chosen["gamma"]) == (10.0, 0.5)


@pytest.mark.parametrize("kernel", ["linear", "rbf"])
def test_choice_keeps_people_apart_and_uses_a_limited_number_of_samples(kernel, monkeypatch):
    features, labels = two_clouds(120)
    subjects = np.array([f"{row // 8:02d}" for row in range(120)], dtype=object)  # 15 people with both classes
    seen = {}

    def spy(self, drawn, drawn_labels, **others):
        seen.update(features=drawn, labels=drawn_labels, cv=self.cv, others=others)
        return fit(self, drawn, drawn_labels, **others)

    fit = GridSearchCV.fit
    monkeypatch.setattr(GridSearchCV, "fit", spy)
    svm = SvmDecision(kernel)
    svm.fit(features, table(labels, subjects), Grid((0.1, 1.0), (0.01, 0.1), 90), 0)

    scaled = StandardScaler().fit_transform(features)
    rows = [int(np.flatnonzero((scaled == one).all(1))[0]) for one in seen["features"]]
    assert len(set(rows)) == 90 == len(seen["features"])
    assert (seen["labels"] == labels[rows]).all()
    checked = []
    for fitted, check in seen["cv"]:
        people = [set(subjects[rows][part]) for part in (fitted, check)]
        assert people[0] and people[1] and not people[0] & people[1]
        checked += check.tolist()
    assert sorted(checked) == list(range(90))
    # The final fit is of all samples, not of those drawn.
    np.testing.assert_allclose(svm.standardised.mean.numpy(), features.mean(0))


def test_the_same_seed_chooses_the_same():
    features, labels = two_clouds(100)
    fits = []
    for seed in (3, 3):
        svm = SvmDecision("rbf")
        fits.append((svm.fit(features, table(labels), Grid((0.1, 1.0, 10.0), (0.01, 0.1), 50), seed), svm.state_dict()))
    assert fits[0][0] == fits[1][0]
    assert all(torch.equal(value, fits[1][1][name]) for name, value in fits[0][1].items())


@pytest.mark.parametrize(("kernel", "gamma"), [("rbf", {"gamma": 0.1}), ("linear", {})])
def test_too_few_people_take_the_middle_of_the_grid_and_say_so(kernel, gamma):
    features, labels = two_clouds()
    one = np.where(labels == 1, "bona fide person", [str(row % 5) for row in range(60)])
    with pytest.warns(FasWarning, match="too few subjects(.|\n)*middle of the grid") as told:
        chosen = SvmDecision(kernel).fit(features, table(labels, one), Grid((8.0, 0.5, 2.0), (0.01, 1.0, 0.1), 1000), 0)
    assert ("gamma" in str(told[0].message)) == (kernel == "rbf")
    assert {key: chosen[key] for key in ("C", "gamma") if key in chosen} == {"C": 2.0, **gamma}
    assert chosen["cross_validation_accuracy"] is None


def test_attacks_of_other_people_than_the_bona_fide_samples():
    # Three with bona fide samples, three with attacks: every fold needs one of each.
    features, labels = two_clouds()
    subjects = [f"{label}{row // 2 % 3}" for row, label in enumerate(labels)]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = SvmDecision("rbf").fit(features, table(labels, subjects), Grid((1.0, 10.0), (0.1,), 1000), 0)
    assert chosen["cross_validation_accuracy"] > 0.5


people = st.lists(
    st.tuples(st.integers(0, 25), st.integers(0, 25)), min_size=1, max_size=10
)  # number of attack and of bona fide samples of each person


@given(people)
def test_folds_have_both_classes_on_both_sides_and_share_nobody(counts):
    labels = np.array([label for one in counts for label in (0, 1) for _ in range(one[label])], dtype=np.int64)
    subjects = np.array([str(who) for who, one in enumerate(counts) for _ in range(sum(one))], dtype=object)
    for fit, check in _folds(labels, subjects, 0):
        assert set(labels[fit]) == set(labels[check]) == {0, 1}
        assert not set(subjects[fit]) & set(subjects[check])
        assert sorted([*fit, *check]) == list(range(len(labels)))
