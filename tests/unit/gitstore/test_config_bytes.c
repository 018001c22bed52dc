#include "gitstore/config.h"

#include "unit/gitstore/scratch.h"

#include "base/text.h"

/*
 * Good configuration with a byte or two changed, put in or left out: git and
 * we take the same texts and read the same values.
 */

static unsigned long seed;

static unsigned draw(unsigned below)
{
	seed = seed * 6364136223846793005UL + 1442695040888963407UL;
	return (unsigned)(seed >> 33) % below;
}

/* The first line stays: a key without any section is refused here only. */
#define FIRST "[migrate]\n"

static const char good[] = FIRST "# comment\n"
				 "\tdir = db/migrations ; behind\n"
				 "\tlayout=\"a \\\"b\\\" # c\"\n"
				 "[migrate \"Dev \\\\ x\"]\n"
				 "\turl = sqlite:dev.db\n"
				 "\tprotected\n"
				 "\tbranch = one \\\n  two\n"
				 "\tlockTimeout = 5s\r\n"
				 "[other.Sub] key = \\t\\n\\b\n";

static struct err *collect(void *payload, const char *key, const char *value)
{
	buf_addf(payload, "%s=%s", key, value);
	buf_add(payload, "", 1);
	return NULL;
}

static void mutate(struct buf *b)
{
	static const char bytes[] = "\"\\[]=#; \t\n\r.-_a9Z\x7f\x80\xff\x01";

	for (unsigned n = 1 + draw(2); n; n--) {
		size_t first = strlen(FIRST);
		size_t at = first + draw((unsigned)(b->len - first));
		char c = bytes[draw(sizeof(bytes) - 1)];

		switch (draw(3)) {
		case 0:
			b->data[at] = c;
			break;
		case 1:
			memmove(b->data + at, b->data + at + 1, b->len - at);
			b->len--;
			break;
		default:
			buf_addch(b, 'x');
			memmove(b->data + at + 1, b->data + at,
				b->len - at - 1);
			b->data[at] = c;
		}
	}
}

/* git's list, "key\nvalue" or "key" each, in our form. */
static void read_theirs(struct scratch *t, struct buf *out)
{
	FILE *f = fopen(scratch_at(t, "z"), "r");
	bool in_value = false;
	int c;

	assert_non_null(f);
	while ((c = fgetc(f)) != EOF) {
		if (c == '\n' && !in_value) {
			in_value = true;
			c = '=';
		} else if (!c) {
			buf_addstr(out, in_value ? "" : "=true");
			in_value = false;
		}
		buf_addch(out, (char)c);
	}
	fclose(f);
}

/* White space in a value: git 2.45 keeps it, those before make it blanks. */
static bool same(struct buf *a, struct buf *b)
{
	for (size_t i = 0; i < a->len; i++)
		if (a->data[i] == '\t' || a->data[i] == '\r')
			a->data[i] = ' ';
	for (size_t i = 0; i < b->len; i++)
		if (b->data[i] == '\t' || b->data[i] == '\r')
			b->data[i] = ' ';
	return a->len == b->len && !memcmp(buf_str(a), buf_str(b), a->len);
}

static void one_round(struct scratch *t, int round, int *taken, int *refused)
{
	struct buf text = BUF_INIT, ours = BUF_INIT, theirs = BUF_INIT;
	struct err *err;
	int rc;

	buf_addstr(&text, good);
	mutate(&text);
	scratch_write(t, "f", text.data);
	rc = scratch_try(t, "git config -f f -z --list > z 2>/dev/null");
	err = gs_configfile_parse(text.data, text.len, "f", collect, &ours);
	if (!err != !rc)
		fail_msg("round %d: git %s, we say %s:\n%s", round,
			 rc ? "refuses" : "takes it",
			 err ? err_text(err) : "fine", text.data);
	if (!err) {
		read_theirs(t, &theirs);
		if (!same(&ours, &theirs)) {
			char *safe = text_safe(text.data);

			fail_msg("round %d: other values: %s", round, safe);
		}
	} else {
		assert_int_equal(err_class_of(err), ERR_INPUT);
		assert_non_null(err_at_of(err));
		assert_in_range(err_at_of(err)->line, 1, 16);
	}
	*taken += !err;
	*refused += err != NULL;
	err_free(err);
	buf_release(&text);
	buf_release(&ours);
	buf_release(&theirs);
}

static void configfile__agrees_with_git_on_damaged_text(void **state)
{
	int taken = 0, refused = 0;

	seed = 17;
	for (int i = 0; i < 500; i++)
		one_round(*state, i, &taken, &refused);
	assert_true(taken > 100 && refused > 100);
}

/* Cut off anywhere: an error or what stands before, never a read behind. */
static void configfile__of_every_length(void **state)
{
	(void)state;
	for (size_t n = 0; n < sizeof(good); n++) {
		char *exact = malloc(n ? n : 1);
		struct buf out = BUF_INIT;

		assert_non_null(exact);
		memcpy(exact, good,
		       n < sizeof(good) - 1 ? n : sizeof(good) - 1);
		err_free(gs_configfile_parse(
			exact, n < sizeof(good) - 1 ? n : sizeof(good) - 1, "f",
			collect, &out));
		buf_release(&out);
		free(exact);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		in_folder(configfile__agrees_with_git_on_damaged_text),
		cmocka_unit_test(configfile__of_every_length),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
