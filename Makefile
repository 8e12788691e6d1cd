# Needs Python 3.11 to 3.14, make and git. Everything else is installed into .venv.
# Paths are relative throughout, so that a folder with a space in its name works.

PYTHON ?= python3
LOWEST_PYTHON ?= python3.11
QGIS_PYTHON ?= /usr/bin/python3
NEWEST_PYTHON ?= python3.13

PY := .venv/bin/python
STEMGEO := .venv/bin/stemgeo
PIP := $(PY) -m pip --quiet --disable-pip-version-check
READY := .venv/.ready

# From files to figures, and the commands: what another Python or library would change first.
MATTERS := $(addprefix tests/,access demand gaps inputs network siting texts test_cli.py \
  test_coverage.py test_example.py test_steps.py test_study.py test_study_run.py test_times.py)

# Some environments forbid it; then every process, and each worker of the tests, compiles anew.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help setup demo test fuzz mutants lint types wheel pins notebooks check peers crash docs picture letters site facilities house bench lock lowest newest qgis clean

help:  ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-10s %s\n", $$1, $$2 }' Makefile

setup: $(READY)  ## install everything into .venv; the other targets do so themselves

demo: $(READY)  ## run the main job on the example Flanders and print the province table
	@rm -rf out/sample-study
	@$(STEMGEO) sample out/sample-study
	@$(STEMGEO) run out/sample-study --out out/demo
	@echo
	@echo "The study: out/sample-study/study.toml. The results: out/demo, of which"
	@echo "  out/demo/map.html                  the map to click through, in any browser"
	@echo "  out/demo/maps/vlaanderen.png       the map of Flanders; one of each province beside it"
	@echo "  out/demo/tables/coverage.csv       every figure, at every level"
	@echo "  out/demo/summary.md                the figures in words"

test: $(READY)  ## run the tests on all cores; ARGS="-k coverage" goes to pytest
	@$(PY) -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: $(READY)  ## N=20000 mutated files through every reader; SEED=1, and ONLY=17 repeats one
	@PYTHONPATH=tests $(PY) -m fuzz.drive --n $(or $(N),20000) --seed $(or $(SEED),1) \
	  $(if $(ONLY),--only $(ONLY))

mutants: $(READY)  ## N=120 small changes to the code that makes figures: do the tests notice? SEED=1
	@PYTHONPATH=tests $(PY) -m mutants.drive --n $(or $(N),120) --seed $(or $(SEED),1) \
	  $(if $(ONLY),--only $(ONLY))

lint: $(READY)  ## check style and formatting
	@$(PY) -m ruff check
	@$(PY) -m ruff format --check

types: $(READY)  ## check the types of the package
	@$(PY) -m mypy

wheel: demo  ## run the sample from the wheel, installed by pip, uv and pipx: the same figures as the demo
	@tests/wheel_check.sh
	@tests/tools_check.sh

pins: $(READY)  ## ask whether each pin has a wheel for every Python and machine that is named
	@tests/pins_check.sh

notebooks: $(READY)  ## run the notebooks, two side by side; what they showed stays in out/notebooks
	@$(PY) tests/executed.py $(ARGS)

check: lint types test wheel pins site  ## all of the above: what CI runs

peers: $(READY)  ## compare with Valhalla and write docs/peers.md; ARGS="--python python3.12"
	@$(PY) tests/peers/compare_valhalla.py --folder out/peers $(ARGS)

crash: $(READY)  ## kill run, answer, site and first reads at N moments (200); say what was lost
	@$(PY) tests/reliability/crash.py --number $(or $(N),200)

docs: $(READY)  ## write what the code says into the pages: data dictionary, study.toml, commands, rules of stress, reasons, kinds of maps
	@$(PY) -m stemgeo.tables > docs/data-dictionary.md
	@$(PY) -c "from stemgeo.network.stress_rules import list_tables as d; from stemgeo.writing.pages import update_page as f; f('docs/network.md', 'stress', d())"
	@$(PY) -c "from stemgeo.maps.kinds import list_kinds as d; from stemgeo.writing.pages import update_page as f; f('docs/method.md', 'kinds', d())"
	@$(PY) -c "from stemgeo.reasons import list_reasons as d; from stemgeo.writing.pages import update_page as f; f('docs/method.md', 'reasons', d())"
	@$(PY) docs/study_file.py > docs/study-file.md
	@$(PY) -m typer stemgeo.cli utils docs --name stemgeo --title "Commando’s" > docs/commands.md
	@$(PY) -c "from stemgeo.inputs.names import list_names as d; from stemgeo.writing.pages import update_page as f; f('docs/registers.md', 'names', d())"

picture: demo  ## write the map of the example on the first page of the README
	@$(PY) -c "from PIL import Image as I; i = I.open('out/demo/maps/vlaanderen.png').convert('RGB'); \
	  i.resize((1200, 1200 * i.height // i.width), I.Resampling.LANCZOS).quantize(64, dither=0).save('docs/vlaanderen.png', optimize=True)"

letters: $(READY)  ## cut the font of maps anew from that of matplotlib
	@$(PY) data/make_letters.py

site: notebooks  ## build the documentation as a site in out/site, strictly and without a network
	@rm -rf out/site
	@$(PY) -m sphinx --quiet --fail-on-warning --keep-going --doctree-dir out/doctrees docs out/site
	@echo "The documentation: out/site/index.html"

facilities: $(READY)  ## run two studies of other things than STEM academies; write docs/other-facilities.md
	@PYTHONPATH=tests $(PY) -m bench.facilities $(ARGS)

house: $(READY)  ## count lines, names and repeats of the package; SINCE=COMMIT lays them beside those of then
	@$(PY) tests/bench/house.py --since "$(SINCE)"

bench: $(READY)  ## compare, time and profile in half an hour; write docs/benchmarks.md (ARGS=ratios, explorer, links, reading, run, siting, answer, demo, scale, engines, paper: that part alone)
	@PYTHONPATH=tests $(PY) -m bench.page $(ARGS)

lock: $(READY)  ## write requirements.txt from pyproject.toml; ARGS=--upgrade takes the newest
	@$(PY) -m uv pip compile pyproject.toml --extra scale --group dev --universal --python-version 3.11 \
	  --generate-hashes --no-header --no-annotate --quiet --output-file requirements.txt $(ARGS)

lowest: $(READY)  ## run the tests on the lowest versions that pyproject.toml allows
	@$(PY) -m uv venv --quiet --clear --python "$(LOWEST_PYTHON)" .venv-lowest
	@$(PY) -m uv pip install --quiet --python .venv-lowest --resolution lowest-direct \
	  --group dev --editable '.[scale]'
	@.venv-lowest/bin/python -m pytest -W default $(ARGS) # they warn of what was mended since

newest: $(READY)  ## run the tests that matter most on the pins and the newest Python; ARGS=tests for all
	@$(PY) -m uv venv --quiet --clear --python "$(NEWEST_PYTHON)" .venv-newest
	@$(PY) -m uv pip install --quiet --python .venv-newest --require-hashes --only-binary :all: \
	  --requirement requirements.txt
	@$(PY) -m uv pip install --quiet --python .venv-newest --no-deps --no-build-isolation --editable .
	@.venv-newest/bin/python -m pytest --numprocesses auto --dist loadfile --no-loadscope-reorder \
	  $(or $(ARGS),$(MATTERS))

qgis:  ## open the demo's result in QGIS, if it is there (QGIS_PYTHON=/usr/bin/python3); pictures in out/qgis
	@test -f out/demo/result.qgz || $(MAKE) --no-print-directory demo
	@"$(QGIS_PYTHON)" tests/qgis/in_qgis.py out/demo out/qgis

clean:  ## remove all that make has made
	@rm -rf .venv .venv-lowest .venv-newest out build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Only pins with hashes enter, as wheels: nothing is compiled and nothing but them is trusted.
# uv takes half of pip's time; where pip alone knows the way to a registry, pip goes on. All is
# compiled at once: a library that warns as it is compiled would fail the first test that loads it.
.venv/.pinned: requirements.txt
	@"$(PYTHON)" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))' 2>/dev/null \
	  || { echo "stemgeo needs Python 3.11 to 3.14, and '$(PYTHON)' is" \
	    "$$("$(PYTHON)" --version 2>&1 | tail -n 1); try: make PYTHON=python3.12" >&2; exit 1; }
	@"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "Python's venv is missing; on Debian and Ubuntu: apt install python3-venv" >&2; \
	    exit 1; }
	@echo "Setting up, once; it takes a minute or two, and all of it goes into .venv" >&2
	@echo "1 of 4: $$("$(PYTHON)" --version) is fit for it" >&2
	@echo "2 of 4: an environment of its own" >&2
	@"$(PYTHON)" -m venv --clear .venv
	@echo "3 of 4: the libraries of requirements.txt, each checked by its hash" >&2
	@sed -n '/^uv==/,/[^\\]$$/p' requirements.txt > .venv/uv.txt
	@$(PIP) install --require-hashes --only-binary :all: --requirement .venv/uv.txt
	@$(PY) -m uv pip install $$([ -t 2 ] || echo --quiet) --python .venv --require-hashes \
	    --only-binary :all: --compile-bytecode --requirement requirements.txt \
	  || { echo "  uv did not get them; pip tries" >&2; \
	    { $(PY) -m pip --disable-pip-version-check install --progress-bar off --require-hashes \
	      --only-binary :all: --requirement requirements.txt || touch .venv/.failed; } \
	    | $(PY) tests/count_pins.py requirements.txt; }
	@[ ! -e .venv/.failed ]
	@pwd -P > $@

$(READY): .venv/.pinned pyproject.toml
	@echo "4 of 4: stemgeo itself" >&2
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

# A folder that was moved or copied would run the package from its old place: make .venv anew.
ifneq "$(shell cat .venv/.pinned 2>/dev/null)" "$(CURDIR)"
.PHONY: .venv/.pinned
endif
