"""The harness, the experiments at toy size, the report, and the make targets around them."""

import dataclasses
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import experiments
from experiments.data import small
from experiments.engine import command, files
from experiments.engine.units import threads
from experiments.records import load
from experiments.report import claims, pages
from experiments.scaling import results as scaling_results
from experiments.scaling import run as scaling
from experiments.shapes import results as shapes_results
from experiments.shapes import run as shapes
from tests.cpu_kernels import needs_kernels

# Scaling times the CPU kernels.
every_experiment = pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=needs_kernels if name == "scaling" else ())
        for name in experiments.names()
    ],
)
ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "experiments"
# The pages of others state that they have not been run.
RUN = [name for name in experiments.names() if (FOLDER / name / "record.json").exists()]
every_record = pytest.mark.parametrize("name", RUN)


def run(*command, **options):
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, **options
    )


def experiment(name):
    return experiments.part(name, "run").EXPERIMENT


def record_of(name):
    return load(FOLDER / name / "record.json")


def records_and_journals():
    return {path: path.stat().st_mtime_ns for path in FOLDER.glob("*/*.json*")}


@every_experiment
def test_smoke_runs_and_its_record_says_where_it_comes_from(name, tmp_path, capsys):
    before = records_and_journals()
    command.main(name, experiment(name), ["--smoke", "--out", str(tmp_path)])
    assert records_and_journals() == before
    result = json.loads((tmp_path / name / "record.json").read_text())
    assert experiments.part(name, "results").table(result) in capsys.readouterr().out
    assert result["experiment"] == name
    assert result["seeds"] == [0]
    assert {"command", "commit", "date", "config", "records"} <= set(result)
    for machine in (result["machine"], *result["machines"]):
        assert {"cpu", "cores", "threads", "torch", "python"} <= set(machine)
        assert platform.node() not in re.findall(r"[\w.-]+", json.dumps(machine))
    units = [record["case"] for record in result["records"]]
    assert units == list(experiment(name).cases(experiment(name).smoke))


@pytest.fixture
def _small_data():
    with small.in_use():
        yield


@pytest.mark.usefixtures("_small_data")
@every_experiment
def test_a_seed_gives_the_same_record_again(name):
    one = experiment(name)
    case, found = one.cases(one.smoke)[0], []
    for _ in range(2):
        with threads(1):
            found.append(json.dumps(one.run(one.smoke, 7, **case)))
    if one.reproducible:
        assert found[0] == found[1]
    else:
        assert json.loads(found[0]).keys() == json.loads(found[1]).keys()


def test_smoke_writes_nothing_by_itself():
    before = records_and_journals()
    command.main("shapes", shapes.EXPERIMENT, ["--smoke"])
    assert records_and_journals() == before


@every_record
def test_published_records_are_whole_and_of_a_commit(name):
    result, one = record_of(name), experiment(name)
    assert result["config"] == json.loads(json.dumps(dataclasses.asdict(one.config)))
    assert result["seeds"] == list(range(len(result["seeds"])))
    # Fewer seeds than planned are published as preliminary.
    assert len(result["seeds"]) <= one.seeds == result.get("planned_seeds", len(result["seeds"]))
    assert [record["seed"] for record in result["records"]] == [
        seed for seed in result["seeds"] for _ in one.cases(one.config)
    ]
    if one.cases(one.config) != [{}]:
        units = [(case, seed) for seed in result["seeds"] for case in one.cases(one.config)]
        assert [(r["case"], r["seed"]) for r in result["records"]] == units
    assert all(claim["comparisons"] for claim in experiments.part(name, "results").claims(result))
    for run_of_it in (result, *result.get("earlier_runs", ())):
        assert re.fullmatch("[0-9a-f]{40}", run_of_it["commit"])


@every_record
def test_every_page_tells_claim_protocol_verdict_and_deviations(name, few_trees):
    result = record_of(name)
    results = pages.results_of(name, result)
    assert ("fANOVA" in results.numbers) == bool(few_trees)
    page, found = pages.page(name, results), results.claims
    assert re.findall("^# (.*)$", page, re.MULTILINE) == [experiments.title(name)]
    shown = ["Result"] if found or pages.has_figure(name) else []
    first = "Claim" if "Claim" in experiments.sections(name) else "Question"
    assert first == "Claim" or not found
    more = [heading.removeprefix("## ") for heading in pages.observations_of(name, result)[:1]]
    headings = [first, *shown, *more, "Numbers", "Protocol", "Deviations"]
    assert re.findall("^## (.*)$", page, re.MULTILINE) == headings
    for number, claim in enumerate(found, 1):
        anchor = claims.anchor_of(name, number)
        _, _, section = page.partition(f"### {claim['claim']} {{#{anchor}}}\n\n")
        verdict = claims.verdict_text(result, claim)
        assert section.startswith(f"**{verdict[0].upper()}{verdict[1:]}**: as claimed in ")
        # Written for this verdict: a record that changes it needs another sentence.
        assert claim["lesson"] or len(result["seeds"]) < result.get("planned_seeds", 0)
        assert claim["lesson"] in section
        table = section.partition("\n\n|")[2].partition("\n\n")[0]
        assert table.count("\n|") == 1 + len(claim["comparisons"])
    for part in (result["command"], result["commit"][:12], result["date"][:10]):
        assert part in page
    assert results.numbers in page


NEW = {
    "__init__.py": '''"""A new one.

Introduction.

Claim: c.

Protocol: p.

Deviations: d.
"""
''',
    "run.py": """
from dataclasses import dataclass

from experiments.engine.experiment import Experiment


@dataclass(frozen=True)
class Config:
    '''Settings.'''

    offset: int = 1


def run(config, seed):
    return {"value": seed + config.offset}


EXPERIMENT = Experiment(config=Config(), smoke=Config(), run=run, seeds=3)
""",
    "results.py": """
GROUP = "Counting and formal languages"


def claims(result):
    return []


def table(result):
    return f"sum: {sum(record['value'] for record in result['records'])}"
""",
}


@pytest.mark.slow
def test_a_new_folder_is_an_experiment_without_another_line(tmp_path):
    others = shutil.ignore_patterns("__pycache__", *experiments.names())
    shutil.copytree(FOLDER, tmp_path / "experiments", ignore=others)
    folder = tmp_path / "experiments" / "brand_new"
    folder.mkdir()
    for name, content in NEW.items():
        (folder / name).write_text(content)
    shutil.copytree(ROOT / "docs" / "start", tmp_path / "docs" / "start")
    shutil.copy(ROOT / "mkdocs.yml", tmp_path)  # the name of the site, for previews of links

    def module(*arguments):
        done = subprocess.run(
            [sys.executable, "-m", *arguments],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"PYTHONPATH": str(ROOT)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "  brand_new  A new one\n" in module("experiments")
    assert "sum: 6\n" in module("experiments", "brand_new", "--jobs", "1")
    assert len(json.loads((folder / "record.json").read_text())["records"]) == 3
    module("experiments.report")
    page = (tmp_path / "docs" / "generated" / "pages" / "brand-new.md").read_text()
    for part in ("# A new one\n\nIntroduction.", "sum: 6", "## Deviations\n\nD."):
        assert part in page


def test_unknown_options_are_errors(capsys):
    with pytest.raises(SystemExit):
        command.main("shapes", shapes.EXPERIMENT, ["--smokes"])
    assert "--smokes" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "options", "known"),
    [
        ("timing", ["--online", "MSD", "10"], "NMSD,GTS"),
        ("conventions", ["--music.data", "Bach"], "'JSB"),
        ("music_search_jsb", ["--data-set", "Bach"], "'JSB"),
        ("odyssey_music", ["--task", "singing"], "'speech'"),
    ],
)
def test_unknown_tasks_and_data_sets_are_errors(name, options, known, capsys):
    with pytest.raises(SystemExit):
        command.main(name, experiment(name), ["--smoke", *options])
    assert known in capsys.readouterr().err


def test_a_result_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "result.json"
    files.write_json(path, {"value": 1})
    with pytest.raises(TypeError):
        files.write_json(path, {"value": object()})
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(path, {"value": float("nan")})
    assert json.loads(path.read_text()) == {"value": 1}
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


def test_an_interrupted_write_leaves_the_old_result(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    files.write_json(path, {"value": 1})

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write_json(path, {"value": 2})
    assert json.loads(path.read_text()) == {"value": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_the_shape_table_counts_right():
    record = shapes.run(shapes.Config(), seed=0)
    assert list(shapes_results.mismatches({"records": [record]}).values()) == [0, 0]
    by_model = {r["model"]: r["parameters"] for r in record["rows"] if r["hidden"] == 16}
    # By hand, D = 8, H = 16: 4*16*(8+16+2), 4*16*(8+16) + 3*16, 3*16*(8+16+2), twice the first.
    assert by_model == {"StandardLSTM": 1664, "PeepholeLSTM": 1584, "GRU": 1248, "BiLSTM": 3328}


def test_wrong_shapes_and_counts_are_reported():
    record = shapes.run(shapes.EXPERIMENT.smoke, seed=0)
    rows = {row["variant"]: row for row in record["rows"]}
    rows["BiLSTM"]["output"][0] += 1
    rows["LSTM"]["formula_value"] += 1
    result = {"records": [record]}
    assert list(shapes_results.mismatches(result).values()) == [1, 1]
    assert "counts that differ from the formula: 1." in shapes_results.table(result)


def test_the_published_shapes_are_those_of_the_code():
    assert record_of("shapes")["records"][0]["rows"] == shapes.run(shapes.Config(), seed=0)["rows"]


@needs_kernels
def test_scaling_counts_where_torch_is_faster():
    record = scaling.run(scaling.EXPERIMENT.smoke, seed=0)
    for k, point in enumerate(record["grid"]):
        point["ratio"] = 2.0 if k == 0 else 0.5
    for k, point in enumerate(record["curves"]):
        point["milliseconds"]["nn.LSTM"] = 1.0
        point["milliseconds"]["PeepholeLSTM, CPU kernels"] = 1.2 if k == 0 else 1.0
    counts = scaling_results.counts({"records": [record]})
    assert counts["torch_is_faster_at"] == 1
    assert counts["largest_ratio"] == 2.0
    assert counts["nn_lstm_is_faster_than_peephole_at"] == 1


@needs_kernels
@pytest.mark.slow
@pytest.mark.skipif(Path(sys.prefix).parent != ROOT, reason="make has set up no environment here")
def test_make_experiments_smoke():
    done = run("make", "experiments", "SMOKE=1", f"VENV={Path(sys.prefix).name}")
    assert done.returncode == 0, done.stderr
    for name in experiments.names():
        assert f"{name}: 100%" in done.stderr


def test_make_alone_prints_the_targets():
    done = run("make")
    assert done.returncode == 0
    targets = "setup docs serve test bench bench-smoke experiments report lint format clean"
    for target in targets.split():
        assert f"\n{target} " in done.stdout
