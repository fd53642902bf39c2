"""`roam-lite report`: several trackers' results in plots and tables."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from roam_lite.cli.evaluate import add_benchmark_options
from roam_lite.cli.options import names

if TYPE_CHECKING:
    from roam_lite.evaluation.report import Report

DESCRIPTION = """\
combine the results of several trackers in plots and tables
RESULTS are folders of result files in the benchmark's own layout, ours or anybody's (a folder without
tracker.json is called by its name), or files that `evaluate --json` wrote. Writes to --out: success
and precision plots with ranked legends, table.md and table.tex laid out as the paper's Tables 1 to 3
with the paper's rows, sequences.md with the score of every sequence, and report.json.
Of OTB's eleven attributes there are plots where ROOT holds their labels: ROOT/attributes/NAME.txt with
eleven flags in the order IV, OPR, SV, OCC, DEF, MB, FM, IPR, OV, BC, LR, or these abbreviations."""

EXAMPLES = """\
  roam-lite report results/OTB2015/* others/ECO --root OTB100 --out report
  roam-lite report results/VOT2016/* --benchmark vot2016 --root VOT2016 --out report
  roam-lite report vot2016.json vot2017.json --benchmark vot2016 --out report
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options."""
    add = parser.add_argument
    add("results", nargs="+", metavar="RESULTS", help="folders or JSON files")
    add_benchmark_options(parser)
    add("--root", metavar="DIR", help="folder of the sequences; folders need it")
    add("--split", metavar="NAME", help="test, val, train (default: the paper's)")
    add("--sequences", type=names, metavar="A,B", help="only these (default: all)")
    add("--out", default="report", metavar="DIR", help="default: report (files are replaced)")


def run(args: argparse.Namespace) -> None:
    """Score what was given, write everything and print the table."""
    from roam_lite.errors import InputError
    from roam_lite.evaluation.benchmarks import get_benchmark, score_results
    from roam_lite.evaluation.report import read_report, write_json
    from roam_lite.evaluation.results import short_name
    from roam_lite.evaluation.tables import latex, markdown, paper_grid, sequence_grid, table_for
    from roam_lite.extras import require
    from roam_lite.files import write_atomically

    paths = sorted(map(Path, args.results), key=lambda path: path.suffix == ".json")
    folders = [path for path in paths if path.suffix != ".json"]
    if folders and not args.root:
        raise InputError(
            "--root DIR is needed: folders of results are scored against its sequences"
        )
    benchmark = get_benchmark(args.benchmark)
    if folders and benchmark.curves:
        require("matplotlib", "the plots")
    for path in folders:
        if path.is_file():
            raise InputError(f"{path}: neither a folder nor a JSON file; unpack archives first")
    scored: list[Report] = []
    reports: dict[str, dict[str, Any]] = {args.benchmark: {}}  # by benchmark and tracker
    chosen = args.sequences or (benchmark.names(args.root, args.split) if folders else [])
    for path in paths:
        if path in folders:
            scored.append(score_results(benchmark, args.root, chosen, path, args.scoring))
        report = scored[-1].to_json() if path in folders else read_report(path)
        taken = reports.setdefault(report["tracker"].get("benchmark", "otb"), {})
        name = short_name(report["tracker"])
        choices = (name, f"{name} ({path.name.removesuffix('.json')})", f"{name} ({path})")
        taken[next((n for n in choices if n not in taken), choices[-1])] = report
    ours = reports[args.benchmark]
    if not ours:
        raise InputError(f"none of the files is of {args.benchmark}; name their --benchmark")

    table, out = table_for(args.benchmark, ours), Path(args.out)
    grid = paper_grid(table, reports)
    texts = {
        "table.md": markdown(grid, table.caption),
        "table.tex": latex(grid, table.caption),
        "sequences.md": markdown(sequence_grid(ours), f"{benchmark.folder}, every sequence"),
    }
    for name, text in texts.items():
        write_atomically(out / name, text.encode())
    write_json(out / "report.json", reports)
    written = [out / name for name in (*texts, "report.json")]
    if scored and benchmark.curves:
        written += _draw(scored, args.root, out)
    print(texts["table.md"])
    for path in written:
        print(f"wrote {path}")


def _draw(reports: "list[Report]", root: str, out: Path) -> list[Path]:
    """Write the plots and return their paths."""
    from roam_lite.data.otb_attributes import read_attributes
    from roam_lite.figures.plots import attribute_plots, save_plots
    from roam_lite.figures.style import style
    from roam_lite.files import whole_file

    paths = save_plots(reports, out)
    if reports[0].tracker["benchmark"] == "otb":
        attributes = read_attributes(root, [score.name for score in reports[0].scores])
        if attributes and any(attributes.values()):
            paths.append(out / "attributes.png")
            with whole_file(paths[-1]) as temporary, style():
                attribute_plots(reports, attributes).savefig(temporary)
    return paths
