# Dependencies, tests, demonstration, bench. Included by the top Makefile.

include contrib/make/cmd.mk
include contrib/make/lint.mk
include contrib/make/install.mk

# make unit [ROOM=sql]: unit tests of all rooms, or of one
ROOM ?=
UNIT := $(if $(ROOM),$(filter $(B)/tests/$(ROOM)/%,$(TESTS)),$(TESTS))

# make cli [CLI=tests/cli/t-init.sh]: command line tests, all or some
CLI ?= $(wildcard tests/cli/t-*.sh)

# where tests that start a PostgreSQL server find how
$(B)/obj/tests/support/pg_world.o: CPPFLAGS += \
	-DPG_SERVER_SH='"$(CURDIR)/contrib/pg-server.sh"'

# where the formats of findings are judged
$(B)/obj/tests/unit/report/test_finding_random.o: CPPFLAGS += \
	-DFINDINGS_CHECK_PY='"$(CURDIR)/tests/support/findings_check.py"'

deps:
	contrib/deps.sh build

test-deps:
	contrib/deps.sh build test

# programs that command line tests use: beside the one they test
$(B)/tools/%: $(B)/obj/tests/tools/%.o
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^

$(addprefix $(B)/tools/,prune verdicts): $(B)/tools/%: \
		$(B)/obj/tests/tools/%.o $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core)

tools: $(TOOLS)

unit-build: $(UNIT)

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done

cli: $(B)/git-migrate $(TOOLS)
	GIT_MIGRATE=$(abspath $(B)/git-migrate) tests/run.sh $(CLI)

# unit and command line tests, counted together
check: $(B)/git-migrate $(TESTS) $(TOOLS)
	GIT_MIGRATE=$(abspath $(B)/git-migrate) tests/run.sh $(TESTS) $(CLI)

# make is called again so that it sees what deps has installed
test: test-deps
	$(MAKE) MODE=debug check

# CASES=N: how many random cases of tests/property, instead of 20,000 (10,000 on
# PostgreSQL)
test-long: test-deps
	TEST_LONG=1 TEST_TIMEOUT=$${TEST_TIMEOUT:-14400} $(MAKE) MODE=debug check

# the PostgreSQL tests on each major version of the server: needs npm
test-pg-matrix: test-deps
	$(MAKE) MODE=debug pg-matrix

pg-matrix: $(B)/git-migrate $(TESTS) $(TOOLS)
	GIT_MIGRATE=$(abspath $(B)/git-migrate) contrib/pg-matrix.sh \
	  $(TESTS) $(CLI)

demo: deps
	$(MAKE) MODE=release all
	contrib/demo.sh build/release/git-migrate

benches: $(BENCHES) $(B)/git-migrate

bench: deps test-deps
	$(MAKE) MODE=release benches
	tests/bench/run.sh build/release
	tests/bench/pg.sh build/release
	tests/bench/storage.sh build/release

.PHONY: deps test-deps tools unit-build unit cli check test test-long \
	test-pg-matrix pg-matrix demo bench benches
