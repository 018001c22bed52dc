#include "unit/schema/db.h"

/*
 * CREATE statements as common programs write them, and the same after their
 * usual way to alter a table.
 */

struct app_case {
	const char *sql;
	const char *tree;
};

static const struct app_case django = {
	"CREATE TABLE \"auth_user\" (\"id\" integer NOT NULL PRIMARY KEY "
	"AUTOINCREMENT, \"password\" varchar(128) NOT NULL, \"last_login\" "
	"datetime NULL, \"is_superuser\" bool NOT NULL, \"username\" "
	"varchar(150) NOT NULL UNIQUE);"
	"CREATE TABLE \"auth_permission\" (\"id\" integer NOT NULL PRIMARY KEY "
	"AUTOINCREMENT, \"user_id\" integer NOT NULL REFERENCES \"auth_user\" "
	"(\"id\") DEFERRABLE INITIALLY DEFERRED, \"age\" integer unsigned NOT "
	"NULL CHECK (\"age\" >= 0), CONSTRAINT \"age_max\" CHECK (\"age\" < "
	"200));"
	"CREATE UNIQUE INDEX \"auth_permission_user_id_01ab0c81_uniq\" ON "
	"\"auth_permission\" (\"user_id\", \"age\");"
	"CREATE INDEX \"auth_permission_user_id_2f476e4b\" ON "
	"\"auth_permission\" (\"user_id\") WHERE \"age\" > 3",
	"== indexes/auth_permission_user_id_01ab0c81_uniq.sql\n"
	"CREATE UNIQUE INDEX auth_permission_user_id_01ab0c81_uniq "
	"ON auth_permission (user_id, age);\n"
	"== indexes/auth_permission_user_id_2f476e4b.sql\n"
	"CREATE INDEX auth_permission_user_id_2f476e4b "
	"ON auth_permission (user_id) WHERE age > 3;\n"
	"== tables/auth_permission.sql\n"
	"CREATE TABLE auth_permission (\n"
	"    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL\n"
	"  , user_id INTEGER NOT NULL REFERENCES auth_user (id) "
	"DEFERRABLE INITIALLY DEFERRED\n"
	"  , age INTEGER UNSIGNED NOT NULL CHECK (age >= 0)\n"
	"  , CONSTRAINT age_max CHECK (age < 200)\n"
	");\n"
	"== tables/auth_user.sql\n"
	"CREATE TABLE auth_user (\n"
	"    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL\n"
	"  , password VARCHAR(128) NOT NULL\n"
	"  , last_login DATETIME\n"
	"  , is_superuser BOOL NOT NULL\n"
	"  , username VARCHAR(150) NOT NULL UNIQUE\n"
	");\n",
};

static const struct app_case rails = {
	"CREATE TABLE \"schema_migrations\" (\"version\" varchar NOT NULL "
	"PRIMARY KEY);"
	"CREATE TABLE IF NOT EXISTS \"posts\" (\"id\" integer PRIMARY KEY "
	"AUTOINCREMENT NOT NULL, \"title\" varchar DEFAULT '' NOT NULL, "
	"\"price\" decimal(8,2) DEFAULT 0.0, \"user_id\" integer NOT NULL, "
	"\"created_at\" datetime(6) NOT NULL, CONSTRAINT \"fk_rails_5b5ddf\"\n"
	"FOREIGN KEY (\"user_id\")\n"
	"  REFERENCES \"users\" (\"id\")\n"
	" ON DELETE CASCADE);"
	"CREATE INDEX \"index_posts_on_title\" ON \"posts\" (\"title\" DESC)",
	"== indexes/index_posts_on_title.sql\n"
	"CREATE INDEX index_posts_on_title ON posts (title DESC);\n"
	"== tables/posts.sql\n"
	"CREATE TABLE posts (\n"
	"    id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL\n"
	"  , title VARCHAR NOT NULL DEFAULT ''\n"
	"  , price DECIMAL(8, 2) DEFAULT 0.0\n"
	"  , user_id INTEGER NOT NULL\n"
	"  , created_at DATETIME(6) NOT NULL\n"
	"  , CONSTRAINT fk_rails_5b5ddf FOREIGN KEY (user_id) "
	"REFERENCES users (id) ON DELETE CASCADE\n"
	");\n"
	"== tables/schema_migrations.sql\n"
	"CREATE TABLE schema_migrations (\n"
	"    version VARCHAR PRIMARY KEY NOT NULL\n"
	");\n",
};

static const struct app_case prisma = {
	"-- CreateTable\n"
	"CREATE TABLE \"Post\" (\n"
	"    \"id\" TEXT NOT NULL PRIMARY KEY,\n"
	"    \"createdAt\" DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP,\n"
	"    \"published\" BOOLEAN NOT NULL DEFAULT false,\n"
	"    \"authorId\" INTEGER,\n"
	"    CONSTRAINT \"Post_authorId_fkey\" FOREIGN KEY (\"authorId\") "
	"REFERENCES \"User\" (\"id\") ON DELETE SET NULL ON UPDATE CASCADE\n"
	");\n"
	"-- CreateIndex\n"
	"CREATE UNIQUE INDEX \"Post_authorId_key\" ON \"Post\"(\"authorId\");",
	"== indexes/Post_authorId_key.sql\n"
	"CREATE UNIQUE INDEX Post_authorId_key ON Post (authorId);\n"
	"== tables/Post.sql\n"
	"CREATE TABLE Post (\n"
	"    id TEXT PRIMARY KEY NOT NULL\n"
	"  , createdAt DATETIME NOT NULL DEFAULT CURRENT_TIMESTAMP\n"
	"  , published BOOLEAN NOT NULL DEFAULT FALSE\n"
	"  , authorId INTEGER\n"
	"  , CONSTRAINT Post_authorId_fkey FOREIGN KEY (authorId) "
	"REFERENCES User (id) ON DELETE SET NULL ON UPDATE CASCADE\n"
	");\n",
};

static const struct app_case drizzle = {
	"CREATE TABLE `users` (\n"
	"\t`id` integer PRIMARY KEY NOT NULL,\n"
	"\t`full_name` text,\n"
	"\t`order` integer DEFAULT 1 NOT NULL,\n"
	"\t`at` integer DEFAULT (unixepoch()) NOT NULL,\n"
	"\tFOREIGN KEY (`order`) REFERENCES `orders`(`id`) "
	"ON UPDATE no action ON DELETE no action\n"
	");\n"
	"CREATE UNIQUE INDEX `users_name` ON `users` (`full_name`);",
	"== indexes/users_name.sql\n"
	"CREATE UNIQUE INDEX users_name ON users (full_name);\n"
	"== tables/users.sql\n"
	"CREATE TABLE users (\n"
	"    id INTEGER PRIMARY KEY NOT NULL\n"
	"  , full_name TEXT\n"
	"  , \"order\" INTEGER NOT NULL DEFAULT 1\n"
	"  , at INTEGER NOT NULL DEFAULT (unixepoch())\n"
	"  , FOREIGN KEY (\"order\") REFERENCES orders (id) "
	"ON DELETE NO ACTION ON UPDATE NO ACTION\n"
	");\n",
};

static const struct app_case entity_framework = {
	"CREATE TABLE \"Blogs\" (\n"
	"    \"BlogId\" INTEGER NOT NULL CONSTRAINT \"PK_Blogs\" PRIMARY KEY "
	"AUTOINCREMENT,\n"
	"    \"Url\" TEXT NULL,\n"
	"    \"Row\" BLOB NOT NULL DEFAULT X'00',\n"
	"    CONSTRAINT \"AK_Blogs_Url\" UNIQUE (\"Url\")\n"
	");",
	"== tables/Blogs.sql\n"
	"CREATE TABLE Blogs (\n"
	"    BlogId INTEGER CONSTRAINT PK_Blogs PRIMARY KEY AUTOINCREMENT "
	"NOT NULL\n"
	"  , Url TEXT\n"
	"  , \"Row\" BLOB NOT NULL DEFAULT X'00'\n"
	"  , CONSTRAINT AK_Blogs_Url UNIQUE (Url)\n"
	");\n",
};

static const struct app_case browser = {
	"CREATE TABLE \"people\" (\n"
	"\t\"id\"\tINTEGER,\n"
	"\t\"name\"\tTEXT NOT NULL COLLATE NOCASE,\n"
	"\tUNIQUE(\"name\"),\n"
	"\tPRIMARY KEY(\"id\" AUTOINCREMENT)\n"
	")",
	"== tables/people.sql\n"
	"CREATE TABLE people (\n"
	"    id INTEGER\n"
	"  , name TEXT NOT NULL COLLATE NOCASE\n"
	"  , UNIQUE (name)\n"
	"  , PRIMARY KEY (id AUTOINCREMENT)\n"
	");\n",
};

static const struct app_case search = {
	"CREATE TABLE docs (id INTEGER PRIMARY KEY, title TEXT, body TEXT);"
	"CREATE VIRTUAL TABLE docs_fts USING fts5(title, body, content='docs', "
	"content_rowid='id');"
	"CREATE TRIGGER docs_ai AFTER INSERT ON docs BEGIN\n"
	"  INSERT INTO docs_fts(rowid, title, body) VALUES (new.id, new.title, "
	"new.body);\n"
	"END;\n"
	"CREATE TRIGGER docs_ad AFTER DELETE ON docs BEGIN\n"
	"  INSERT INTO docs_fts(docs_fts, rowid, title, body) VALUES('delete', "
	"old.id, old.title, old.body);\n"
	"END;",
	"== tables/docs.sql\n"
	"CREATE TABLE docs (\n"
	"    id INTEGER PRIMARY KEY\n"
	"  , title TEXT\n"
	"  , body TEXT\n"
	");\n"
	"== triggers/docs_ad.sql\n"
	"CREATE TRIGGER docs_ad AFTER DELETE ON docs BEGIN\n"
	"  INSERT INTO docs_fts (docs_fts, rowid, title, body) "
	"VALUES ('delete', old.id, old.title, old.body);\n"
	"END;\n"
	"== triggers/docs_ai.sql\n"
	"CREATE TRIGGER docs_ai AFTER INSERT ON docs BEGIN\n"
	"  INSERT INTO docs_fts (rowid, title, body) "
	"VALUES (new.id, new.title, new.body);\n"
	"END;\n"
	"== virtual/docs_fts.sql\n"
	"CREATE VIRTUAL TABLE docs_fts USING fts5(title, body, "
	"content='docs', content_rowid='id');\n",
};

static void check_app(const struct app_case *app)
{
	sqlite3 *db = db_with(app->sql);
	char *tree = db_tree(db, false);

	assert_string_equal(tree, app->tree);
	assert_prints_what_it_is(db);
	free(tree);
	sqlite3_close(db);
}

#define APP(name)                                                \
	static void tree__of_##name##_is_canonical(void **state) \
	{                                                        \
		(void)state;                                     \
		check_app(&(name));                              \
	}

APP(django)
APP(rails)
APP(prisma)
APP(drizzle)
APP(entity_framework)
APP(browser)
APP(search)

/* A table made anew with another name, as SQLite's manual advises. */
static const char *const rebuilds[] = {
	/* django: the new one gets the old one's name */
	"CREATE TABLE t (id integer PRIMARY KEY, a varchar(5) NULL);"
	"CREATE INDEX i ON t (a);"
	"CREATE TABLE \"new__t\" (\"id\" integer PRIMARY KEY, \"a\" varchar(5) "
	"NOT NULL); INSERT INTO \"new__t\" SELECT id, coalesce(a, '') FROM t;"
	"DROP TABLE t; ALTER TABLE \"new__t\" RENAME TO \"t\";"
	"CREATE INDEX \"i\" ON \"t\" (\"a\")",
	/* prisma: with the foreign keys off */
	"CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(5));"
	"PRAGMA foreign_keys=OFF;"
	"CREATE TABLE \"new_t\" (\"id\" INTEGER PRIMARY KEY, \"a\" VARCHAR(5) "
	"NOT NULL); DROP TABLE \"t\"; ALTER TABLE \"new_t\" RENAME TO \"t\";"
	"CREATE INDEX \"i\" ON \"t\"(\"a\"); PRAGMA foreign_keys=ON",
	/* the other way round: the old one is moved away */
	"CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(5));"
	"ALTER TABLE t RENAME TO t_old; CREATE TABLE t (id INTEGER PRIMARY KEY,"
	" a VARCHAR(5) NOT NULL); CREATE INDEX i ON t (a); DROP TABLE t_old",
	/* column by column */
	"CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(9));"
	"ALTER TABLE t ADD b VARCHAR(5) NOT NULL DEFAULT '';"
	"ALTER TABLE t DROP a; ALTER TABLE t RENAME b TO a; DROP TABLE t;"
	"CREATE TABLE t (id INTEGER PRIMARY KEY, a VARCHAR(5) NOT NULL);"
	"CREATE INDEX i ON t (a)",
};

static void tree__after_a_rebuild_is_that_of_the_table_made_at_once(
	void **state)
{
	sqlite3 *made = db_with("CREATE TABLE t (id INTEGER PRIMARY KEY, "
				"a VARCHAR(5) NOT NULL);"
				"CREATE INDEX i ON t (a)");
	char *want = db_tree(made, false);

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rebuilds); i++) {
		sqlite3 *db = db_with(rebuilds[i]);
		char *tree = db_tree(db, false);

		assert_string_equal(tree, want);
		free(tree);
		sqlite3_close(db);
	}
	free(want);
	sqlite3_close(made);
}

/* One change, one line: what git diff and git blame live on. */
static void tree__differs_by_one_line_per_column(void **state)
{
	sqlite3 *db = db_with("CREATE TABLE t (a INT, b INT)");
	char *before = db_tree(db, false), *after;
	size_t same = 0;

	(void)state;
	db_exec(db, "ALTER TABLE t ADD COLUMN c INT");
	after = db_tree(db, false);
	while (before[same] == after[same])
		same++;
	assert_string_equal(before + same, ");\n");
	assert_string_equal(after + same, "  , c INT\n);\n");
	free(before);
	free(after);
	sqlite3_close(db);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tree__of_django_is_canonical),
		cmocka_unit_test(tree__of_rails_is_canonical),
		cmocka_unit_test(tree__of_prisma_is_canonical),
		cmocka_unit_test(tree__of_drizzle_is_canonical),
		cmocka_unit_test(tree__of_entity_framework_is_canonical),
		cmocka_unit_test(tree__of_browser_is_canonical),
		cmocka_unit_test(tree__of_search_is_canonical),
		cmocka_unit_test(
			tree__after_a_rebuild_is_that_of_the_table_made_at_once),
		cmocka_unit_test(tree__differs_by_one_line_per_column),
	};

	return cmocka_run_group_tests_name("schema/applications", tests, NULL,
					   NULL);
}
