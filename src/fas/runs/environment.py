"""The environment of a run: command, versions, git commit, machine."""

from __future__ import annotations

import os
import platform
import shlex
import subprocess
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import fas

_PACKAGES = ("torch", "torchvision", "pytorch-lightning", "timm", "albumentations", "opencv-python-headless", "numpy")


def environment() -> dict[str, Any]:
    """Command, versions, git commit, platform, CPU count and GPUs of this process."""
    import torch  # slow; the rest of this module is for commands that must answer immediately

    devices = [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]
    return {
        "command": command_line(),
        "commit": commit(),
        "versions": versions(),
        "platform": platform.platform(),
        "cpu_count": os.cpu_count(),
        "devices": devices,
    }


def command_line() -> str:
    """The command that this process runs, quoted for a shell."""
    return shlex.join(["fas", *sys.argv[1:]])


def versions() -> dict[str, str]:
    """Versions of Python, of fas and of the packages that results depend on."""
    found = {"python": platform.python_version(), "fas": fas.__version__}
    for package in _PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:  # another build of it, such as opencv-python
            continue
    return found


def commit() -> str | None:
    """The git commit of the checkout that fas runs from, with `+` if files were changed since; None for a wheel."""
    checkout = Path(fas.__file__).resolve().parents[2]
    if not (checkout / ".git").exists():
        return None
    try:
        head = _git(checkout, "rev-parse", "HEAD")
        return head + ("+" if _git(checkout, "status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return None


def _git(checkout: Path, *arguments: str) -> str:
    command = ["git", "-C", str(checkout), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()
