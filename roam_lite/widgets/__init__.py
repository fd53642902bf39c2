"""Interactive parts of the course; every widget includes a picture for pages without a kernel."""

from importlib import import_module

from roam_lite.extras import require

# No module has the name of what it provides: once imported, it would replace it.
_HOMES = {
    "Controller": "controller",
    "box_picker": "picker",
    "dashboard": "board",
    "explore": "sliders",
    "optimizer_race": "race",
    "record": "recording",
    "scrubber": "filmstrip",
    "show": "exhibit",
    "training_run": "training",
}
# What they need from the extra `course`: Jupyter's widgets, unless listed here.
_NEEDS = {"Controller": None, "record": None, "training_run": "matplotlib"}
__all__ = sorted(_HOMES)


def __getattr__(name: str):
    """Import a widget on first use: the controller must not need Jupyter."""
    if name in _HOMES:
        if (package := _NEEDS.get(name, "ipywidgets")) is not None:
            require(package, f"widgets.{name}")
        return getattr(import_module(f"roam_lite.widgets.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'roam_lite.widgets' has no attribute {name!r}")
