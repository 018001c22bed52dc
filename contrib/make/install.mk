# Installation: the program and its page, where git looks for them.

MAN1DIR := $(DESTDIR)$(MANDIR)/man1

install: $(B)/git-migrate
	install -D -m 755 $< "$(DESTDIR)$(BINDIR)/git-migrate"
	install -D -m 644 docs/git-migrate.1 "$(MAN1DIR)/git-migrate.1"

uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/git-migrate" "$(MAN1DIR)/git-migrate.1"

.PHONY: install uninstall
