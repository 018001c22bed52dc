# The command line: what it says about its libraries, and its unit tests.

$(B)/obj/cmd/cmd_version.o: CPPFLAGS += \
	-DSQLITE_BUILD_VERSION='"$(shell $(PKG) --modversion sqlite3)"' \
	-DLIBGIT2_BUILD_VERSION='"$(shell $(PKG) --modversion libgit2)"'

# the scripts are inside the program
$(B)/obj/cmd/cmd_completion.o: contrib/completion/git-migrate.bash \
	contrib/completion/_git-migrate contrib/completion/git-migrate.fish

$(B)/libcmd.a: $(call OBJ,$(filter-out cmd/main.c,$(cmd_SRC)))
	rm -f $@ && $(AR) rcs $@ $^

$(B)/tests/cmd/%: $(B)/obj/tests/unit/cmd/%.o $(B)/libcmd.a \
		$(B)/libsupport.a $(B)/libhooks.a $(B)/libgitstore.a \
		$(B)/libcore.a
	@mkdir -p $(@D)
	$(CC) $(LDFLAGS) -o $@ $^ $(LIBS_core) $(LIBS_git) $(LIBS_test)
