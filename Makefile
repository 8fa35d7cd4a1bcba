# Youju 有据. `make` alone lists what there is. Needs Python 3.11 or later and make; everything else is set up on the way:
# a virtual environment in .venv with the locked dependencies (about 3 GB), installed again only when the lock changes.
#
#   make ask Q="截至2023年3月底我国建成了多少个5G基站？"
#
# PYTHON=…  another interpreter        TORCH=cpu|cuda  which build of torch on Linux (by itself: CPU if pip finds it)
# ARGS=…    more options for the command that is run, such as make pytest ARGS="-k citations"

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.SUFFIXES:

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --no-input --disable-pip-version-check
LOCKED := $(PIP) install --require-hashes --no-deps --no-build-isolation
TORCH ?= auto
ARGS ?=

# The question reaches the shell through the environment and as it was typed: quotes, backticks and dollars are only
# characters in it.
unexport Q
export ASK_QUESTION := $(value Q)

# Everything locked but torch, for which an environment may hold another build.
WITHOUT_TORCH := sed '/^torch==/,/^    \# via/d' requirements.lock

# What is installed is remembered by the contents of the files, not by their dates.
sum = $(shell cat $(1) | cksum | tr -d ' ')
HAS_LOCK := $(VENV)/.has-lock-$(call sum,requirements.lock)
HAS_PROJECT := $(VENV)/.has-project-$(call sum,requirements.lock pyproject.toml)
HAS_BENCHMARKS := $(VENV)/.has-benchmarks-$(call sum,requirements.lock requirements-benchmarks.lock)
HAS_DOCS := $(VENV)/.has-docs-$(call sum,requirements.lock requirements-docs.lock)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "make %-12s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: setup
setup: $(HAS_PROJECT) ## only the set-up that every other target does by itself

$(HAS_LOCK):
	@if [ -x $(BIN)/python ] && ! $(BIN)/python -c '' 2>/dev/null; then \
	  echo "[setup] $(VENV) belongs to a Python that is gone: making it anew"; rm -rf $(VENV); \
	fi
	@if [ ! -x $(BIN)/python ]; then \
	  python=; for p in $(if $(PYTHON),"$(PYTHON)",python3.11 python3 python3.12 python3.13 python); do \
	    if "$$p" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$p; break; fi; \
	  done; \
	  if [ -z "$$python" ]; then \
	    echo "[setup] Python 3.11 or later is needed; found: $$($(or $(PYTHON),python3) --version 2>&1 || true)." >&2; \
	    echo "        Install it, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1; \
	  fi; \
	  echo "[setup] 1/3 virtual environment in $(VENV) with $$("$$python" --version)"; \
	  "$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }; \
	fi
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "[setup] $(VENV) has $$($(BIN)/python --version), Python 3.11 or later is needed: rm -rf $(VENV) and try again" >&2; \
	  exit 1; }
	@echo "[setup] 2/3 locked dependencies and models (about 1.7 GB to fetch, some minutes)"
	@torch='$(TORCH)'; \
	[ "$$(uname -s)" = Linux ] || torch=cpu; \
	if [ "$$torch" = auto ]; then \
	  installed=$$($(BIN)/python -c 'from importlib.metadata import version; print(version("torch"))' 2>/dev/null || true); \
	  wanted=$$(sed -n 's/^torch==\([^ ]*\).*/\1/p' requirements-cuda.lock); \
	  case "$$installed" in \
	    "$$wanted" | "$$wanted"+*) torch=there;; \
	    *) $(PIP) install --quiet --dry-run --ignore-installed --no-deps "torch==$$wanted+cpu" >/dev/null 2>&1 \
	         && torch=cpu || torch=cuda;; \
	  esac; \
	fi; \
	if [ "$$torch" = cuda ]; then \
	  echo "[setup] pip finds no CPU build of torch (or TORCH=cuda): taking the default build, 3 GB of CUDA packages more."; \
	  echo "        To spare them, point PIP_EXTRA_INDEX_URL to PyTorch's index of CPU builds and start again."; \
	  $(LOCKED) -r requirements-cuda.lock; \
	fi; \
	if [ "$$torch" = cpu ]; then $(LOCKED) -r requirements.lock; else $(LOCKED) -r <($(WITHOUT_TORCH)); fi
	@$(BIN)/python -c 'import torch' || { \
	  echo "[setup] torch is installed but does not load; see the error above (TORCH=cpu|cuda chooses the build)" >&2; exit 1; }
	@rm -f $(VENV)/.has-*
	@touch $@

$(HAS_PROJECT): $(HAS_LOCK)
	@echo "[setup] 3/3 youju itself"
	@$(PIP) install --quiet --no-deps --no-build-isolation --editable .
	@rm -f $(VENV)/.has-project-*
	@touch $@

$(HAS_BENCHMARKS): $(HAS_PROJECT)
	@echo "[setup] the benchmarks' contestants"
	@$(LOCKED) -r requirements-benchmarks.lock
	@rm -f $(VENV)/.has-benchmarks-*
	@touch $@

$(HAS_DOCS): $(HAS_PROJECT)
	@echo "[setup] what builds the documentation"
	@$(LOCKED) -r requirements-docs.lock
	@rm -f $(VENV)/.has-docs-*
	@touch $@

.PHONY: ask
ask: setup ## one question: make ask Q="…"
	@[ -n "$$ASK_QUESTION" ] || { echo 'Usage: make ask Q="截至2023年3月底我国建成了多少个5G基站？"' >&2; exit 2; }
	@$(BIN)/youju ask $(ARGS) -- "$$ASK_QUESTION"

.PHONY: chat
chat: setup ## the chat window in the browser: make chat ARGS="--port 8000" for another port
	@$(BIN)/youju ui $(ARGS)

.PHONY: eval
eval: setup ## the evaluation
	@$(BIN)/youju eval run $(ARGS)

.PHONY: bench
bench: $(HAS_BENCHMARKS) ## every benchmark, one after the other
	@for benchmark in retrieval startup answer load; do \
	  echo "[bench] $$benchmark"; $(BIN)/python benchmarks/$$benchmark.py $(ARGS); \
	done

.PHONY: docs
docs: $(HAS_DOCS) ## the documentation as pages, in site/: open site/index.html
	@NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs --quiet build --strict $(ARGS)
	@echo "[docs] site/index.html"

.PHONY: test
test: lint types pytest ## everything that must hold: lint, types, tests

.PHONY: lint
lint: setup ## ruff: rules and format
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

.PHONY: format
format: setup ## put the code into form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

.PHONY: types
types: setup ## mypy, strict
	@$(BIN)/mypy

.PHONY: pytest
pytest: setup ## the tests alone, on two cores but for the language model's: make pytest ARGS="-k citations"
	@if [ $(words $(ARGS)) -gt 0 ]; then $(BIN)/python -m pytest $(ARGS); exit; fi; \
	failed=0; \
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=10 -m "not local_model" || failed=1; \
	$(BIN)/python -m pytest --durations=5 -m local_model || failed=1; \
	exit $$failed

.PHONY: break
break: setup ## try to break it, long (about half an hour): make break ARGS="-k kills --seed 7"; figures in artefacts/breaking
	@$(BIN)/python -m pytest tests/breaking --long --durations=0 --durations-min=1 $(ARGS)

# The same tree gives the same bytes: the times inside are that of the last commit.
wheel wheel-test: export SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1580601600)

.PHONY: wheel
wheel: setup ## build dist/youju-*.whl, and its bill of materials beside it (CycloneDX)
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation --outdir dist .
	@$(BIN)/python .ci/sbom.py dist/*.whl

.PHONY: wheel-test
wheel-test: wheel ## install that wheel into an empty environment and use it from elsewhere
	@$(BIN)/python .ci/wheel_test.py dist/*.whl

# uv looks where pip looks: in its index, and in its find-links, where the CPU build of torch has to be (a folder that holds
# it, or PyTorch's page of its CPU builds of torch). Its other options stand in pyproject.toml.
from_pip = $$($(PIP) config list | sed -n "s/^[^=]*\.$(1)='\(.*\)'$$/\1/p" | tail -n 1 | tr ' ' ',')

.PHONY: lock
lock: setup ## make the lock files anew from pyproject.toml (UPGRADE=1: newer versions)
	@export UV_DEFAULT_INDEX="$(call from_pip,index-url)" UV_FIND_LINKS="$(call from_pip,find-links)"; \
	lock() { $(BIN)/uv pip compile --quiet $(if $(UPGRADE),--upgrade) --output-file "$$@"; }; \
	lock requirements.lock pyproject.toml --all-extras --group dev --group torch-cpu; \
	locked=$$($(WITHOUT_TORCH) | sed -n 's/^\([a-z0-9.-]*\)==.*/--no-emit-package \1/p'); \
	lock requirements-cuda.lock --group torch-cuda $$locked --constraints <($(WITHOUT_TORCH)); \
	lock requirements-benchmarks.lock --group benchmarks $$locked --no-emit-package torch --constraints <($(WITHOUT_TORCH)); \
	everywhere=$$($(WITHOUT_TORCH) | sed -n 's/^\([a-z0-9.-]*\)==[^;]*$$/--no-emit-package \1/p'); \
	lock requirements-docs.lock --no-annotate --group docs $$everywhere --no-emit-package torch --constraints <($(WITHOUT_TORCH))

.PHONY: licences
licences: setup ## write docs/licences.md anew; fails on a licence that is not allowed
	@$(BIN)/python .ci/licences.py

.PHONY: clean
clean: ## remove what was built and cached here (.venv stays)
	@rm -rf build dist site .pytest_cache .mypy_cache .ruff_cache .hypothesis
	@find . -name .venv -prune -o -name __pycache__ -type d -exec rm -rf {} +
