"""The report: from the stored records alone, the same every time."""

import csv
import gzip
import itertools
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib.colors import to_rgb

import experiments
from experiments.benchmarks import __main__ as timing
from experiments.benchmarks import figure, goals, peers_page
from experiments.benchmarks import page as bench_page
from experiments.benchmarks import results as bench
from experiments.benchmarks import test_speed as suite
from experiments.records import load
from experiments.report import data, groups, package, pages
from experiments.report.__main__ import main as write_report
from experiments.report.claims import slug

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "experiments"
BENCHES = sorted((FOLDER / "benchmarks").glob("bench-*.json"))
HALVES = sorted((FOLDER / "benchmarks").glob("half-*.json"))
PEERS = FOLDER / "benchmarks" / "peers.json"
every_bench = pytest.mark.parametrize("path", BENCHES, ids=lambda path: path.stem)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    """The stored records; of random searches, whose analysis takes long, a part of the trials."""
    folder = tmp_path_factory.mktemp("records")
    for path in FOLDER.glob("*/*.json"):
        result = json.loads(path.read_text())
        if result.get("planned_seeds", 0) >= 60:
            result["seeds"] = result["seeds"][:6]
            result["records"] = [r for r in result["records"] if r["seed"] in result["seeds"]]
        (folder / path.parent.name).mkdir(exist_ok=True)
        (folder / path.parent.name / path.name).write_text(json.dumps(result))
    return folder


@pytest.fixture(scope="module")
def report(records, tmp_path_factory):
    """The report of these records."""
    folder = tmp_path_factory.mktemp("report")
    write_report(records, folder)
    return folder


def tab_of(report, result, page="bench.md"):
    """What the page of speed, or another one, shows of a record."""
    page = (report / page).read_text()
    tab = page.partition(f'=== "{bench_page.label(result)}"\n')[2].partition("\n=== ")[0]
    return re.sub("^    ", "", tab, flags=re.MULTILINE)


@pytest.mark.parametrize("path", [*BENCHES, *HALVES], ids=lambda path: path.stem)
@pytest.mark.slow
@pytest.mark.xdist_group("report")
def test_sections_of_the_speed_page_have_their_records_and_goals(report, path):
    result = load(path)
    page = re.sub(" +", " ", tab_of(report, result))
    sections = {
        "### Compared with other layers": ("own_layers", None, ("GRU", "LSTM")),
        "### Half precision": ("half_precision", suite.SIZES, ("nn.", " in float32")),
        "### One time step": ("one_step", suite.STEPS, ("nn.",)),
    }
    for heading, (name, sizes, baselines) in sections.items():
        assert (heading in page) == (name in result)
        if name not in result:
            continue
        text = page.partition(heading)[2].partition("###")[0]
        assert text.count("\n| ") == 1 + len(result[name])
        for record in result[name]:
            assert any(part in record["baseline"] for part in baselines)
            goal = {
                "one_step": goals.STEP_GOAL,
                "own_layers": goals.OWN_GOALS.get(record["variant"]),
            }
            if name == "half_precision":
                place = sizes.index(tuple(record["size"].values()))
                goal[name] = goals.FLOAT16_GOAL
                if record["dtype"] == "bfloat16":
                    goal[name] = goals.BFLOAT16_GOALS[record["variant"], record["mode"]][place]
            row = f"{record['mode']} | {bench.spread(record['ratio'])} | {goal[name]} |"
            assert f"{row} `{record['baseline']}` |" in text
    assert {
        (r["dtype"], r["variant"], r["mode"], *r["size"].values()) for r in result["half_precision"]
    } == {
        (suite.name_of(dtype), name, mode, *size)
        for (dtype, name), mode, size in itertools.product(suite.HALF, suite.MODES, suite.SIZES)
    }
    timed = {(r["variant"], r["mode"], *r["size"].values()) for r in result.get("one_step", ())}
    assert path in HALVES or len(timed) == len(suite.STEPPED) * len(suite.MODES) * len(suite.STEPS)


@pytest.mark.slow
@pytest.mark.xdist_group("report")
def test_the_fastest_peer_stands_first(report):
    result = load(PEERS)
    assert re.fullmatch("[0-9a-f]{40}", result["commit"])
    text = re.sub(" +", " ", (report / "peers.md").read_text())
    fastest, _, others = text.partition("<details")
    for found in peers_page.groups(result).values():
        first = min(found, key=peers_page.median)
        for record in found:
            row = f"| {record['peer']} | {bench.spread(record['ratio'])} | {bench.times(record)} |"
            assert row in others
            assert (row in fastest) == (record is first)
    assert fastest.count("\n| ") == len(suite.SIZES) * len(suite.MODES) * 3


@every_bench
@pytest.mark.slow
@pytest.mark.xdist_group("report")
def test_the_page_of_speed_has_every_timing(report, path):
    result = load(path)
    page = tab_of(report, result)
    timings, _, rest = page.partition("### Memory")
    memory, _, _ = rest.partition("###")
    missed = tab_of(report, result, "goals.md")
    timings = timings.partition("### Compared")[0]
    assert timings.count("\n| ") == 1 + len(result["records"]) // len(suite.MODES)
    variants = {record["variant"] for record in result["records"]}
    assert memory.count("\n| ") == 1 + len(variants)
    for record in result["records"]:
        if record["mode"] == "training" and record["threads"] == 1:  # memory is measured here
            row = re.search(rf"^\s*\| {record['variant']} +\|.*", memory, re.MULTILINE)[0]
            assert f" {record['megabytes']:.1f} : {record['baseline_megabytes']:.1f} " in row
    behind = [
        r for r, goal in goals.compare(result["records"]) if r["ratio"]["median"] > goal + 0.005
    ]
    assert missed.count("\n| ") == bool(behind) + len(behind)
    for record in result["records"]:
        assert bench.spread(record["ratio"]) in page
    assert result["commit"][:12] in page
    for palette in ("light", "dark"):
        figure = (report / f"{path.stem}-{palette}.svg").read_text()
        assert f"{path.stem}-{palette}.svg#only-{palette}" in page
        for name in variants:
            assert f"<!-- {name} -->" in figure


@pytest.mark.slow
@pytest.mark.xdist_group("report")
def test_the_report_has_every_ratio_of_scaling(report):
    scaling = (report / "scaling.md").read_text()
    for point in load(FOLDER / "scaling" / "record.json")["records"][0]["grid"]:
        assert f"{point['ratio']:.2f}" in scaling


@pytest.mark.slow
@pytest.mark.xdist_group("report")
def test_the_report_is_the_same_every_time_and_from_several_processes(records, report, tmp_path):
    """Written again without the records that take longest."""
    for path in records.iterdir():
        if not path.name.startswith(("odyssey", "music_search", "power")):
            shutil.copytree(path, tmp_path / "records" / path.name)
    generated = tmp_path / "generated"
    write_report(tmp_path / "records", generated, processes=2)
    again = {p.relative_to(generated): p.read_bytes() for p in generated.rglob("*.*")}
    # Claims of records that are missing are left out there.
    some_claims = again.pop(Path("choose.md")).splitlines()
    assert set(some_claims) < set((report / "choose.md").read_bytes().splitlines())
    table, schema = (again.pop(Path(file)) for file in (package.TABLE, package.SCHEMA))
    rows = gzip.decompress(table).splitlines()
    kept = {path.name.encode() for path in (tmp_path / "records").iterdir()}
    whole = gzip.decompress((report / package.TABLE).read_bytes()).splitlines()
    assert rows == [whole[0], *(row for row in whole[1:] if row.partition(b",")[0] in kept)]
    assert json.loads(schema)["resources"][0]["rows"] == len(rows) - 1
    missing = b"Not run yet"
    same = [path for path, content in again.items() if missing not in content]
    assert len(same) > 100
    for path in same:
        assert (report / path).read_bytes() == again[path], path
    assert len(list((report / "pages").iterdir())) == len(experiments.names())


def test_the_report_without_records_says_what_to_do(tmp_path, capsys):
    stale = tmp_path / "generated" / "pages" / "gone.md"
    stale.parent.mkdir(parents=True)
    stale.touch()
    (tmp_path / "benchmarks").mkdir()
    with pytest.raises(SystemExit, match="make bench-all"):
        write_report(tmp_path, tmp_path / "generated")
    cut = tmp_path / "benchmarks" / BENCHES[0].name
    cut.write_text(BENCHES[0].read_text()[:1000])
    with pytest.raises(SystemExit, match=r"bench-.* is not a record.*Restore it"):
        write_report(tmp_path, tmp_path / "generated")
    # What was there before a failure is still there, and nothing else.
    assert stale.exists()
    assert {path.name for path in tmp_path.iterdir()} == {"benchmarks", "generated"}
    shutil.copy(BENCHES[0], tmp_path / "benchmarks")
    (tmp_path / "shapes").mkdir()
    shutil.copy(FOLDER / "shapes" / "record.json", tmp_path / "shapes")
    write_report(tmp_path, tmp_path / "generated")
    assert "not run yet: adding; its page says so. Run 'python -m ex" in capsys.readouterr().out
    assert not stale.exists()
    assert "make bench-peers" in (tmp_path / "generated" / "peers.md").read_text()
    for name in experiments.names():
        page = (stale.parent / f"{slug(name)}.md").read_text()
        assert ("Not run yet" in page) == (name != "shapes")
        assert ("## Numbers" in page) == (name == "shapes")


def test_a_missing_section_is_named(monkeypatch):
    monkeypatch.setattr(experiments, "text", lambda name: "Title.\n\nClaim: c.\n\nDeviations: d.")
    with pytest.raises(ValueError, match=r"docstring of adding has no paragraph.* Protocol,"):
        experiments.sections("adding")


def test_an_experiment_without_a_group_is_named(monkeypatch):
    """The message says where the group of its page is set."""
    assert {groups.group_of(name) for name in experiments.names()} == set(groups.GROUPS)
    results = experiments.part("adding", "results")
    monkeypatch.delattr(results, "GROUP")
    with pytest.raises(ValueError, match=r"adding/results.py has no GROUP: set it to .*'Timing'"):
        groups.group_of("adding")
    monkeypatch.setattr(results, "GROUP", "Lags", raising=False)
    with pytest.raises(ValueError, match=r"has GROUP = 'Lags': .* add one to GROUPS in"):
        pages.page("adding", None)


def imported_by(*modules):
    code = f"import sys, {', '.join(modules)}; print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {name.partition(".")[0] for name in done.stdout.split()}, set(done.stdout.split())


def test_the_report_imports_no_torch():
    parts = [f"experiments.{name}.results" for name in experiments.names()]
    parts += [f"experiments.{n}.figure" for n in experiments.names() if pages.has_figure(n)]
    assert "torch" not in imported_by("experiments.report.__main__", *parts)[0]


def test_what_records_mean_needs_no_plotting():
    parts = [f"experiments.{name}.results" for name in experiments.names()]
    assert not {"torch", "matplotlib"} & imported_by(*parts, "experiments.benchmarks.results")[0]


def test_experiments_run_without_plotting_and_without_what_their_records_mean():
    parts = [f"experiments.{name}.run" for name in experiments.names()]
    packages, modules = imported_by("experiments.__main__", *parts)
    assert "matplotlib" not in packages
    assert not [name for name in modules if name.endswith((".results", ".figure"))]


@every_bench
def test_every_goal_is_compared_with_its_own_size(path):
    result = load(path)
    compared = goals.compare(result["records"])
    threads = {record["threads"] for record in result["records"]}
    assert len(compared) == len(goals.GOALS) * len(suite.SIZES) * len(threads)
    for record, goal in compared:
        place = suite.SIZES.index(tuple(record["size"].values()))
        assert goal == goals.GOALS[record["variant"], record["mode"]][place]


def test_processors_with_other_instruction_sets_have_other_records():
    sets = ("AVX2", "AVX512", "AMX", "NO AVX")
    names = [timing.record_name("cpu", {"simd": simd}) for simd in sets]
    assert names == ["bench-cpu-avx2", "bench-cpu-avx512", "bench-cpu-amx", "bench-cpu-no-avx"]
    assert timing.record_name("cpu", {"simd": "AMX"}, "half") == "half-cpu-amx"
    assert timing.record_name("cuda", {"simd": "AVX2"}) == bench_page.GPU_RECORD
    assert bench_page.label({"experiment": names[1], "machine": {"simd": "AVX512"}}) == "AVX-512"


@every_bench
def test_published_timings_are_complete(path):
    result = load(path)
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
        assert record["rounds"] >= 6
        assert record["ratio"]["q1"] <= record["ratio"]["median"] <= record["ratio"]["q3"]


@pytest.mark.parametrize(
    "path", sorted((FOLDER / "benchmarks").glob("*.json")), ids=lambda path: path.stem
)
def test_published_timings_have_their_name_and_commit(path):
    result = load(path)
    assert result["experiment"] == path.stem
    assert re.fullmatch("[0-9a-f]{40}", result["commit"])
    assert bool(result.get("records")) == path.stem.startswith(("bench-", "peers"))


def test_data_are_written_as_json_and_as_a_table(tmp_path):
    records = [
        {"case": {"model": "LSTM"}, "seed": 0, "trace": [1, 2], "solved": True},
        {"case": {"model": "GRU"}, "seed": 1, "loss": 0.5, "note": 'a, "b"'},
    ]
    result = {"experiment": "toy", "records": records}
    data.write_data(tmp_path, result)
    assert json.loads((tmp_path / "toy.json").read_text()) == result
    with (tmp_path / "toy.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    first = {"case.model": "LSTM", "seed": "0", "solved": "True", "loss": "", "note": ""}
    assert rows[0] == first
    assert (rows[1]["loss"], rows[1]["note"]) == ("0.5", 'a, "b"')
    assert data.data_links(result).endswith("[CSV](../generated/toy.csv).")


def test_records_of_lists_alone_have_no_table(tmp_path):
    result = {"experiment": "lists", "records": [{"case": {"a": 1}, "seed": 0, "rows": [[1]]}]}
    data.write_data(tmp_path, result)
    assert [path.name for path in tmp_path.iterdir()] == ["lists.json"]
    assert "CSV" not in data.data_links(result)


def luminance(color):
    """Relative luminance, by the web content accessibility guidelines."""
    channels = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in color[:3]]
    return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2]


def test_numbers_on_coloured_cells_are_readable():
    ink = luminance(to_rgb(figure.INK))
    for ratio in np.geomspace(*figure.LIMITS, 50):
        cell = luminance(figure.COLOURS(figure.SCALE(ratio)))
        assert (max(cell, ink) + 0.05) / (min(cell, ink) + 0.05) >= 4.5
