"""Write docs/results.md, and README's table, from the JSON files in docs/results/.

    python docs/results.py

The project's commands wrote those files with `--json`. `records.json` lists the command, date and commit
of each, and the values of commands that only print. A test compares both pages with the files.
"""

import json
import re
import sys
from itertools import chain
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from roam_lite.evaluation.compare import leave_one_out, paired_bootstrap

REPOSITORY = Path(__file__).resolve().parents[1]
FOLDER = REPOSITORY / "docs" / "results"
PAGE, README = REPOSITORY / "docs" / "results.md", REPOSITORY / "README.md"
OURS = {
    "ROAM++, LSTM updating": "dev_lstm",
    "ROAM++, SGD updating (the default)": "dev_sgd",
    "ROAM++, the LSTM's constants": "dev_const",
    "ROAM++, no updating": "dev_none",
    "ROAM (multi-scale search), LSTM updating": "dev_roam",
}
PEERS = {"NanoTrack V2": "dev_nano", "CSRT": "dev_csrt", "KCF": "dev_kcf"}
TRACKERS = OURS | PEERS
IN_README = [
    title for title, name in TRACKERS.items() if name not in ("dev_roam", "dev_const", "dev_kcf")
]
RULES = {  # replacements of the LSTM, by the files' names
    "const": "its own constants: eight shares of lambda0 (`const`)",
    "sgd": "SGD, rate 1e-4, the best of five on `TRAIN` (the default)",
    "none": "no updating",
}
ALIKE = {  # optimizers with a common start that had the same training, by the files' names
    "lstm_common_start": "LSTM",
    "lstm_common_start_no_rfs": "LSTM without RFS",
    "gru_common_start": "GRU",
    "fc_common_start": "FC",
    "const_common_start": "ConstLR",
    "const_common_start_no_rfs": "ConstLR without RFS",
}
SEEDS = {name: [f"dev_{name}{end}" for end in ("", "_4", "_5")] for name in ALIKE}
NO_FIRST = {  # other ways to update a model without first steps, by the files' names
    "dev_sgd_no_first": "SGD, rate {rate}",
    "dev_none_no_first": "no updating",
}
BY_HAND = {"momentum": "momentum", "adam": "Adam", "steepest": "steepest descent"}
README_HEAD = "| tracker | AUC | difference | precision at 20 px | lost |"
TABLE = re.compile(rf"^{re.escape(README_HEAD)}\n(?:\|.*\n)+", re.MULTILINE)


def load(name):
    """The content of a file in the folder."""
    return json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def printed(name):
    """The recorded values of a command that only prints."""
    return load("records")["printed"][name]["values"]


def table(head, rows):
    """A Markdown table of cells."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def auc(name, prefix=None):
    """Mean AUC, with a prefix of the sequences whose names begin with it, or with !prefix of the others."""
    scores = load(name)["sequences"]
    if prefix is not None:
        wanted = not prefix.startswith("!")
        prefix = prefix.lstrip("!")
        scores = {n: s for n, s in scores.items() if n.startswith(prefix) == wanted}
    return sum(score["auc"] for score in scores.values()) / len(scores)


def interval(mean, low, high):
    """A difference with the ends of its interval."""
    return f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]"


def gain(name, over):
    """The difference in mean AUC, with its interval over sequences; both may be lists of seeds."""
    means = []
    for names in (name, over):
        seeds = [load(seed)["sequences"] for seed in ([names] if isinstance(names, str) else names)]
        means.append({n: np.mean([seed[n]["auc"] for seed in seeds]) for n in seeds[0]})
    a, b = means
    return interval(*paired_bootstrap(list(a.values()), [b[n] for n in a]))


def learned_table():
    """How far the LSTM is above simpler rules, on real and on new rendered video."""
    rows = []
    for folder, video in (("dev", "`DEV`"), ("fresh", "`FRESH`")):
        own = load(f"{folder}_lstm")["sequences"]
        rows.append([video, "the LSTM", f"{auc(f'{folder}_lstm'):.3f}", "", "", ""])
        for rule, title in RULES.items():
            other = load(f"{folder}_{rule}")["sequences"]
            gains = [own[name]["auc"] - other[name]["auc"] for name in own]
            low, high, most = leave_one_out(np.array(gains))
            difference = gain(f"{folder}_lstm", f"{folder}_{rule}")
            ends = f"{low:+.3f} to {high:+.3f}"
            score = f"{auc(f'{folder}_{rule}'):.3f}"
            rows.append([video, title, score, difference, ends, list(own)[most]])
    head = ["video", "rule", "AUC", "LSTM minus it", "one sequence left out", "contributes most"]
    return table(head, rows)


def ways_table():
    """What was tried to make the optimizer learn more."""
    rows = [[way, *cells] for way, cells in printed("ways").items()]
    return table(["way", "budget", "AUC on 24 made sequences, or other outcome"], rows)


def common_start_table():
    """What LSTMs learned whose rates have a common start, with and without random filter scaling."""
    rows = []
    for title, v in printed("common_start").items():
        shares = (f"{v[key]:.2f}" for key in ("slope", "not_told", "base", "inputs", "memory"))
        mean, low, high = v["doubled"]  # the original minus it
        rows.append([title, *shares, interval(-mean, -high, -low)])
    head = ["training", "slope", "slope, lambda0 not scaled", "lambda0 and part explain"]
    head += ["with all inputs", "correlation, memory cleared", "AUC, features times 2"]
    return table(head, rows)


def common_dev_table():
    """AUC on DEV without first steps, how far the LSTM with a common start is ahead, and meta losses."""
    rates, lstm = printed("no_first_rates"), SEEDS["lstm_common_start"]
    losses = printed("common_losses")
    rows = []
    for name, title in ALIKE.items():
        scores = [auc(seed) for seed in SEEDS[name]]
        ahead = "" if name == "lstm_common_start" else gain(lstm, SEEDS[name])
        rows.append(
            [title, numbers(scores), f"{np.mean(scores):.3f}", ahead, numbers(losses[title])]
        )
    for name, title in NO_FIRST.items():
        title = title.format(rate=max(rates, key=rates.get))
        rows.append([title, "", f"{auc(name):.3f}", gain(lstm, name), ""])
    return table(["updates", "AUC by seed", "mean", "LSTM minus it", "meta loss by seed"], rows)


def by_hand_table():
    """AUC on DEV of rules at the best of the rates tried, and how far the shipped LSTM is ahead."""
    rows = []
    for rule, title in BY_HAND.items():
        scores = printed("rates")[rule]
        ahead = gain("dev_lstm", f"dev_{rule}")
        best = max(scores, key=scores.get)
        rows.append([title, best, by_name(scores), f"{auc(f'dev_{rule}'):.3f}", ahead])
    return table(["optimizer", "rate", "AUC on `TRAIN`", "AUC", "shipped LSTM minus it"], rows)


def oracle_table():
    """SGD at the rate that is best on the reported video itself, and how far the shipped LSTM is ahead."""
    rows = []
    for folder, scores in printed("oracle_rates").items():
        name, ahead = f"{folder}_sgd_oracle", gain(f"{folder}_lstm", f"{folder}_sgd_oracle")
        best = max(scores, key=scores.get)
        rows.append([f"`{folder.upper()}`", by_name(scores), best, f"{auc(name):.3f}", ahead])
    return table(["video", "AUC by rate", "best", "AUC", "shipped LSTM minus it"], rows)


def numbers(scores):
    """Scores in words."""
    return ", ".join(f"{score:.3f}" for score in scores)


def by_name(scores):
    """Scores by rate, or by another name, in words."""
    return ", ".join(f"{name} {score:.3f}" for name, score in scores.items())


def lost(name):
    """How many targets were lost for good: the mean over draws, or the count of one run."""
    counts = load(name).get("lost")
    return f"{sum(counts) / len(counts):.1f}" if counts else str(printed("lost")[name])


def tracker_row(title):
    """The cells of a tracker that README shows."""
    name = TRACKERS[title]
    difference = "" if name == "dev_lstm" else gain(name, "dev_lstm")
    mean = load(name)["mean"]
    return [title, f"{mean['auc']:.3f}", difference, f"{mean['precision_20']:.3f}", lost(name)]


def dev_table():
    """All trackers on DEV."""
    deviation = printed("draw_deviation")
    rows = []
    for title, name in TRACKERS.items():
        kinds = f"{auc(name, '!DAVIS_'):.3f} / {auc(name, 'DAVIS_'):.3f}"
        spread = f"{deviation[name]:.3f}" if name in deviation else "one run"
        rows.append([*tracker_row(title), kinds, spread])
    head = ["tracker", "AUC", "difference", "precision at 20 px", "lost"]
    return table([*head, "AUC, OTB kind / DAVIS", "deviation"], rows)


def readme_table():
    """README's table: five rows of the first table here, without its last two columns."""
    head = README_HEAD.strip("| ").split(" | ")
    return table(head, map(tracker_row, IN_README)) + "\n"


def commands(*names):
    """A table of the files with the commands that wrote them, dates and commits."""
    records = load("records")["files"]
    rows = [
        [f"`{name}.json`", f"`{r['command']}`", r["date"], r["commit"]]
        for name, r in ((name, records[name]) for name in names)
    ]
    return table(["file", "command", "date", "commit"], rows)


def first_step_table():
    """First models by AUC, and how far they are behind the learned steps."""
    rows = []
    for entry in load("first_step")["compared"]:
        steps, rule = entry["steps"], entry["rule"]
        title = "no steps: theta0 itself" if steps == 0 else f"{steps} steps of the learned rates"
        if rule:
            rate = f"{entry['lr']:.0e}".replace("e-0", "e-")
            title = f"{steps} steps of {rule}, rate {rate}{', at the edge of the grid' * entry['at_border']}"
        difference = interval(*entry["difference"].values()) if rule or steps == 0 else ""
        mean = entry["mean"]
        rows.append([title, f"{mean['auc']:.3f}", difference, f"{mean['precision_20']:.3f}"])
    for rate, (mean, *difference, precision) in printed("twin").items():
        title = f"4 steps of sgd, rate {rate}, from a theta0 trained for them"
        rows.append([title, f"{mean:.3f}", interval(*difference), f"{precision:.3f}"])
    return table(
        ["first model", "AUC", "difference from the learned rates", "precision at 20 px"], rows
    )


def speed_table():
    """What was timed, with the commands."""
    s = printed("speed")
    parts = ", ".join(f"{name} {ms}" for name, ms in s["parts_ms"].items())
    fps = [
        f"{ours[0]} to {ours[1]} and {csrt[0]} to {csrt[1]} fps on {where}"
        for where, (ours, csrt) in (
            ("the samples", s["fps_samples"].values()),
            ("six sequences of `DEV`", s["fps_dev"].values()),
        )
    ]
    mean, low, high = s["ratio_to_csrt"]
    patches = s["patches_per_second"]
    rows = [
        [
            "a frame of ROAM++, LSTM updates included",
            f"{s['frame_ms'][0]} and {s['frame_ms'][1]} ms in two runs; in the first: {parts}",
            "`roam-lite bench tracking --rule lstm`",
        ],
        [
            "ROAM++ and CSRT, updates included, in six alternating runs",
            f"{', '.join(fps)}: {mean} times as fast on average, {low} to {high}",
            "`roam-lite evaluate … --threads 1 --rule lstm`",
        ],
        [
            "training patches of 144 px cut from 1280 x 720 JPEGs, nothing cached",
            f"about {patches[0]} per second (targets of 20 to 200 px: {patches[1]} to {patches[2]})",
            "`roam-lite bench clips`",
        ],
        [
            "double backward of the correlation, against direct convolutions in a loop",
            f"{s['double_backward_times_faster']} times as fast, equal to "
            f"{s['double_backward_differs_by']:.0e}".replace("e-0", "e-"),
            "`roam-lite bench training`",
        ],
        [
            "a meta-training step, batch 4, against a loop over videos with direct convolutions "
            "and torch's recurrent cells",
            f"{s['training_step_times_faster']} times as fast, equal to "
            f"{s['training_step_differs_by']:.0e}".replace("e-0", "e-"),
            "the same",
        ],
    ]
    return table(["what", "measured", "command"], rows)


def common_values():
    """What the page says about optimizers with a common start."""
    others = {
        "none": "dev_none_no_first",
        "sgd": "dev_sgd_no_first",
        "const": SEEDS["const_common_start"],
        "fc": SEEDS["fc_common_start"],
    }
    losses = {"lstm": "LSTM", "gru": "GRU", "const": "ConstLR without RFS"}
    # In percent of 3,000 steps.
    skipped = {title: np.array(n) / 30 for title, n in printed("common_skipped").items()}
    constants = skipped.pop("ConstLR"), skipped.pop("ConstLR without RFS")
    return {
        "seeds_differ": f"{max(np.ptp([auc(seed) for seed in files]) for files in SEEDS.values()):.2f}",
        "const_skipped": ", ".join(f"{share:.0f}" for share in constants[0]) + " %",
        "const_no_rfs_skipped": f"{constants[1].max():.0f} %",
        "others_skipped": f"{np.max(list(skipped.values())):.1f} %",
        "common_start": common_start_table(),
        "common_dev": common_dev_table(),
        "common_commands": commands(*chain(*SEEDS.values()), *NO_FIRST),
        "no_first_rates": by_name(printed("no_first_rates")),
        **{
            f"{rule}_over_{other}": gain(SEEDS[f"{rule}_common_start"], files)
            for rule in ("lstm", "gru")
            for other, files in others.items()
        },
        **{
            f"loss_{rule}": f"{np.mean(printed('common_losses')[title]):.3f}"
            for rule, title in losses.items()
        },
    }


def page():
    """The text of docs/results.md."""
    samples = [
        [title, f"{a:.3f}", f"{p:.3f}", fps] for title, (a, p, fps) in printed("samples").items()
    ]
    conditions = [
        [title, *(f"{score:.3f}" for score in both)]
        for title, both in printed("conditions").items()
    ]
    small = printed("laptop_small_dev")
    values = {
        "dev": dev_table(),
        "dev_commands": commands(*TRACKERS.values()),
        "learned": learned_table(),
        "none_gain": gain("fresh_none", "fresh_lstm"),
        "explained": f"{printed('explained')['share']:.4f}",
        "learned_verdict": "The LSTM is ahead of no simpler rule: its difference from its own constants is "
        f"{gain('dev_lstm', 'dev_const')} on `DEV` and {gain('fresh_lstm', 'fresh_const')} on `FRESH`, "
        f"from SGD {gain('dev_lstm', 'dev_sgd')} and {gain('fresh_lstm', 'fresh_sgd')}.",
        "learned_commands": commands("fresh_lstm", *(f"fresh_{rule}" for rule in RULES)),
        "ways": ways_table(),
        **common_values(),
        "dev_none": f"{auc('dev_none'):.3f}",
        "by_hand": by_hand_table(),
        "by_hand_commands": commands(
            *(f"dev_{rule}" for rule in BY_HAND), "dev_sgd_oracle", "fresh_sgd_oracle"
        ),
        "oracle": oracle_table(),
        "updating_gain": f"{auc('dev_lstm') - auc('dev_none'):.3f}",
        "lost_lstm": lost("dev_lstm"),
        "lost_none": lost("dev_none"),
        "from_imagenet": " and ".join(f"{a:.3f}" for a in printed("from_imagenet")["auc"]),
        "small_dev": " / ".join(f"{v:.3f}" for v in small["roam++"]),
        "small_roam": " / ".join(f"{v:.3f}" for v in small["roam"]),
        "small_rendered": f"{auc('rendered_laptop-small'):.3f}",
        "laptop_rendered": f"{auc('rendered_laptop'):.3f}",
        "rendered_gain": gain("rendered_laptop", "rendered_laptop-small"),
        "rendered_commands": "`RENDERED` is written by `roam-lite synth --out RENDERED --count 80 "
        "--length 150 --seed 987`.\n\n" + commands("rendered_laptop", "rendered_laptop-small"),
        "samples": table(["tracker", "AUC", "precision at 20 px", "fps"], samples),
        "speed": speed_table(),
        "long_memory": f"{printed('speed')['long_memory_mb']:,}",
        "first_step": first_step_table(),
        "first_step_commands": commands("first_step"),
        "conditions": table(["condition", "`laptop`", "`laptop-small`"], conditions),
    }
    template = (FOLDER / "template.md").read_text(encoding="utf-8")
    return re.sub(r"\{(\w+)\}", lambda place: values[place[1]], template)


def readme(text):
    """README with its table as the files have it."""
    return TABLE.sub(readme_table(), text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    README.write_text(readme(README.read_text(encoding="utf-8")), encoding="utf-8")
    print(f"wrote {PAGE} and the table of {README.name}")
