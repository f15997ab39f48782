# The targets are listed by `make help`. Everything is made inside this folder: .venv and demo.
#
#   PYTHON    the interpreter of the virtual environment, 3.11 or later
#   TORCH     what to ask pip for: `make demo TORCH=torch==2.13.0`
#   PIP_ARGS  goes to every call of pip, for example another index (README.md, "Install")

PYTHON ?= python3
TORCH ?= torch
PIP_ARGS ?=
PYTEST_ARGS ?=

SHELL := /bin/bash
VENV := .venv
STAMP := $(VENV)/stamp
PIP = $(VENV)/bin/python -m pip --disable-pip-version-check
export PATH := $(CURDIR)/bin:$(CURDIR)/$(VENV)/bin:$(PATH)
export PYTHONPATH := $(CURDIR)
export PIP_ARGS

.PHONY: help install demo test lint bench clean

help: ## say what can be made
	@sed -nE 's/^([a-z]+):.*## (.*)/make \1\t\2/p' Makefile | expand -t 16

install: $(STAMP)/tools ## a virtual environment in .venv with the tools in it

demo: install ## install, diarize a conversation of 30 s, score it and draw it (results in demo/)
	@local/demo demo

test: $(STAMP)/test ## install and run the tests
	$(VENV)/bin/python -m pytest -q -n 2 --dist loadfile $(PYTEST_ARGS)

lint: $(STAMP)/lint ## check the style of Python and shell
	ruff check .
	@grep -rlE --exclude-dir={exp,data} '^#!.*bash|^# shellcheck shell=bash' .ci bin steps utils local egs \
	  | sort | xargs shellcheck -x

bench: $(STAMP)/test ## print the tables of speed, memory and errors (takes long)
	@for file in tests/bench/*.py; do $(VENV)/bin/python "$$file" || exit 1; done

clean: ## remove all that make has made here
	rm -rf $(VENV) demo build dist *.egg-info .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# A stamp says that a stage of the installation is finished: what is done is not done again, and
# needs no network. Each stamp is remade when a file that it depends on has changed.

$(STAMP)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	  || { echo "make: diarkit needs Python 3.11 or later; '$(PYTHON)' is" \
	    "$$($(PYTHON) --version 2>&1 | head -1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)" >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)
	@mkdir -p $(STAMP)
	@touch $@

# torch comes first and alone: it is most of the download, and which build of it is the caller's choice.
$(STAMP)/torch: | $(STAMP)/python
	$(PIP) install $(PIP_ARGS) 'setuptools>=77' wheel
	$(PIP) install $(PIP_ARGS) '$(TORCH)'
	@touch $@

$(STAMP)/needs: setup.cfg setup.py pyproject.toml | $(STAMP)/torch
	$(PIP) install -q $(PIP_ARGS) --no-build-isolation -e .
	@touch $@

$(STAMP)/tools: $(STAMP)/needs $(wildcard bin/*)
	$(PIP) install -q --no-index --no-deps --no-build-isolation -e .
	@touch $@

$(STAMP)/test: $(STAMP)/tools
	$(PIP) install -q $(PIP_ARGS) --no-build-isolation -e '.[test]'
	@touch $@

$(STAMP)/lint: $(STAMP)/needs
	$(PIP) install -q $(PIP_ARGS) --no-build-isolation -e '.[lint]'
	@touch $@
