"""Equations 3 to 5, on numbers worked out by hand."""

import pytest
import torch

from fas.methods.basn.loss import squared_l1, weighted_sum


def test_squared_l1_is_the_mean_of_squared_sums():
    # Map 1: differences 0.5, -0.25, 0, 0.25: their absolute sum 1.0, squared 1.0.
    # Map 2: differences 1, 1, 1, 0: sum 3, squared 9. Mean (1 + 9) / 2 = 5.
    predicted = torch.tensor([[[[0.5, 0.0], [0.5, 1.0]]], [[[1.0, 1.0], [1.0, 0.0]]]])
    target = torch.tensor([[[[0.0, 0.25], [0.5, 0.75]]], [[[0.0, 0.0], [0.0, 0.0]]]])
    assert squared_l1(predicted, target).item() == 5.0


def test_squared_l1_sums_over_channels_before_squaring():
    # Three channels of 1 x 1 that differ by 1, 2 and 3: (1 + 2 + 3)^2 = 36, not 1 + 4 + 9.
    predicted = torch.tensor([1.0, 2.0, 3.0]).view(1, 3, 1, 1)
    assert squared_l1(predicted, torch.zeros(1, 3, 1, 1)).item() == 36.0


def test_gradient_of_squared_l1():
    # d/dx (sum |x|)^2 / N = 2 (sum |x|) sign(x) / N: the sum is 3, N = 1.
    predicted = torch.tensor([1.0, -2.0]).view(1, 1, 1, 2).requires_grad_()
    squared_l1(predicted, torch.zeros(1, 1, 1, 2)).backward()
    assert predicted.grad.flatten().tolist() == [6.0, -6.0]


def test_squared_l1_does_not_overflow_in_half_precision():
    predicted = torch.ones(2, 3, 32, 32, dtype=torch.float16)
    # 3 * 32 * 32 = 3072; its square is beyond the largest float16, 65504.
    assert squared_l1(predicted, torch.zeros(2, 3, 32, 32)).item() == 3072.0**2


def test_equation_5():
    parts = {"cls": torch.tensor(0.5), "depth": torch.tensor(20_000.0), "reflection": torch.tensor(40_000.0)}
    weights = {"cls": 10.0, "depth": 5e-5, "reflection": 5e-5}
    # 10 * 0.5 + 5e-5 * 20000 + 5e-5 * 40000 = 5 + 1 + 2
    assert weighted_sum(parts, weights).item() == pytest.approx(8.0)


def test_equation_5_without_a_branch():
    assert weighted_sum({"cls": torch.tensor(0.5)}, {"cls": 10.0, "depth": 5e-5}).item() == 5.0
