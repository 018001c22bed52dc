# Everything that is checked without running the program.

cli_SH  := $(wildcard tests/cli/*.sh)
lint_SH := $(wildcard contrib/*.sh) .ci/run tests/run.sh \
	$(filter-out $(cli_SH),$(wildcard tests/*/*.sh))
tidy_SRC := $(core_SRC) $(gitstore_SRC) $(hooks_SRC) $(cmd_SRC)
LINT_FLAGS = $(CPPFLAGS) -std=c11 $(shell $(PKG) --cflags $(CORE_PKGS) \
	$(GIT_PKGS) $(TEST_PKGS))

lint: lint-deps lint-layers lint-headers lint-format lint-size lint-docs \
	lint-shell lint-man lint-tidy

lint-deps:
	contrib/deps.sh build lint

# who includes whom
lint-layers:
	awk -f contrib/layers.awk docs/floors.txt $(ALL_SRC) $(ALL_HDR)

# each header compiles alone
lint-headers:
	@set -e; for h in $(ALL_HDR); do \
	  echo "#include \"$$h\"" | $(CC) $(CPPFLAGS) -std=c11 -Wall -Werror \
	    -fsyntax-only -x c - ; done

lint-format:
	@bad=0; for f in $(ALL_SRC) $(ALL_HDR); do \
	  clang-format --dry-run -Werror $$f 2>/dev/null || \
	    { echo "$$f: not formatted (make format)"; bad=1; }; done; exit $$bad

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
	clang $(LINT_FLAGS) $(WARN) -Wdocumentation -Werror -fsyntax-only \
	  $(ALL_SRC)

# a test is a script in quotes, run later
lint-shell:
	shellcheck -x $(lint_SH)
	shellcheck -S warning -x -P SCRIPTDIR -e SC2034 $(cli_SH)

lint-man:
	mandoc -Tlint docs/git-migrate.1

# a version without quotes, which would not survive a second shell
TIDY_FLAGS = $(filter-out -DGIT_MIGRATE_VERSION=%,$(LINT_FLAGS)) \
	-DGIT_MIGRATE_VERSION=__FILE__

lint-tidy:
	@printf '%s\n' $(tidy_SRC) | \
	  xargs -P 2 -n 8 sh -c 'clang-tidy --quiet "$$@" -- $(TIDY_FLAGS) \
	    2>/dev/null' tidy

.PHONY: lint lint-deps lint-layers lint-headers lint-format format lint-size \
	lint-docs lint-shell lint-man lint-tidy
