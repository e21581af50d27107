"""What every experiment shares: command line, seeds, environment stamp, atomic result file."""

from __future__ import annotations

import dataclasses
import datetime
import json
import os
import platform
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import torch
import tyro
from tqdm import tqdm

from experiments import RESULTS

Record = dict[str, Any]


@dataclass(frozen=True)
class Experiment:
    """An experiment, as its file declares it.

    Attributes:
        name: Name of its module and of its result file.
        config: Its documented default configuration, a frozen dataclass.
        smoke: A configuration that runs in seconds.
        run: `run(config, seed) -> record`, all that one seed gives, ready for JSON.
        score: `score(records) -> verdict`, what the records of all seeds say of the claim.
        table: `table(records) -> Markdown`, for people.
        seeds: How many seeds the published result has.
        exact: Whether the same seed gives the same record again; timings do not.
    """

    name: str
    config: Any
    smoke: Any
    run: Callable[[Any, int], Record]
    score: Callable[[Sequence[Record]], Record]
    table: Callable[[Sequence[Record]], str]
    seeds: int = 1
    exact: bool = True

    def main(self, arguments: Sequence[str] | None = None) -> None:
        """Run from the command line: all seeds, then print the table and write the result."""
        arguments = sys.argv[1:] if arguments is None else arguments
        smoke = "--smoke" in arguments
        options = tyro.cli(
            options_of(type(self.config)),
            args=arguments,
            default=options_of(type(self.config))(
                config=self.smoke if smoke else self.config,
                seeds=1 if smoke else self.seeds,
            ),
            prog=f"python -m experiments.{self.name}",
            description=sys.modules[self.run.__module__].__doc__,
        )
        self.execute(options.config, options.seeds, options.out or (None if smoke else RESULTS))

    def execute(self, config: Any, seeds: int, folder: Path | None) -> Record:
        """Run seeds 0 to `seeds - 1`, print the table, and write the result into `folder`."""
        records = [
            self.run(config, seed) for seed in tqdm(range(seeds), desc=self.name, unit="seed")
        ]
        score = self.score(records)
        print(self.table(records))
        print(*(f"{key}: {value}" for key, value in score.items()), sep="\n")
        result = {
            "experiment": self.name,
            **stamp(),
            "config": dataclasses.asdict(config),
            "seeds": list(range(seeds)),
            "records": records,
            "score": score,
        }
        if folder is not None:
            write_json(folder / f"{self.name}.json", result)
        return result


def options_of(config: type) -> Any:
    """The command line's options for a configuration class."""
    return dataclasses.make_dataclass(
        "Options",
        [
            ("config", Annotated[config, tyro.conf.arg(name="")]),
            ("seeds", Annotated[int, tyro.conf.arg(help="how many seeds, from 0")], 1),
            ("smoke", Annotated[bool, tyro.conf.arg(help="toy size; writes no result")], False),
            ("out", Annotated[Path | None, tyro.conf.arg(help="folder for the result file")], None),
        ],
        frozen=True,
    )


def stamp() -> Record:
    """Where a number comes from: command, commit, date, machine. No host name."""
    return {
        "command": command(),
        "commit": commit(),
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }


def command() -> str:
    """The command that is running, as one would type it."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    program = f"-m {spec.name.removesuffix('.__main__')}" if spec else Path(sys.argv[0]).name
    return " ".join(["python", program, *map(shlex.quote, sys.argv[1:])])


def commit() -> str:
    """The commit of the code, with `+changes` if a source file differs from it."""

    def git(*arguments: str) -> str:
        return subprocess.run(
            ["git", "-C", str(Path(__file__).parent), *arguments],
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()

    try:
        head = git("rev-parse", "HEAD")
        changed = git(
            "status", "--porcelain", "--", ":/*.py", ":/*.cpp", ":/*.h", ":/CMakeLists.txt"
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown (not a git checkout)"
    return head + ("+changes" if changed else "")


def machine() -> Record:
    """Processor, threads and versions."""
    return {
        "cpu": cpu_model(),
        "cores": os.cpu_count(),
        "threads": torch.get_num_threads(),
        "simd": torch.backends.cpu.get_cpu_capability(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "torch": torch.__version__,
        "cuda": torch.version.cuda,
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
    }


def cpu_model() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or "unknown"
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or "unknown"


def write_json(path: Path, content: Record) -> None:
    """Write a file whole or not at all, whatever happens meanwhile."""
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(content, indent=1, allow_nan=False) + "\n"
    with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, suffix=".tmp") as file:
        try:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
            os.chmod(file.name, 0o644)
            os.replace(file.name, path)
            print(f"written: {path}")
        except BaseException:
            os.unlink(file.name)
            raise
