"""The course as on Colab: `make test-colab` runs this in an environment with Colab's packages.

    python tests/colab/environment.py [NOTEBOOK]

A plain script, since neither pytest nor the course is there. It runs a whole notebook, 00_start_here if
none is named, in a kernel that takes itself for Colab's. Its first code cell clones this repository's last
commit, from this disk, and installs it.
"""

import re
import subprocess
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path

import nbformat
from nbclient import NotebookClient

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("torch", "torchvision", "numpy", "opencv-contrib-python")
# What the cell, and anywidget, look for. The real module makes the browser load widgets from elsewhere.
COLAB = """
import sys
from types import ModuleType, SimpleNamespace

try:
    import google  # the namespace that packages share, protobuf's among them
except ImportError:
    google = ModuleType("google")
module = ModuleType("google.colab")
module.output = SimpleNamespace(enable_custom_widget_manager=lambda: None)
google.colab = module
sys.modules |= {"google": google, "google.colab": module}
"""


def versions() -> dict[str, str]:
    return {name: version(name) for name in KEPT}


def run_notebook(name: str, folder: str) -> None:
    """Run a stored notebook in `folder`, where it lies alone."""
    notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
    install = next(cell for cell in notebook.cells if cell.cell_type == "code")
    install.source, count = re.subn(
        r'install_course\(".*"\)', f'install_course("{ROOT.as_uri()}")', install.source
    )
    assert count == 1, "the first code cell does not install the course"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(COLAB))
    resources = {"metadata": {"path": folder}}
    NotebookClient(notebook, timeout=1200, kernel_name="python3", resources=resources).execute()


def track(folder: Path) -> int:
    """Track a sample on the command line; return how many boxes were written."""
    clip = folder / "roam-lite" / "data_samples" / "camera"
    box = (clip / "groundtruth_rect.txt").read_text().split()[0]
    boxes = folder / "boxes.txt"
    program = Path(sys.executable).with_name("roam-lite")
    options = ["--video", clip / "img", f"--box={box}", "--out", folder / "t.mp4", "--boxes", boxes]
    subprocess.run([program, "track", *options], check=True)
    return len(boxes.read_text().splitlines())


if __name__ == "__main__":
    notebook, before = (sys.argv[1:] or ["00_start_here"])[0], versions()
    with tempfile.TemporaryDirectory() as content:
        run_notebook(notebook, content)
        assert track(Path(content)) > 10
    assert versions() == before, f"{before} became {versions()}"
    print(f"Python {sys.version.split()[0]} (Colab has 3.12) keeps {before}; {notebook} runs")
