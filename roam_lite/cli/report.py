"""`roam-lite report`: plots and tables of several trackers' results."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from roam_lite.cli.evaluate import add_benchmark_options
from roam_lite.cli.options import names

if TYPE_CHECKING:
    from roam_lite.evaluation.report import Report

DESCRIPTION = """\
combine the results of several trackers in plots and tables
RESULTS are folders of result files in the benchmark's own layout, ours or anyone's (if there is no
tracker.json, the folder's name is used), or files written by `evaluate --json`. Writes to --out: success
and precision plots with ranked legends; table.md and table.tex, laid out like the paper's Tables 1 to 3
and including the paper's rows; sequences.md with the score of every sequence; and report.json. Trackers
with the same name are distinguished by where their results are. Scores by different rules, or from
different video, cannot be combined.
Plots of OTB's eleven attributes are drawn if ROOT has labels for them: ROOT/attributes/NAME.txt with
eleven flags in the order IV, OPR, SV, OCC, DEF, MB, FM, IPR, OV, BC, LR, or these abbreviations."""

EXAMPLES = """\
  roam-lite report results/OTB2015/* others/ECO --root OTB100 --out report
  roam-lite report results/VOT2016/* --benchmark vot2016 --root VOT2016 --out report
  roam-lite report vot2016.json vot2017.json --benchmark vot2016 --out report
"""

FILES = (
    "table.md", "table.tex", "sequences.md", "report.json",
    "success.png", "precision.png", "normalized.png", "attributes.png",
)  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("results", nargs="+", metavar="RESULTS", help="folders or JSON files")
    add_benchmark_options(parser)
    add("--root", metavar="DIR", help="folder of the sequences; required if RESULTS has folders")
    add("--split", metavar="NAME", help="test, val or train (default: the paper's)")
    add("--sequences", type=names, metavar="A,B", help="only these sequences (default: all)")
    add("--out", default="report", metavar="DIR", help="default: report (replaces files)")


def run(args: argparse.Namespace) -> None:
    """Score the results, write everything and print the table."""
    from roam_lite.errors import InputError
    from roam_lite.evaluation.benchmarks import check_rule, get_benchmark
    from roam_lite.evaluation.gather import by_benchmark, gather, named
    from roam_lite.evaluation.report import write_json
    from roam_lite.evaluation.tables import (
        heading,
        latex,
        markdown,
        paper_grid,
        sequence_grid,
        table_for,
    )
    from roam_lite.extras import require
    from roam_lite.files import check_outputs, refuse_twice, write_atomically

    paths, out = [Path(path) for path in args.results], Path(args.out)
    refuse_twice(paths)
    check_outputs({f"--out/{name}": out / name for name in FILES}, inputs=paths, overwrite=True)
    benchmark = get_benchmark(args.benchmark)
    check_rule(benchmark, args.scoring)
    if folders := [path for path in paths if path.suffix != ".json"]:
        if not args.root:
            raise InputError("give --root DIR: folders of results are scored against its sequences")
        if benchmark.curves:
            require("matplotlib", "the plots")
    entries = gather(paths, benchmark, args.root, args.split, args.sequences, args.scoring)
    reports = by_benchmark(entries)
    if args.benchmark not in reports:
        raise InputError(f"no file has results of {args.benchmark}; give the right --benchmark")

    table = table_for(args.benchmark, reports)
    grid, ours = paper_grid(table, reports), reports[args.benchmark]
    texts = {
        "table.md": markdown(grid, table.caption),
        "table.tex": latex(grid, table.caption),
        "sequences.md": markdown(sequence_grid(ours), heading(benchmark, ours)),
    }
    for name, text in texts.items():
        write_atomically(out / name, text.encode())
    write_json(out / "report.json", reports)
    written = [out / name for name in (*texts, "report.json")]
    if folders and benchmark.curves:
        scored = {
            name: entry.scored
            for name, entry in zip(named(entries), entries, strict=True)
            if entry.scored
        }
        written += _draw(scored, args.root, out)
    print(texts["table.md"])
    for path in written:
        print(f"wrote {path}")


def _draw(reports: "dict[str, Report]", root: str, out: Path) -> list[Path]:
    """Write plots of the reports, labeled by tracker, and return the plots' paths."""
    from roam_lite.data.otb_attributes import read_attributes
    from roam_lite.figures.plots import attribute_plots, save_plots
    from roam_lite.figures.style import style
    from roam_lite.files import whole_file

    names, scored = list(reports), list(reports.values())
    paths = save_plots(scored, out, names)
    if scored[0].tracker["benchmark"] == "otb":
        attributes = read_attributes(root, [score.name for score in scored[0].scores])
        if attributes and any(attributes.values()):
            paths.append(out / "attributes.png")
            with whole_file(paths[-1]) as temporary, style():
                attribute_plots(scored, attributes, names).savefig(temporary)
    return paths
