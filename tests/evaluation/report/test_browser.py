"""The report in a real browser: nothing is wider than a phone, and no request leaves the file."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fas.evaluation.evaluate import evaluate_scores
from fas.evaluation.report import RunReport, render_report
from fas.evaluation.report.features import features_of, sampled
from fas.evaluation.report.pictures import Example, Pictures
from fas.runs.content import RunContent
from tests.fakes.scores import PROVENANCE, random_scores

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
PHONE = 390  # CSS pixels

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not on this machine")

MEASURE = """<script>
addEventListener("load", () => setTimeout(() => {
  const wide = [...document.querySelectorAll("body *")].filter(
    one => one.getBoundingClientRect().right > innerWidth + 0.5 && !one.closest("svg"));
  const scrolls = [...document.querySelectorAll(".scroll")].filter(one => one.scrollWidth > one.clientWidth);
  parent.postMessage({
    width: innerWidth,
    content: document.documentElement.scrollWidth,
    wide: [...wide, ...scrolls].map(one => one.outerHTML.slice(0, 120)),
    pictures: document.images.length,
    broken: [...document.images].filter(one => !one.naturalWidth).length,
    requests: performance.getEntriesByType("resource").map(one => one.name),
  }, "*");
}, 100));
</script>"""
# A window of Chromium cannot be as narrow as a phone, a frame can.
FRAME = """<iframe src="page.html" width="{width}" height="844" style="border: 0"></iframe>
<script>addEventListener("message", one => document.body.dataset.found = JSON.stringify(one.data))</script>"""


def measure(page: str, width: int, folder: Path) -> dict[str, Any]:
    """What a browser makes of a page in a frame of a width."""
    policy = re.compile('<meta http-equiv="Content-Security-Policy"[^>]*>')
    # Without the policy that would stop a request, so that the page itself is tested, and so that it can be measured.
    (folder / "page.html").write_text(policy.sub("", page) + MEASURE, encoding="utf-8")
    (folder / "frame.html").write_text(FRAME.format(width=width), encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1500,1000"]
    command += [f"--user-data-dir={folder / 'profile'}", "--virtual-time-budget=5000", "--dump-dom"]
    done = subprocess.run(
        [*command, (folder / "frame.html").as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    found = re.search('data-found="([^"]*)"', done.stdout)
    assert found, done.stderr
    return json.loads(html.unescape(found[1]))


def example(kind: str) -> Example:
    rng = np.random.default_rng(0)
    maps = {
        "depth": rng.integers(0, 255, (16, 16), np.uint8),
        "reflection": rng.integers(0, 255, (16, 16, 3), np.uint8),
    }
    crop = rng.integers(0, 255, (64, 64, 3), np.uint8)
    return Example(
        "a_video_with_a_rather_long_name/0123456789abcdef0123456789abcdef", 7, 0, kind, 0.5, crop, maps, maps
    )


def report() -> str:
    table = random_scores(provenance={**PROVENANCE, "checkpoint": "runs/" + "long" * 40})
    evaluation = evaluate_scores(table, replicates=20)
    ids = sampled(evaluation)
    vectors = {"enriched": np.random.default_rng(0).normal(size=(len(ids), 4)).astype(np.float32)}
    pictures = Pictures(
        mistakes=[example("mask/a_species_with_a_rather_long_name")],
        typical=[example("print/printer1"), example("replay/display1")],
        attributes={video_id: {"phone": video_id.split("/")[1][0]} for video_id in evaluation.presentations.video_id},
        features=features_of(evaluation, ids, vectors),
    )
    files = RunContent(Path("run" * 30), "key: " + "value" * 100, {"x": "y" * 300}, {"train/loss": [(0, 1), (1, 0.5)]})
    return render_report([RunReport(files, table, evaluation, pictures)] * 2)


@pytest.fixture(scope="module")
def page() -> str:
    return report()


@pytest.mark.parametrize("width", [PHONE, 1400])
def test_nothing_is_wider_than_the_screen_and_nothing_is_fetched(page, width, tmp_path):
    found = measure(page, width, tmp_path)
    assert found["width"] == width
    assert found["content"] <= width
    assert found["wide"] == []
    assert found["pictures"] > 0
    assert found["broken"] == 0
    assert found["requests"] == []


def test_what_is_too_wide_and_what_is_fetched_would_be_seen(tmp_path):
    page = (
        '<meta name="viewport" content="width=device-width"><img src="http://127.0.0.1:9/x.png" style="width: 500px">'
    )
    found = measure(page, PHONE, tmp_path)
    assert found["content"] >= 500
    assert found["wide"]
    assert found["broken"] == 1
    assert found["requests"] == ["http://127.0.0.1:9/x.png"]


def test_the_page_forbids_itself_what_it_does_not_need(page, tmp_path):
    # The policy is kept here, so the script that would change the page does not run.
    attacked = page.replace("</body>", "<script>document.body.dataset.ran = 1</script></body>")
    (tmp_path / "page.html").write_text(attacked, encoding="utf-8")
    command = [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path / 'profile'}"]
    done = subprocess.run(
        [*command, "--dump-dom", (tmp_path / "page.html").as_uri()],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert "Calibration" in done.stdout
    assert 'data-ran="1"' not in done.stdout
