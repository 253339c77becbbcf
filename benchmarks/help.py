"""`fas --help` compared with the import of typer alone: what a user waits for before anything happens.

python benchmarks/help.py [--runs 15]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

COMMANDS = {
    "fas --help": [str(Path(sys.executable).with_name("fas")), "--help"],
    'python -c "import typer"': [sys.executable, "-c", "import typer"],
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=15, help="runs of each, in turn; the median is printed")
    arguments = parser.parse_args()
    seconds: dict[str, list[float]] = {title: [] for title in COMMANDS}
    for _ in range(arguments.runs + 1):
        for title, command in COMMANDS.items():
            start = time.perf_counter()
            subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
            seconds[title].append(time.perf_counter() - start)
    medians = {title: float(np.median(times[1:])) for title, times in seconds.items()}  # the first run warms the cache
    reference = medians['python -c "import typer"']
    print("| command | ms | ratio |")
    print("|---|---|---|")
    for title, median in medians.items():
        print(f"| `{title}` | {1000 * median:.0f} | {median / reference:.2f} x |")


if __name__ == "__main__":
    main()
