#include "replay_cases.h"

/*
 * What SQLite migrations touch: a migration, and the lines that describe its
 * effects. All of them begin with the same schema.
 */

struct fx_case {
	const char *sql, *effects;
};

static const char base[] =
	"CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT NOT NULL, mail "
	"TEXT UNIQUE, age INT DEFAULT 0);\n"
	"CREATE TABLE orders (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL "
	"REFERENCES users (id) ON DELETE CASCADE, total REAL CHECK (total >= "
	"0), note TEXT);\n"
	"CREATE INDEX orders_user ON orders (user_id);\n"
	"CREATE TABLE kinds (k TEXT PRIMARY KEY, v TEXT);\n"
	"CREATE TABLE pets (id INTEGER PRIMARY KEY, owner INTEGER REFERENCES "
	"users (id) ON DELETE SET NULL, kind TEXT REFERENCES kinds (k));\n"
	"CREATE TABLE log (id INTEGER PRIMARY KEY, what TEXT);\n"
	"CREATE TRIGGER pets_log AFTER UPDATE ON pets BEGIN INSERT INTO log "
	"(what) VALUES (new.kind); END;\n"
	"CREATE VIEW adults AS SELECT id, name FROM users WHERE age > 17;\n"
	"CREATE TABLE plain (a, b);\n"
	"INSERT INTO users VALUES (7, 'x', 'y', 3);\n"
	"INSERT INTO kinds VALUES ('cat', 'c');";

/* clang-format off */
static const struct fx_case tables[] = {
{ "CREATE TABLE t (id INTEGER PRIMARY KEY, u INT REFERENCES users)",
"1: create table t -> #d21ddf06e3fd3743\n"
	"1: create column t.id -> integer primary key implied\n"
	"1: create column t.u -> int references users implied\n"
	"1: use table users: foreign key of t\n" },
{ "CREATE TABLE t (a, b, PRIMARY KEY (a, b), FOREIGN KEY (a) REFERENCES kinds (k)) WITHOUT ROWID",
"1: create table t -> #15f78bcf72c92526\n"
	"1: create column t.a ->  implied\n"
	"1: create column t.b ->  implied\n"
	"1: use table kinds: foreign key of t\n"
	"1: use column kinds.k type: foreign key of t\n" },
{ "CREATE TABLE \"Odd Name\" (\"A\" TEXT)",
"1: create table odd name -> #631867fdf21df72d\n"
	"1: create column odd name.a -> text implied\n" },
{ "CREATE TABLE IF NOT EXISTS t (a)",
"1: create table t if not exists -> #86d9d94c942a8d0e\n"
	"1: create column t.a ->  implied\n" },
{ "CREATE TABLE IF NOT EXISTS plain (a, b)",
"1: use table plain: create table if not exists\n" },
{ "CREATE TABLE copy AS SELECT * FROM kinds",
"1: select rows of kinds (*)\n"
	"1: use table kinds columns\n"
	"1: create table copy -> #4db4d77ad95ad793\n"
	"1: create column copy.k -> text implied\n"
	"1: create column copy.v -> text implied\n" },
{ "CREATE TEMP TABLE t (a)",
"" },
{ "CREATE VIRTUAL TABLE f USING fts5(a)",
"1: create table f -> CREATE VIRTUAL TABLE f USING fts5(a);\n" },
{ "DROP TABLE plain",
"1: drop table plain\n"
	"1: drop column plain.a implied\n"
	"1: drop column plain.b implied\n" },
{ "DROP TABLE kinds",
"1: delete rows of kinds implied\n"
	"1: select rows of pets (kind) absent by (kind) implied: foreign key pets.kind\n"
	"1: drop table kinds\n"
	"1: drop column kinds.k implied\n"
	"1: drop column kinds.v implied\n" },
{ "DROP TABLE orders",
"1: drop table orders\n"
	"1: drop column orders.id implied\n"
	"1: drop column orders.user_id implied\n"
	"1: drop column orders.total implied\n"
	"1: drop column orders.note implied\n"
	"1: drop index orders_user on orders implied\n" },
{ "DROP TABLE IF EXISTS plain",
"1: drop table plain if exists\n"
	"1: drop column plain.a implied\n"
	"1: drop column plain.b implied\n" },
{ "DROP TABLE IF EXISTS nope",
"1: drop table nope if exists conditional\n" },
{ "ALTER TABLE plain RENAME TO simple",
"1: drop table plain\n"
	"1: create table simple -> #951b0c9f7bdfc092 from plain\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE users RENAME TO people",
"1: alter view adults definition -> #2283b23012240cf9 implied\n"
	"1: drop table users\n"
	"1: create table people -> #17873e157d11b3d2 from users\n"
	"1: use views and triggers definition\n" },
{ "CREATE TABLE x (a); DROP TABLE x",
"1: use table x: made and dropped again\n" },
{ "CREATE TABLE t (a); ALTER TABLE t ADD COLUMN b; ALTER TABLE t RENAME TO t2",
"1: use table t: made and dropped again\n"
	"1: create table t2 -> #333d6ce1fae8e4d6\n"
	"1: create column t2.a ->  implied\n"
	"1: create column t2.b ->  implied\n"
	"1: use views and triggers definition\n" },
};

static const struct fx_case columns[] = {
{ "ALTER TABLE plain ADD COLUMN c",
"1: create column plain.c -> \n"
	"1: alter table plain columns\n" },
{ "ALTER TABLE plain ADD COLUMN c TEXT NOT NULL",
"1: create column plain.c -> text not null strict\n"
	"1: alter table plain columns strict\n" },
{ "ALTER TABLE plain ADD COLUMN c TEXT NOT NULL DEFAULT 'x'",
"1: create column plain.c -> text not null default 'x'\n"
	"1: alter table plain columns\n" },
{ "ALTER TABLE plain ADD COLUMN c INT REFERENCES users",
"1: create column plain.c -> int references users\n"
	"1: use table users: foreign key of plain\n"
	"1: alter table plain columns\n" },
{ "ALTER TABLE plain ADD COLUMN c INT CHECK (c > a)",
"1: create column plain.c -> int check (c > a)\n"
	"1: use column plain.a type: a check\n"
	"1: create constraint plain.(no name) -> c: check (c > a)\n"
	"1: alter table plain constraints\n"
	"1: alter table plain columns\n" },
{ "ALTER TABLE plain ADD COLUMN c AS (a + b)",
"1: create column plain.c -> generated always as (a + b) virtual\n"
	"1: use column plain.a type: column c\n"
	"1: use column plain.b type: column c\n"
	"1: alter table plain columns\n" },
{ "ALTER TABLE plain ADD c; ALTER TABLE plain ADD d",
"1: create column plain.c -> \n"
	"1: create column plain.d -> \n"
	"1: alter table plain columns\n" },
{ "ALTER TABLE plain ADD c; ALTER TABLE plain DROP c",
"1: use table plain: for a part made and dropped again\n"
	"1: use table plain: for a part made and dropped again\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE orders DROP COLUMN note",
"1: drop column orders.note\n"
	"1: alter table orders columns\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE orders RENAME COLUMN note TO remark",
"1: drop column orders.note\n"
	"1: create column orders.remark -> text from note\n"
	"1: alter table orders columns\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE users RENAME COLUMN name TO full_name",
"1: drop column users.name\n"
	"1: create column users.full_name -> text not null from name\n"
	"1: alter table users columns\n"
	"1: alter view adults definition -> #9533075f8452abc2 implied\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE plain RENAME a TO x; ALTER TABLE plain RENAME x TO y",
"1: drop column plain.a\n"
	"1: use views and triggers definition\n"
	"1: create column plain.y ->  from a\n"
	"1: alter table plain columns\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE PLAIN RENAME A TO Z",
"1: drop column plain.a\n"
	"1: create column plain.z ->  from a\n"
	"1: alter table plain columns\n"
	"1: use views and triggers definition\n" },
{ "ALTER TABLE plain RENAME TO p; ALTER TABLE p ADD COLUMN c",
"1: use views and triggers definition\n"
	"1: drop table plain\n"
	"1: create table p -> #225e65e7ce50e267 from plain\n"
	"1: create column p.c -> \n"
	"1: alter table p columns\n" },
};

static const struct fx_case objects[] = {
{ "CREATE INDEX i ON plain (a, b)",
"1: create index i on plain -> CREATE INDEX i ON plain (a, b);\n"
	"1: use table plain\n"
	"1: use column plain.a type\n"
	"1: use column plain.b type\n" },
{ "CREATE UNIQUE INDEX i ON users (lower(name)) WHERE age > 3",
"1: create index i on users -> CREATE UNIQUE INDEX i ON users (lower(name)) WHERE age > 3; strict\n"
	"1: use table users\n"
	"1: use column users.name type\n"
	"1: use column users.age type\n" },
{ "CREATE INDEX IF NOT EXISTS i ON plain (a)",
"1: create index i on plain if not exists -> CREATE INDEX i ON plain (a);\n"
	"1: use table plain\n"
	"1: use column plain.a type\n" },
{ "DROP INDEX orders_user",
"1: drop index orders_user on orders\n" },
{ "DROP INDEX orders_user; CREATE INDEX orders_user ON orders (user_id, total)",
"1: drop index orders_user on orders\n"
	"1: create index orders_user on orders -> CREATE INDEX orders_user ON orders (user_id, total);\n"
	"1: use table orders\n"
	"1: use column orders.user_id type\n"
	"1: use column orders.total type\n" },
{ "CREATE VIEW v AS SELECT a FROM plain",
"1: create view v -> #c9fe75e47387220a\n"
	"1: use table plain rebuilt: view v\n"
	"1: use column plain.a type: view v\n" },
{ "CREATE VIEW v AS SELECT a.name, o.* FROM adults a JOIN orders o ON o.user_id = a.id",
"1: create view v -> #00368874a1ec64c0\n"
	"1: use view adults: view v\n"
	"1: use column adults.name type: view v\n"
	"1: use table orders rebuilt: view v\n"
	"1: use column orders.id type: view v\n"
	"1: use column orders.user_id type: view v\n"
	"1: use column adults.id type: view v\n" },
{ "DROP VIEW adults",
"1: drop view adults\n" },
{ "DROP VIEW adults; CREATE VIEW adults AS SELECT id FROM users",
"1: alter view adults definition -> #37a4df4681ddcafd\n"
	"1: use table users rebuilt: view adults\n"
	"1: use column users.id type: view adults\n" },
{ "CREATE TRIGGER g AFTER INSERT ON plain BEGIN INSERT INTO log (what) VALUES (new.a); END",
"1: create trigger plain.g -> #478b14c1d0fe5a2c\n"
	"1: use table plain rebuilt: trigger g\n"
	"1: use table log rebuilt: trigger g\n"
	"1: use column plain.a type: trigger g\n"
	"1: use column log.what type: trigger g\n" },
{ "CREATE TRIGGER g BEFORE DELETE ON orders BEGIN UPDATE users SET age = age - 1 WHERE id = old.user_id; END",
"1: create trigger orders.g -> #1db826609efe3ec1\n"
	"1: use table orders rebuilt: trigger g\n"
	"1: use table users rebuilt: trigger g\n"
	"1: use column users.age type: trigger g\n"
	"1: use column users.id type: trigger g\n"
	"1: use column orders.user_id type: trigger g\n" },
{ "CREATE TRIGGER g INSTEAD OF UPDATE ON adults BEGIN UPDATE users SET name = new.name WHERE id = new.id; END",
"1: create trigger adults.g -> #024e8a0b4dcd9fe4\n"
	"1: use view adults: trigger g\n"
	"1: use column adults.name type: trigger g\n"
	"1: use table users rebuilt: trigger g\n"
	"1: use column users.name type: trigger g\n"
	"1: use column users.id type: trigger g\n"
	"1: use column adults.id type: trigger g\n" },
{ "CREATE TRIGGER g AFTER UPDATE OF a ON plain WHEN new.a > 1 BEGIN SELECT RAISE(ABORT, 'no') FROM kinds; END",
"1: create trigger plain.g -> #54b2d12c954e8765 by (a)\n"
	"1: use table plain rebuilt: trigger g\n"
	"1: use column plain.a type: trigger g\n"
	"1: use table kinds rebuilt: trigger g\n" },
{ "DROP TRIGGER pets_log",
"1: drop trigger pets.pets_log\n" },
{ "PRAGMA user_version = 7",
"1: alter setting user_version -> 7\n" },
{ "PRAGMA application_id = 5; PRAGMA user_version = 2",
"1: alter setting application_id -> 5\n"
	"1: alter setting user_version -> 2\n" },
{ "ANALYZE; REINDEX",
"" },
{ "SELECT name FROM users WHERE age > 3",
"1: use table users\n"
	"1: use column users.name type\n"
	"1: use column users.age type\n" },
{ "SELECT * FROM adults",
"1: use table users\n"
	"1: use column users.id type\n"
	"1: use column users.name type\n"
	"1: use column users.age type\n"
	"1: use view adults\n"
	"1: use column adults.id type\n"
	"1: use column adults.name type\n" },
{ "EXPLAIN DELETE FROM users",
"" },
};

static const struct fx_case rows[] = {
{ "INSERT INTO plain VALUES (1, 'x')",
"1: insert rows of plain (*) where a = 1, b = x\n" },
{ "INSERT INTO plain (b) VALUES (NULL)",
"1: insert rows of plain (b) where b = null, a = null\n" },
{ "INSERT INTO plain VALUES (1, 2), (3, -4.5)",
"1: insert rows of plain (*) where a = 1, b = 2\n"
	"1: insert rows of plain (*) where a = 3, b = -4.5\n" },
{ "INSERT INTO plain VALUES (1, 1 + 1)",
"1: insert rows of plain (*) -> insert into plain values ( 1 , 1 + 1 ) where a = 1\n" },
{ "INSERT INTO plain (a) VALUES (x'00ff'), (TRUE), ('it''s')",
"1: insert rows of plain (a) where a = x'00ff', b = null\n"
	"1: insert rows of plain (a) where a = 1, b = null\n"
	"1: insert rows of plain (a) where a = it's, b = null\n" },
{ "INSERT INTO plain DEFAULT VALUES",
"1: insert rows of plain where a = null, b = null\n" },
{ "INSERT INTO users (name) VALUES ('a')",
"1: insert rows of users (name) by (id, mail) where name = a, mail = null, age = 0 generates-key\n" },
{ "INSERT INTO users (id, name) VALUES (1, 'a')",
"1: insert rows of users (id, name) by (id, mail) where id = 1, name = a, mail = null, age = 0\n" },
{ "INSERT INTO users VALUES (NULL, 'a', 'b', 1)",
"1: insert rows of users (*) by (id, mail) where id = null, name = a, mail = b, age = 1 generates-key\n" },
{ "INSERT INTO orders (user_id, total) VALUES (7, 1.5)",
"1: insert rows of orders (user_id, total) by (id) where user_id = 7, total = 1.5, note = null generates-key\n"
	"1: use table users: foreign key orders.user_id\n"
	"1: select rows of users (id) exists where id = 7 implied: foreign key orders.user_id\n" },
{ "INSERT INTO pets (id, owner) VALUES (1, NULL)",
"1: insert rows of pets (id, owner) by (id) where id = 1, owner = null, kind = null\n"
	"1: use table kinds: foreign key pets.kind\n"
	"1: use table users: foreign key pets.owner\n" },
{ "INSERT INTO kinds VALUES ('x', 'y')",
"1: insert rows of kinds (*) by (k) where k = x, v = y\n" },
{ "INSERT OR REPLACE INTO kinds VALUES ('x', 'y')",
"1: delete rows of kinds replaced -> insert or replace into kinds values ( 'x' , 'y' ) by (k) where k = x conditional\n"
	"1: select rows of pets (kind) absent by (kind) where kind = x implied: foreign key pets.kind\n"
	"1: insert rows of kinds (*) -> insert or replace into kinds values ( 'x' , 'y' ) by (k) where k = x, v = y\n" },
{ "REPLACE INTO kinds (v, k) VALUES ('x', 'y')",
"1: delete rows of kinds replaced -> replace into kinds ( v , k ) values ( 'x' , 'y' ) by (k) where k = y conditional\n"
	"1: select rows of pets (kind) absent by (kind) where kind = y implied: foreign key pets.kind\n"
	"1: insert rows of kinds (v, k) -> replace into kinds ( v , k ) values ( 'x' , 'y' ) by (k) where v = x, k = y\n" },
{ "INSERT OR IGNORE INTO kinds (k) VALUES ('x')",
"1: select rows of kinds (k) by (k) where k = x conditional\n"
	"1: insert rows of kinds (k) -> insert or ignore into kinds ( k ) values ( 'x' ) by (k) where k = x, v = null conditional\n" },
{ "INSERT INTO kinds VALUES ('x', 'y') ON CONFLICT (k) DO NOTHING",
"1: select rows of kinds (k) by (k) where k = x conditional\n"
	"1: insert rows of kinds (*) -> insert into kinds values ( 'x' , 'y' ) on conflict ( k ) do nothing by (k) where k = x, v = y conditional\n" },
{ "INSERT INTO kinds VALUES ('x', 'y') ON CONFLICT (k) DO UPDATE SET v = excluded.v",
"1: select rows of kinds (k) by (k) where k = x conditional\n"
	"1: insert rows of kinds (*) -> insert into kinds values ( 'x' , 'y' ) on conflict ( k ) do update set v = excluded . v by (k) where k = x, v = y conditional\n"
	"1: update rows of kinds (v) -> insert into kinds values ( 'x' , 'y' ) on conflict ( k ) do update set v = excluded . v by (k) where k = x conditional\n" },
{ "INSERT INTO plain SELECT k, v FROM kinds",
"1: insert rows of plain (*) -> insert into plain select k , v from kinds\n"
	"1: select rows of kinds (k, v)\n" },
{ "INSERT INTO plain SELECT * FROM kinds",
"1: insert rows of plain (*) -> insert into plain select * from kinds\n"
	"1: select rows of kinds (*)\n"
	"1: use table kinds columns\n" },
{ "INSERT INTO plain (a) SELECT count(*) FROM users",
"1: insert rows of plain (a) -> insert into plain ( a ) select count ( * ) from users where b = null\n"
	"1: select rows of users\n" },
{ "INSERT INTO plain SELECT id, name FROM adults",
"1: insert rows of plain (*) -> insert into plain select id , name from adults\n"
	"1: select rows of users (id, name, age) implied: adults\n"
	"1: use view adults definition\n" },
{ "WITH c AS (SELECT k FROM kinds) INSERT INTO plain (a) SELECT k FROM c",
"1: insert rows of plain (a) -> with c as ( select k from kinds ) insert into plain ( a ) select k from c where b = null\n"
	"1: select rows of kinds (k)\n" },
{ "UPDATE plain SET a = 1",
"1: update rows of plain (a) -> update plain set a = 1 set a = 1\n" },
{ "UPDATE plain SET a = 1, b = 'x' WHERE a = 2",
"1: update rows of plain (a, b) -> update plain set a = 1 , b = 'x' where a = 2 by (a) set a = 1, b = x where a = 2\n" },
{ "UPDATE plain SET a = b WHERE b IS NULL AND a > 4",
"1: update rows of plain (a) -> update plain set a = b where b is null and a > 4 by (b, a) where b = null, a is not null\n" },
{ "UPDATE plain SET a = 1 WHERE a = 2 OR b = 3",
"1: update rows of plain (a) -> update plain set a = 1 where a = 2 or b = 3 by (a, b) set a = 1\n" },
{ "UPDATE plain SET a = 1 WHERE 'x' = b AND (a = 4) AND b BETWEEN 1 AND 2",
"1: update rows of plain (a) -> update plain set a = 1 where 'x' = b and ( a = 4 ) and b between 1 and 2 by (b, a) set a = 1 where b = x, a = 4\n" },
{ "UPDATE plain SET (a, b) = (1, 2)",
"1: update rows of plain (a, b) -> update plain set ( a , b ) = ( 1 , 2 )\n" },
{ "UPDATE users SET mail = lower(mail)",
"1: update rows of users (mail) -> update users set mail = lower ( mail ) by (mail)\n" },
{ "UPDATE orders SET total = total * 2 WHERE id = 3",
"1: update rows of orders (total) -> update orders set total = total * 2 where id = 3 by (total, id) where id = 3\n" },
{ "UPDATE orders SET user_id = 7 WHERE id = 3",
"1: update rows of orders (user_id) -> update orders set user_id = 7 where id = 3 by (id) set user_id = 7 where id = 3\n"
	"1: use table users: foreign key orders.user_id\n"
	"1: select rows of users (id) exists where id = 7 implied: foreign key orders.user_id\n" },
{ "UPDATE users SET id = 8 WHERE id = 7",
"1: update rows of users (id) -> update users set id = 8 where id = 7 by (id) set id = 8 where id = 7\n"
	"1: select rows of orders (user_id) absent by (user_id) where user_id = 7 implied: foreign key orders.user_id\n"
	"1: select rows of pets (owner) absent by (owner) where owner = 7 implied: foreign key pets.owner\n" },
{ "UPDATE pets SET kind = NULL WHERE id = 1",
"1: update rows of pets (kind) -> update pets set kind = null where id = 1 by (id, kind) set kind = null where id = 1\n"
	"1: use table kinds: foreign key pets.kind\n"
	"1: insert rows of log (what) by (id) generates-key implied: trigger pets_log\n" },
{ "UPDATE orders SET total = (SELECT age FROM users WHERE users.id = orders.user_id)",
"1: update rows of orders (total) -> update orders set total = ( select age from users where users . id = orders . user_id ) by (user_id, total)\n"
	"1: select rows of users (age, id) where id is not null\n" },
{ "UPDATE plain SET a = k FROM kinds WHERE b = v",
"1: update rows of plain (a) -> update plain set a = k from kinds where b = v by (b)\n"
	"1: select rows of kinds (k, v)\n" },
{ "DELETE FROM plain",
"1: delete rows of plain -> delete from plain\n" },
{ "DELETE FROM plain WHERE a = 1",
"1: delete rows of plain -> delete from plain where a = 1 by (a) where a = 1\n" },
{ "DELETE FROM users WHERE id = 4",
"1: delete rows of users -> delete from users where id = 4 by (id) where id = 4\n"
	"1: delete rows of orders cascade by (user_id) where user_id = 4 implied: foreign key orders.user_id\n"
	"1: use table users: foreign key orders.user_id\n"
	"1: update rows of pets (owner) cascade by (owner) where owner = 4 implied: foreign key pets.owner\n"
	"1: insert rows of log (what) by (id) generates-key implied: trigger pets_log\n" },
{ "DELETE FROM kinds WHERE k = 'dog'",
"1: delete rows of kinds -> delete from kinds where k = 'dog' by (k) where k = dog\n"
	"1: select rows of pets (kind) absent by (kind) where kind = dog implied: foreign key pets.kind\n" },
{ "DELETE FROM plain WHERE a IN (SELECT v FROM kinds)",
"1: delete rows of plain -> delete from plain where a in ( select v from kinds ) by (a) where a is not null\n"
	"1: select rows of kinds (v)\n" },
{ "DELETE FROM log; DELETE FROM plain WHERE a = 1 AND b = 'x'",
"1: delete rows of log -> delete from log\n"
	"1: delete rows of plain -> delete from plain where a = 1 and b = 'x' by (a, b) where a = 1, b = x\n" },
{ "CREATE TABLE t (a INTEGER PRIMARY KEY, b); INSERT INTO t (b) VALUES (1)",
"1: create table t -> #5ef1bdfaaf1daffb\n"
	"1: create column t.a -> integer primary key implied\n"
	"1: create column t.b ->  implied\n"
	"1: insert rows of t (b) by (a) where b = 1 generates-key\n" },
{ "CREATE TEMP TABLE t AS SELECT a FROM plain; UPDATE plain SET b = 1 WHERE a IN (SELECT a FROM t)",
"1: select rows of plain (a)\n"
	"1: update rows of plain (b) -> update plain set b = 1 where a in ( select a from t ) by (a) set b = 1 where a is not null\n" },
{ "CREATE TRIGGER g AFTER DELETE ON plain BEGIN DELETE FROM kinds WHERE k = old.a; END; DELETE FROM plain WHERE a = 5",
"1: create trigger plain.g -> #b69270e1bbe6d1f7\n"
	"1: use table plain rebuilt: trigger g\n"
	"1: use table kinds rebuilt: trigger g\n"
	"1: use column kinds.k type: trigger g\n"
	"1: use column plain.a type: trigger g\n"
	"1: delete rows of plain -> delete from plain where a = 5 by (a) where a = 5\n"
	"1: delete rows of kinds by (k) where k is not null implied: trigger g\n"
	"1: select rows of pets (kind) absent by (kind) where kind is not null implied: foreign key pets.kind\n" },
};

static const struct fx_case rebuilds[] = {
{ "CREATE TABLE n (a, b TEXT NOT NULL);\n"
	"INSERT INTO n SELECT a, b FROM plain;\n"
	"DROP TABLE plain;\n"
	"ALTER TABLE n RENAME TO plain",
"1: use table n: made and dropped again\n"
	"4: alter table plain rebuilt -> #733e56106c5cb057\n"
	"4: use table plain columns\n"
	"4: alter column plain.b type -> text\n"
	"4: alter column plain.b null -> not null strict\n"
	"4: use views and triggers definition\n" },
{ "CREATE TABLE n (a, b, c DEFAULT 1);\n"
	"INSERT INTO n (a, b) SELECT a, coalesce(b, 'x') FROM plain;\n"
	"DROP TABLE plain;\n"
	"ALTER TABLE n RENAME TO plain",
"1: use table n: made and dropped again\n"
	"2: update rows of plain (b) by (a, b)\n"
	"4: alter table plain rebuilt -> #b50cd8ca515e19f1\n"
	"4: use table plain columns\n"
	"4: create column plain.c -> default 1\n"
	"4: alter table plain columns\n"
	"4: use views and triggers definition\n" },
{ "CREATE TABLE n (a);\n"
	"INSERT INTO n SELECT a FROM plain WHERE b > 1;\n"
	"DROP TABLE plain;\n"
	"ALTER TABLE n RENAME TO plain",
"1: use table n: made and dropped again\n"
	"4: delete rows of plain by (a, b)\n"
	"4: alter table plain rebuilt -> #08253eff92f40b6e\n"
	"4: use table plain columns\n"
	"4: drop column plain.b\n"
	"4: alter table plain columns\n"
	"4: use views and triggers definition\n" },
{ "ALTER TABLE plain RENAME TO old;\n"
	"CREATE TABLE plain (a INT, b);\n"
	"INSERT INTO plain SELECT * FROM old;\n"
	"DROP TABLE old",
"1: use table old: made and dropped again\n"
	"1: use views and triggers definition\n"
	"2: alter table plain rebuilt -> #b4f248d53428fa09\n"
	"2: use table plain columns\n"
	"2: alter column plain.a type -> int\n" },
{ "PRAGMA foreign_keys = OFF;\n"
	"CREATE TABLE n (id INTEGER PRIMARY KEY, user_id INTEGER NOT NULL REFERENCES users (id) ON DELETE SET NULL, total REAL, note TEXT);\n"
	"INSERT INTO n SELECT id, user_id, total, note FROM orders;\n"
	"DROP TABLE orders;\n"
	"ALTER TABLE n RENAME TO orders;\n"
	"CREATE INDEX orders_user ON orders (user_id);\n"
	"PRAGMA foreign_keys = ON",
"2: use table n: made and dropped again\n"
	"5: alter table orders rebuilt -> #4df3b8d8307b7683\n"
	"5: use table orders columns\n"
	"5: drop constraint orders.(no name) -> user_id: references users (id) on delete cascade\n"
	"5: drop constraint orders.(no name) -> total: check (total >= 0)\n"
	"5: use table users: foreign key of orders\n"
	"5: use column users.id type: foreign key of orders\n"
	"5: create constraint orders.(no name) -> user_id: references users (id) on delete set null\n"
	"5: alter table orders constraints\n"
	"5: use views and triggers definition\n" },
{ "DROP TABLE plain; CREATE TABLE plain (a, b)",
"1: delete rows of plain by (a, b)\n"
	"1: alter table plain rebuilt -> #2d76688cad239f36\n"
	"1: use table plain columns\n" },
{ "CREATE TABLE n (a, b, UNIQUE (a));\n"
	"INSERT OR IGNORE INTO n SELECT a, b FROM plain;\n"
	"DROP TABLE plain;\n"
	"ALTER TABLE n RENAME TO plain;\n"
	"INSERT INTO plain VALUES (1, 2)",
"1: use table n: made and dropped again\n"
	"4: delete rows of plain by (a, b)\n"
	"4: alter table plain rebuilt -> #4043bbb6bce9cf2f\n"
	"4: use table plain columns\n"
	"4: create constraint plain.(no name) -> unique (a)\n"
	"4: alter table plain constraints\n"
	"4: use views and triggers definition\n"
	"5: insert rows of plain (*) by (a) where a = 1, b = 2\n" },
};
/* clang-format on */

static void describe(struct buf *out, struct replay *r, const char *sql)
{
	struct replay_script script = script_of(sql);
	struct replay_result result;
	struct effects e;

	effects_init(&e);
	assert_ok(replay_run(r, &script, &e, &result));
	for (size_t i = 0; i < e.n; i++) {
		effect_describe(out, &e.items[i]);
		buf_addch(out, '\n');
	}
	replay_result_release(&result);
	effects_release(&e);
}

static void check_all(const struct fx_case *cases, size_t n)
{
	struct replay *start = replay_with(base);

	for (size_t i = 0; i < n; i++) {
		struct buf out = BUF_INIT;
		struct replay *r;

		assert_ok(replay_clone(start, &r));
		describe(&out, r, cases[i].sql);
		if (!streq(buf_str(&out), cases[i].effects))
			fail_msg("%s\n-- expected:\n%s-- is:\n%s", cases[i].sql,
				 cases[i].effects, buf_str(&out));
		buf_release(&out);
		replay_close(r);
	}
	replay_close(start);
}

static void effects__of_tables(void **state)
{
	(void)state;
	check_all(tables, ARRAY_LEN(tables));
}

static void effects__of_columns(void **state)
{
	(void)state;
	check_all(columns, ARRAY_LEN(columns));
}

static void effects__of_other_objects(void **state)
{
	(void)state;
	check_all(objects, ARRAY_LEN(objects));
}

static void effects__of_rows(void **state)
{
	(void)state;
	check_all(rows, ARRAY_LEN(rows));
}

static void effects__of_tables_made_anew(void **state)
{
	(void)state;
	check_all(rebuilds, ARRAY_LEN(rebuilds));
}

/* Of what does not run nothing is known. */
static void effects__a_failure_is_uncertain(void **state)
{
	static const struct fx_case cases[] = {
		{ "SELECT 1;\n DROP TABLE nope",
		  "2: uncertain anything: it does not run: no such table: "
		  "nope\n" },
		{ "ATTACH 'x' AS y",
		  "1: uncertain anything: it does not run: ATTACH is not "
		  "allowed in a migration\n" },
	};

	(void)state;
	check_all(cases, ARRAY_LEN(cases));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(effects__of_tables),
		cmocka_unit_test(effects__of_columns),
		cmocka_unit_test(effects__of_other_objects),
		cmocka_unit_test(effects__of_rows),
		cmocka_unit_test(effects__of_tables_made_anew),
		cmocka_unit_test(effects__a_failure_is_uncertain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
