"""A run of the benchmark that was stopped continues, and `make bench` answers within minutes."""

import copy
import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from experiments.benchmarks import __main__ as timing
from experiments.benchmarks import kept, nearest, paired, quick, quick_table, ragged, summary
from experiments.benchmarks import test_speed as suite
from experiments.engine import code, provenance
from experiments.records import load
from lstm_variants import VARIANTS

ROOT = Path(__file__).parent.parent
PUBLISHED = [load(path) for path in summary.RECORDS]
SIZE = ragged.Ragged(B=9, T=12, D=3, H=4)


@pytest.fixture
def run():
    options = timing.Options(smoke=True)
    return timing.run_of("cpu", options, provenance.machine())


def run_suite(*options):
    """Run the suite in a process of its own, whatever runs these tests in parallel."""
    # In a worker of pytest-xdist, pytest-benchmark measures nothing.
    plain = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_XDIST")}
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, env=plain)
    assert done.returncode == 0, done.stdout
    return done.stdout


def time_in(folder, run, chosen):
    """Time a part of the suite in a process of its own; return what it prints and its timings."""
    place = kept.Place(folder, run, 0, "", folder / "sections.json")
    options = ["--smoke", "--threads=1", "--benchmark-enable", "--benchmark-quiet"]
    options += [f"--kept={place.text()}", "-k", chosen]
    return run_suite(suite.__file__, *options), json.loads(place.sections.read_text())


@pytest.mark.slow
def test_a_stopped_run_continues(run, tmp_path):
    printed, first = time_in(tmp_path, run, "one_step and forward and MGU")
    assert "continuing" not in printed
    assert [record["variant"] for record in first["records"]] == ["MGU"]
    assert first["earlier_runs"] == []
    printed, both = time_in(tmp_path, run, "one_step and forward and (MGU or SLSTM)")
    assert "continuing: 1 of 2 were timed before" in printed
    assert [record["variant"] for record in both["records"]] == ["MGU", "SLSTM"]
    assert both["records"][0] == first["records"][0]
    [earlier] = both["earlier_runs"]
    assert earlier["machine"]["cpu"] == run.cpu
    kept.forget(tmp_path, run)
    assert [path.name for path in tmp_path.iterdir()] == ["sections.json"]


def test_a_process_does_not_take_the_timings_of_another(run, tmp_path):
    """Nor one for another part of the run."""
    places = [kept.Place(tmp_path, run, k, part, tmp_path) for k in (0, 1) for part in ("", "kept")]
    assert len({kept.Kept(place).key("a.py::test_speed") for place in places}) == 4


@pytest.mark.parametrize(
    "change",
    [{"cpu": "another"}, {"simd": "AVX9"}, {"threads": "3"}, {"variables": {"LD_PRELOAD": ""}}],
    ids=str,
)
def test_timings_of_another_machine_or_setting_are_not_continued(run, change, tmp_path):
    journals = [
        kept.Journal(tmp_path, kept.NAME, which, (), fresh=False).path
        for which in (run, replace(run, **change), replace(run))
    ]
    assert journals[0] == journals[2] != journals[1]


def test_timings_by_other_code_are_not_continued(run, tmp_path, monkeypatch):
    def path():
        return kept.Journal(tmp_path, kept.NAME, run, (), fresh=False).path

    before = path()
    changed = Path(paired.__file__)
    content = code.CONTENT | {changed: code.CONTENT[changed] + b"\nSLOW = 1\n"}
    monkeypatch.setattr(code, "CONTENT", content)
    assert path() != before


def test_a_place_is_the_same_after_the_command_line(run, tmp_path):
    place = kept.Place(tmp_path, run, 2, "kept", tmp_path / "sections.json")
    assert kept.Place.of(place.text()) == place


@pytest.mark.parametrize(
    ("simd", "expected"),
    [
        *(("AVX2", "AVX2"), ("AVX512", "AVX512"), ("AMX", "AMX")),
        *(("NO AVX", "AVX2"), ("DEFAULT", "AVX2"), ("SVE256", "AVX2")),
    ],
)
def test_the_nearest_record_has_the_most_similar_instruction_sets(simd, expected):
    assert nearest.nearest(simd, PUBLISHED)["machine"]["simd"] == expected


def test_without_the_same_instruction_sets_the_newest_of_the_nearest_counts():
    amx, avx2 = ({"machine": {"simd": name}, "date": "1"} for name in ("AMX", "AVX2"))
    newer = avx2 | {"date": "2"}
    assert nearest.nearest("AVX512", [avx2, newer]) is newer
    assert nearest.nearest("AVX2", [amx, newer]) is newer
    assert nearest.nearest("AVX2", []) is None


def test_a_published_timing_is_of_the_same_layer_mode_size_and_threads():
    for record in PUBLISHED[0]["records"]:
        assert nearest.find(PUBLISHED[0], record) is record
    assert nearest.find(PUBLISHED[0], record | {"threads": 77}) is None
    assert nearest.find(None, record) is None


def test_a_table_has_each_number_beside_the_published_one():
    published = next(r for r in PUBLISHED if r["machine"]["simd"] == "AVX512")
    medium = [
        record
        for (name, _), record in summary.records_at(published, "medium").items()
        if name == "GRU"
    ]
    timed = copy.deepcopy(medium)
    for record, ratio in zip(timed, (3.21, 4.32), strict=True):
        record["ratio"]["median"] = ratio
        record["megabytes"] = 77.0
    title = quick_table.title_of(paired.Size(*medium[0]["size"].values()))
    shown = quick_table.table(title, ["GRU", "LSTM"], timed, published)
    assert shown.startswith("medium: B = 64, T = 100, D = 256, H = 256\n")
    rows = [re.split(r" {2,}", line.strip()) for line in shown.splitlines()]
    [row] = [row for row in rows if row[0] == "GRU"]
    ratios = [summary.ratio(record) for record in medium]
    assert row[1:5] == ["3.21", ratios[0], "4.32", ratios[1]]
    assert row[7].startswith("77 : ")
    assert row[8] == summary.memory(medium[1])
    assert next(row for row in rows if row[0] == "LSTM")[1:] == ["-"] * 8


def test_the_machines_of_a_table_are_named():
    published, here = PUBLISHED[0], provenance.machine()
    said = quick_table.described(here, published)
    assert published["experiment"] in said
    assert published["machine"]["cpu"] in said
    assert published["date"][:10] in said
    assert here["cpu"] in said
    assert "kernels of this package are missing" in quick_table.described(
        here | {"kernels": False}, None
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(0, "0 s"), (12.1, "15 s"), (60, "1 min 00 s"), (181, "3 min 05 s")]
)
def test_a_time_is_shown_roughly(seconds, text):
    assert quick_table.minutes(seconds) == text


@pytest.mark.slow
def test_the_quick_run_shows_the_time_left_and_tables():
    printed = run_suite(*quick.options(smoke=True), "-k", "GRU")
    assert printed.startswith("Time of this package divided by")
    lines = printed.splitlines()
    assert re.search(r"^small, GRU, forward; .*\d s left$", printed, re.MULTILINE)
    tables = [line for line in lines if line.startswith(("small: B = ", "packed, ragged: B = "))]
    assert len(tables) == 2
    rows = [line for line in lines if line.startswith("GRU ")]
    assert all(re.match(r"GRU +\d+\.\d\d ", row) for row in rows)
    assert len(rows) == 2
    assert "passed" not in printed
    assert "Not timed" not in printed


def test_the_quick_run_leaves_out_what_would_end_after_its_limit(monkeypatch):
    progress = quick.Progress()
    item = SimpleNamespace(nodeid="test")
    progress.start, progress.expected = 0.0, {"test": 10.0}
    monkeypatch.setattr(quick.time, "monotonic", lambda: 100.0)
    progress.pytest_runtest_setup(item)  # the first is timed, however long it takes
    progress.done = 10.0  # seconds are ten times as long here
    monkeypatch.setattr(quick, "LIMIT", 201.0)
    progress.pytest_runtest_setup(item)
    monkeypatch.setattr(quick, "LIMIT", 199.0)
    with pytest.raises(pytest.skip.Exception):
        progress.pytest_runtest_setup(item)


def test_the_quick_run_begins_with_the_least_work():
    sizes = [*suite.QUICK_SIZES[::-1], suite.RAGGED]
    items = [SimpleNamespace(callspec=SimpleNamespace(params={"size": size})) for size in sizes]
    quick.Progress().pytest_collection_modifyitems(items)
    ordered = [item.callspec.params["size"] for item in items]
    assert ordered == [suite.SIZES[1], suite.RAGGED, *suite.SIZES[2:4]]
    assert isinstance(ordered[1], ragged.Ragged)


def test_lengths_are_those_of_sentences():
    lengths = suite.RAGGED.lengths
    assert len(lengths) == suite.RAGGED.B
    assert lengths.min() >= 1
    assert lengths.max() <= suite.RAGGED.T
    assert 15 <= lengths.median() <= 25
    assert len(set(lengths.tolist())) > 20
    assert torch.equal(lengths, ragged.Ragged(*suite.RAGGED).lengths)


@pytest.mark.parametrize("mode", suite.MODES)
@pytest.mark.parametrize("name", summary.LAYERS)
def test_every_result_of_a_packed_batch_is_checked(name, mode):
    variant = VARIANTS[name]
    model = ragged.Packed(suite.layer(variant, SIZE).layer, SIZE.lengths)
    x, grad = SIZE.random(variant.directions, torch.device("cpu"))
    assert len(x) == SIZE.lengths.sum() < SIZE.B * SIZE.T
    results = paired.step_of(model, x, grad, mode)()
    paired.check(name, {}, model, x, grad, results)
    for k, result in enumerate(results):
        wrong = list(results)
        wrong[k] = result.detach().clone(memory_format=torch.contiguous_format)
        wrong[k].view(-1)[-1] += 0.01 * result.abs().max()
        with pytest.raises(AssertionError, match="wrong by"):
            paired.check(name, {}, model, x, grad, tuple(wrong))


def test_a_packed_batch_is_computed_as_its_sequences_are():
    """The oracle is given the first and the last sequence, whatever their place in the batch."""
    model = ragged.Packed(suite.layer(VARIANTS["BiLSTM"], SIZE).layer, SIZE.lengths)
    x, _ = SIZE.random(2, torch.device("cpu"))
    found = model.some_sequences(model(x))
    given = model.some_sequences(x)
    assert [len(part[0]) for part in given] == [SIZE.lengths[0], SIZE.lengths[-1]]
    for part, sequence in zip(found, given, strict=True):
        alone, _ = model.layer(sequence.transpose(0, 1))
        torch.testing.assert_close(part, alone.transpose(0, 1))
