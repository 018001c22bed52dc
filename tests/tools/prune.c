/*
 * Takes files out of a check's cache, over and over, until its standard input
 * ends: what is kept may be gone at any moment.
 *
 * usage: prune <cache folder> <bytes to leave>
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "engine/check_impl.h"

static bool is_over(void)
{
	struct pollfd in = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&in, 1, 1) != 0;
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "usage: prune <cache folder> <bytes>\n");
		return 129;
	}
	while (!is_over())
		check_prune(argv[1], strtoull(argv[2], NULL, 10));
	return 0;
}
