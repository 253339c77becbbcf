"""What fitted methods share: the map from decisions to scores, the decisions in torch, arrays in checkpoints."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from fas.data.batch import Requirements
from fas.methods.fitted import FittedMethod, FittedOutputs, LinearDecision, RbfDecision, Standardised


class Centre(FittedMethod):
    """Decides by the mean of the first pixel's channels: the smallest fitted method there is."""

    name = "centre"

    def __init__(self):
        super().__init__()
        self.save_hyperparameters()
        self.requirements = Requirements(input_size=2)
        self.standardised = Standardised()
        self.decision = LinearDecision()

    def extract(self, inputs):
        return inputs["rgb"][:, :, 0, 0]

    def fit(self, features, table, seed):
        self.standardised.mean = torch.from_numpy(features.mean(0))
        self.standardised.scale = torch.from_numpy(features.std(0))
        self.decision.weight = torch.ones(features.shape[1], dtype=torch.float64)
        return {}

    def decide(self, features):
        return self.decision(self.standardised(features))


def scores(decisions):
    decision = torch.tensor(decisions, dtype=torch.float64)
    return Centre().score(FittedOutputs(torch.zeros(len(decision), 1), decision))


def test_score_of_a_decision_by_hand():
    # d = 3: (1 + 3/4) / 2 = 7/8; d = -1: (1 - 1/2) / 2 = 1/4
    assert scores([0.0, 1.0, 3.0, -1.0, -3.0]).tolist() == [0.5, 0.75, 0.875, 0.25, 0.125]


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=20))
def test_score_is_monotone_and_a_share(decisions):
    decisions = sorted(decisions)
    got = scores(decisions)
    assert ((got >= 0) & (got <= 1)).all()
    assert (got.diff() >= 0).all()


@given(st.floats(-1e3, 1e3), st.floats(1e-6, 10))
def test_score_has_no_ties_where_a_sigmoid_has(decision, step):
    low, high = scores([decision, decision + step])
    assert low < high


def test_standardisation_by_hand():
    standardised = Standardised()
    standardised.mean, standardised.scale = torch.tensor([1.0, 2.0]).double(), torch.tensor([2.0, 0.5]).double()
    assert standardised(torch.tensor([[5.0, 2.5]]).double()).tolist() == [[2.0, 1.0]]


def test_linear_decision_by_hand():
    linear = LinearDecision()
    linear.weight, linear.bias = torch.tensor([2.0, -1.0]).double(), torch.tensor(0.5).double()
    assert linear(torch.tensor([[1.0, 3.0], [0.0, 0.0]]).double()).tolist() == [-0.5, 0.5]


def test_rbf_decision_by_hand():
    # Support vectors (0, 0) with weight 2 and (1, 1) with weight -1, gamma 1/2, b = 1/4, at (0, 1):
    # both are at squared distance 1, so 2 e^-0.5 - e^-0.5 + 0.25.
    rbf = RbfDecision()
    rbf.support, rbf.dual = torch.tensor([[0.0, 0.0], [1.0, 1.0]]).double(), torch.tensor([2.0, -1.0]).double()
    rbf.intercept, rbf.gamma = torch.tensor(0.25).double(), torch.tensor(0.5).double()
    got = rbf(torch.tensor([[0.0, 1.0], [0.0, 0.0]]).double())
    # At (0, 0): 2 - e^-1 + 0.25
    assert got.tolist() == pytest.approx([math.exp(-0.5) + 0.25, 2.25 - math.exp(-1)], abs=1e-15)


def test_rbf_decision_at_a_support_vector_far_from_zero():
    # Squares of 1e6 leave rounding errors in the distance, which must not be negative.
    rbf = RbfDecision()
    rbf.support, rbf.dual = torch.full((1, 50), 1000.123).double(), torch.ones(1).double()
    got = rbf(torch.full((1, 50), 1000.123).double())
    assert got.item() <= 1 and got.item() == pytest.approx(1, abs=1e-6)


def fitted():
    rng = np.random.default_rng(0)
    method = Centre()
    method.fit(rng.normal(size=(20, 3)), None, 0)
    return method


def test_forward_gives_features_and_decision_in_double_precision():
    image = torch.rand(4, 3, 2, 2)
    outputs = fitted()({"rgb": image})
    assert outputs.features.dtype == outputs.decision.dtype == torch.float64
    assert torch.equal(outputs.features, image[:, :, 0, 0].double())
    assert torch.equal(Centre().features(outputs)["features"], outputs.features)


def test_arrays_that_a_fit_made_larger_come_back_from_a_checkpoint():
    method = fitted()
    loaded = Centre()
    loaded.load_state_dict(method.state_dict())
    for name, value in method.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], value), name
    image = {"rgb": torch.rand(5, 3, 2, 2)}
    assert torch.equal(loaded.score(loaded(image)), method.score(method(image)))
    loaded.load_state_dict(Centre().state_dict())  # and smaller again
    assert loaded.standardised.mean.shape == (0,)


def test_arrays_keep_their_precision_whatever_a_checkpoint_has():
    state = {name: value.float() for name, value in fitted().state_dict().items()}
    loaded = Centre()
    loaded.load_state_dict(state)
    assert {value.dtype for value in loaded.state_dict().values()} == {torch.float64}


def test_a_checkpoint_without_an_array_is_refused():
    state = fitted().state_dict()
    del state["decision.weight"]
    with pytest.raises(RuntimeError, match=r"Missing key.*decision\.weight"):
        Centre().load_state_dict(state)
