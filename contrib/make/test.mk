# Tests, linters, installation; included by the top Makefile.

include contrib/make/cmd.mk

# make unit [ROOM=sql]: unit tests of all rooms, or of one
ROOM ?=
UNIT := $(if $(ROOM),$(filter $(B)/tests/$(ROOM)/%,$(TESTS)),$(TESTS))

unit: $(UNIT)
	@set -e; for t in $(UNIT); do $$t; done

lint-layers:
	awk -f contrib/layers.awk docs/floors.txt $(ALL_SRC) $(ALL_HDR)

lint-headers:
	@set -e; for h in $(ALL_HDR); do \
	  echo "#include \"$$h\"" | $(CC) $(CPPFLAGS) -std=c11 -Wall -Werror \
	    -fsyntax-only -x c - ; done

lint-format:
	clang-format --dry-run -Werror $(ALL_SRC) $(ALL_HDR)

format:
	clang-format -i $(ALL_SRC) $(ALL_HDR)

.PHONY: unit lint-layers lint-headers lint-format format
