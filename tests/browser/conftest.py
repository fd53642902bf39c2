"""A JupyterLab of its own on loopback, and Debian's Chromium to look at it; skipped without one."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
# Without these the browser looks for its maker's hosts at every start.
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-sync"]
# Milliseconds; a kernel that imports torch takes its time, and more of it on a busy machine.
PATIENCE = 1000 * int(os.environ.get("ROAM_LITE_PATIENCE", "120"))
# JupyterLab calls a notebook idle before its kernel is asked for; cells run then are lost.
KERNEL_IS_READY = """() => {
    const kernel = window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel;
    return kernel?.connectionStatus === "connected" && kernel.status === "idle";
}"""
WIDE, NARROW = {"width": 1440, "height": 900}, {"width": 900, "height": 900}


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """What JupyterLab shows; tests put their notebooks here."""
    return tmp_path_factory.mktemp("lab")


@pytest.fixture(scope="session")
def lab(folder, tmp_path_factory):
    """The address of a JupyterLab without settings of anybody's."""
    port, private = free_port(), tmp_path_factory.mktemp("jupyter")
    environment = os.environ | {
        "JUPYTER_CONFIG_DIR": str(private / "config"),
        "JUPYTERLAB_SETTINGS_DIR": str(private / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(private / "workspaces"),
        "IPYTHONDIR": str(private / "ipython"),
        # The repository's package, whatever is installed, and no network for kernels.
        "PYTHONPATH": os.pathsep.join([str(REPOSITORY), os.environ.get("PYTHONPATH", "")]),
    }
    options = ["--no-browser", "--allow-root", "--expose-app-in-browser", f"--port={port}"]
    options += ["--IdentityProvider.token=", "--ServerApp.password=", "--ServerApp.ip=127.0.0.1"]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={folder}"]
    log = private / "log"
    with open(log, "wb") as file:
        server = subprocess.Popen(command, env=environment, stdout=file, stderr=file)
    try:
        wait_for(f"http://127.0.0.1:{port}/api", server, log)
        yield f"http://127.0.0.1:{port}/lab"
    finally:
        server.terminate()
        server.wait(30)


def wait_for(address, server, log):
    """Return once the server answers; fail with its log if it ended."""
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline:
        assert server.poll() is None, log.read_text(errors="replace")
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except OSError:
            time.sleep(0.3)
        else:
            return
    pytest.fail(f"JupyterLab did not answer: {log.read_text(errors='replace')}")


@pytest.fixture(scope="session")
def browser():
    if not Path(CHROMIUM).exists():
        pytest.skip(f"{CHROMIUM}: no such file; install Chromium and name it in CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """An empty page whose script errors fail the test."""
    context = browser.new_context(viewport=WIDE, accept_downloads=True)
    page = context.new_page()
    page.set_default_timeout(PATIENCE)
    errors = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    context.close()
    assert errors == []


@pytest.fixture
def open_notebook(lab, folder, page):
    """A function that opens cells as a notebook, and runs them if asked to."""

    def open_(name, *cells, run=True):
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(cell) for cell in cells],
            metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}},
        )
        nbformat.write(notebook, folder / f"{name}.ipynb")
        return open_stored(f"{name}.ipynb", run)

    def open_stored(path, run=False):
        page.goto(f"{lab}/tree/{path}?reset")
        page.wait_for_selector(".jp-Notebook .jp-Cell")
        # JupyterLab keeps the theme that the test before has chosen.
        page.evaluate(
            "window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Light'})"
        )
        page.wait_for_function("document.body.dataset.jpThemeLight === 'true'")
        if run:
            page.wait_for_function(KERNEL_IS_READY)
            # Not awaited: the promise would never be settled if the kernel died.
            page.evaluate("void window.jupyterapp.commands.execute('notebook:run-all-cells')")
        return page

    open_.stored = open_stored
    return open_


@pytest.fixture
def look(page, request):
    """Store screenshots, both widths and both themes, where ROAM_LITE_SCREENSHOTS names a folder."""

    def look_(name):
        target = os.environ.get("ROAM_LITE_SCREENSHOTS")
        if target is None:
            return
        for theme in ("Dark", "Light"):
            page.evaluate(
                "theme => window.jupyterapp && window.jupyterapp.commands.execute("
                "'apputils:change-theme', {theme})",
                f"JupyterLab {theme}",
            )
            for size in (NARROW, WIDE):
                page.set_viewport_size(size)
                page.wait_for_timeout(500)
                page.screenshot(path=Path(target) / f"{name}_{theme.lower()}_{size['width']}.png")

    return look_
