"""What opens a notebook in Colab: a link above its title, and a first code cell that installs the course.

The text sources hold neither: `render.py` adds both, so that they are the same in every notebook.
"""

import inspect

import nbformat

REPOSITORY = "OWNER/roam-lite"  # on GitHub, the only place that names it; then `make notebooks`
BRANCH = "main"


def install_course(address):
    """On Colab, fetch the course and install what is missing. Elsewhere, do nothing."""
    import os
    import subprocess
    import sys
    from importlib.metadata import distributions
    from importlib.util import find_spec

    if "google.colab" not in sys.modules:
        return
    if find_spec("roam_lite") is None:
        # PyTorch, torchvision and NumPy stay as they are, and OpenCV keeps its version.
        names = {name: name for name in ("torch", "torchvision", "numpy")}
        names["opencv-contrib-python"] = "opencv-contrib-python-headless"
        kept = [f"{names[d.name]}=={d.version}\n" for d in distributions() if d.name in names]
        with open("kept.txt", "w") as file:
            file.writelines(kept)
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", "kept.txt"]
        subprocess.run(["git", "clone", "--quiet", "--depth=1", address, "roam-lite"], check=True)
        subprocess.run([*pip, "--editable", "./roam-lite[course]"], check=True)
        sys.path.append(os.path.abspath("roam-lite"))  # this kernel started before the installation
    if os.path.isdir("roam-lite/notebooks"):
        os.chdir("roam-lite/notebooks")


def launch_cells(name):
    """The link that opens the notebook `name` (`00_start_here`), and the cell that installs the course."""
    page = f"https://colab.research.google.com/github/{REPOSITORY}/blob/{BRANCH}"
    link = f"[**Open in Colab**]({page}/notebooks/{name}.ipynb)"
    call = f'install_course("https://github.com/{REPOSITORY}")'
    # Folded in JupyterLab, left out of the site: nobody has to read it.
    metadata = {"tags": ["remove-cell"], "jupyter": {"source_hidden": True}}
    install = nbformat.v4.new_code_cell(
        f"{inspect.getsource(install_course)}\n\n{call}", metadata=metadata
    )
    return nbformat.v4.new_markdown_cell(link), install


def add_launch(notebook, name):
    """Put the link above the title and the installation before the first code cell, in place."""
    link, install = launch_cells(name)
    kinds = [cell.cell_type for cell in notebook.cells]
    notebook.cells.insert(kinds.index("code"), install)
    notebook.cells.insert(0, link)
