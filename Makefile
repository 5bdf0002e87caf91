# make help lists the targets.
GO       ?= go
TARGETS  ?=
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
FUZZTIME ?= 10s
SOAKTIME ?= 5m
ROUNDS   ?= 5

export CGO_ENABLED ?= 0
BUILD    = $(GO) build -trimpath -buildvcs=false -ldflags '-s -w -X main.version=$(VERSION)'
IMAGE    = $(GO) -C .ci/release run . -context $(CURDIR) -time $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
PROGRAMS = --kindred bin/kindred --quickstart bin/quickstart

.DEFAULT_GOAL := help
.PHONY: help build test race lint fuzz bench e2e lifecycle crash soak nightly clients image archives reproducible sbom check

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z0-9]+:.*## / {printf "  %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

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

bench: build ## run the benchmarks, and measure kindred under load beside bounds, ROUNDS (5) times (Linux)
	$(GO) test -run '^$$' -bench . -benchmem ./...
	$(GO) run ./scenarios/load --kindred bin/kindred --rounds $(ROUNDS)

e2e: build ## run every scenario, here and on a kind cluster (TARGETS=embedded,kind: fail without an engine)
	$(GO) run ./scenarios/e2e $(PROGRAMS) --targets "$(TARGETS)" scenarios

lifecycle: build ## kill "kindred cluster up" in each step, go on, take it down, look for left-overs
	$(GO) run ./scenarios/lifecycle --kindred bin/kindred $(if $(findstring kind,$(TARGETS)),--required)

crash: build ## kill a kindred that keeps its vaults 200 times, let its disk run full, look for every answered write
	$(GO) run ./scenarios/crash --kindred bin/kindred

soak: ## load a kindred with the race detector and faults for SOAKTIME (5m), each answer checked (Linux, C compiler)
	CGO_ENABLED=1 $(BUILD) -race -o bin/kindred-race ./cmd/kindred
	$(GO) run ./scenarios/soak --kindred bin/kindred-race --time $(SOAKTIME)

nightly: ## what takes hours: an hour of soak, five minutes of each fuzz target, a thousand kills
	$(MAKE) soak SOAKTIME=1h
	$(MAKE) fuzz FUZZTIME=5m
	$(MAKE) build
	$(GO) run ./scenarios/crash --kindred bin/kindred --times 1000

clients: build ## run the real Azure clients of Go, curl, Python, JavaScript and Java, here and beside kind
	$(GO) run ./scenarios/clients $(PROGRAMS) --targets "$(TARGETS)"

image: archives ## build the container image kindred:VERSION, and the quick-start client's, the same bytes each time
	docker load --quiet --input bin/kindred.tar
	docker load --quiet --input bin/kindred-quickstart.tar

archives: build
	$(IMAGE) -tag kindred:$(VERSION) -output $(CURDIR)/bin/kindred.tar $(CURDIR)/Dockerfile
	$(IMAGE) -tag localhost/kindred-quickstart:dev -output $(CURDIR)/bin/kindred-quickstart.tar $(CURDIR)/scenarios/quickstart/Dockerfile

reproducible: ## build the images here and in a clone, with nothing cached, and compare the bytes
	.ci/reproducible

sbom: ## list what bin/kindred is made of in bin/kindred.cdx.json (CycloneDX)
	@mkdir -p bin
	$(GO) -C .ci/release tool cyclonedx-gomod app -json -licenses -std -noserial -notimestamp -main cmd/kindred -output $(CURDIR)/bin/kindred.cdx.json $(CURDIR)

check: lint race fuzz test e2e lifecycle crash soak clients reproducible sbom ## everything that CI runs before it lets a change in
