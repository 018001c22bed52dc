#include "unit/schema/db.h"

static const struct schema_object users = {
	.path = "tables/users.sql",
	.kind = "table",
	.name = "users",
	.table = "users",
	.sql = "CREATE TABLE users(a)",
	.position = 3,
	.text = "CREATE TABLE users (\n    a\n);\n",
};

static const struct schema_object users_b = {
	.path = "tables/users.sql",
	.kind = "table",
	.name = "users",
	.table = "users",
	.sql = "CREATE TABLE users(a, b)",
	.position = 3,
	.text = "CREATE TABLE users (\n    a\n  , b\n);\n",
};

static const struct schema_object pragma = {
	.path = "pragmas/user_version.sql",
	.kind = "pragma",
	.name = "user_version",
	.table = "",
	.sql = "PRAGMA user_version = 7",
	.text = "PRAGMA user_version = 7;\n",
};

static void encode__is_readable_and_stable(void **state)
{
	struct schema_delta d;
	struct schema_rename renames[] = {
		{ "old table", NULL, "users" },
		{ "users", "x", NULL },
		{ "users", "-", "100%" },
	};
	struct buf out = BUF_INIT;

	(void)state;
	schema_delta_init(&d);
	schema_delta_add(&d, &users, &users_b);
	schema_delta_add(&d, NULL, &pragma);
	schema_delta_sort(&d);
	d.renames = renames;
	d.n_renames = ARRAY_LEN(renames);
	schema_delta_encode(&out, &d);
	assert_string_equal(
		buf_str(&out),
		"schema-delta 1\n"
		"rename old%20table - users\n"
		"rename users x -\n"
		"rename users %2D 100%25\n"
		"+ pragmas/user_version.sql pragma user_version % 0 23 25\n"
		"PRAGMA user_version = 7\n"
		"PRAGMA user_version = 7;\n"
		"\n"
		"- tables/users.sql table users users 3 21\n"
		"CREATE TABLE users(a)\n"
		"+ tables/users.sql table users users 3 24 36\n"
		"CREATE TABLE users(a, b)\n"
		"CREATE TABLE users (\n"
		"    a\n"
		"  , b\n"
		");\n"
		"\n");
	d.renames = NULL;
	schema_delta_release(&d);
	buf_release(&out);
}

/* A text that is the SQL is not written twice. */
static void encode__says_that_text_is_sql(void **state)
{
	static const char expected[] = "schema-delta 1\n"
				       "+ tables/t.sql table t t 7 25 =\n"
				       "CREATE TABLE public.t ();\n"
				       "\n";
	static const struct schema_object o = {
		.path = "tables/t.sql",
		.kind = "table",
		.name = "t",
		.table = "t",
		.sql = "CREATE TABLE public.t ();",
		.text = "CREATE TABLE public.t ();",
		.position = 7,
	};
	struct schema_delta d, back;
	struct arena arena = ARENA_INIT;
	struct buf out = BUF_INIT;

	(void)state;
	schema_delta_init(&d);
	schema_delta_add(&d, NULL, &o);
	schema_delta_encode(&out, &d);
	assert_int_equal(strncmp(buf_str(&out), expected, out.len), 0);
	assert_ok(schema_delta_decode(&back, &arena, buf_str(&out), out.len));
	assert_int_equal(back.n, 1);
	assert_string_equal(back.changes[0].after->text, o.text);
	assert_string_equal(back.changes[0].after->sql, o.sql);
	schema_delta_release(&d);
	schema_delta_release(&back);
	arena_release(&arena);
	buf_release(&out);
}

static void assert_same_object(const struct schema_object *got,
			       const struct schema_object *want, bool after)
{
	if (!want) {
		assert_null(got);
		return;
	}
	assert_non_null(got);
	assert_string_equal(got->path, want->path);
	assert_string_equal(got->kind, want->kind);
	assert_string_equal(got->name, want->name);
	assert_string_equal(got->table, want->table);
	assert_string_equal(got->sql, want->sql);
	assert_int_equal(got->position, want->position);
	if (after)
		assert_string_equal(got->text, want->text ? want->text : "");
	else
		assert_null(got->text);
	assert_null(got->shape);
}

static void assert_same_delta(const struct schema_delta *got,
			      const struct schema_delta *want)
{
	assert_int_equal(got->n, want->n);
	for (size_t i = 0; i < got->n; i++) {
		assert_same_object(got->changes[i].before,
				   want->changes[i].before, false);
		assert_same_object(got->changes[i].after,
				   want->changes[i].after, true);
	}
	assert_int_equal(got->n_renames, want->n_renames);
	for (size_t i = 0; i < got->n_renames; i++) {
		const struct schema_rename *a = &got->renames[i];
		const struct schema_rename *b = &want->renames[i];

		assert_string_equal(a->table, b->table);
		assert_true(streq_null(a->column, b->column));
		assert_true(streq_null(a->to, b->to));
	}
}

static void assert_round_trip(const struct schema_delta *d)
{
	struct buf out = BUF_INIT, again = BUF_INIT;
	struct arena arena = ARENA_INIT;
	struct schema_delta back;

	schema_delta_encode(&out, d);
	assert_ok(schema_delta_decode(&back, &arena, out.data, out.len));
	assert_same_delta(&back, d);
	schema_delta_encode(&again, &back);
	schema_delta_release(&back);
	arena_release(&arena);
	buf_release(&out);
	buf_release(&again);
}

static void decode__gives_back_what_was_encoded(void **state)
{
	static const struct schema_change changes[] = {
		{ NULL, &users },
		{ &users, NULL },
		{ &users, &users_b },
		{ NULL, &pragma },
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct schema_delta d;

		schema_delta_init(&d);
		assert_round_trip(&d);
		schema_delta_add(&d, changes[i].before, changes[i].after);
		assert_round_trip(&d);
		schema_delta_add(&d, changes[0].before, changes[0].after);
		schema_delta_add(&d, changes[1].before, changes[1].after);
		if (i != 1) /* a - and a + in a row would be one change */
			assert_round_trip(&d);
		schema_delta_release(&d);
	}
}

/* Up to n bytes of anything but NUL, often what the format is made of. */
static const char *any_string(struct arena *a, unsigned long long *seed,
			      unsigned n)
{
	static const char special[] = " \n%-+\t\r\x7f\xff\"'/0";
	unsigned len = next_random(seed) % (n + 1);
	char *s = arena_alloc(a, len + 1);

	for (unsigned i = 0; i < len; i++) {
		unsigned any = 1 + next_random(seed) % 255;

		if (next_random(seed) % 2)
			s[i] = special[next_random(seed) %
				       (sizeof(special) - 1)];
		else
			memset(&s[i], (int)any, 1);
	}
	return s;
}

static struct schema_object *any_object(struct arena *a,
					unsigned long long *seed)
{
	struct schema_object *o = arena_alloc(a, sizeof(*o));

	o->path = any_string(a, seed, 20);
	o->kind = any_string(a, seed, 5);
	o->name = any_string(a, seed, 20);
	o->table = any_string(a, seed, 3);
	o->sql = any_string(a, seed, 100);
	o->text = next_random(seed) % 4 ? any_string(a, seed, 100) : NULL;
	o->position = (int64_t)next_random(seed) - 1000000000;
	return o;
}

static void any_change(struct schema_delta *d, struct arena *a,
		       unsigned long long *seed)
{
	struct schema_object *before = any_object(a, seed);
	struct schema_object *after = any_object(a, seed);

	switch (next_random(seed) % 3) {
	case 0:
		schema_delta_add(d, before, NULL);
		break;
	case 1:
		before->path = after->path;
		schema_delta_add(d, before, after);
		break;
	default:
		/* a path of its own: behind a - it would join it */
		after->path = arena_printf(a, "%zu/%s", d->n, after->path);
		schema_delta_add(d, NULL, after);
		break;
	}
}

static void any_delta(struct schema_delta *d, struct arena *a,
		      unsigned long long *seed)
{
	schema_delta_init(d);
	for (unsigned i = next_random(seed) % 5; i; i--)
		any_change(d, a, seed);
	d->n_renames = d->cap_renames = next_random(seed) % 3;
	d->renames = xcalloc(d->n_renames, sizeof(*d->renames));
	for (size_t i = 0; i < d->n_renames; i++) {
		d->renames[i].table = any_string(a, seed, 9);
		if (next_random(seed) % 2)
			d->renames[i].column = any_string(a, seed, 9);
		if (next_random(seed) % 2)
			d->renames[i].to = any_string(a, seed, 2);
	}
}

static void decode__takes_any_bytes(void **state)
{
	(void)state;
	for (unsigned long long i = 0; i < 2000; i++) {
		unsigned long long seed = i;
		struct arena a = ARENA_INIT;
		struct schema_delta d;

		any_delta(&d, &a, &seed);
		assert_round_trip(&d);
		schema_delta_release(&d);
		arena_release(&a);
	}
}

static void assert_damaged(const char *data, size_t len)
{
	struct arena a = ARENA_INIT;
	struct schema_delta d;

	assert_fails(schema_delta_decode(&d, &a, data, len), ERR_STATE);
	assert_int_equal(d.n, 0);
	assert_null(d.changes);
	assert_null(d.renames);
	arena_release(&a);
}

static void decode__refuses_what_is_damaged(void **state)
{
	static const char *const texts[] = {
		"",
		"schema-delta 2\n",
		"schema-delta 1",
		"schema-delta 1\n\n",
		"schema-delta 1\nx",
		"schema-delta 1\nrename\n",
		"schema-delta 1\nrename a b\n",
		"schema-delta 1\nrename a b c",
		"schema-delta 1\nrename a b c d\n",
		"schema-delta 1\nrename - b c\n",
		"schema-delta 1\nrename a  c\n",
		"schema-delta 1\nrename a b %\n-",
		"schema-delta 1\nrename a b %2\n",
		"schema-delta 1\nrename a b %GG\n",
		"schema-delta 1\nrename a b %00\n",
		"schema-delta 1\nrename a b %2d\n",
		"schema-delta 1\n- a b c d 1\n",
		"schema-delta 1\n- a b c d 1 1\n",
		"schema-delta 1\n- a b c d 1 1\nx",
		"schema-delta 1\n- a b c d 1 1\nxy",
		"schema-delta 1\n- a b c d 1 -1\nx\n",
		"schema-delta 1\n- a b c d 1 99999999999999999999\nx\n",
		"schema-delta 1\n- a b c d 1 9223372036854775807\nx\n",
		"schema-delta 1\n- a b c d 1 9999999999999999999999999\nx\n",
		"schema-delta 1\n- a b c d x 1\nx\n",
		"schema-delta 1\n- a b c d  1 1\nx\n",
		"schema-delta 1\n- a b c d +1 1\nx\n",
		"schema-delta 1\n- a b c d 1 1 1\nx\nx\n",
		"schema-delta 1\n+ a b c d 1 1\nx\n",
		"schema-delta 1\n+ a b c d 1 1 1\nx\n",
		"schema-delta 1\n+ a b c d 1 1 1\nx\nx",
		"schema-delta 1\n+ - b c d 1 1 1\nx\nx\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		assert_damaged(texts[i], strlen(texts[i]));
	assert_damaged("schema-delta 1\n- a b c d 1 1\n\0\n", 31);
	assert_damaged("schema-delta 1\nrename a b c\0\n", 29);
}

/* Whatever is done to the bytes: an error, or a delta, and no crash. */
static void decode__survives_random_damage(void **state)
{
	unsigned refused = 0;

	(void)state;
	for (unsigned long long i = 0; i < 4000; i++) {
		unsigned long long seed = i;
		struct arena a = ARENA_INIT;
		struct schema_delta d, back;
		struct buf out = BUF_INIT;
		struct err *e;
		char *copy;
		size_t len;

		any_delta(&d, &a, &seed);
		schema_delta_encode(&out, &d);
		for (unsigned k = next_random(&seed) % 4; k; k--)
			out.data[next_random(&seed) % out.len] =
				(char)next_random(&seed);
		len = next_random(&seed) % 3 ? out.len
					     : next_random(&seed) % out.len;
		/* no NUL behind it: reading too far is seen */
		copy = xmalloc(len);
		memcpy(copy, out.data, len);
		e = schema_delta_decode(&back, &a, copy, len);
		refused += e != NULL;
		if (e)
			assert_int_equal(err_class_of(e), ERR_STATE);
		err_free(e);
		free(copy);
		schema_delta_release(&back);
		schema_delta_release(&d);
		buf_release(&out);
		arena_release(&a);
	}
	assert_true(refused > 1000);
}

static void describe__is_short_and_safe(void **state)
{
	static const struct schema_object escape = {
		.kind = "view",
		.name = "v\x1b[31m\n",
	};
	const struct schema_change changes[] = {
		{ NULL, &users },
		{ &users, &users_b },
		{ &users, NULL },
		{ NULL, &escape },
	};
	static const char *const want[] = {
		"+table users",
		"~table users",
		"-table users",
		"+view v\\x1b[31m\\n",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(changes); i++) {
		struct buf out = BUF_INIT;

		schema_change_describe(&out, &changes[i]);
		assert_string_equal(buf_str(&out), want[i]);
		buf_release(&out);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(encode__is_readable_and_stable),
		cmocka_unit_test(encode__says_that_text_is_sql),
		cmocka_unit_test(decode__gives_back_what_was_encoded),
		cmocka_unit_test(decode__takes_any_bytes),
		cmocka_unit_test(decode__refuses_what_is_damaged),
		cmocka_unit_test(decode__survives_random_damage),
		cmocka_unit_test(describe__is_short_and_safe),
	};

	return cmocka_run_group_tests_name("schema/delta", tests, NULL, NULL);
}
