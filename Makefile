# make help lists the targets.
GO       ?= go
TARGETS  ?=
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s

export CGO_ENABLED ?= 0
BUILD    = $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
PROGRAMS = --kindred bin/kindred --quickstart bin/quickstart

.DEFAULT_GOAL := help
.PHONY: help build test race lint fuzz bench e2e lifecycle clients image check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/kindred and the quick-start client bin/quickstart
	$(BUILD) -o bin/ ./cmd/kindred ./scenarios/quickstart

test: ## run the tests
	$(GO) test -shuffle=on -timeout 2m ./...

race: ## run the tests under the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -shuffle=on -timeout 4m ./...

lint: ## check form, imports and known weaknesses
	.ci/lint

fuzz: ## run every fuzz target for FUZZTIME (10s)
	.ci/fuzz $(FUZZTIME)

bench: build ## run the benchmarks, and the load measurement against its bounds (Linux)
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) run ./scenarios/load --kindred bin/kindred

e2e: build ## run every scenario, here and on a kind cluster (TARGETS=embedded,kind: fail without an engine)
	$(GO) run ./scenarios/e2e $(PROGRAMS) --targets "$(TARGETS)" scenarios

lifecycle: build ## kill "kindred cluster up" in each step, go on, take it down, look for left-overs
	$(GO) run ./scenarios/lifecycle --kindred bin/kindred $(if $(findstring kind,$(TARGETS)),--required)

clients: build ## run the real Azure clients of Go, curl, Python, JavaScript and Java, here and beside kind
	$(GO) run ./scenarios/clients $(PROGRAMS) --targets "$(TARGETS)"

image: build ## build the container image kindred:VERSION, and the quick-start client's
	docker build -t kindred:$(VERSION) .
	docker build -t localhost/kindred-quickstart:dev -f scenarios/quickstart/Dockerfile .

check: lint race fuzz test e2e lifecycle clients ## everything that CI runs before it lets a change in
