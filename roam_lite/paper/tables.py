"""What the paper reports (arXiv 1907.12006v3): Tables 1 to 3, and the AUC of Fig. 3 that its text gives.

Values stand in the order of a table's columns; None where the paper has a dash.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One metric of one benchmark."""

    benchmark: str
    metric: str  # as reports name it
    heading: str
    rises: bool = True  # whether a higher value is better


@dataclass(frozen=True)
class Table:
    """A table of the paper."""

    caption: str
    columns: tuple[Column, ...]
    rows: Mapping[str, tuple[float | None, ...]]  # by tracker
    trackers_across: bool = False  # the paper sets trackers side by side


TABLE_1 = Table(
    "Results on VOT-2016/2017 (Table 1)",
    tuple(
        Column(benchmark, metric, f"{title} {heading}", rises)
        for benchmark, title in (("vot2016", "VOT-2016"), ("vot2017", "VOT-2017"))
        for metric, heading, rises in (
            ("eao", "EAO", True),
            ("accuracy", "A", True),
            ("robustness", "R", False),
        )
    ),
    {
        "ROAM++": (0.441, 0.599, 0.174, 0.380, 0.543, 0.195),
        "ROAM": (0.384, 0.556, 0.183, 0.331, 0.505, 0.226),
        "MetaTracker": (0.317, 0.519, None, None, None, None),
        "DaSiamRPN": (0.411, 0.61, 0.22, 0.326, 0.56, 0.34),
        "SiamRPN+": (0.37, 0.58, 0.24, 0.30, 0.52, 0.41),
        "C-RPN": (0.363, 0.594, None, 0.289, None, None),
        "SiamRPN": (0.344, 0.56, 0.26, 0.244, 0.49, 0.46),
        "ECO": (0.375, 0.55, 0.20, 0.280, 0.48, 0.27),
        "DSLT": (0.343, 0.545, 0.219, None, None, None),
        "CCOT": (0.331, 0.54, 0.24, 0.267, 0.49, 0.32),
        "Staple": (0.295, 0.54, 0.38, 0.169, 0.52, 0.69),
        "CREST": (0.283, 0.51, 0.25, None, None, None),
        "MemTrack": (0.272, 0.531, 0.373, 0.248, 0.524, 0.357),
        "SiamFC": (0.235, 0.532, 0.461, 0.188, 0.502, 0.585),
    },
)
TABLE_2 = Table(
    "Results on GOT-10k (Table 2)",
    (
        Column("got10k", "ao", "AO"),
        Column("got10k", "sr_50", "SR 0.5"),
        Column("got10k", "sr_75", "SR 0.75"),
    ),
    {
        "MDNet": (0.299, 0.303, 0.099),
        "CF2": (0.315, 0.297, 0.088),
        "ECO": (0.316, 0.309, 0.111),
        "CCOT": (0.325, 0.328, 0.107),
        "GOTURN": (0.342, 0.372, 0.124),
        "SiamFC": (0.348, 0.353, 0.098),
        "SiamFCv2": (0.374, 0.404, 0.144),
        "ROAM": (0.436, 0.466, 0.164),
        "ROAM++": (0.465, 0.532, 0.236),
    },
    trackers_across=True,
)
TABLE_3 = Table(
    "Results on TrackingNet (Table 3)",
    (
        Column("trackingnet", "auc", "AUC"),
        Column("trackingnet", "precision", "Prec."),
        Column("trackingnet", "normalized_precision", "Norm. Prec."),
    ),
    {
        "Staple": (0.528, 0.470, 0.603),
        "CSRDCF": (0.534, 0.480, 0.622),
        "ECOhc": (0.541, 0.478, 0.608),
        "ECO": (0.554, 0.492, 0.618),
        "SiamFC": (0.571, 0.533, 0.663),
        "CFNet": (0.578, 0.533, 0.654),
        "MDNet": (0.606, 0.565, 0.705),
        "ROAM": (0.620, 0.547, 0.695),
        "ROAM++": (0.670, 0.623, 0.754),
    },
    trackers_across=True,
)
FIGURE_3 = Table(
    "Results on OTB-2015 (Fig. 3; the paper's text gives the AUC alone)",
    (Column("otb", "auc", "AUC"), Column("otb", "precision_20", "Precision at 20 px")),
    {"ROAM": (0.681, None), "ROAM++": (0.680, None), "MLT": (0.611, None)},
)
FIGURE_4 = Table(
    "Results on LaSOT, test split (Fig. 4; the paper prints no values)",
    (
        Column("lasot", "auc", "AUC"),
        Column("lasot", "precision_20", "Precision at 20 px"),
        Column("lasot", "normalized_precision", "Norm. precision"),
    ),
    {},
)
TABLES = {
    column.benchmark: table
    for table in (FIGURE_3, TABLE_1, FIGURE_4, TABLE_2, TABLE_3)
    for column in table.columns
}
