"""How `roam-lite train` validates the model during training: by tracking a few sequences."""

import argparse
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from roam_lite.cli.options import count

if TYPE_CHECKING:
    from roam_lite.meta_model import MetaModel
    from roam_lite.training import Validation


def add_validation_options(parser: argparse.ArgumentParser) -> None:
    """Add --validate, and the options for how often and on how many sequences."""
    check = parser.add_argument_group("validation")
    check.add_argument(
        "--validate",
        metavar="DIR",
        help="sequences in OTB layout to track during training; their AUC is logged, and the checkpoint "
        "with the highest is saved as RUN/best.safetensors",
    )
    check.add_argument(
        "--validate-every", type=count, default=200, metavar="STEPS", help="default: 200"
    )
    check.add_argument(
        "--validate-sequences",
        type=count,
        default=5,
        metavar="K",
        help="number of sequences, spaced evenly over DIR's sorted names (default: 5)",
    )


def validation_from(args: argparse.Namespace) -> "Validation | None":
    """Return the validation that the options ask for, the AUC on some sequences, or None.

    Raises InputError if there are no sequences or they cannot be read or tracked.
    """
    if args.validate is None:
        return None
    from roam_lite.data.layouts import LAYOUTS
    from roam_lite.evaluation.running.runner import check_sequence, evaluate
    from roam_lite.tracking.tracker import Tracker
    from roam_lite.training import Validation

    layout, root = LAYOUTS["otb"], Path(args.validate)
    names = layout.names(root)
    number = min(args.validate_sequences, len(names))
    chosen = [names[index * len(names) // number] for index in range(number)]
    sequences = [layout.read_sequence(root, name) for name in chosen]
    for sequence in sequences:
        check_sequence(sequence)

    def auc(model: "MetaModel") -> float:
        still = deepcopy(model).eval().requires_grad_(False)
        report, _ = evaluate(lambda: Tracker(still, still.rule), sequences, progress=False)
        return report.mean()["auc"]

    return Validation(auc, args.validate_every)
