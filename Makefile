# Works with the make of macOS (GNU make 3.81) too. PYTHON=/path/to/python3.12 chooses another Python.

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --disable-pip-version-check --quiet
LISTS := requirements.txt requirements-train.txt requirements-ocr.txt requirements-ray.txt requirements-dev.txt

# without its Python, as after an update of the system, an environment holds nothing of use
$(shell test -x $(BIN)/python || rm -f $(VENV)/.run-is-installed $(VENV)/.dev-is-installed)

.DELETE_ON_ERROR:
.PHONY: demo test lint format bench frames browser space audit sbom clean

demo: $(VENV)/.run-is-installed  ## install what the app needs and serve it, on GRADIO_SERVER_PORT or 7860
	@$(BIN)/python app.py

test: $(VENV)/.dev-is-installed browser  ## install what the tests need and run all of them
	@$(BIN)/python -m pytest

lint: $(VENV)/.dev-is-installed  ## style, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Not formatted as above; run: make format"; exit 1; }
	@$(BIN)/mypy app.py engrave train

format: $(VENV)/.dev-is-installed  ## put the source into its form
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format --quiet .

bench: $(VENV)/.run-is-installed  ## print how long the app's answers take here, the memory, how fast training is, and how fast a long log is read
	@$(BIN)/python -m engrave bench
	@if $(BIN)/python -c 'import accelerate, datasets' 2>/dev/null; then $(BIN)/python -m train bench && $(BIN)/python -m train report --bench; fi

frames: $(VENV)/.dev-is-installed browser  ## print how smoothly the map moves in Chromium
	@$(BIN)/python -m tests.browser.frames

TOOLS := build/tools
audit: $(TOOLS)/.made  ## look up known faults of what the app needs; asks the network
	@$(TOOLS)/bin/pip-audit --requirement requirements.txt --no-deps --disable-pip

sbom: $(TOOLS)/.made  ## write what the app is made of to build/sbom.json (CycloneDX), held against its schema
	@$(TOOLS)/bin/cyclonedx-py requirements requirements.txt --pyproject pyproject.toml --validate --output-file build/sbom.json
	@echo "build/sbom.json is written"

# of their own, as they would change the versions that the app is tested with
$(TOOLS)/.made: | $(BIN)/python
	@$(BIN)/python -m venv --clear $(TOOLS)
	@$(TOOLS)/bin/pip install --quiet --disable-pip-version-check pip-audit==2.10.1 cyclonedx-bom==7.5.0
	@touch $@

space:  ## lay out in build/space what a Hugging Face Space needs, as it is committed
	@rm -rf build/space && mkdir -p build/space
	@git archive --worktree-attributes HEAD | tar -x -C build/space
	@echo "build/space is ready; send it with: hf upload NAME/engrave build/space . --repo-type space"

clean:  ## remove what was installed and cached, but no training run
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache
	find app.py engrave train tests -name __pycache__ -prune -exec rm -rf {} +

$(VENV)/.run-is-installed: requirements.txt | $(BIN)/python
	@echo "Installing what Engrave needs (once; some minutes: torch is large) ..."
	@$(PIP) -r requirements.txt
	@touch $@

$(VENV)/.dev-is-installed: $(LISTS) | $(BIN)/python
	@echo "Installing what the tests and the training need (once; some minutes) ..."
	@$(PIP) $(LISTS:%=-r %)
	@touch $@ $(VENV)/.run-is-installed

# A name on the PATH is no proof (a shim may lead to nothing), so each is run; Debian keeps ensurepip apart.
$(BIN)/python:
	@for python in $(PYTHON) python3.11 python3.12 python3 python; do \
		"$$python" -c 'import sys; sys.exit(sys.version_info[:2] not in {(3, 11), (3, 12)})' 2>/dev/null || continue; \
		"$$python" -c 'import ensurepip, venv' 2>/dev/null || { bare="$$python"; continue; }; \
		echo "Making $(VENV) with $$("$$python" --version)"; \
		exec "$$python" -m venv --clear $(VENV); \
	done; \
	if [ -n "$$bare" ]; then \
		echo "$$bare has no venv module; install it (on Debian or Ubuntu: apt install python3-venv), then run make again."; \
	else \
		echo "Engrave needs Python 3.11 or 3.12 and found neither; install one, or say where it is: make PYTHON=/path/to/python3.12 demo"; \
	fi >&2; exit 1

# The tests take the Chromium of the system, else the one that Playwright brings.
browser: $(VENV)/.dev-is-installed
	@test -x /usr/bin/chromium || $(BIN)/python -m playwright install chromium
