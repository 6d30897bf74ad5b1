# `make help` lists the targets. Needed: make, git, Python 3.11 or newer. All else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
# tests wait for servers and sandboxes about a third of their time: three of two processors are used
JOBS ?= 3
EDITORS ?= 2

.DEFAULT_GOAL := help
.PHONY: help try test test-all test-editors test-editors-fast test-legs media lint format bench vscode lua clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-18s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

try: $(VENV)/.try ## Watch the main job on a bundled sample with the embedded model: no key, no editor
	@$(BIN)/festina try

test: lint ## Check the code's form, then run the tests, without the slow ones
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal -m "not slow"

test-all: lint ## Like `test`, with the slow tests
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# A test that skips itself, for want of its editor or for whatever reason, fails here.
test-editors: $(VENV)/.dev ## Fetch all the editors (without root) and run every test in them
	$(BIN)/python -m pytest -m editors --no-skips --durations=10 -n $(EDITORS) --dist loadfile

test-legs: $(VENV)/.dev ## See each of the editor tests' legs fail, with a broken server and without its editor: half an hour
	$(BIN)/python -m pytest -m legs --no-skips -n $(JOBS)

test-editors-fast: $(VENV)/.dev ## The same with Neovim 0.11 and one look at VS Code: minutes
	$(BIN)/python -m pytest -m smoke --no-skips --durations=5 tests/editors

media: $(VENV)/.dev ## Take the README's pictures of real editors again, into docs/media
	FESTINA_MEDIA=docs/media $(BIN)/python -m pytest --no-skips tests/editors/test_media.py tests/editors/test_vscode_browser.py tests/editors/test_vscode_skills.py tests/editors/test_vscode_memory.py tests/editors/test_vscode_plan.py tests/editors/test_gallery_browser.py tests/editors/test_gallery_rendered.py tests/editors/test_report_browser.py

lint: $(VENV)/.dev ## Check the code's form: ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev ## Bring the code into form
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.dev ## Measure, and compare with the truth: latency, and verdicts against cold runs
	@for script in tests/bench/[a-z]*.py; do \
	  echo "== $$script"; PYTHONPATH=tests $(BIN)/python "$$script" || exit 1; \
	done

vscode: ## Build the VS Code extension, clients/vscode/festina.vsix (needs Node.js 20 or newer, with npm)
	@command -v npm >/dev/null || { echo "make: npm is needed for this: install Node.js 20 or newer." >&2; exit 1; }
	cd clients/vscode && npm ci --no-audit --no-fund && npm run package

lua: ## Check the form of the Neovim plugin: StyLua and luacheck (needs npm and a Debian-like machine, once)
	tests/editors/install_lua_tools.sh .tools/lua
	.tools/lua/stylua --config-path clients/neovim/stylua.toml --check clients/neovim tests/editors/neovim
	.tools/lua/luacheck --config clients/neovim/.luacheckrc --quiet clients/neovim
	.tools/lua/luacheck --config clients/neovim/.luacheckrc --quiet --globals vim -- tests/editors/neovim

clean: ## Remove .venv and all caches
	rm -rf $(VENV) .tools build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find server tests -name __pycache__ -type d -prune -exec rm -rf {} +
	cd clients/vscode && rm -rf node_modules dist dist-test dist-host festina.vsix

# -- the environment: each stamp says that what it names is installed -------------------------------

$(VENV)/.dev: $(VENV)/.created pyproject.toml
	@echo "Installing Festina and what its tests need into $(VENV) (a minute or two, once) ..."
	@$(call install,-e '.[local$(comma)keyring$(comma)languages$(comma)browser$(comma)dev]')
	@touch $(VENV)/.dev $(VENV)/.try

$(VENV)/.try: $(VENV)/.created pyproject.toml
	@echo "Installing Festina and its embedded model's engine into $(VENV) (a minute, once) ..."
	@$(call install,-e '.[local]')
	@touch $@

$(VENV)/.created:
	@$(find_python); \
	"$$found" -m venv $(VENV) || { \
	  echo "make: $$found could not make the virtual environment $(VENV) (its own words are above)." >&2; \
	  echo "On Debian and Ubuntu 'apt-get install python3-venv' adds what is missing." >&2; exit 1; }
	@touch $@

comma := ,

define install
$(BIN)/python -m pip install --quiet --disable-pip-version-check $(1) || { \
  echo "make: the packages could not be installed (pip's own words are above)." >&2; \
  echo "Check the network connection, then run make again: it goes on from here." >&2; exit 1; }
endef

# A command of that name may exist and not run (pyenv's shims), so each one is tried.
define find_python
found=; \
for python in $(or $(PYTHON),python3.13 python3.12 python3.11 python3); do \
  if "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then found=$$python; break; fi; \
done; \
if [ -z "$$found" ]; then \
  version=$$("$$python" --version 2>/dev/null) || version="not to be found"; \
  echo "make: Festina needs Python 3.11 or newer, and $$python is $$version." >&2; \
  echo "Install a newer one, or name one that you have: make PYTHON=/path/to/python3.12 ..." >&2; exit 1; \
fi
endef
