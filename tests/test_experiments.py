"""The harness, the experiments at toy size, the report, and the make targets around them."""

import itertools
import json
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import harness, report, scaling, shapes
from experiments.__main__ import EXPERIMENTS
from experiments.benchmarks import goals
from experiments.benchmarks import test_speed as suite

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"


def run(*command, **options):
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, **options
    )


def state_of(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_smoke_runs_and_writes_nothing(experiment, capsys):
    before = state_of(RESULTS)
    experiment.main(["--smoke"])
    assert state_of(RESULTS) == before
    table, said = experiment.table([experiment.run(experiment.smoke, 0)]), capsys.readouterr().out
    assert (table if experiment.exact else table.splitlines()[0]) in said


@pytest.mark.parametrize("experiment", EXPERIMENTS, ids=lambda e: e.name)
def test_a_result_says_where_it_comes_from(experiment, tmp_path):
    experiment.main(["--smoke", "--out", str(tmp_path)])
    text = (tmp_path / f"{experiment.name}.json").read_text()
    result = json.loads(text)
    assert result["experiment"] == experiment.name
    again, [record] = experiment.run(experiment.smoke, 0), result["records"]
    assert record == again if experiment.exact else record.keys() == again.keys()
    assert result["seeds"] == [0]
    assert {"command", "commit", "date", "config", "score"} <= set(result)
    assert {"cpu", "cores", "threads", "torch", "python"} <= set(result["machine"])
    assert platform.node() not in json.dumps(result["machine"])


def test_unknown_options_are_refused(capsys):
    with pytest.raises(SystemExit):
        shapes.EXPERIMENT.main(["--smokes"])
    assert "--smokes" in capsys.readouterr().err


def test_a_result_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "result.json"
    harness.write_json(path, {"value": 1})
    with pytest.raises(TypeError):
        harness.write_json(path, {"value": object()})
    with pytest.raises(ValueError, match="not JSON compliant"):
        harness.write_json(path, {"value": float("nan")})
    assert json.loads(path.read_text()) == {"value": 1}
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


def test_an_interrupted_write_leaves_the_old_result(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    harness.write_json(path, {"value": 1})

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        harness.write_json(path, {"value": 2})
    assert json.loads(path.read_text()) == {"value": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_the_shape_table_counts_right():
    record = shapes.run(shapes.Config(), seed=0)
    assert shapes.score([record]) == {
        "shapes_as_documented": True,
        "counts_equal_formula": True,
        "gru_has_fewer_parameters_than_lstm": True,
    }
    by_model = {r["model"]: r["parameters"] for r in record["rows"] if r["hidden"] == 16}
    # By hand, D = 8, H = 16: 4*16*(8+16+2), 4*16*(8+16) + 3*16, 3*16*(8+16+2), twice the first.
    assert by_model == {"StandardLSTM": 1664, "PeepholeLSTM": 1584, "GRU": 1248, "BiLSTM": 3328}


def test_the_score_notices_what_is_wrong():
    record = shapes.run(shapes.EXPERIMENT.smoke, seed=0)
    rows = {row["variant"]: row for row in record["rows"]}
    rows["GRU"]["parameters"] = rows["LSTM"]["parameters"]
    rows["BiLSTM"]["output"][0] += 1
    assert not any(shapes.score([record]).values())


def test_the_report_needs_the_stored_results_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "GENERATED", tmp_path)
    report.main()
    page = (tmp_path / "bench.md").read_text()
    result = report.load(RESULTS / "bench-cpu.json")
    timings, _, rest = page.partition("### Memory")
    memory, _, missed = rest.partition("### Goals")
    assert timings.count("\n| ") == 1 + len(result["records"]) // len(suite.MODES)
    assert memory.count("\n| ") == 1 + len(suite.TIMED)
    behind = [
        r for r, goal in goals.compare(result["records"]) if r["ratio"]["median"] > goal + 0.005
    ]
    assert missed.count("\n| ") == bool(behind) + len(behind)
    for record in result["records"]:
        assert report.spread(record["ratio"]) in page
    assert result["commit"][:12] in page
    for palette in ("light", "dark"):
        figure = (tmp_path / f"bench-cpu-{palette}.svg").read_text()
        assert f"bench-cpu-{palette}.svg#only-{palette}" in page
        for name in suite.TIMED:
            assert f"<!-- {name} -->" in figure
    scaling = (tmp_path / "scaling.md").read_text()
    for point in report.load(RESULTS / "scaling.json")["records"][0]["grid"]:
        assert f"{point['ratio']:.2f}" in scaling


def test_the_report_is_the_same_every_time(tmp_path, monkeypatch):
    written = []
    for name in ("one", "two"):
        monkeypatch.setattr(report, "GENERATED", tmp_path / name)
        report.main()
        written.append({p.name: p.read_bytes() for p in (tmp_path / name).iterdir()})
    assert written[0] == written[1]


def test_the_report_without_results_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(report, "RESULTS", tmp_path)
    monkeypatch.setattr(report, "GENERATED", tmp_path)
    with pytest.raises(SystemExit, match="make bench"):
        report.main()


def test_the_report_imports_no_torch():
    code = "import sys, experiments.report; sys.exit('torch' in sys.modules)"
    assert run(sys.executable, "-c", code).returncode == 0


def test_every_goal_is_compared_with_its_own_size():
    result = report.load(RESULTS / "bench-cpu.json")
    compared = goals.compare(result["records"])
    threads = {record["threads"] for record in result["records"]}
    assert len(compared) == len(goals.GOALS) * len(suite.SIZES) * len(threads)
    for record, goal in compared:
        place = suite.SIZES.index(tuple(record["size"].values()))
        assert goal == goals.GOALS[record["variant"], record["mode"]][place]


def test_the_score_of_scaling_counts_where_torch_is_faster():
    record = scaling.run(scaling.EXPERIMENT.smoke, seed=0)
    for k, point in enumerate(record["grid"]):
        point["ratio"] = 2.0 if k == 0 else 0.5
    for k, point in enumerate(record["curves"]):
        point["milliseconds"]["nn.LSTM"] = 1.0
        point["milliseconds"]["PeepholeLSTM, CPU kernels"] = 1.2 if k == 0 else 1.0
    score = scaling.score([record])
    assert score["torch_is_faster_by_5_percent_at"] == 1
    assert score["largest_ratio"] == 2.0
    assert score["nn_lstm_is_faster_than_peephole_by_5_percent_at"] == 1


def test_published_scaling_is_of_a_commit():
    assert not report.load(RESULTS / "scaling.json")["commit"].endswith("+changes")


def test_published_timings_are_complete_and_anonymous():
    result = report.load(RESULTS / "bench-cpu.json")
    assert not result["commit"].endswith("+changes")
    timed = {
        (r["variant"], r["mode"], r["threads"], tuple(r["size"].values()))
        for r in result["records"]
    }
    threads = {r["threads"] for r in result["records"]}
    assert 1 in threads
    assert timed == set(itertools.product(suite.TIMED, suite.MODES, threads, suite.SIZES))
    for record in result["records"]:
        assert record["rounds"] >= 9
        assert record["ratio"]["q1"] <= record["ratio"]["median"] <= record["ratio"]["q3"]


in_venv = pytest.mark.skipif(
    Path(sys.prefix) != ROOT / ".venv", reason="make would set up another environment"
)


@in_venv
def test_make_experiments_smoke():
    done = run("make", "experiments", "SMOKE=1")
    assert done.returncode == 0, done.stderr
    assert "StandardLSTM" in done.stdout


def test_make_alone_prints_the_targets():
    done = run("make")
    assert done.returncode == 0
    targets = "setup docs serve test bench bench-smoke experiments report lint format clean"
    for target in targets.split():
        assert f"\n{target} " in done.stdout
