"""Runs of earlier formats: each is read as it was, or refused in one line."""

import json
import shutil
from pathlib import Path

import pytest

from monerosim import Run, RunError
from monerosim.plan.plan import PLAN_VERSION
from monerosim.tables.tables import TABLES

KEPT = Path(__file__).parent / "kept"
"""A directory a version of the plan; new ones are added, old ones stay as they are."""


@pytest.fixture(params=sorted(path.name for path in KEPT.iterdir()))
def kept(request, tmp_path):
    shutil.copytree(KEPT / request.param, tmp_path / request.param)
    return tmp_path / request.param


def test_a_kept_run_is_read_or_refused(kept):
    version = json.loads((kept / "plan.json").read_text())["version"]
    if version != PLAN_VERSION:
        with pytest.raises(RunError) as refused:
            Run(kept)
        assert f"the plan has version {version}, expected {PLAN_VERSION}" in str(refused.value)
        assert "\n" not in str(refused.value)
        return
    told = json.loads((kept / "summary.json").read_text())
    played = Run(kept)
    (kept / "summary.json").unlink()
    played.read_back()
    assert played.summary.digest == told["digest"]
    assert played.summary.payments.sent == told["payments"]["sent"]
    assert played.summary.coins.emitted == told["coins"]["emitted"]
    assert [
        name for name in played.tables if len(played.tables[name].arrow().schema) != len(TABLES[name].columns)
    ] == []


def test_there_is_one_of_the_present_version():
    assert (KEPT / f"plan-{PLAN_VERSION}" / "events.jsonl").is_file()


@pytest.mark.parametrize(("key", "what"), [("version", "plan has"), ("events_version", "plan's events have")])
def test_a_newer_format_is_refused_in_one_line(tmp_path, key, what):
    shutil.copytree(KEPT / f"plan-{PLAN_VERSION}", tmp_path / "run")
    plan = json.loads((tmp_path / "run" / "plan.json").read_text())
    plan[key] += 1
    (tmp_path / "run" / "plan.json").write_text(json.dumps(plan))
    with pytest.raises(RunError, match=rf"the {what} version {plan[key]}, expected {plan[key] - 1}"):
        Run(tmp_path / "run")
