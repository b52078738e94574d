"""An actor that never yields is named, and the run can be stopped."""

from pathlib import Path

from monerosim import Progress
from monerosim.build.compile import compile_plan
from monerosim.build.rundir import write_run_directory
from monerosim.engines.embedded import watchdog
from monerosim.plugins import PluginFiles
from monerosim.runs import play
from monerosim.scenario import examine

CODE = """\
from monerosim import Behaviour


class Greedy(Behaviour):
    def begin(self):
        if "{where}" == "begin":
            self.turn()
        self.after(60, self.turn)

    def turn(self):
        number = 0
        while True:
            try:
                number += 1
            except Exception:
                pass
"""
SCENARIO = b'[simulation]\nduration = "5m"\n[participants.z]\nnode = {}\nactors = [{ use = "./greedy.py:Greedy" }]\n'


def test_who_does_not_yield_is_named_and_the_run_can_be_stopped(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(watchdog, "PATIENCE", 0.5)
    for where in ("begin", "timer"):
        (tmp_path / "greedy.py").write_text(CODE.replace("{where}", where))
        examination = examine(SCENARIO, files=PluginFiles(tmp_path))
        run = tmp_path / where
        write_run_directory(compile_plan(examination), SCENARIO, run, plugins=examination.files.sources)
        seen: list[str] = []

        def follow(progress: Progress, seen: list[str] = seen) -> bool:
            if progress.stuck:
                seen.append(progress.stuck)
            return not progress.stuck

        played = play(run, on_progress=follow)
        assert set(seen) == {"z/greedy"}
        assert not played.summary.completed
