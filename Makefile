# The words of daily work. `make` alone lists them.

SHELL := /bin/bash
VENV := .venv
# Environments of their own: torch, which is large, and the official packages, which own the same
# import names. Another place, say one that several checkouts share, can be named.
TORCH_VENV ?= .venv-torch
PEER_VENV ?= .venv-peer
WORKERS ?= 2

PIP = -m pip install -qq -c constraints.txt
PYTEST = -m pytest $(ARGS)
export CVAT_PEER_PYTHON ?= $(abspath $(PEER_VENV))/bin/python

.PHONY: help
help:
	@echo "make demo      photos and a video, annotated on a hub of its own; writes .demo/"
	@echo "make test      the tests, without those that need torch"
	@echo "make test-all  all tests; installs torch, about 5.5 GB, the first time"
	@echo "make lint      style, formatting, types"
	@echo "make page      builds the hub's page from ui/, with Node; make page-check: is it fresh?"
	@echo "make screenshots  pictures of the page, for docs/images"
	@echo "make bench     speed, against the official package; make bench-hub: of the hub alone"
	@echo "make bench-page    speed of the page, in a browser without a window"
	@echo "make bench-driver  speed of annotate_task, against the official package"
	@echo "make serve     a hub at port 8080, its data in .hub/; ARGS='--port 8081'"

.PHONY: demo
demo: $(VENV)/.installed
	@$(VENV)/bin/python examples/demo/demo.py

.PHONY: serve
serve: $(VENV)/.installed
	@exec $(VENV)/bin/cvat-hub serve --data-dir .hub $(ARGS)

.PHONY: test
test: $(VENV)/.installed-dev $(PEER_VENV)/.installed postgresql
	@$(VENV)/bin/python $(PYTEST) -n $(WORKERS) -m "not torch"

# The large suite comes last, so that the last line tells of it.
.PHONY: test-all
test-all: $(VENV)/.installed-dev $(PEER_VENV)/.installed $(TORCH_VENV)/.installed postgresql
	@status=0; \
	PYTHONPATH=src $(TORCH_VENV)/bin/python $(PYTEST) -m torch || status=1; \
	$(VENV)/bin/python $(PYTEST) -n $(WORKERS) -m "not torch" || status=1; \
	exit $$status

.PHONY: lint
lint: $(VENV)/.installed-dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy

# The page is built into the package and committed: who installs the hub needs no Node.
.PHONY: page
page: ui/node_modules/.installed
	@cd ui && npm run --silent build

.PHONY: page-check
page-check: ui/node_modules/.installed
	@cd ui && npm run --silent lint && npm run --silent test
	@$(MAKE) --no-print-directory page
	@test -z "$$(git status --porcelain -- src/cvat_hub/page)" || \
		{ echo "src/cvat_hub/page is stale: commit what 'make page' builds."; exit 1; }

ui/node_modules/.installed: ui/package.json ui/package-lock.json
	@echo "Installing what the page is built with ..."
	@cd ui && npm ci --silent
	@touch $@

.PHONY: screenshots
screenshots: $(VENV)/.installed-dev
	@$(VENV)/bin/python scripts/screenshots.py

.PHONY: bench
bench: $(VENV)/.installed-dev $(PEER_VENV)/.installed
	@$(VENV)/bin/python -m benchmarks $(ARGS)

.PHONY: bench-driver
bench-driver: $(VENV)/.installed-dev $(PEER_VENV)/.installed
	@$(VENV)/bin/python -m benchmarks.driver $(ARGS)

.PHONY: bench-hub
bench-hub: $(VENV)/.installed-dev
	@$(VENV)/bin/python -m benchmarks.hub
	@$(VENV)/bin/python -m benchmarks.hub_annotations
	@$(VENV)/bin/python -m benchmarks.hub_queue

.PHONY: bench-page
bench-page: $(VENV)/.installed-dev
	@$(VENV)/bin/python -m benchmarks.page $(ARGS)

.PHONY: postgresql
postgresql:
	@scripts/postgresql

# A stamp in each environment tells that all is installed; it is older than what it was made from
# when something has to be done.
%/bin/python:
	@scripts/venv $*

$(VENV)/.installed: pyproject.toml constraints.txt | $(VENV)/bin/python
	@echo "Installing what the default needs into $(VENV) ..."
	@$(VENV)/bin/python $(PIP) -e .
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	@echo "Installing what the tests need into $(VENV) ..."
	@$(VENV)/bin/python $(PIP) -e '.[postgresql]' --group test --group lint
	@touch $@

$(PEER_VENV)/.installed: constraints.txt | $(PEER_VENV)/bin/python
	@echo "Installing the official packages into $(PEER_VENV) ..."
	@$(PEER_VENV)/bin/python $(PIP) cvat-sdk cvat-cli numpy
	@touch $@

$(TORCH_VENV)/.installed: pyproject.toml constraints.txt | $(TORCH_VENV)/bin/python
	@echo "Installing torch into $(TORCH_VENV): about 5.5 GB ..."
	@$(TORCH_VENV)/bin/python $(PIP) -e '.[pytorch,sam2,transformers,yolo]' --group test
	@touch $@
