"""Tables 1 to 3 of the paper (arXiv 1907.12006v3) with their values, and those of Fig. 3 in its text."""

from roam_lite.paper.exhibit import Exhibit, Measure, Table


def _measures(benchmark: str, **headings: str) -> tuple[Measure, ...]:
    """Return a benchmark's columns: metrics as named in reports, with the paper's headings."""
    return tuple(Measure(benchmark, metric, heading) for metric, heading in headings.items())


TABLE_1 = Table(
    "Results on VOT-2016/2017 (Table 1)",
    (
        *_measures("vot2016", eao="VOT-2016 EAO", accuracy="VOT-2016 A", robustness="VOT-2016 R"),
        *_measures("vot2017", eao="VOT-2017 EAO", accuracy="VOT-2017 A", robustness="VOT-2017 R"),
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
    _measures("got10k", ao="AO", sr_50="SR 0.5", sr_75="SR 0.75"),
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
    _measures("trackingnet", auc="AUC", precision="Prec.", normalized_precision="Norm. Prec."),
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
    _measures("otb", auc="AUC", precision_20="Precision at 20 px"),
    {"ROAM": (0.681, None), "ROAM++": (0.680, None), "MLT": (0.611, None)},
)
FIGURE_4 = Table(
    "Results on LaSOT, test split (Fig. 4; the paper prints no values)",
    _measures(
        "lasot",
        auc="AUC",
        precision_20="Precision at 20 px",
        normalized_precision="Norm. precision",
    ),
    {},
)
BY_BENCHMARK = {
    column.benchmark: table
    for table in (FIGURE_3, TABLE_1, FIGURE_4, TABLE_2, TABLE_3)
    for column in table.columns
}

_PRINTED = tuple(
    f"roam_lite.evaluation.tables:{name}" for name in ("paper_grid", "markdown", "latex")
)
TABLES = {
    1: Exhibit(
        "expected average overlap, accuracy and robustness on VOT-2016 and VOT-2017",
        "08_benchmarks",
        _PRINTED,
        ("vot2016", "vot2017"),
        (
            "roam-lite evaluate --benchmark vot2016 --root VOT2016 --json vot2016.json",
            "roam-lite evaluate --benchmark vot2017 --root VOT2017 --json vot2017.json",
            "roam-lite report vot2016.json vot2017.json --benchmark vot2016 --out report",
        ),
        TABLE_1,
    ),
    2: Exhibit(
        "average overlap and success rates on the test split of GOT-10k, which a server scores",
        "08_benchmarks",
        _PRINTED,
        ("got10k",),
        ("roam-lite evaluate --benchmark got10k --root GOT-10k --results results",),
        TABLE_2,
    ),
    3: Exhibit(
        "success and precision on the test split of TrackingNet, which a server scores",
        "08_benchmarks",
        _PRINTED,
        ("trackingnet",),
        ("roam-lite evaluate --benchmark trackingnet --root TrackingNet --results results",),
        TABLE_3,
    ),
}
