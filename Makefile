PYTHON ?= python3
BIN := .venv/bin
RUN := runs/quickstart

.PHONY: help
help: ## Show these targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

.PHONY: install
install: .venv/installed ## Make .venv with the pinned dependencies

.venv/installed: requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(None if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; this is %s: set PYTHON" % sys.version.split()[0])'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --disable-pip-version-check --quiet --requirement requirements.lock
	@touch $@

.PHONY: quickstart
quickstart: install ## Fool the embedded network's Grad-CAM, then evaluate it
	rm -rf $(RUN)
	$(BIN)/python train.py fit --config configs/experiments/shapes/fool.yaml --run $(RUN)
	$(BIN)/python evaluate.py --config configs/experiments/shapes/evaluate.yaml --run $(RUN)

.PHONY: test
test: install ## Lint, check types and run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: test-fast
test-fast: install ## Lint and run the fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/python -m pytest -n 2 --dist worksteal -m "not slow"

.PHONY: wheel-test
wheel-test: install ## Build the wheel and use it in a fresh environment
	$(BIN)/python tests/check_wheel.py

.PHONY: benchmark
benchmark: install ## Time a fooling step against a plain training step
	$(BIN)/python -m benchmarks.fooling_step

.PHONY: docs
docs: install ## Run the notebooks and build the documentation in site/
	$(BIN)/python -m docs.notebooks
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet  # without its advert

.PHONY: lock
lock: install ## Pin all dependencies anew (needs uv)
	uv pip compile pyproject.toml --extra dev --extra docs --universal --python-version 3.11 --upgrade \
		--no-header --quiet --output-file requirements.lock
