/*
 * A proxy between two unix sockets that cuts connections when it is told to:
 * what a network does to a client of a database.
 *
 * usage: drop-proxy [options] LISTEN SERVER
 *   -n N     cut when N bytes have passed, both ways together
 *   -u N     cut when N bytes have passed to the server
 *   -d N     cut when N bytes have passed from the server
 *   -b TEXT  cut before what holds TEXT goes to the server
 *   -a TEXT  cut after it went there, when its answer comes; nobody hears it
 *   -r       refuse connections after the first cut; else they pass freely
 *   -v NN    the server says that its version begins with these two digits
 *
 * Bytes are counted over all connections from the start. A cut closes every
 * connection both ways; what came before it has been passed on. SIGUSR1 cuts
 * at once. "ready" is printed when clients may come, each cut as "cut", and at
 * the end (SIGTERM, or that of the parent) "up N down N": the bytes passed.
 * TEXT is looked for in what one read returns.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define MAX_LINKS 64

enum {
	UP,
	DOWN
}; /* to the server, from it */

/* Bytes on their way; read again when all are written. */
struct flow {
	char data[65536];
	size_t len, done;
	bool ended; /* nothing more to read */
};

struct link {
	int fd[2]; /* what UP reads from: the client; and DOWN: the server */
	struct flow flow[2];
	bool answer_due; /* -a: its text has gone up */
};

static struct link *links[MAX_LINKS];
static size_t n_links;
static long long passed[2];
static long long limit[3] = { -1, -1, -1 }; /* UP, DOWN, both */
static const char *before, *after, *version;
static bool refuse, is_cut;
static volatile sig_atomic_t cut_asked, end_asked;

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		cut_asked = 1;
	else
		end_asked = 1;
}

static void die(const char *what)
{
	fprintf(stderr, "drop-proxy: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void say(const char *text)
{
	puts(text);
	fflush(stdout);
}

static void link_close(size_t i)
{
	close(links[i]->fd[UP]);
	close(links[i]->fd[DOWN]);
	free(links[i]);
	links[i] = links[--n_links];
}

static void cut(void)
{
	while (n_links)
		link_close(n_links - 1);
	is_cut = true;
	say("cut");
}

/* How many of len bytes may still pass. */
static size_t allowed(int dir, size_t len)
{
	long long left = (long long)len;

	if (is_cut)
		return len;
	if (limit[dir] >= 0 && limit[dir] - passed[dir] < left)
		left = limit[dir] - passed[dir];
	if (limit[2] >= 0 && limit[2] - passed[UP] - passed[DOWN] < left)
		left = limit[2] - passed[UP] - passed[DOWN];
	return left > 0 ? (size_t)left : 0;
}

static bool is_used_up(void)
{
	return !is_cut &&
	       ((limit[UP] >= 0 && passed[UP] >= limit[UP]) ||
		(limit[DOWN] >= 0 && passed[DOWN] >= limit[DOWN]) ||
		(limit[2] >= 0 && passed[UP] + passed[DOWN] >= limit[2]));
}

static bool holds(const struct flow *f, const char *text)
{
	return text && !is_cut && memmem(f->data, f->len, text, strlen(text));
}

/* In the parameters that a server sends at the start of a session. */
static void say_version(struct flow *f)
{
	static const char name[] = "server_version"; /* and its NUL */
	char *at = memmem(f->data, f->len, name, sizeof(name));

	if (version && at &&
	    (size_t)(at - f->data) + sizeof(name) + 2 <= f->len)
		memcpy(at + sizeof(name), version, 2);
}

/* False = everything was cut. */
static bool flow_read(struct link *l, int dir)
{
	struct flow *f = &l->flow[dir];
	ssize_t n = read(l->fd[dir], f->data, sizeof(f->data));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return true;
	f->ended = n <= 0;
	f->len = n > 0 ? (size_t)n : 0;
	f->done = 0;
	if (dir == DOWN)
		say_version(f);
	if ((dir == UP && holds(f, before)) ||
	    (dir == DOWN && l->answer_due && !is_cut)) {
		cut();
		return false;
	}
	if (dir == UP && holds(f, after))
		l->answer_due = true;
	return true;
}

/* False = everything was cut. */
static bool flow_write(struct link *l, int dir)
{
	struct flow *f = &l->flow[dir];
	size_t len = allowed(dir, f->len - f->done);
	ssize_t n = send(l->fd[!dir], f->data + f->done, len, MSG_NOSIGNAL);

	if (n < 0) {
		f->ended = errno != EAGAIN && errno != EINTR;
		if (f->ended)
			f->done = f->len;
		return true;
	}
	f->done += (size_t)n;
	passed[dir] += n;
	if (!is_used_up())
		return true;
	cut();
	return false;
}

static int unix_socket(const char *path, struct sockaddr_un *at)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*at = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (fd < 0)
		die("socket");
	if (strlen(path) >= sizeof(at->sun_path)) {
		errno = ENAMETOOLONG;
		die(path);
	}
	memcpy(at->sun_path, path, strlen(path));
	return fd;
}

static void link_open(int listener, const char *server)
{
	struct sockaddr_un at;
	int client = accept(listener, NULL, NULL);
	int up;

	if (client < 0)
		return;
	up = unix_socket(server, &at);
	if ((refuse && is_cut) || n_links == MAX_LINKS ||
	    connect(up, (struct sockaddr *)&at, sizeof(at))) {
		close(client);
		close(up);
		return;
	}
	fcntl(client, F_SETFL, O_NONBLOCK);
	fcntl(up, F_SETFL, O_NONBLOCK);
	links[n_links] = calloc(1, sizeof(*links[0]));
	if (!links[n_links])
		die("memory");
	links[n_links]->fd[UP] = client;
	links[n_links++]->fd[DOWN] = up;
}

/* What is waited for on the socket that `dir` reads from. */
static short wanted(const struct link *l, int dir)
{
	const struct flow *in = &l->flow[dir], *out = &l->flow[!dir];

	return (short)((!in->ended && in->done == in->len ? POLLIN : 0) |
		       (out->done < out->len ? POLLOUT : 0));
}

static bool link_has_ended(const struct link *l)
{
	for (int dir = UP; dir <= DOWN; dir++)
		if (l->flow[dir].ended && l->flow[dir].done == l->flow[dir].len)
			return true;
	return false;
}

/* Serve what poll() found; false = everything was cut. */
static bool link_serve(struct link *l, const struct pollfd *p)
{
	for (int dir = UP; dir <= DOWN; dir++) {
		short want = wanted(l, dir);

		if ((want & POLLIN) && (p[dir].revents & ~POLLOUT) &&
		    !flow_read(l, dir))
			return false;
		if ((want & POLLOUT) && (p[dir].revents & ~POLLIN) &&
		    !flow_write(l, !dir))
			return false;
	}
	return true;
}

static void serve(int listener, const char *server, const sigset_t *open)
{
	struct pollfd p[1 + 2 * MAX_LINKS];
	size_t n = n_links;

	p[0] = (struct pollfd){ .fd = listener, .events = POLLIN };
	for (size_t i = 0; i < n; i++)
		for (int dir = UP; dir <= DOWN; dir++)
			p[1 + 2 * i + (size_t)dir] =
				(struct pollfd){ .fd = links[i]->fd[dir],
						 .events = wanted(links[i],
								  dir) };
	/* signals come only here, so that none is missed */
	if (ppoll(p, 1 + 2 * n, NULL, open) < 0)
		return;
	for (size_t i = n; i-- > 0;) {
		if (!link_serve(links[i], p + 1 + 2 * i))
			return;
		if (link_has_ended(links[i]))
			link_close(i);
	}
	if (p[0].revents)
		link_open(listener, server);
}

static const char *options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "n:u:d:b:a:rv:")) >= 0) {
		switch (c) {
		case 'n':
			limit[2] = atoll(optarg);
			break;
		case 'u':
			limit[UP] = atoll(optarg);
			break;
		case 'd':
			limit[DOWN] = atoll(optarg);
			break;
		case 'b':
			before = optarg;
			break;
		case 'a':
			after = optarg;
			break;
		case 'r':
			refuse = true;
			break;
		case 'v':
			version = strlen(optarg) == 2 ? optarg : NULL;
			break;
		default:
			return NULL;
		}
	}
	return argc - optind == 2 ? argv[optind] : NULL;
}

int main(int argc, char **argv)
{
	static const int signals[] = { SIGUSR1, SIGTERM, SIGINT, SIGHUP };
	struct sigaction act = { .sa_handler = on_signal };
	const char *path = options(argc, argv);
	struct sockaddr_un at;
	sigset_t block, open;
	int listener;

	if (!path) {
		fprintf(stderr, "usage: drop-proxy [-n N] [-u N] [-d N] "
				"[-b TEXT] [-a TEXT] [-r] [-v NN] "
				"LISTEN SERVER\n");
		return 129;
	}
	sigemptyset(&block);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		sigaddset(&block, signals[i]);
		sigaction(signals[i], &act, NULL);
	}
	sigprocmask(SIG_BLOCK, &block, &open);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		sigdelset(&open, signals[i]);
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	listener = unix_socket(path, &at);
	if (bind(listener, (struct sockaddr *)&at, sizeof(at)) ||
	    listen(listener, MAX_LINKS))
		die(path);
	say("ready");
	while (!end_asked) {
		if (cut_asked) {
			cut_asked = 0;
			cut();
		}
		serve(listener, argv[optind + 1], &open);
	}
	unlink(path);
	printf("up %lld down %lld\n", passed[UP], passed[DOWN]);
	return 0;
}
