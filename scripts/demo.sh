#!/usr/bin/env bash
# Everything once on simulated data: videos -> store -> training -> scores -> report. Usage: scripts/demo.sh [FOLDER]
set -euo pipefail

out=${1:-demo}
mkdir -p "$out"
out=$(cd "$out" && pwd)
export FAS_STORE="$out/store"
run="$out/run"

step() { printf '\n\033[1m== %s\033[0m\n' "$1"; }

step "1/5  Simulate the videos of OULU-NPU's protocol 1 (simulated: no number below is a result on OULU-NPU)"
fas simulate oulu --out "$out/oulu" --protocol 1 --phones 1,2 --seconds 1 --seed 7

step "2/5  Cut faces, pseudo depth and reflection maps into a store"
fas preprocess oulu --root "$out/oulu" --depth --reflection --frames even:8
fas store sheet --out "$out/sheet.png"

step "3/5  Train the baseline from ImageNet weights"
rm -rf "$run"
fas fit --exp demo run_dir="$run"

step "4/5  Score dev and test videos"
fas test "$run"

step "5/5  Report"
fas report "$run" --out "$out/report.html"
