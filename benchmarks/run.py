"""Runs every benchmark in a process of its own and prints one Markdown document with the machine named.

python benchmarks/run.py > benchmarks.md
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import date
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
NOT_ALONE = {"run.py", "simulation_baselines.py"}
"""This script, and one that measures a tree that the user names."""


def processor() -> str:
    """The processor's name, where the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def main() -> int:
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, cwd=FOLDER)
    print(f"Measured on {date.today()}, commit {commit.stdout.strip() or 'unknown'}, {processor()}, ", end="")
    print(f"{os.cpu_count()} cores, Python {platform.python_version()}.", flush=True)
    failed = 0
    for script in sorted(FOLDER.glob("*.py")):
        if script.name in NOT_ALONE:
            continue
        print(f"\n## {script.stem.replace('_', ' ')}\n", flush=True)
        failed += subprocess.run([sys.executable, str(script)], stderr=subprocess.DEVNULL).returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
