"""torchmetrics classes against `fas.metrics` on the same scores: in batches, over two processes, under Lightning."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import pytorch_lightning as pl
import torch

from fas.metrics import auc, eer, error_rates
from fas.torchmetrics import ACER, APCER, AUC, BPCER, EER

pytestmark = pytest.mark.slow

WORKER = """
import json, sys
import torch, torch.distributed as dist
from fas.torchmetrics import ACER, APCER, AUC, BPCER, EER

def work(rank, folder):
    dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=2)
    data = torch.load(f"{folder}/data.pt", weights_only=True)
    results = []
    # Uneven: the second process has one of three batches, then none.
    for owner in (lambda k: int(k % 3 == 0), lambda k: 0):
        metrics = {"eer": EER(), "auc": AUC(), "apcer": APCER(0.5), "bpcer": BPCER(0.5), "acer": ACER(0.5)}
        for k in [k for k in range(len(data["score"])) if owner(k) == rank]:
            for metric in metrics.values():
                metric.update(data["score"][k], data["label"][k], data["species"][k])
        results.append({name: float(metric.compute()) for name, metric in metrics.items()})
    with open(f"{folder}/{rank}.json", "w") as file:
        json.dump(results, file)
    dist.barrier()
    dist.destroy_process_group()

if __name__ == "__main__":
    torch.multiprocessing.spawn(work, (sys.argv[1],), nprocs=2)
"""


def data(seed: int = 0, n: int = 60):
    rng = np.random.default_rng(seed)
    label = rng.integers(0, 2, n)
    score = (rng.normal(label * 0.5, 0.4) * 16).round() / 16  # with ties, exact in float32
    return score.astype(np.float32), label, rng.integers(0, 3, n)


def expected(score, label, species) -> dict[str, float]:
    rates = error_rates(score, label, [f"s{code}" for code in species], 0.5)
    attacks, bona_fide = score[label == 0], score[label == 1]
    curve = {"eer": eer(attacks, bona_fide), "auc": auc(attacks, bona_fide)}
    return {**curve, "apcer": rates.apcer, "bpcer": rates.bpcer, "acer": rates.acer}


def metrics() -> dict[str, EER | AUC | APCER]:
    return {"eer": EER(), "auc": AUC(), "apcer": APCER(0.5), "bpcer": BPCER(0.5), "acer": ACER(0.5)}


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_batches_give_what_all_presentations_give(dtype):
    score, label, species = data()
    for name, metric in metrics().items():
        for part in np.array_split(np.arange(60), 7):
            metric.update(
                torch.tensor(score[part], dtype=dtype), torch.tensor(label[part]), torch.tensor(species[part])
            )
        kept = torch.tensor(score).to(dtype).float().numpy()
        assert metric.compute().item() == pytest.approx(expected(kept, label, species)[name], abs=1e-7), name
        metric.reset()
        metric.update(torch.tensor([0.1, 0.9]), torch.tensor([0, 1]))
        assert metric.compute().item() == {"auc": 1.0}.get(name, 0.0)


def test_two_processes_count_together(tmp_path: Path):
    score, label, species = data(1)
    parts = np.array_split(np.arange(60), 10)
    names = {"score": score, "label": label, "species": species}
    torch.save({name: [torch.tensor(column[p]) for p in parts] for name, column in names.items()}, tmp_path / "data.pt")
    (tmp_path / "worker.py").write_text(WORKER)
    command = [sys.executable, "-W", "ignore", str(tmp_path / "worker.py"), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stderr
    for rank in (0, 1):
        for values in json.loads((tmp_path / f"{rank}.json").read_text()):
            assert values == pytest.approx(expected(score, label, species), abs=1e-7)


def test_any_lightning_module_can_log_them():
    score, label, species = data(2)

    class Module(pl.LightningModule):
        def __init__(self) -> None:
            super().__init__()
            self.auc, self.acer = AUC(), ACER(0.5)

        def validation_step(self, batch: list[torch.Tensor], batch_idx: int) -> None:
            for name, metric in (("val/auc", self.auc), ("val/acer", self.acer)):
                metric.update(*batch)
                self.log(name, metric)

    columns = torch.utils.data.TensorDataset(*(torch.tensor(column) for column in (score, label, species)))
    trainer = pl.Trainer(
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    (logged,) = trainer.validate(Module(), torch.utils.data.DataLoader(columns, batch_size=7), verbose=False)
    wanted = expected(score, label, species)
    assert logged == pytest.approx({"val/auc": wanted["auc"], "val/acer": wanted["acer"]}, abs=1e-7)


def test_one_class_is_nan_as_in_a_sanity_check():
    for metric in metrics().values():
        metric.update(torch.tensor([0.5, 0.6]), torch.tensor([1, 1]))
        assert math.isnan(metric.compute().item())


def test_the_threshold_may_be_set_before_compute():
    metric = BPCER()
    metric.update(torch.tensor([0.1, 0.6, 0.8]), torch.tensor([0, 1, 1]))
    assert metric.compute().item() == 0.0
    metric.threshold = 0.7
    metric._computed = None
    assert metric.compute().item() == 0.5


def test_bad_input():
    with pytest.raises(ValueError, match="differ"):
        EER().update(torch.zeros(2), torch.zeros(3))
    with pytest.raises(ValueError, match="differ"):
        EER().update(torch.zeros(2, 1), torch.zeros(2, 1))
    metric = EER()
    metric.update(torch.tensor([0.1, float("nan")]), torch.tensor([0, 1]))
    with pytest.raises(ValueError, match="nan"):
        metric.compute()
    metric = EER()
    metric.update(torch.tensor([0.1, 0.2, 0.3]), torch.tensor([0.0, 1.0, 0.7]))
    with pytest.raises(ValueError, match="labels are 1"):
        metric.compute()


def test_fas_metrics_needs_no_torch():
    code = "import sys, fas.metrics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
