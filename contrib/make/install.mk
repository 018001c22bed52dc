# Installation: the program and its page, where git looks for them, and what
# completes it, where the shells look.

MAN1DIR := $(DESTDIR)$(MANDIR)/man1
BASHDIR := $(DESTDIR)$(DATADIR)/bash-completion/completions
ZSHDIR  := $(DESTDIR)$(DATADIR)/zsh/site-functions
FISHDIR := $(DESTDIR)$(DATADIR)/fish/vendor_conf.d

install: $(B)/git-migrate
	install -D -m 755 $< "$(DESTDIR)$(BINDIR)/git-migrate"
	install -D -m 644 docs/git-migrate.1 "$(MAN1DIR)/git-migrate.1"
	install -D -m 644 contrib/completion/git-migrate.bash \
	  "$(BASHDIR)/git-migrate"
	install -D -m 644 contrib/completion/_git-migrate \
	  "$(ZSHDIR)/_git-migrate"
	install -D -m 644 contrib/completion/git-migrate.fish \
	  "$(FISHDIR)/git-migrate.fish"

uninstall:
	rm -f "$(DESTDIR)$(BINDIR)/git-migrate" "$(MAN1DIR)/git-migrate.1" \
	  "$(BASHDIR)/git-migrate" "$(ZSHDIR)/_git-migrate" \
	  "$(FISHDIR)/git-migrate.fish"

.PHONY: install uninstall
