#ifndef UNIT_GITSTORE_DRAW_H
#define UNIT_GITSTORE_DRAW_H

static unsigned long seed;

/* Our own, so that a C library's generator does not change the test. */
static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

#endif
