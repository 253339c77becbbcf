#!/usr/bin/env bash
# Builds the wheel, installs it with its dependencies into a new environment, and runs every step from another folder.
set -euo pipefail
cd "$(dirname "$0")/.."

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
.venv/bin/python -m build --wheel --outdir "$work/dist" .
.venv/bin/python -m venv "$work/venv"
"$work/venv/bin/python" -m pip install --quiet "$work"/dist/fas-*.whl

cd "$work"
export PATH="$work/venv/bin:$PATH" FAS_STORE="$work/store" WANDB_MODE=offline
python -c 'import fas, sys; assert fas.__file__.startswith(sys.prefix), fas.__file__'
fas --version
fas simulate oulu --out "$work/oulu" --subjects 3 --phones 1 --seconds 0.4 --fps 10 --seed 1
fas preprocess oulu --root "$work/oulu" --depth --reflection --frames even:2
fas store verify
fas fit --exp basn/simulated run_dir="$work/run" trainer.max_epochs=1
fas test "$work/run"
fas evaluate "$work/run/scores.csv"
fas report "$work/run" --out "$work/report.html"
test -s "$work/report.html"
fas table "$work/run"
fas compare "$work/run" "$work/run/scores.csv"
python -c 'from fas.evaluation.tables.published import published; assert published()'
echo "the wheel works from another folder"
