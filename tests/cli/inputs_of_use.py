"""Reports, outputs, runs, trackers and calls as users have them: rows of `test_inputs`."""

import numpy as np
import torch

from roam_lite import load_tracker
from tests.inputs import (
    ALL,
    COMPARE,
    KEPT,
    READER,
    REPORT,
    RIGHT,
    SCORE,
    TRACK,
    VIDEO,
    both,
    cut,
    data,
    edited,
    file,
    folder,
    gray,
    pictures,
    raising,
    report,
    tracker,
    trained,
    with_box,
)

TRAIN = "train --profile smoke --steps 2 --workers 0 --out {d}/run"
RUN = "run/config.json"
FAULT = "this is a fault of the program; --debug shows where"
TABULATED = "roam_lite.evaluation.compare.comparison_table"


def own(name):
    """The command line that tracks with a tracker of the user's."""
    return f"{VIDEO} --tracker {name}"


MINE = own("mine:Mine")


def with_tracker(*arguments, **options):
    return both(pictures(), tracker(*arguments, **options))


def api(**options):
    """A tracker of the package, from Python."""
    return lambda d, smoke: load_tracker("smoke", checkpoint=smoke, **options)


def begun(image, box=(10, 20, 16, 12), then=None):
    """That tracker after its first frame, and what it says of the next."""

    def program(d, smoke):
        mine = load_tracker("smoke", checkpoint=smoke)
        mine.init(image, box)
        print(np.shape(mine.update(gray(1) if then is None else then).box))

    return program


def unchanged(d, smoke):
    image, box = gray(0), np.array([10, 20, 16, 12])
    before = image.copy(), box.copy()
    mine = load_tracker("smoke", checkpoint=smoke)
    mine.init(image, box)
    result = mine.update(image)
    result.box[:] = 0
    mine.update(image)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(box, before[1])
    print("unchanged")


ROWS = {
    "names": [
        ("two trackers", both(report("a"), report("b")), COMPARE, 0, r"b\.json +0\.500 +\+0\.000"),
        ("a file twice", report("a"), "compare {d}/a.json {d}/./a.json", 2,
         "given twice; name each once"),
        ("a file twice in a report", report("a"), "report {d}/a.json {d}/./a.json --out {d}/o", 2,
         "given twice"),
        ("one name twice", both(report("a"), report("b", tracker="a", rule="x")), REPORT, 0,
         r"(?s)a .measured.*a x .measured"),
        ("one name three times", both(*(report(n, tracker="mine") for n in "abc")),
         "report {d}/a.json {d}/b.json {d}/c.json --out {d}/o", 0,
         r"(?s)mine \(a\).*mine \(b\).*mine \(c\)"),
        ("names with dots",
         both(report("a", tracker="mine.v1.2"), report("b", tracker="mine.v1.3")), REPORT, 0,
         r"(?s)mine\.v1\.2.*mine\.v1\.3"),
        ("a name with bars", both(report("a", tracker="a|b_c"), report("b")), REPORT, 0,
         r"a\\\|b_c"),
        ("JSON of something else", both(report("a"), file("b.json", '{"x": 1}')), COMPARE, 2,
         "b.json holds no scores; give a file that"),
        ("broken JSON", both(report("a"), file("b.json", '{"x": ')), COMPARE, 2,
         "b.json cannot be read"),
        ("empty JSON", both(report("a"), file("b.json")), COMPARE, 2, "b.json cannot be read"),
        ("a list", both(report("a"), file("b.json", "[1, 2]")), COMPARE, 2,
         "b.json holds no scores"),
        ("a number", both(report("a"), file("b.json", "3")), REPORT, 2, "b.json holds no scores"),
        ("other scoring", both(report("a"), report("b", scoring="pysot")), COMPARE, 2,
         "scored by different rules"),
        ("other scoring in a report", both(report("a"), report("b", scoring="pysot")), REPORT, 2,
         "scored by the rule pysot, not official; give --scoring"),
        ("another benchmark", both(report("a"), report("b", benchmark="lasot")), COMPARE, 2,
         "different benchmarks"),
        ("other sequences",
         both(report("a"), report("b"), edited("b.json", lambda c: c.replace(b'"B"', b'"C"'))),
         COMPARE, 2, "only one of .* holds B, C"),
        ("other lengths",
         both(report("a"), report("b"), edited("b.json", lambda c: c.replace(b": 6}", b": 7}"))),
         COMPARE, 2, "other numbers of frames"),
        ("text for a score",
         both(report("a"), report("b"), edited("b.json", lambda c: c.replace(b"0.5", b'"half"'))),
         COMPARE, 2, "holds no scores"),
        ("a name that is no text", both(report("a"), report("b", tracker=3)), COMPARE, 2,
         "tracker is 3; make it str"),
        ("a file that is not there", report("a"), COMPARE, 2,
         "b.json cannot be read .No such file or directory.; give a file"),
    ],
    "outputs": [
        ("one place twice", pictures(), f"{TRACK} --out {{d}}/b.txt", 2,
         "is the same place; name another"),
        ("input as output", pictures(),
         f"{TRACK} --overwrite".replace("{d}/b.txt", "{d}/v/0002.png"), 2,
         "this is read, not to be written to"),
        ("boxes that exist", both(pictures(), file("b.txt", "mine")), TRACK, 2,
         "b.txt exists; give --overwrite"),
        ("a video of unknown kind", pictures(), f"{TRACK} --out {{d}}/x.xyz", 2,
         "name the file .mp4"),
        ("JSON that exists", both(data(), file("x.json", "mine")), f"{SCORE} --json {{d}}/x.json",
         2, "x.json exists; remove it"),
        ("JSON in a new folder", data(), f"{SCORE} --json {{d}}/new/deep/x.json", 0, RIGHT),
        ("a folder as JSON", both(data(), folder("x.json")), f"{SCORE} --json {{d}}/x.json", 2,
         "this is a folder; name a file"),
        ("a file as results", both(data(), file("r", "mine")), KEPT, 2,
         "this is a file; name a folder"),
        ("no place to write", data(), f"{SCORE} --json /proc/none/x.json", 2,
         "cannot be written .*; name another place"),
        ("below a file", both(data(), file("x", "mine")), f"{SCORE} --plots {{d}}/x/plots", 2,
         "is a file, which holds none"),
        ("a report on what it reads", both(report("report"), report("b")),
         "report {d}/report.json {d}/b.json --out {d}", 2, "this is read"),
        ("a report on a file", both(report("a"), report("b"), file("o", "mine")), REPORT, 2,
         "is a file"),
        ("compare reads a folder", report("a"), "compare {d}/a.json {d}", 2,
         "cannot be read .Is a directory"),
        ("chance's JSON that exists", both(data(), file("x.json")),
         f"bench chance --root {{d}}/data --json {{d}}/x.json {READER}", 2, "x.json exists"),
        ("synth on what exists", folder("s/mixed-0-0000"), "synth --out {d}/s", 2,
         "exists; remove it"),
        ("synth below a file", file("s", "mine"), "synth --out {d}/s", 2,
         "this is a file; name a folder"),
        ("train on a file", file("run", "mine"), TRAIN, 2, "run is a file, which holds none"),
        ("train on its own weights", file("run/checkpoint.safetensors"),
         f"{TRAIN} --init {{d}}/run/checkpoint.safetensors --overwrite", 2, "this is read"),
        ("demo below a file", both(data(), file("o", "mine")), "demo --root {d}/data --out {d}/o",
         2, "is a file, which holds none"),
    ],
    "run folders": [
        ("no run to resume", folder("none"), f"{TRAIN} --resume", 2,
         "no run to resume, config.json is missing"),
        ("an empty folder to resume", folder("run"), f"{TRAIN} --resume", 2, "no run to resume"),
        ("a run without its state", both(file(RUN, "{}"), file("run/checkpoint.safetensors")),
         f"{TRAIN} --resume", 2, "state.safetensors is missing"),
        ("a broken configuration", file(RUN, "{"), f"{TRAIN} --resume", 2,
         "config.json: not a run that this version can resume"),
        ("a configuration of something else", file(RUN, '{"model": 3}'), f"{TRAIN} --resume", 2,
         "config.json: not a run"),
        ("a list for a configuration", file(RUN, "[]"), f"{TRAIN} --resume", 2,
         "config.json: not a run"),
        ("a run of other options", file(RUN, '{"run": {"seed": 9}, "config": {}}'),
         f"{TRAIN} --resume", 2, "holds a run with other .*seed"),
        ("a run to go on", trained, f"{TRAIN} --resume", 0, "wrote .*run"),
        ("a run of another seed", trained, f"{TRAIN} --resume --seed 3", 2,
         "holds a run with other seed"),
        ("a state that is cut", both(trained, cut("run/state.safetensors", 900)),
         f"{TRAIN} --resume", 2, "not a readable training state"),
        ("a run that is there", trained, TRAIN, 2, "add --resume to continue it"),
        ("replacing no run", file("run/thesis.tex", "mine"), f"{TRAIN} --overwrite", 2,
         "holds files but no run"),
        ("both at once", folder("run"), f"{TRAIN} --overwrite --resume", 2, "not allowed with"),
    ],
    "Python": [
        ("what the caller gave", None, unchanged, 0, "unchanged"),
        ("a list for a box", None, begun(gray(0), [10, 20, 16, 12]), 0, r"\(4,\)"),
        ("a tensor for a box", None, begun(gray(0), torch.tensor([10.0, 20, 16, 12])), 0,
         r"\(4,\)"),
        ("a row for a box", None, begun(gray(0), np.array([[10, 20, 16, 12]])), 0, r"\(4,\)"),
        ("two numbers for a box", None, begun(gray(0), [10, 20]), 2,
         "give four numbers x, y, w, h"),
        ("None for a box", None, begun(gray(0), None), 2, "box None: give four numbers"),
        ("gray", None, begun(gray(0)[..., 0], then=gray(1)[..., 0]), 0, r"\(4,\)"),
        ("RGBA", None, begun(np.dstack([gray(0), gray(0)[..., :1]])), 0, r"\(4,\)"),
        ("float", None, begun(gray(0) / 255), 2, "type float64 is ambiguous; convert it to uint8"),
        ("None for an image", None, begun(None), 2, "image of type NoneType has no pixels; give"),
        ("None later", None, begun(gray(0), then=np.array(None)), 2, "has no pixels; give"),
        ("a path for an image", None, begun("frame.png"), 2,
         "image of type str has no pixels; give"),
        ("channels first", None, begun(gray(0).transpose(2, 0, 1)), 2,
         r"shape \[3, 60, 80\] is neither"),
        ("no pixels", None, begun(np.zeros((0, 80, 3), np.uint8)), 2, "has no pixels"),
        ("nan for lr", None, api(rule="sgd", lr=float("nan")), 2, "nan"),
        ("a negative lr", None, api(rule="sgd", lr=-1), 2, "-1"),
        ("text for lr", None, api(rule="sgd", lr="fast"), 2, "fast"),
        ("no lr", None, api(rule="sgd"), 2, "needs a learning rate"),
        ("mps", None, api(device="mps"), 2, "device 'mps': give cpu, cuda or auto"),
        ("a device of torch", None, api(device=torch.device("cpu")), 0, ""),
        ("an unknown constant", None, api(speed=3), 2, "speed"),
        ("text for a constant", None, api(motion="fast"), 2, "motion: .*fast"),
        ("an unknown variant", None, api(variant="roam3"), 2, "choose roam.. or roam"),
    ],
    "own trackers": [
        ("a good one", with_tracker(), MINE, 0, "6 frames"),
        ("None", with_tracker("return None"), MINE, 2,
         "mine:Mine, frame 1.*update returned None; return a box of four"),
        ("text", with_tracker("return '1,2,3,4'"), MINE, 2, "update returned '1,2,3,4'"),
        ("three numbers", with_tracker("return 1, 2, 3"), MINE, 2, r"update returned \(1, 2, 3\)"),
        ("nan", with_tracker("return [np.nan] * 4"), MINE, 0,
         "(?s)6 frames.*target lost in 5.*nan,nan,nan,nan"),
        ("inf", with_tracker("return [np.inf, 1, 2, 3]"), MINE, 0,
         "(?s)target lost in 5.*nan,nan,nan,nan"),
        ("a huge box", with_tracker("return 0, 0, 1e9, 1e9"), MINE, 0, "1,1,1000000000,1000000000"),
        ("complex numbers", with_tracker("return np.ones(4) * 1j"), MINE, 2, "update returned"),
        ("a score of text", with_tracker("self.score = 'good'; return self"), MINE, 2,
         "as numbers, `score`"),
        ("raises in init", with_tracker(init="1 / 0"), MINE, 2,
         "mine:Mine, .*ZeroDivisionError: division by zero; --debug"),
        ("raises in update", with_tracker("raise RuntimeError('no\\nGPU')"), MINE, 2,
         "mine:Mine, frame 1.*RuntimeError: no GPU; --debug"),
        ("raises while scored", both(data(), tracker("return self.none")),
         SCORE.replace("tests.inputs:Reader", "mine:Mine"), 2,
         "mine:Mine, frame 1 of A: AttributeError"),
        ("ends the program", with_tracker("sys.exit(0)"), MINE, 2, "SystemExit: 0"),
        ("is interrupted", with_tracker("raise KeyboardInterrupt"), MINE, 1,
         "roam-lite track: interrupted"),
        ("no init", with_tracker(after="Mine.init = None\n"), MINE, 2, "makes no tracker but"),
        ("a factory with arguments", with_tracker(after="def make(path): return Mine()\n"),
         own("mine:make"), 2, "mine:make, called to make a tracker: TypeError"),
        ("a factory of nothing", with_tracker(after="def make(): pass\n"), own("mine:make"), 2,
         "makes no tracker but None"),
        ("no function", with_tracker(after="size = 3\n"), own("mine:size"), 2,
         "cannot be called; name a class"),
        ("no such module", pictures(), own("nobodys:Mine"), 2,
         "cannot be loaded .ModuleNotFoundError"),
        ("no such name", with_tracker(), own("mine:Nine"), 2, "cannot be loaded .AttributeError"),
        ("no name", pictures(), own("mine:"), 2, "MODULE:NAME"),
        ("a fault of syntax", both(pictures(), file("mine.py", "class Mine\n")), MINE, 2,
         "cannot be loaded .SyntaxError"),
        ("ends when imported", both(pictures(), file("mine.py", "import sys\nsys.exit(0)\n")), MINE,
         2, "cannot be loaded .SystemExit"),
    ],
    "last door": [
        ("a fault in evaluate", both(data(), raising(ZeroDivisionError("by\nzero"))), SCORE, 3,
         f"^roam-lite evaluate: unexpected ZeroDivisionError: by zero; {FAULT}\n$"),
        ("with --debug", both(data(), raising(KeyError("x"))), f"{SCORE} --debug", 3,
         "(?s)^Traceback.*in fail.*unexpected KeyError"),
        ("with --debug before", both(data(), raising(KeyError("x"))), f"--debug {SCORE}", 3,
         "(?s)^Traceback.*in fail.*unexpected KeyError"),
        ("a fault in track",
         both(pictures(), raising(IndexError("9"), "roam_lite.figures.film.follow")), TRACK, 3,
         "^roam-lite track: unexpected IndexError: 9; .*\n$"),
        ("a fault in compare",
         both(report("a"), raising(TypeError("x"), TABULATED)),
         "compare {d}/a.json", 3, "unexpected TypeError"),
        ("no memory", both(data(), raising(MemoryError())), SCORE, 1,
         "^roam-lite evaluate: out of memory\n$"),
        ("no space", both(data(), raising(OSError(28, "No space left on device"))), SCORE, 1,
         "^roam-lite evaluate: No space left on device\n$"),
        ("bad input with --debug", None, "compare none.json --debug", 2,
         "(?s)^Traceback.*roam-lite compare: none.json"),
    ],
    "habits": [
        ("a minus", pictures(), with_box("-3,20,16,12"), 0, "-2,21,16,12"),
        ("three numbers", pictures(), with_box("10,20,16"), 2, "'10,20,16' is not x,y,w,h"),
        ("numbers with spaces", pictures(), TRACK.replace("10,20,16,12", "'10, 20, 16, 12'"), 0,
         ALL),
        ("an unknown command", None, "fly", 2, "invalid choice: 'fly'"),
        ("no command", None, "", 2, "COMMAND"),
        ("an unknown option", None, f"{SCORE} --verbose", 2, "unrecognized arguments: --verbose"),
        ("an unknown rule", data(),
         "evaluate --root {d}/data --rule newton --lr 1 --profile smoke --checkpoint {smoke}", 2,
         "no rule 'newton'"),
        ("an unknown profile", data(), "evaluate --root {d}/data --profile huge", 2,
         "choose one of"),
        ("an unknown sequence", data(), f"{SCORE} --sequences Z", 2, "no sequence named 'Z'"),
        ("an unknown benchmark", data(), f"{SCORE} --benchmark otb50", 2, "no benchmark 'otb50'"),
        ("an unknown tracker", data(), "evaluate --root {d}/data --tracker siamfc", 2,
         "no tracker 'siamfc'; choose"),
        ("a rule for a filter", data(), "evaluate --root {d}/data --tracker kcf --rule lstm", 2,
         "--rule: only for the trackers"),
        ("an oracle for others", data(), f"{SCORE} --oracle", 2, "--oracle: only for"),
        ("a split of OTB", data(), f"{SCORE} --split val", 2, "no split 'val'"),
        ("repetitions of OTB", data(), f"{SCORE} --repetitions 2", 2, "runs every sequence once"),
        ("what bench does not use", data(), "bench training --root {d}/data", 2,
         "--root means nothing to bench training"),
        ("a root that is not there", None, SCORE, 2, "no such folder; give"),
        ("a file as root", file("data", "x"), SCORE, 2, "no such folder"),
        ("the sequence itself as root", data(), SCORE.replace("/data ", "/data/A "), 0, RIGHT),
        ("the images as root", data(), SCORE.replace("/data ", "/data/A/img "), 2,
         "no sequence in OTB layout"),
        ("no output", pictures(), "track --video {d}/v --box 10,20,16,12", 2,
         "nothing to write; give --out"),
    ],
}  # fmt: skip
