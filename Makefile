# make demo | test | lab; `make` alone lists everything. Needs Python >= 3.11 and GNU make.

VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
STAMP := $(VENV)/.installed
NAMES := python3 python3.14 python3.13 python3.12 python3.11 python

# The first interpreter that runs and is new enough; to choose another: make PYTHON=/path/to/python
IS_NEW_ENOUGH := -c 'import sys; sys.exit(sys.version_info < (3, 11))'
PYTHON ?= $(shell for name in $(NAMES); do \
	$$name $(IS_NEW_ENOUGH) >/dev/null 2>&1 && echo $$name && break; done)

# Tests that need real video, or other trackers' weights, are skipped if these are missing.
ifneq ($(wildcard ../shared/sequences/.),)
export ROAM_LITE_SEQUENCES ?= $(abspath ../shared/sequences)
endif
ifneq ($(wildcard ../shared/peers/.),)
export ROAM_LITE_PEERS ?= $(abspath ../shared/peers)
endif

# Two test processes share two cores, so each computes with one thread; sitecustomize.py in
# tests/offline blocks every connection except loopback, also in child processes and kernels.
TEST_ENV := OMP_NUM_THREADS=1 PYTHONPATH="$(CURDIR)/tests/offline"
PYTEST := $(TEST_ENV) $(PY) -m pytest -n 2 --durations=10
WITH_COVERAGE := --cov=roam_lite --cov-report=term --cov-fail-under=90

# Debian's Chromium, or an equivalent elsewhere; to choose another: make CHROMIUM=/path/to/it
BROWSERS := chromium chromium-browser google-chrome
CHROMIUM ?= $(or $(shell for name in $(BROWSERS); do command -v $$name && break; done),/usr/bin/chromium)
SUDO := $(if $(filter 0,$(shell id -u)),,sudo)

# What the site needs besides the tests' environment.
DOCS := $(PY) -m pip install --quiet --retries 10 --disable-pip-version-check --editable '.[test,docs]'

.DEFAULT_GOAL := help
.NOTPARALLEL:
.DELETE_ON_ERROR:
.PHONY: help install demo lab test lint test-unit test-notebooks test-base test-oldest test-colab \
	test-browser test-long notebooks pages results slides docs format

# $(call environment,FOLDER,WHAT): a virtual environment at FOLDER with WHAT installed in it
define environment
@test -n "$(PYTHON)" && $(PYTHON) $(IS_NEW_ENOUGH) || { \
	echo "roam-lite needs Python 3.11 or newer; tried: $(or $(PYTHON),$(NAMES))."; \
	echo "Install one, or name it: make PYTHON=/path/to/python3.12 demo"; exit 1; } >&2
@echo "Building $(1) (takes a few minutes the first time; about 6 GB with PyTorch for CUDA) ..."
@$(PYTHON) -m venv $(1) || { \
	echo "Python's venv module is incomplete; on Debian and Ubuntu install python3-venv,"; \
	echo "then remove $(1) and try again."; exit 1; } >&2
$(1)/bin/python -m pip install --quiet --retries 10 --disable-pip-version-check $(2)
endef

help: ## list all targets
	@sed -n 's/^\([a-z-]*\):[^#]*## /\1\t/p' Makefile | expand -t 18

install: $(STAMP) ## build the environment in .venv

demo: $(STAMP) ## track the sample sequences; table, MP4 and PNG in demo_output/
	$(BIN)/roam-lite demo

lab: $(STAMP) ## open JupyterLab at the first notebook
	$(PY) -m jupyterlab notebooks/00_start_here.ipynb

test: lint test-unit test-notebooks ## lint, unit tests and notebooks, within 12 minutes on two cores

lint: $(STAMP) ## check rules and format with ruff, including notebooks
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .

test-unit: $(STAMP) ## unit tests, with line coverage of at least 90 %
	$(PYTEST) $(WITH_COVERAGE) --timeout=120 --session-timeout=540 tests

test-notebooks: $(STAMP) ## run every notebook
	$(PYTEST) --dist loadscope --nbval-lax --nbval-current-env --nbval-cell-timeout=120 \
		--session-timeout=420 notebooks

# Not --editable, so that files missing from the wheel are noticed; an old build/ would add them again.
test-base: ## the tracker without extras, in a new environment, .venv-base
	@rm -rf .venv-base build
	$(call environment,.venv-base,.)
	$(TEST_ENV) .venv-base/bin/python tests/base_environment.py

# uv takes the lowest version that each line of pyproject.toml allows. The oldest
# packages may have wheels for the oldest Python alone.
test-oldest: NAMES := python3.11 $(NAMES)
test-oldest: ## the unit tests with the oldest versions that pyproject.toml allows, .venv-oldest
	@rm -rf .venv-oldest
	$(call environment,.venv-oldest,uv)
	.venv-oldest/bin/uv pip install --quiet --python .venv-oldest/bin/python \
		--resolution lowest-direct --editable '.[test]'
	$(TEST_ENV) .venv-oldest/bin/python -m pytest -n 2 --timeout=240 tests

# Colab's Python where there is one; tests/colab/packages.txt says where the versions come from.
test-colab: NAMES := python3.12 $(NAMES)
test-colab: ## a notebook in Colab's versions of Python packages, .venv-colab
	@rm -rf .venv-colab
	$(call environment,.venv-colab,--requirement tests/colab/packages.txt)
	.venv-colab/bin/python tests/colab/environment.py

test-browser: $(STAMP) ## widgets and site in a real browser; on Debian installs Chromium if necessary
	$(DOCS)
	@test -x $(CHROMIUM) || { $(SUDO) apt-get -qq update \
		&& $(SUDO) apt-get -qq install --no-install-recommends chromium; } \
		|| echo "No Chromium found: install it, or the tests are skipped" >&2
	$(TEST_ENV) CHROMIUM="$(CHROMIUM)" $(PY) -m pytest -m browser -rs --durations=10 --timeout=480 \
		--session-timeout=1500 tests/browser

test-long: $(STAMP) ## including the long tests: twenty kills, full fuzzing, benchmarks
	$(PYTEST) -m "not browser" --hypothesis-profile=long --timeout=7200 tests

notebooks: $(STAMP) ## run all notebooks and store their outputs
	$(PY) notebooks/render.py

pages: $(STAMP) ## each notebook as one HTML file that needs no network, in docs/_build/pages/
	$(DOCS)
	$(PY) notebooks/pages.py docs/_build/pages

results: $(STAMP) ## write docs/results.md and README's table from docs/results/*.json
	$(PY) docs/results.py

# Marp writes one HTML file with equations drawn in; it needs Node, and a network the first time.
slides: ## the lecture's slides as one HTML file, in docs/_build/slides.html
	npx --yes @marp-team/marp-cli@4 docs/teaching/slides.md --output docs/_build/slides.html

docs: $(STAMP) ## the site with course and reference, in docs/_build/
	$(DOCS)
	@rm -rf docs/reference
	$(PY) -m sphinx -W --keep-going -q -b html -c docs . docs/_build

format: $(STAMP) ## let ruff fix and format the code
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

# The environment of a copied or moved clone refers to the old folder, so it is built again.
ifneq ($(shell cat $(STAMP) 2>/dev/null),$(CURDIR))
.PHONY: $(STAMP)
endif

$(STAMP): pyproject.toml
	@rm -f $(STAMP)
	$(call environment,$(VENV),--editable '.[test]')
	@echo "$(CURDIR)" > $(STAMP)
