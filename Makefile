# `make help` is the index. Needed: Go 1.21 or newer (it fetches the toolchain go.mod names), git, make.
# The race detector, and with it `make race` and `make check`, needs a C compiler as well.

.DEFAULT_GOAL := help
.NOTPARALLEL:

export GOTOOLCHAIN := auto
export CGO_ENABLED := 0

BIN      := bin
TOOLS    := $(BIN)/tools
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo devel)
LDFLAGS  := -s -w -X main.version=$(VERSION)
FUZZTIME ?= 5m
PROTO    := gateway/config

##@ Try it

.PHONY: demo
demo: ## build and start the appliance with a sample scenario and its own backends
	go build -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN)/fairlead ./cmd/fairlead
	@$(BIN)/fairlead demo

.PHONY: build
build: ## static binaries of every program, into bin/
	go build -trimpath -buildvcs=false -ldflags '$(LDFLAGS)' -o $(BIN)/ ./cmd/...

##@ Test

.PHONY: test
test: ## all tests, in random order
	go test -shuffle=on ./...

.PHONY: race
race: ## all tests under the race detector, in random order (needs a C compiler)
	CGO_ENABLED=1 go test -race -shuffle=on -timeout=20m ./...

.PHONY: arch
arch: ## the directions between packages
	go test -count=1 ./test/arch

.PHONY: fuzz
fuzz: ## every fuzz target, one after another: FUZZTIME=5m FUZZ=<regexp of names>
	./test/tools/fuzz.sh '$(FUZZTIME)' '$(FUZZ)'

.PHONY: bench
bench: ## compare with nginx, HAProxy and httputil.ReverseProxy: BENCH_ARGS=-h tells more
	go run ./test/bench $(BENCH_ARGS)

##@ Before a commit

# Exactly what CI runs, cheapest first.
.PHONY: check
check: generate-diff tidy-diff vet fmt-diff lint arch tools-test race golden-diff ## exactly what CI runs
	@echo "check: passed"

.PHONY: fmt
fmt: $(TOOLS)/golangci-lint ## format every Go file
	$(TOOLS)/golangci-lint fmt

.PHONY: lint
lint: $(TOOLS)/golangci-lint ## the linters of .golangci.yml
	$(TOOLS)/golangci-lint run ./...
	cd test/tools && ../../$(TOOLS)/golangci-lint run --config ../../.golangci.yml ./...

.PHONY: fix
fix: $(TOOLS)/golangci-lint ## let the linters mend what they can
	$(TOOLS)/golangci-lint run --fix ./...

.PHONY: generate
generate: $(TOOLS)/protogen $(TOOLS)/protoc-gen-go ## Go code of the contract from its .proto files
	$(TOOLS)/protogen -plugin $(TOOLS)/protoc-gen-go $(PROTO)

# A package has goldens if a test of it declares the flag -update itself or through test/golden.
golden_packages = $(shell grep -rlE --include='*_test.go' 'flag\.Bool.*"update"|fairlead/test/golden"' . \
	| grep -v '^\./test/tools/' | sed 's|/[^/]*$$||' | sort -u)

.PHONY: golden-update
golden-update: ## rewrite the golden files from what the code does now; read the diff
	$(if $(golden_packages),go test -count=1 $(golden_packages) -update,@echo "no package has goldens")

.PHONY: tidy
tidy: ## tidy both modules
	go mod tidy
	cd test/tools && go mod tidy

.PHONY: vuln
vuln: $(TOOLS)/govulncheck ## known vulnerabilities that the code reaches (asks vuln.go.dev)
	$(TOOLS)/govulncheck ./...

##@ Parts of check

.PHONY: vet
vet: ## go vet
	go vet ./...

.PHONY: generate-diff
generate-diff: $(TOOLS)/protogen $(TOOLS)/protoc-gen-go ## fail if generated code is not what `make generate` writes
	$(TOOLS)/protogen -check -plugin $(TOOLS)/protoc-gen-go $(PROTO)

.PHONY: fmt-diff
fmt-diff: $(TOOLS)/golangci-lint ## fail if a file is not formatted
	$(TOOLS)/golangci-lint fmt --diff

.PHONY: tidy-diff
tidy-diff: ## fail if go.mod or go.sum is not tidy
	go mod tidy -diff
	cd test/tools && go mod tidy -diff

.PHONY: tools-test
tools-test: ## tests of the repository's own tools
	cd test/tools && go vet ./... && go test -shuffle=on ./...

golden_sums = find . -path '*/testdata/*' -type f -exec cksum {} + | LC_ALL=C sort

.PHONY: golden-diff
golden-diff: ## fail if `make golden-update` changes a file
	@mkdir -p $(BIN)
	@$(golden_sums) > $(BIN)/golden.before
	@$(MAKE) --no-print-directory golden-update
	@$(golden_sums) | diff $(BIN)/golden.before - || { echo "golden files changed: read the git diff"; exit 1; }

##@ Housekeeping

.PHONY: tools
tools: $(addprefix $(TOOLS)/,golangci-lint gofumpt protogen protoc-gen-go benchstat hey govulncheck) ## build every pinned tool into bin/tools

.PHONY: clean
clean: ## remove what make built
	rm -rf $(BIN)

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@ / { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-15s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Tools are pinned in test/tools/go.mod and rebuilt when that changes.
tool_golangci-lint := github.com/golangci/golangci-lint/v2/cmd/golangci-lint
tool_gofumpt       := mvdan.cc/gofumpt
tool_protoc-gen-go := google.golang.org/protobuf/cmd/protoc-gen-go
tool_protogen      := ./protogen
tool_benchstat     := golang.org/x/perf/cmd/benchstat
tool_hey           := github.com/rakyll/hey
tool_govulncheck   := golang.org/x/vuln/cmd/govulncheck

$(TOOLS)/%: test/tools/go.mod test/tools/go.sum
	go build -C test/tools -trimpath -buildvcs=false -o '$(abspath $@)' $(tool_$*)

$(TOOLS)/protogen: $(wildcard test/tools/protogen/*.go)
