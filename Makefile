# What a person and CI run, and nothing else. Every target does its own set-up.

CARGO      ?= cargo
PACKAGES   ?= install
TOOLS      := target/tools
VENV       := target/venv
NODE       := tests/browser/node_modules
DENY       := 0.20.2
# With the whole workspace, so that what others need of a dependency stays the same and is not built anew.
PEER       := --features tongke-bench/peer
# The development profile is fast enough for three schools on two cores, and what it builds the tests
# use too. `make demo PROFILE=release` measures what would be shipped.
PROFILE    ?= dev
# Figures are measured: one file after the other. No test may wait for ever.
BROWSER     = node --test --test-concurrency=1 --test-timeout=240000 --test-reporter=spec
PYTHON     := PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3
BIN        := target/$(if $(filter dev,$(PROFILE)),debug,$(PROFILE))/tongke

.DEFAULT_GOAL := help
.PHONY: help demo test browser check bench instructions packages test-packages node-packages simd

help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: packages ## A real lesson on this machine: a registry, a relay, a supporting and two receiving schools, measured
	$(CARGO) build --locked --profile $(PROFILE) --package tongke-cli
	@deploy/assert-openh264-simd.sh $(BIN)
	@$(BIN) demo $(DEMO)

test: packages test-packages $(VENV)/ready $(NODE)/ready ## All tests, also end to end with third-party clients, cameras and browsers
	$(CARGO) test --locked --workspace
	@$(MAKE) --no-print-directory instructions
	$(CARGO) test --locked --workspace $(PEER) --test peer
	$(PYTHON) -m unittest discover --start-directory tests/netns
	$(BROWSER) tests/browser/unit/*.test.js tests/browser/*.test.js

browser: packages test-packages $(NODE)/ready ## The page in real browsers alone; ONE=tests/browser/floor.test.js for a part
	$(CARGO) build --locked --package tongke-cli
	$(BROWSER) $(or $(ONE),tests/browser/unit/*.test.js tests/browser/*.test.js)

check: packages $(TOOLS)/bin/cargo-deny $(NODE)/ready ## Format, lints, types of the page, documentation, licences and sources of dependencies
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace $(PEER) --all-targets -- --deny warnings
	$(NODE)/.bin/tsc --project crates/web
	RUSTDOCFLAGS="--deny warnings" $(CARGO) doc --locked --workspace $(PEER) --no-deps --document-private-items
	$(TOOLS)/bin/cargo-deny --locked check licenses bans sources

# A profile of its own, so that the counts are of what is shipped; nothing else is built with it.
instructions: packages test-packages ## Count the hot path's instructions and compare them with those kept; KEEP=1 keeps them
	$(CARGO) build --locked --profile counts --package tongke-bench-core --bin tongke-bench-instructions
	target/counts/tongke-bench-instructions $(if $(KEEP),--keep)

bench: packages ## What a packet costs: in the core alone, and through a running relay
	@$(CARGO) build --locked --release --package tongke-cli --package tongke-bench
	@$(CARGO) build --locked --release --package tongke-bench --features peer --bin tongke-bench-peer
	@$(CARGO) bench --locked --package tongke-bench-core
	@target/release/tongke-bench-load $(BENCH)

packages:
ifneq ($(PACKAGES),skip)
	@deploy/install-build-packages.sh
endif

test-packages:
ifneq ($(PACKAGES),skip)
	@deploy/install-build-packages.sh --tests
endif

node-packages:
ifneq ($(PACKAGES),skip)
	@deploy/install-build-packages.sh --node
endif

$(TOOLS)/bin/cargo-deny:
	$(CARGO) install --locked --debug --root $(TOOLS) --version $(DENY) cargo-deny

$(VENV)/ready: tests/interop/requirements.txt tests/openapi/requirements.txt
	/usr/bin/python3 -m venv --clear $(VENV)
	$(VENV)/bin/pip install --quiet --disable-pip-version-check $(foreach file,$^,--requirement $(file))
	touch $@

$(NODE)/ready: tests/browser/package-lock.json | node-packages
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund --loglevel=error
	touch $@
