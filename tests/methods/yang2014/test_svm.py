"""The second stage: which features the SVM reads, and its decision against scikit-learn's own."""

import warnings

import numpy as np
import pytest
import torch
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from fas.methods.fitted import TrainingTable
from fas.methods.yang2014 import Yang2014


def small_svm(**settings: object) -> Yang2014:
    torch.manual_seed(0)
    return Yang2014(**{**Yang2014.small, **settings}).eval()


def images(count: int, seed: int = 0) -> torch.Tensor:
    return torch.rand(count, 3, 128, 128, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize(("feature", "place", "dimensions"), [("fc7", "fc7", 16), ("pool5", "pool5", 32)])
def test_reads_the_chosen_feature(feature, place, dimensions):
    method, rgb = small_svm(feature=feature), images(3)
    features = method.extract({"rgb": rgb})
    assert features.shape == (3, dimensions)
    assert torch.equal(features, getattr(method.network(rgb), place))


def test_no_weight_of_the_network_is_trained():
    assert not any(one.requires_grad for one in small_svm().parameters())


def test_penalties_are_the_powers_of_two_from_minus_ten_to_ten():
    with torch.device("meta"):
        grid = Yang2014().grid
    assert np.log2(grid.c).tolist() == list(range(-10, 11))


@pytest.mark.parametrize("feature", ["fc7", "pool5"])
def test_decision_and_choice_are_those_of_scikit_learn(feature):
    method, rng = small_svm(feature=feature), np.random.default_rng(0)
    label = np.arange(24) % 2
    rgb = images(24) * 0.5 + 0.2 * torch.from_numpy(label).view(-1, 1, 1, 1)
    features = method.extract({"rgb": rgb}).double().numpy()
    subject = np.array([f"s{number // 4}" for number in range(24)], dtype=object)
    table = TrainingTable(label, np.arange(24), subject, np.where(label, "", "print").astype(object))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chosen = method.fit(features, table, seed=3)
    assert chosen["C"] in Yang2014.small["c"]

    independent = make_pipeline(
        StandardScaler(), LinearSVC(C=chosen["C"], dual=False, class_weight="balanced", random_state=3, max_iter=10_000)
    ).fit(features, label)
    unseen = torch.from_numpy(rng.permutation(features) * 1.1)
    expected = independent.decision_function(unseen.numpy())
    np.testing.assert_allclose(method.decide(unseen).numpy(), expected, rtol=1e-9, atol=1e-9)

    outputs = method({"rgb": rgb})
    decision = independent.decision_function(features)
    np.testing.assert_allclose(
        method.score(outputs).numpy(), (1 + decision / (1 + np.abs(decision))) / 2, rtol=1e-9, atol=1e-9
    )
