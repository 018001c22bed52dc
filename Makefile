# git-migrate: make [MODE=debug|asan|cov|release] [target]
# Targets: all demo test test-long unit cli lint bench install uninstall clean
.DELETE_ON_ERROR:
.SUFFIXES:
.SECONDARY:
MAKEFLAGS += -r

MODE    ?= release
B       := build/$(MODE)
PREFIX  ?= /usr/local
BINDIR  ?= $(PREFIX)/bin
DATADIR ?= $(PREFIX)/share
MANDIR  ?= $(DATADIR)/man
CC      ?= cc
PKG     ?= pkg-config
VERSION := 0.1.0

# libraries, by floor; ISA-L is used where the build finds it
CORE_PKGS := sqlite3 jansson
GIT_PKGS  := libgit2 zlib libcrypto
TEST_PKGS := cmocka
ISAL      := $(shell $(PKG) --exists libisal 2>/dev/null && echo libisal)
ifneq ($(ISAL),)
GIT_PKGS += libisal
CPPFLAGS += -DHAVE_ISAL
endif

WARN := -Wall -Wextra -Wpedantic -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wold-style-definition -Wwrite-strings \
	-Wpointer-arith -Wcast-qual -Wformat=2 -Wundef -Wvla \
	-Wswitch-enum -Wimplicit-fallthrough
HARD := -fstack-protector-strong -fno-common -fvisibility=hidden

MODE_debug   := -O1 -g3 -Werror -DCRASH_POINTS
MODE_asan    := -O1 -g3 -Werror -fno-omit-frame-pointer -DCRASH_POINTS \
		-fsanitize=address,undefined -fno-sanitize-recover=all
MODE_cov     := -O0 -g3 --coverage -DCRASH_POINTS
MODE_release := -O2 -g -D_FORTIFY_SOURCE=2

ifeq ($(MODE_$(MODE)),)
$(error MODE must be debug, asan, cov or release)
endif

CPPFLAGS += -I. -Icore -Itests -D_GNU_SOURCE \
	$(patsubst -I%,-isystem %,$(shell $(PKG) --cflags-only-I libpq)) -DSQLITE_ENABLE_PREUPDATE_HOOK \
	-DGIT_MIGRATE_VERSION='"$(VERSION)"'
CFLAGS   += -std=c11 -pthread $(WARN) $(HARD) $(MODE_$(MODE))
LDFLAGS  += -pthread $(filter -fsanitize% --coverage,$(MODE_$(MODE)))

core_SRC     := $(wildcard core/*/*.c)
gitstore_SRC := $(wildcard gitstore/*.c)
hooks_SRC    := $(wildcard hooks/*.c)
cmd_SRC      := $(wildcard cmd/*.c)
test_SRC     := $(wildcard tests/unit/*/test_*.c)
support_SRC  := $(wildcard tests/support/*.c)
bench_SRC    := $(wildcard tests/bench/*.c)
fuzz_SRC     := $(wildcard tests/fuzz/*.c)
tools_SRC    := $(wildcard tests/tools/*.c)
ALL_SRC      := $(core_SRC) $(gitstore_SRC) $(hooks_SRC) $(cmd_SRC) \
		$(test_SRC) $(support_SRC) $(bench_SRC) $(fuzz_SRC) \
		$(tools_SRC)
ALL_HDR      := $(wildcard core/*/*.h gitstore/*.h hooks/*.h cmd/*.h \
		tests/support/*.h)
OBJ           = $(patsubst %.c,$(B)/obj/%.o,$1)
TESTS        := $(patsubst tests/unit/%.c,$(B)/tests/%,$(test_SRC))
BENCHES      := $(patsubst tests/bench/%.c,$(B)/bench/%,$(bench_SRC))
TOOLS        := $(patsubst tests/tools/%.c,$(B)/tools/%,$(tools_SRC))

# libpq is loaded when it is needed (core/postgres/lib.h); libpg_query is
# linked into the program, so that its symbols (palloc, ...) stay inside
LIBS_core     = $(shell $(PKG) --libs $(CORE_PKGS)) \
		-l:libpg_query.a -Wl,--exclude-libs,libpg_query.a -lm -ldl
LIBS_git      = $(shell $(PKG) --libs $(GIT_PKGS))
LIBS_test     = $(shell $(PKG) --libs $(TEST_PKGS))

all: $(B)/git-migrate

$(B)/git-migrate: $(call OBJ,$(cmd_SRC)) $(B)/libhooks.a $(B)/libgitstore.a \
		$(B)/libcore.a
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core) $(LIBS_git)

$(B)/libcore.a: $(call OBJ,$(core_SRC))
	rm -f $@ && $(AR) rcsP $@ $^

$(B)/libgitstore.a: $(call OBJ,$(gitstore_SRC))
	rm -f $@ && $(AR) rcsP $@ $^

$(B)/libhooks.a: $(call OBJ,$(hooks_SRC))
	rm -f $@ && $(AR) rcsP $@ $^

$(B)/libsupport.a: $(call OBJ,$(support_SRC))
	rm -f $@ && $(AR) rcsP $@ $^

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/gitstore/%: $(B)/obj/tests/unit/gitstore/%.o $(B)/libsupport.a \
		$(B)/libgitstore.a $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core) $(LIBS_git) $(LIBS_test)

$(B)/tests/hooks/%: $(B)/obj/tests/unit/hooks/%.o $(B)/libsupport.a \
		$(B)/libhooks.a $(B)/libgitstore.a $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core) $(LIBS_git) $(LIBS_test)

# core tests link core only: no libgit2 on this line, on purpose
$(B)/tests/%: $(B)/obj/tests/unit/%.o $(B)/libsupport.a $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core) $(LIBS_test)

# floors of PostgreSQL are plain libpq
$(B)/bench/pg_%: LIBS_bench = $(shell $(PKG) --libs libpq)

$(B)/bench/%: $(B)/obj/tests/bench/%.o $(B)/libgitstore.a $(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core) $(LIBS_git) $(LIBS_bench)

clean:
	rm -rf build

.PHONY: all clean

include contrib/make/test.mk
-include $(patsubst %.o,%.d,$(call OBJ,$(ALL_SRC)))
