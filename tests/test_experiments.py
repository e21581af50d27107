"""The harness, the experiments at toy size, the report, and the make targets around them."""

import dataclasses
import itertools
import json
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from experiments import running, scaling, shapes, small_data
from experiments.__main__ import EXPERIMENTS
from experiments.benchmarks import goals
from experiments.benchmarks import test_speed as suite
from experiments.report import bench, claims
from experiments.report.__main__ import CLAIMS
from experiments.report.__main__ import main as write_report
from experiments.report.results import load
from tests.cpu_kernels import needs_kernels

# Scaling times the CPU kernels.
every_experiment = pytest.mark.parametrize(
    "experiment",
    [
        pytest.param(e, id=e.name, marks=needs_kernels if e.name == "scaling" else ())
        for e in EXPERIMENTS
    ],
)
ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "experiments" / "results"


def run(*command, **options):
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300, **options
    )


def state_of(folder):
    return {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}


@every_experiment
def test_smoke_runs_and_its_result_says_where_it_comes_from(experiment, tmp_path, capsys):
    before = state_of(RESULTS)
    experiment.main(["--smoke", "--out", str(tmp_path)])
    assert state_of(RESULTS) == before
    result = json.loads((tmp_path / f"{experiment.name}.json").read_text())
    assert experiment.table(result["records"]) in capsys.readouterr().out
    assert result["experiment"] == experiment.name
    assert result["seeds"] == [0]
    assert {"command", "commit", "date", "config", "records"} <= set(result)
    assert {"cpu", "cores", "threads", "torch", "python"} <= set(result["machine"])
    assert platform.node() not in json.dumps(result["machine"])
    units = [record["case"] for record in result["records"]]
    assert units == list(experiment.cases(experiment.smoke))


@pytest.fixture
def _small_data():
    with small_data.in_use():
        yield


@pytest.mark.usefixtures("_small_data")
@every_experiment
def test_a_seed_gives_the_same_record_again(experiment):
    case, found = experiment.cases(experiment.smoke)[0], []
    for _ in range(2):
        with running.single_thread():
            found.append(json.dumps(experiment.run(experiment.smoke, 7, **case)))
    if experiment.reproducible:
        assert found[0] == found[1]
    else:
        assert json.loads(found[0]).keys() == json.loads(found[1]).keys()


def test_smoke_writes_nothing_by_itself():
    before = state_of(RESULTS)
    shapes.EXPERIMENT.main(["--smoke"])
    assert state_of(RESULTS) == before


published = pytest.mark.parametrize(
    "experiment",
    [e for e in EXPERIMENTS if e.name in {m.__name__.rpartition(".")[2] for m in CLAIMS}],
    ids=lambda e: e.name,
)


@published
def test_published_results_are_whole_and_of_a_commit(experiment):
    result = load(RESULTS / f"{experiment.name}.json")
    assert result["config"] == json.loads(json.dumps(dataclasses.asdict(experiment.config)))
    assert result["seeds"] == list(range(experiment.seeds))
    units = [
        (case, seed) for seed in result["seeds"] for case in experiment.cases(experiment.config)
    ]
    assert [(r["case"], r["seed"]) for r in result["records"]] == units
    for run_of_it in (result, *result["earlier_runs"]):
        assert not run_of_it["commit"].endswith("+changes")


@published
def test_every_page_tells_claim_protocol_verdict_and_deviations(experiment, tmp_path):
    result = load(RESULTS / f"{experiment.name}.json")
    [module] = [m for m in CLAIMS if m.__name__.endswith(f".{experiment.name}")]
    page = claims.page(module, result)
    found = module.score(result["records"])["claims"]
    headings = ["Claim", "Protocol", "Result", *(["Verdict"] if found else []), "Deviations"]
    assert re.findall("^## (.*)$", page, re.MULTILINE) == headings
    for number, claim in enumerate(found, 1):
        anchor = claims.anchor_of(experiment.name, number)
        _, _, section = page.partition(f"### {claim['claim']} {{#{anchor}}}\n\n")
        assert section.startswith(f"**{claim['verdict'].capitalize()}**: as claimed in ")
        table = section.partition("\n\n|")[2].partition("\n\n")[0]
        assert table.count("\n|") == 1 + len(claim["comparisons"])
    for part in (result["command"], result["commit"][:12], result["date"][:10]):
        assert part in page
    assert module.table(result["records"]) in page


def test_unknown_options_are_refused(capsys):
    with pytest.raises(SystemExit):
        shapes.EXPERIMENT.main(["--smokes"])
    assert "--smokes" in capsys.readouterr().err


def test_a_result_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "new" / "result.json"
    running.write_json(path, {"value": 1})
    with pytest.raises(TypeError):
        running.write_json(path, {"value": object()})
    with pytest.raises(ValueError, match="not JSON compliant"):
        running.write_json(path, {"value": float("nan")})
    assert json.loads(path.read_text()) == {"value": 1}
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


def test_an_interrupted_write_leaves_the_old_result(tmp_path, monkeypatch):
    path = tmp_path / "result.json"
    running.write_json(path, {"value": 1})

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("os.replace", interrupt)
    with pytest.raises(KeyboardInterrupt):
        running.write_json(path, {"value": 2})
    assert json.loads(path.read_text()) == {"value": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["result.json"]


def test_the_shape_table_counts_right():
    record = shapes.run(shapes.Config(), seed=0)
    score = shapes.score([record])
    assert score.pop("claims") == []
    assert len(score) == 2
    assert not any(score.values())
    by_model = {r["model"]: r["parameters"] for r in record["rows"] if r["hidden"] == 16}
    # By hand, D = 8, H = 16: 4*16*(8+16+2), 4*16*(8+16) + 3*16, 3*16*(8+16+2), twice the first.
    assert by_model == {"StandardLSTM": 1664, "PeepholeLSTM": 1584, "GRU": 1248, "BiLSTM": 3328}


def test_the_score_notices_what_is_wrong():
    record = shapes.run(shapes.EXPERIMENT.smoke, seed=0)
    rows = {row["variant"]: row for row in record["rows"]}
    rows["BiLSTM"]["output"][0] += 1
    rows["LSTM"]["formula_value"] += 1
    score = shapes.score([record])
    assert score.pop("claims") == []
    assert list(score.values()) == [1, 1]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """The report of the stored results."""
    folder = tmp_path_factory.mktemp("report")
    write_report(generated=folder)
    return folder


@pytest.mark.xdist_group("report")
def test_the_report_needs_the_stored_results_alone(report):
    page = (report / "bench.md").read_text()
    result = load(RESULTS / "bench-cpu.json")
    timings, _, rest = page.partition("### Memory")
    memory, _, missed = rest.partition("### Goals")
    assert timings.count("\n| ") == 1 + len(result["records"]) // len(suite.MODES)
    variants = {record["variant"] for record in result["records"]}
    assert memory.count("\n| ") == 1 + len(variants)
    behind = [
        r for r, goal in goals.compare(result["records"]) if r["ratio"]["median"] > goal + 0.005
    ]
    assert missed.count("\n| ") == bool(behind) + len(behind)
    for record in result["records"]:
        assert bench.spread(record["ratio"]) in page
    assert result["commit"][:12] in page
    for palette in ("light", "dark"):
        figure = (report / f"bench-cpu-{palette}.svg").read_text()
        assert f"bench-cpu-{palette}.svg#only-{palette}" in page
        for name in suite.TIMED:
            assert f"<!-- {name} -->" in figure
    scaling = (report / "scaling.md").read_text()
    for point in load(RESULTS / "scaling.json")["records"][0]["grid"]:
        assert f"{point['ratio']:.2f}" in scaling


@pytest.mark.xdist_group("report")
def test_the_report_is_the_same_every_time(report, tmp_path):
    write_report(generated=tmp_path)
    first, second = ({p.name: p.read_bytes() for p in f.iterdir()} for f in (report, tmp_path))
    assert first == second


def test_the_report_without_results_says_what_to_do(tmp_path):
    with pytest.raises(SystemExit, match="make bench"):
        write_report(tmp_path, tmp_path)
    shutil.copy(RESULTS / "bench-cpu.json", tmp_path)
    with pytest.raises(SystemExit, match=r"python -m experiments\.scaling"):
        write_report(tmp_path, tmp_path)


def test_the_report_imports_no_torch():
    code = "import sys, experiments.report.__main__; sys.exit('torch' in sys.modules)"
    assert run(sys.executable, "-c", code).returncode == 0


def test_every_goal_is_compared_with_its_own_size():
    result = load(RESULTS / "bench-cpu.json")
    compared = goals.compare(result["records"])
    threads = {record["threads"] for record in result["records"]}
    assert len(compared) == len(goals.GOALS) * len(suite.SIZES) * len(threads)
    for record, goal in compared:
        place = suite.SIZES.index(tuple(record["size"].values()))
        assert goal == goals.GOALS[record["variant"], record["mode"]][place]


@needs_kernels
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
    assert not load(RESULTS / "scaling.json")["commit"].endswith("+changes")


def test_published_timings_are_complete_and_anonymous():
    result = load(RESULTS / "bench-cpu.json")
    assert not result["commit"].endswith("+changes")
    timed = {
        (r["variant"], r["mode"], r["threads"], tuple(r["size"].values()))
        for r in result["records"]
    }
    threads = {r["threads"] for r in result["records"]}
    assert 1 in threads
    variants = {r["variant"] for r in result["records"]}  # a new one is not timed yet
    assert variants <= set(suite.TIMED)
    assert timed == set(itertools.product(variants, suite.MODES, threads, suite.SIZES))
    for record in result["records"]:
        assert record["rounds"] >= 9
        assert record["ratio"]["q1"] <= record["ratio"]["median"] <= record["ratio"]["q3"]


@needs_kernels
@pytest.mark.skipif(Path(sys.prefix).parent != ROOT, reason="make has set up no environment here")
def test_make_experiments_smoke():
    done = run("make", "experiments", "SMOKE=1", f"VENV={Path(sys.prefix).name}")
    assert done.returncode == 0, done.stderr
    for experiment in EXPERIMENTS:
        assert f"{experiment.name}: 100%" in done.stderr


def test_make_alone_prints_the_targets():
    done = run("make")
    assert done.returncode == 0
    targets = "setup docs serve test bench bench-smoke experiments report lint format clean"
    for target in targets.split():
        assert f"\n{target} " in done.stdout
