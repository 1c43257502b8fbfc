# Everything runs in .venv, which is made when it is missing; another Python: PYTHON=python3.12 make test
PYTHON ?= python3

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
TORCH := torch==$(shell sed -n 's/^torch==//p' constraints.txt)
# Those that need a GPU are run by benchmarks/gpu.py; tiny.py trains for 90 minutes; two need an object store.
BENCHMARKS = $(filter-out benchmarks/bucket_pages.py benchmarks/efficiency.py benchmarks/evaluate_gpu.py benchmarks/gpu.py benchmarks/object_store.py benchmarks/training_cost_gpu.py benchmarks/tiny.py benchmarks/tiny_gpu.py,$(shell grep -l __main__ benchmarks/*.py))

.PHONY: help demo test servers clients fuzz mutants check docs bench figures matrix clean remake
.DELETE_ON_ERROR:

help:
	@echo 'make demo    long texts as pages, remembered and asked about: out/demo.html to look at (half a minute; no torch, no GPU)'
	@echo 'make test    all tests'
	@echo 'make servers tests against the real vLLM and llama.cpp on this CPU, from wheels in .venv-servers; RECORD=1 records'
	@echo 'make clients tests of real clients through the proxy: Qwen Code, Codex, Claude Code, aider, llm; needs npm'
	@echo 'make fuzz    the fuzzers of tests/fuzz for hours, each with new inputs; ARGS=-k fonts for one door'
	@echo 'make mutants break the code in 300 small ways, and print what no test noticed; half an hour'
	@echo 'make check   lint, format, types, floors, figures, documentation'
	@echo 'make docs    the site, as out/docs/index.html; a link that leads nowhere is an error'
	@echo 'make bench   all benchmarks that need no GPU, most of an hour; ARGS=--quick for a first look, which changes no result'
	@echo 'make figures tables of the documentation, from benchmarks/results'
	@echo 'make matrix  tests of the LangChain and LlamaIndex packages with the lowest and the newest versions they declare'
	@echo 'make clean   remove what these made, .venv too'

demo: $(VENV)/.core
	@$(BIN)/glyph-memory demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest --numprocesses auto $(ARGS)

servers: $(VENV)/.dev
	$(BIN)/python tools/server_env.py
	SERVERS=$(or $(SERVERS),1) $(if $(RECORD),RECORD=1) $(BIN)/python -m pytest tests/servers $(ARGS)

clients: $(VENV)/.dev
	$(BIN)/python tools/client_env.py
	CLIENTS=1 $(BIN)/python -m pytest tests/clients $(ARGS)

fuzz: $(VENV)/.dev
	FUZZ=hours $(BIN)/python -m pytest --numprocesses auto tests/fuzz $(ARGS)

mutants: $(VENV)/.dev
	@$(PIP) install -c constraints.txt --group mutants
	PYTHONPATH=benchmarks $(BIN)/python tools/mutants.py $(ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy -p glyph_memory_ray -p langchain_glyph_memory -p llama_index.memory.glyph
	$(BIN)/mypy benchmarks/*.py tools/figures.py
	$(BIN)/mypy docs/check_links.py docs/profile_table.py docs/serve_tables.py docs/site_parts.py docs/telemetry_tables.py
	for example in examples/*.py examples/*/*.py; do $(BIN)/mypy $$example || exit 1; done
	$(BIN)/lint-imports
	$(BIN)/python tools/figures.py --check
	@$(MAKE) --no-print-directory docs

docs: $(VENV)/.dev
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet --doctree-dir out/doctrees docs out/docs
	$(BIN)/python docs/check_links.py

bench: $(VENV)/.dev
	failed=; for script in $(BENCHMARKS); do $(BIN)/python $$script $(ARGS) || failed="$$failed $$script"; done; \
	if [ "$$failed" ]; then echo "failed:$$failed"; exit 1; fi

# Without figures a table says which benchmark to run, and this ends with an error.
figures: $(VENV)/.core
	$(BIN)/python tools/figures.py

matrix: $(BIN)/python
	$(BIN)/python tools/matrix.py $(ARGS)

clean:
	rm -rf $(VENV) .venv-matrix .venv-servers .venv-clients .clients out mutants dist build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an environment is brought up to date when what it is made of has changed.
$(VENV)/.core: $(BIN)/python pyproject.toml constraints.txt
	@echo 'Installing glyph-memory into $(VENV) …'
	@$(PIP) install -c constraints.txt -e .
	@touch $@

# torch comes first, on its own: whatever asks for torch later finds it there and brings no other build along.
$(VENV)/.dev: $(VENV)/.core $(wildcard integrations/*/pyproject.toml)
	@echo 'Installing what tests need into $(VENV), torch among it …'
	@$(PIP) install --upgrade 'pip>=25.1'
	@$(PIP) install -c constraints.txt '$(TORCH)'
	@$(PIP) install -c constraints.txt --group dev --group docs -e . $(addprefix -e ,$(patsubst %/,./%,$(wildcard integrations/*/)))
	@touch $@

PROBE = import ensurepip, sys, venv; print("%d.%d" % sys.version_info[:2], sys.version_info >= (3, 11))
SAYS = $(shell $(PYTHON) -c '$(PROBE)' 2>/dev/null)
HOW = "$(PYTHON)" is not Python 3.11 or newer with a venv module. Install one (Debian: apt install python3-venv), \
or name another: PYTHON=python3.12 make demo

$(BIN)/python:
	@$(if $(filter True,$(SAYS)),,$(error $(HOW)))
	@echo 'Making $(VENV) with Python $(firstword $(SAYS)) …'
	@$(PYTHON) -m venv --clear $(VENV)

# A Python that was named wins over the one that .venv was made with.
ifneq ($(filter environment command,$(origin PYTHON)),)
HAS = $(shell $(BIN)/python -c '$(PROBE)' 2>/dev/null)
ifneq ($(firstword $(SAYS)),$(firstword $(HAS)))
$(BIN)/python: remake
endif
endif
