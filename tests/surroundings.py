"""The README's commands on bare machines: `make test-surroundings`.

Everything runs in folders with a space in their names, with an empty home, and without the data
sets. A machine needs git, make, taskset, Chromium, and Python 3.11 or newer. The commands on one
core take minutes; the others run beside them.
"""

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import venv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Tests that need neither a compiler, data nor several cores, and that other stages run.
ELSEWHERE = (
    *("batching", "check_cell", "derivatives", "diagrams", "distributed", "equations", "extending"),
    *("figures", "inference", "latex", "music_baselines", "music_search", "odyssey", "onnx"),
    *("onnx_export", "odyssey_findings", "protocols", "report_files", "reports"),
    *("reports_long_lags", "rerun", "running", "scan", "second_order", "sensitivity"),
    *("sensitivity_of_searches", "timing_experiment", "timing_variations", "tracing", "trials"),
    *("verdicts", "what_holds", "zoneout"),
)
# Without the CPU kernels, torch's compute in these tests, not alike in all cases: all are run.
BY_TORCH = ("models", "onnx_export", "training_code")
CASES_BY_TORCH = "replicas or computed_again or projection"
NO_COMPILER = {"CXX": "no-compiler", "CC": "no-compiler"}


def environment(folder: Path, **more: str) -> dict[str, str]:
    """The variables of a new user: an empty home, nothing of the project."""
    home = folder / "home"
    home.mkdir(parents=True, exist_ok=True)
    dropped = re.compile("LSTM_VARIANTS|MAKE|VIRTUAL_ENV|XDG_|PYTHON|MFLAGS|PYTEST")
    kept = {k: v for k, v in os.environ.items() if not dropped.match(k)}
    return kept | {"HOME": str(home)} | more


PYTHON = f"PYTHON={sys.executable}"


def run(*command: str, folder: Path, **more: str) -> None:
    """Run a command, and stop if it fails. What it prints is shown as a whole, at its end."""
    print(f"\n== started: {' '.join(command)}   in {folder}", flush=True)
    done = subprocess.run(
        command,
        cwd=folder,
        env=environment(folder.parent, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    print(f"\n== {' '.join(command)}   in {folder}\n{done.stdout}", flush=True)
    if done.returncode:
        message = f"FAILED: {' '.join(command)} in {folder}, with {more}"
        print(message, flush=True)  # at once: what runs beside it goes on
        raise SystemExit(message)


def unpacked(folder: Path) -> Path:
    """The files of the project without its history, as from a tarball."""
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    target = folder / "from a tarball"
    for name in filter(None, listed.stdout.split("\0")):
        if (ROOT / name).exists():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    return target


def cloned(folder: Path) -> Path:
    """A clone of what is committed."""
    target = folder / "a clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(target)], check=True)
    return target


def examples() -> list[tuple[str, str]]:
    """The README's examples, each with what it prints."""
    readme = (ROOT / "README.md").read_text()
    return re.findall(r"```python\n(.*?)```\s*```text\n(.*?)```", readme, re.DOTALL)


def check_packages(folder: Path) -> None:
    """Install the package from a wheel, an sdist and its folder, and run the README's examples.

    With the first, its requirements are installed.
    """
    source = unpacked(folder)
    run("make", "wheel", PYTHON, folder=source)
    [wheel] = (source / "dist").glob("*.whl")
    [sdist] = (source / "dist").glob("*.tar.gz")
    explained = "import torch; import lstm_variants as lv;"
    explained += "lv.explain(lv.models.StandardLSTM(2, 3), torch.zeros(1, 4, 2))"
    empty = folder / "an environment"
    venv.create(empty / "venv", with_pip=True)
    python = str(empty / "venv" / "bin" / "python")
    options: tuple[str, ...] = ()
    for package, place, more, runs in (
        (wheel, empty, NO_COMPILER, r"cpu +runs \("),
        (sdist, empty, {}, r"cpu +runs \("),
        (sdist, empty, NO_COMPILER, r"cpu +the package was installed without its CPU kernels"),
        # Python is started in the folder of the sources, and imports them.
        (source, source, {}, r"cpu +runs \("),
    ):
        install = (python, "-m", "pip", "install", "--quiet", *options, str(package))
        run(*install, folder=place, **more)
        options = ("--force-reinstall", "--no-deps")
        expected = [(code, re.escape(output)) for code, output in examples()]
        for code, answer in (*expected, (explained, runs)):
            done = subprocess.run(
                [python, "-W", "ignore", "-c", code],
                cwd=place,
                env=environment(place.parent, **more),
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode or not re.search(answer, done.stdout):
                raise SystemExit(f"FAILED: {package.name}, {more}\n{done.stdout}{done.stderr}")
        print(f"{package.name} works {'without' if more else 'with'} a compiler", flush=True)


def linked_environment(source: Path) -> None:
    """The environment of the project, if it has one: only the package has to be installed in it.

    Its files are linked, which takes seconds. pip and Python replace files and write into none.
    """

    def link(source: str, target: str) -> None:
        try:
            os.link(source, target)
        except FileNotFoundError:
            pass  # a temporary file of an installation beside
        except OSError:
            shutil.copy2(source, target)

    if (ROOT / ".venv" / ".has-dev").exists():
        skipped = shutil.ignore_patterns(".has-*", ".modules", "cache")
        shutil.copytree(
            ROOT / ".venv", source / ".venv", symlinks=True, ignore=skipped, copy_function=link
        )


def check_bare(folder: Path, *, short: bool) -> None:
    """Run tests and documentation on one core, without a compiler."""
    source = unpacked(folder)
    if short:
        linked_environment(source)
    one_core = ("taskset", "--cpu-list", "0")
    ignored = " ".join(map("--ignore=tests/test_{}.py".format, ELSEWHERE))
    few = [f"PYTEST=-n 0 --cases=1 --shift=3 -m 'not records' {ignored}"]
    run(*one_core, "make", "test", PYTHON, *(few if short else []), folder=source, **NO_COMPILER)
    files = " ".join(map("tests/test_{}.py".format, BY_TORCH))
    whole = f'PYTEST=-n 0 {files} -k "{CASES_BY_TORCH}"'
    run(*one_core, "make", "test-all", PYTHON, whole, folder=source, **NO_COMPILER)
    if not short:
        run(*one_core, "make", "docs", PYTHON, folder=source, **NO_COMPILER)


def check_clone(folder: Path) -> None:
    """Run tests and documentation in a clone."""
    clone = cloned(folder)
    run("make", "test", PYTHON, folder=clone)
    run("make", "test-site", PYTHON, folder=clone)  # makes the documentation first


def check_in(folder: Path, check: Callable[[Path], None]) -> None:
    """Run a check in a folder, and remove it: environments take gigabytes."""
    check(folder)
    shutil.rmtree(folder)


def main() -> None:
    """Run all surroundings, or a short form of them, without a clone."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--short", action="store_true", help="few cases, each command once")
    short = parser.parse_args().short
    with (
        tempfile.TemporaryDirectory(prefix="lstm variants ") as name,
        ThreadPoolExecutor() as beside,
    ):
        folder = Path(name)
        bare = beside.submit(check_in, folder / "bare", partial(check_bare, short=short))
        check_in(folder / "packages", check_packages)
        if not short:
            check_in(folder / "clone", check_clone)
        bare.result()
    print("\nAll surroundings passed.")


if __name__ == "__main__":
    main()
