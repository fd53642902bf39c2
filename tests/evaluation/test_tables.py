import pytest

from roam_lite.errors import InputError
from roam_lite.evaluation.tables import latex, markdown, paper_grid, sequence_grid
from roam_lite.paper.exhibit import Measure, Table
from roam_lite.paper.tables import TABLE_2

SMALL = Table(
    "Speed & more",
    (
        Measure("otb", "auc", "AUC"),
        Measure("lasot", "auc", "L AUC"),
        Measure("otb", "robustness", "R"),
    ),
    {"ECO": (0.7, None, 0.2), "KCF": (0.5, 0.3, 0.1)},
)


def report(mean, sequences=None):
    return {"mean": mean, "sequences": sequences or {}, "tracker": {}}


REPORTS = {
    "otb": {"a_b": report({"auc": 0.6, "robustness": 0.3})},
    "lasot": {"a_b": report({"auc": 0.4})},
}


def test_our_rows_come_first_and_one_tracker_has_one_row():
    grid = paper_grid(SMALL, REPORTS)
    assert grid.heads == ("tracker", "AUC ↑", "L AUC ↑", "R ↓")
    assert grid.rows == (
        ("a_b (measured)", "0.600", "0.400", "0.300"),
        ("ECO (paper)", "0.700", "-", "0.200"),
        ("KCF (paper)", "0.500", "0.300", "0.100"),
    )


def test_ranks_follow_the_direction_of_each_metric():
    grid = paper_grid(SMALL, REPORTS)
    assert grid.ranks == ((None, 1, 0, 2), (None, 0, None, 1), (None, 2, 1, 0))


def test_equal_values_share_a_rank_and_the_fourth_has_none():
    values = {name: (v,) for name, v in zip("abcde", (0.9, 0.9, 0.8, 0.7, 0.6), strict=True)}
    grid = paper_grid(Table("", (Measure("otb", "auc", "AUC"),), values), {})
    assert [ranks[1] for ranks in grid.ranks] == [0, 0, 1, 2, None]


def test_tables_2_and_3_set_trackers_side_by_side():
    grid = paper_grid(TABLE_2, {"got10k": {"mine": report({"ao": 0.5, "sr_50": 0.6})}})
    assert grid.heads[:3] == ("", "mine (measured)", "MDNet (paper)")
    assert grid.rows[0][:3] == ("AO ↑", "0.500", "0.299")
    assert grid.rows[2][:3] == ("SR 0.75 ↑", "-", "0.099")
    assert grid.ranks[0][1] == 0


def test_markdown_has_a_line_a_row_and_the_best_in_bold():
    lines = markdown(paper_grid(SMALL, REPORTS), SMALL.caption).splitlines()
    assert lines == [
        "**Speed & more**",
        "",
        "| tracker | AUC ↑ | L AUC ↑ | R ↓ |",
        "| :-- | --: | --: | --: |",
        "| a_b (measured) | 0.600 | **0.400** | 0.300 |",
        "| ECO (paper) | **0.700** | - | 0.200 |",
        "| KCF (paper) | 0.500 | 0.300 | **0.100** |",
    ]


def test_latex_escapes_text_and_colors_the_three_best():
    text = latex(paper_grid(SMALL, REPORTS), SMALL.caption)
    assert r"\caption{Speed \& more}" in text
    assert r"\begin{tabular}{lccc}" in text
    assert r"a\_b (measured) & \textcolor{green}{0.600} & \textcolor{red}{0.400}" in text
    assert r"AUC $\uparrow$" in text
    assert text.count(r"\\") == 4
    assert latex(paper_grid(SMALL, {}), r"50 % of a^b~c\d").splitlines()[2].strip() == (
        r"\caption{50 \% of a\textasciicircum b\textasciitilde c\textbackslash d}"
    )


def test_every_sequence_has_a_row_and_the_benchmarks_value_comes_last():
    both = {
        name: report(
            {"auc": level, "fps": 1.0},
            {s: {"auc": level + d, "fps": 1.0, "frames": 5} for s, d in (("A", 0.1), ("B", -0.1))},
        )
        for name, level in (("x", 0.5), ("y", 0.25))
    }
    grid = sequence_grid(both)
    assert grid.heads == ("AUC", "x", "y")
    assert grid.rows == (
        ("A", "0.600", "0.350"),
        ("B", "0.400", "0.150"),
        ("all", "0.500", "0.250"),
    )
    del both["y"]["sequences"]["B"]
    with pytest.raises(InputError, match=r"y: not the sequences of the first report \(B\)"):
        sequence_grid(both)
