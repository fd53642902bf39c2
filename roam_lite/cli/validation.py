"""How `roam-lite train` judges the model on its way: by tracking some sequences."""

import argparse
from copy import deepcopy
from pathlib import Path
from typing import TYPE_CHECKING

from roam_lite.cli.options import count

if TYPE_CHECKING:
    from roam_lite.meta_model import MetaModel
    from roam_lite.training import Validation


def add_validation_options(parser: argparse.ArgumentParser) -> None:
    """Add --validate and how often, on how many sequences."""
    check = parser.add_argument_group("validation")
    check.add_argument(
        "--validate",
        metavar="DIR",
        help="sequences in OTB layout to track on the way: their AUC goes to the log, and the checkpoint "
        "that has the highest to RUN/best.safetensors",
    )
    check.add_argument(
        "--validate-every", type=count, default=200, metavar="STEPS", help="default: 200"
    )
    check.add_argument(
        "--validate-sequences",
        type=count,
        default=5,
        metavar="K",
        help="of DIR, evenly chosen by their names (default: 5)",
    )


def validation_from(args: argparse.Namespace) -> "Validation | None":
    """Return how the options validate: by the AUC of the model's tracker on some sequences, or not.

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
