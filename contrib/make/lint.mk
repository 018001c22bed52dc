# Everything that is checked without running the program.

cli_SH  := $(wildcard tests/cli/*.sh)
lint_SH := $(wildcard contrib/*.sh) .ci/run tests/run.sh \
	$(filter-out $(cli_SH),$(wildcard tests/*/*.sh))
tidy_SRC := $(core_SRC) $(gitstore_SRC) $(hooks_SRC) $(cmd_SRC)
LINT_FLAGS = $(CPPFLAGS) -DFINDINGS_CHECK_PY=__FILE__ -std=c11 $(shell $(PKG) --cflags $(CORE_PKGS) \
	$(GIT_PKGS) $(TEST_PKGS))

# N files at a time, two processes: $(EACH) N command...
EACH = xargs -P 2 -n

lint: lint-deps lint-layers lint-headers lint-format lint-size lint-docs \
	lint-shell lint-man lint-tidy

lint-deps:
	contrib/deps.sh build lint

# who includes whom
lint-layers:
	awk -f contrib/layers.awk docs/floors.txt $(ALL_SRC) $(ALL_HDR)

# each header compiles alone
lint-headers:
	@printf '%s\n' $(ALL_HDR) | $(EACH) 1 $(CC) $(CPPFLAGS) -std=c11 -Wall \
	  -Werror -fsyntax-only -x c /dev/null -include

lint-format:
	@printf '%s\n' $(ALL_SRC) $(ALL_HDR) | $(EACH) 64 sh -c ' \
	  clang-format --dry-run -Werror "$$@" 2>&1 | \
	    sed -n "s/:[0-9]*:[0-9]*: error.*/: not formatted (make format)/p" | \
	    sort -u | grep . && exit 1; exit 0' format

format:
	clang-format -i $(ALL_SRC) $(ALL_HDR)

# 500 lines: a warning, 600: an error
lint-size:
	@wc -l $(ALL_SRC) $(ALL_HDR) | awk '$$2 != "total" && $$1 > 500 { \
	    level = $$1 > 600 ? "error" : "warning"; \
	    print level ": " $$2 ": " $$1 " lines"; bad += $$1 > 600 } \
	  END { exit bad > 0 }'

# comments that drifted from what they describe
lint-docs:
	@printf '%s\n' $(ALL_SRC) | $(EACH) 32 clang $(LINT_FLAGS) $(WARN) \
	  -Wdocumentation -Werror -fsyntax-only

# a test is a script in quotes, run later
lint-shell:
	@printf '%s\n' $(lint_SH) | $(EACH) 4 shellcheck -x
	@printf '%s\n' $(cli_SH) | \
	  $(EACH) 4 shellcheck -S warning -x -P SCRIPTDIR -e SC2034

lint-man:
	mandoc -Tlint docs/git-migrate.1

# a version without quotes, which would not survive a second shell
TIDY_FLAGS = $(filter-out -DGIT_MIGRATE_VERSION=%,$(LINT_FLAGS)) \
	-DGIT_MIGRATE_VERSION=__FILE__ \
	-Xclang -analyzer-config -Xclang max-nodes=$(TIDY_NODES)

# states that the analyzer walks through for a function; its own default
TIDY_NODES ?= 225000

# a file at a time: what it finds in one may be left over from the one before
lint-tidy:
	@ls -S $(tidy_SRC) | $(EACH) 1 sh -c 'clang-tidy --quiet "$$@" -- $(TIDY_FLAGS) \
	    2>/dev/null' tidy

.PHONY: lint lint-deps lint-layers lint-headers lint-format format lint-size \
	lint-docs lint-shell lint-man lint-tidy
