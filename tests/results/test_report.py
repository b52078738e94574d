"""The page of a report: what is drawn is what happened, and a browser shows it without anything else."""

import json
import re
import shutil
from html import escape
from html.parser import HTMLParser

import msgspec
import pytest
from click.testing import CliRunner
from recount import differences, recount
from small_runs import NETWORK, THREE_POOLS, WHOLE, play

from monerosim import Run, RunError
from monerosim.build.rundir import hold
from monerosim.cli import main
from monerosim.report.charts import SECTIONS
from monerosim.report.figures import all_charts, all_figures
from monerosim.results.report import write_report
from monerosim.tables.window import Window
from monerosim.units import SECOND

ORDERS = ("participants.user.orders=true",)

VARIED = [
    (WHOLE, 5, "participants.user.transaction_frequency=0.8"),
    (WHOLE, 7, "network.connections=3"),
    (WHOLE, 9, "simulation.duration=7m"),
    (
        "[simulation]\nname = 'three'\nduration = '40m'\n[consensus]\nblock_time = '10s'\n" + THREE_POOLS,
        10,
        "simulation.seed=4",
    ),
]


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    return play(WHOLE, tmp_path_factory.mktemp("report") / "run", "participants.user.transaction_frequency=0.8")


@pytest.fixture(scope="module")
def page(played):
    path = played.directory / "report.html"
    write_report([played], path)
    return path


def call(*arguments):
    result = CliRunner().invoke(main, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def numbers(path):
    """Return the numbers that a page has beside its drawings."""
    (text,) = re.findall(r'<script type="application/json" id="numbers">(.*?)</script>', path.read_text(), re.DOTALL)
    return json.loads(text)


@pytest.mark.parametrize(("text", "seed", "change"), VARIED)
def test_what_is_drawn_is_what_happened(tmp_path, text, seed, change):
    run = play(text, tmp_path / "run", change, seed=seed)
    write_report([run], tmp_path / "report.html")
    shown = numbers(tmp_path / "report.html")["charts"]
    assert differences(shown, recount(run.directory)) == []


def test_the_page_has_the_summary_that_the_console_shows(played, page):
    assert numbers(page)["summaries"] == {"run": msgspec.to_builtins(played.summary)}


class Outline(HTMLParser):
    """Collects what a page refers to, and the titles of its figures."""

    def __init__(self):
        super().__init__()
        self.refers, self.titles, self.figures, self._in = [], [], 0, None

    def handle_starttag(self, tag, attrs):
        self.refers += [value for key, value in attrs if key in ("src", "href", "xlink:href", "action", "data")]
        self.figures += tag == "figure"
        self._in = tag

    def handle_data(self, data):
        if self._in == "h3" and data.strip():
            self.titles.append(data.strip())


def test_the_page_needs_nothing_else_and_asks_questions(page):
    text = page.read_text()
    outline = Outline()
    outline.feed(text)
    assert [it for it in outline.refers if not it.startswith(("data:", "#"))] == []
    assert "url(http" not in text
    assert "@import" not in text
    assert outline.figures == len(all_charts())
    assert all(title.endswith("?") for title in outline.titles[: outline.figures])
    assert len(text.encode()) < 3_000_000
    for chart in all_charts().values():
        assert f" {escape(chart.of, quote=False)}</span>".replace("'", "&#39;") in text, chart.name


def test_charts_are_questions_of_sections_that_keep_runs_apart():
    for chart in all_charts().values():
        assert chart.title.endswith("?"), chart.name
        assert chart.section in SECTIONS
        assert "run" in chart.sql, chart.name
        assert chart.absent.endswith(".")
    assert {figure.section for figure in all_figures()} <= set(SECTIONS)


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_browser_shows_it(page, browser, width, scheme):
    shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
    said, asked = [], []
    shown.on("console", lambda message: said.append(message.text))
    shown.on("pageerror", lambda error: said.append(str(error)))
    shown.on("request", lambda request: asked.append(request.url))
    shown.goto(page.as_uri())
    assert said == []
    assert [url for url in asked if not url.startswith("data:")] == [page.as_uri()]
    assert shown.evaluate("document.documentElement.scrollWidth") == width
    assert shown.locator(".drawing svg").count() >= 8
    for drawing in shown.locator("figure:has(svg)").all():
        assert drawing.locator("h3").inner_text().endswith("?")
        assert "n = " in drawing.locator("figcaption").inner_text()
        box = drawing.locator("svg").bounding_box()
        assert box["width"] > 250
        assert box["height"] > 100
    ink, paper = (shown.evaluate(f"getComputedStyle(document.body).{what}") for what in ("color", "backgroundColor"))
    assert (luminance(ink) > luminance(paper)) == (scheme == "dark")
    text = shown.evaluate("getComputedStyle(document.querySelector('.drawing svg text')).fill")
    assert text == ink
    shown.close()


def luminance(colour):
    return sum(map(int, re.findall(r"\d+", colour)[:3]))


def test_it_can_be_printed(page, browser):
    shown = browser.new_page()
    shown.goto(page.as_uri())
    assert shown.pdf().startswith(b"%PDF")
    shown.emulate_media(media="print")
    assert not shown.locator("nav").is_visible()
    assert shown.locator("#confirmation svg").is_visible()
    shown.close()


def test_several_runs_are_shown_side_by_side(tmp_path):
    runs = [play(NETWORK, tmp_path / name, seed=seed) for seed, name in enumerate(("one", "two"))]
    write_report(runs, tmp_path / "both.html")
    rows = numbers(tmp_path / "both.html")["charts"]["block-fill"]["rows"]
    assert {row["run"] for row in rows} == {"one", "two"}
    for run in runs:
        own = [row for row in rows if row["run"] == run.directory.name]
        assert len(own) == sum(miner.blocks for miner in run.summary.miners.values())


def test_a_run_that_goes_on_has_a_page(played, tmp_path):
    shutil.copytree(played.directory, tmp_path / "run")
    (tmp_path / "run" / "summary.json").unlink()
    with hold(tmp_path / "run"):
        write_report([Run(tmp_path / "run")], tmp_path / "page.html")
    assert "the run goes on" in (tmp_path / "page.html").read_text()


def test_names_are_text_on_the_page(tmp_path):
    run = play(NETWORK, tmp_path / "run<script>alert(1)<", "simulation.duration=2m")
    write_report([run], tmp_path / "page.html")
    assert "<script>alert" not in (tmp_path / "page.html").read_text()


def test_run_ends_by_naming_its_page(tmp_path):
    (tmp_path / "small.toml").write_text(NETWORK)
    command = ["run", str(tmp_path / "small.toml"), "-o", str(tmp_path / "run"), "-q"]
    result = CliRunner().invoke(main, command, env={"MONEROSIM_NO_REPORT": ""})
    assert result.exit_code == 0
    path = tmp_path / "run" / "report.html"
    assert result.stdout.endswith(f"report     {path}\n")
    assert path.read_text().startswith("<!DOCTYPE html>")


def test_figures_are_files(played, tmp_path):
    result = call("report", played.directory, "--figures", tmp_path / "f", "--format", "svg", "--format", "csv",
                  "--format", "png", "--format", "json", "-o", tmp_path / "page.html")  # fmt: skip
    assert result.exit_code == 0
    assert (tmp_path / "f" / "confirmation.png").read_bytes().startswith(b"\x89PNG")
    assert (tmp_path / "f" / "confirmation.svg").read_text().startswith("<svg")
    rows = (tmp_path / "f" / "confirmation.csv").read_text().splitlines()
    spec = json.loads((tmp_path / "f" / "confirmation.json").read_text())
    assert len(rows) - 1 == len(spec["data"]["values"])
    assert not (tmp_path / "f" / "stems.svg").exists()


def test_a_notebook_shows_runs_summaries_and_figures(played):
    assert "pool" in played._repr_html_() or "miner" in played._repr_html_()
    assert f"{played.summary.payments.sent} sent" in played.summary._repr_html_()
    assert played.summary.to_dict()["payments"]["sent"] == played.summary.payments.sent
    shown = played.figure("propagation")._repr_mimebundle_()
    assert shown["image/svg+xml"].startswith("<svg")
    assert shown["application/vnd.vegalite.v5+json"]["data"]["values"]
    with pytest.raises(RunError, match="no chart 'propagations'"):
        played.figure("propagations")


CUT = 12 * 60 * SECOND


@pytest.fixture(scope="module")
def windows(played, tmp_path_factory):
    """The charts of the whole run, of its time before a cut, and of that after it."""
    folder = tmp_path_factory.mktemp("windows")
    for name, window in (("whole", None), ("before", Window(until=CUT)), ("after", Window(since=CUT))):
        write_report([played], folder / name, window=window)
    return [numbers(folder / name)["charts"] for name in ("whole", "before", "after")]


def test_what_two_windows_have_is_what_the_run_has(windows):
    whole, before, after = windows
    assert 0 < before["miners"]["n"] < whole["miners"]["n"]
    for name, chart in all_charts().items():
        if chart.whole_run:
            assert not before[name]["rows"]
        elif name != "durations":  # connections are in every window in which they stand
            assert before[name]["n"] + after[name]["n"] == whole[name]["n"], name


def test_the_first_block_of_a_window_knows_the_one_before_it(windows, played):
    _, _, after = windows
    rows = played.query("select t_us, interval_s from intervals").to_pylist()
    longest = max(row["interval_s"] for row in rows if row["t_us"] >= CUT)
    last = after["block-intervals"]["rows"][-1]
    assert last["since"] <= longest < last["until"]


def test_a_window_has_a_page_of_its_own_without_what_is_of_the_whole_run(played, page):
    whole = page.read_bytes()
    result = call("report", played.directory, "--since", "0:12:00", "--until", "20m")
    assert result.stdout == f"report     {played.directory / 'report-12m-to-20m.html'}\n"
    assert page.read_bytes() == whole
    shown = (played.directory / "report-12m-to-20m.html").read_text()
    assert "12m to 20m of the scenario" in shown
    assert numbers(played.directory / "report-12m-to-20m.html")["summaries"] == {}
    assert "all accounted for" not in shown
    for chart in all_charts().values():
        assert not chart.whole_run or escape(chart.whole_run) in shown
    assert "there is nothing from 2h on: run lasts 30m" in call("report", played.directory, "--since", "2h").stderr
    assert "a window ends after" in call("report", played.directory, "--since", "2m", "--until", "1m").stderr
    assert call("report", played.directory, "--since", "2m", "--summary").exit_code == 2
