-- What pg_dump would say of a database, for servers that it does not read:
-- objects and, unless "s" is set, rows and sequences. In no order.
\pset format unaligned
\pset tuples_only on
SET search_path = pg_catalog;
CREATE TEMP VIEW ours AS
	SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_'
	AND nspname NOT IN ('git_migrate', 'information_schema');
SELECT 'CREATE SCHEMA', n.*, s.nspacl, pg_get_userbyid(s.nspowner)
	FROM ours n JOIN pg_namespace s USING (oid);
SELECT 'CREATE RELATION', c.oid::regclass, relkind, relpersistence, reloptions,
	relacl, pg_get_userbyid(relowner), relrowsecurity, relreplident,
	relispartition, obj_description(c.oid, 'pg_class'),
	pg_get_expr(relpartbound, c.oid),
	CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid)
	WHEN relkind IN ('i', 'I') THEN pg_get_indexdef(c.oid) END
	FROM pg_class c JOIN ours n ON n.oid = relnamespace WHERE relkind <> 't';
SELECT 'ALTER COLUMN', attrelid::regclass, quote_ident(attname),
	format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated,
	attcollation::regcollation, attstorage, attstattarget, attacl,
	col_description(attrelid, attnum), pg_get_expr(adbin, adrelid)
	FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
	JOIN ours n ON n.oid = relnamespace LEFT JOIN pg_attrdef d
	ON (adrelid, adnum) = (attrelid, attnum)
	WHERE attnum > 0 AND NOT attisdropped;
SELECT 'columns', attrelid::regclass,
	string_agg(quote_ident(attname), ' ' ORDER BY attnum)
	FROM pg_attribute a JOIN pg_class c ON c.oid = attrelid
	JOIN ours n ON n.oid = relnamespace
	WHERE attnum > 0 AND NOT attisdropped GROUP BY attrelid;
SELECT 'ALTER CONSTRAINT', conrelid::regclass, contypid::regtype, conname,
	pg_get_constraintdef(c.oid), obj_description(c.oid, 'pg_constraint')
	FROM pg_constraint c JOIN ours n ON n.oid = connamespace;
SELECT 'CREATE TRIGGER', pg_get_triggerdef(t.oid), tgenabled
	FROM pg_trigger t JOIN pg_class c ON c.oid = tgrelid
	JOIN ours n ON n.oid = relnamespace WHERE NOT tgisinternal;
SELECT 'CREATE RULE', pg_get_ruledef(r.oid) FROM pg_rewrite r JOIN pg_class c
	ON c.oid = ev_class JOIN ours n ON n.oid = relnamespace;
SELECT 'CREATE POLICY', polrelid::regclass, polname, polcmd,
	pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid)
	FROM pg_policy;
SELECT 'CREATE FUNCTION', pg_get_functiondef(p.oid), proacl FROM pg_proc p
	JOIN ours n ON n.oid = pronamespace WHERE prokind IN ('f', 'p');
SELECT 'CREATE TYPE', t.oid::regtype, typtype, typnotnull, typdefault,
	(SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder)
	FROM pg_enum WHERE enumtypid = t.oid) FROM pg_type t
	JOIN ours n ON n.oid = typnamespace;
\if :s
\else
SELECT format('SELECT %L, last_value, is_called FROM %s',
	'setval ' || c.oid::regclass,
	c.oid::regclass) FROM pg_class c JOIN ours n ON n.oid = relnamespace
	WHERE relkind = 'S' \gexec
SELECT format('SELECT %L, t.* FROM ONLY %s t', 'COPY ' || c.oid::regclass,
	c.oid::regclass) FROM pg_class c JOIN ours n ON n.oid = relnamespace
	WHERE relkind = 'r' \gexec
\endif
