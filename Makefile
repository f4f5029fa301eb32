# Needs Python 3.11 to 3.13 and make. Each target installs what it needs into .venv; the programs in tools/ run without make as well.
PYTHON ?= python3
ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
# TORCH=gpu allows the GPU build of PyTorch (several GB)
export TORCH
export PIP_DISABLE_PIP_VERSION_CHECK = 1
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help book serve pdf offline deck lab exercises grade test lint bench translate release-check lock clean

help:  ## List the targets
	@$(PYTHON) -c "import re; [print(f'make {t:15s}{d}') for t, d in re.findall(r'^([a-z-]+):.*?## (.*)', open('Makefile', encoding='utf-8').read(), re.M)]"

book:  ## Build the site in both languages into build/site/
	@$(PYTHON) tools/setup_env.py book
	@$(PY) tools/build.py
	@$(PY) tools/check_site.py
	@echo "Open $(CURDIR)/build/site/index.html"

serve: book  ## Build, then serve the site on this machine only (PORT=8000)
	@$(PY) -m http.server $(PORT) --bind 127.0.0.1 --directory build/site

pdf: book  ## Print the book in both languages into build/print/ (needs Chromium)
	@$(PYTHON) tools/setup_env.py pdf
	@$(PY) tools/pdf.py

offline: book  ## Pack the site into build/print/kdtutor-site.zip
	@$(PYTHON) tools/setup_env.py pdf
	@$(PY) tools/pdf.py offline

deck: book  ## Pack the questions of the interview trainer for Anki into build/deck/
	@$(PYTHON) tools/setup_env.py deck
	@$(PY) tools/deck.py

lab:  ## Open JupyterLab with the exercises
	@$(PYTHON) tools/setup_env.py grade
	@$(BIN)/jupyter-lab --notebook-dir=. --LabApp.default_url=/lab/tree/exercises $(LAB)

exercises:  ## Make and run the solutions, derive exercises/ from them, prove the graders
	@$(PYTHON) tools/setup_env.py book grade
	@$(PY) tools/solutions.py
	@$(PY) tools/exercises.py
	@$(PY) tools/graders.py

grade:  ## Grade submissions: make grade FROM=folder-or-zip [SEED=number] [TO=folder] [WORKERS=n] [SCHEDULER=address] [UNSAFE=1]
	@$(PYTHON) tools/setup_env.py grade
	@$(PY) tools/grade.py $(FROM) $(if $(SEED),--seed $(SEED)) $(if $(TO),--to $(TO)) $(if $(WORKERS),--workers $(WORKERS)) \
	  $(if $(SCHEDULER),--scheduler $(SCHEDULER)) $(if $(UNSAFE),--unsafe)

test:  ## Check everything: style, types, package, book, translation, graders, notebooks, pages
	@$(PYTHON) tools/setup_env.py test
	@$(PY) tools/test.py

lint:  ## Check style and types only
	@$(PYTHON) tools/setup_env.py test
	@$(PY) tools/test.py lint types

bench:  ## Time the package beside others; ROWS="loss metric relation explanation training" picks groups
	@$(PYTHON) tools/setup_env.py test
	@$(PY) benchmarks/run.py $(ROWS)

translate:  ## Bring the Chinese message files up to date and list what is left
	@$(PYTHON) tools/setup_env.py book
	@$(PY) tools/po.py update

release-check:  ## Ask that every page is complete in Chinese
	@$(PYTHON) tools/setup_env.py book
	@$(PY) tools/po.py release

lock:  ## Choose new versions (maintainers)
	@$(PYTHON) tools/setup_env.py test
	@$(PY) tools/lock.py

clean:  ## Remove build/ and .venv/
	rm -rf build .venv
