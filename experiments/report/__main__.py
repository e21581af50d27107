"""Write everything that the documentation includes: `python -m experiments.report`."""

from __future__ import annotations

from pathlib import Path

from experiments import RESULTS
from experiments.report import (
    GENERATED,
    adding,
    bench,
    chunking,
    claims,
    counting,
    future_context,
    gates,
    music,
    power,
    scaling,
    timing,
)
from experiments.report.figures import save_figures
from experiments.report.results import load

CLAIMS = (timing, counting, music, future_context, chunking, adding, gates)


def main(results: Path = RESULTS, generated: Path = GENERATED) -> None:
    """Write tables and figures of all results."""
    generated.mkdir(parents=True, exist_ok=True)
    timed = [load(path) for path in sorted(results.glob("bench-*.json"))]
    if not timed:
        raise SystemExit(f"No bench-*.json in {results}: run 'make bench' first.")
    for result in timed:
        save_figures(generated, bench.figure, result)
    (generated / "bench.md").write_text("\n".join(map(bench.section, timed)))
    result = load(results / "scaling.json")
    save_figures(generated, scaling.figure, result)
    (generated / "scaling.md").write_text(scaling.section(result))
    result = load(results / "power.json")
    save_figures(generated, power.figure, result)
    section = claims.section("What few seeds can show", power, result)
    (generated / "power.md").write_text(section)
    scored: claims.Scored = {}
    for module in CLAIMS:
        name = module.__name__.rpartition(".")[2]
        result = load(results / f"{name}.json")
        scored[name] = result, module.score(result["records"])["claims"]
        save_figures(generated, module.figure, result)
        (generated / f"{name}.md").write_text(claims.page(module, result))
    save_figures(generated, lambda _: claims.forest(scored), {"experiment": "forest"})
    (generated / "what-holds.md").write_text(claims.summary(scored))
    print(f"written: {generated}")


if __name__ == "__main__":
    main()
