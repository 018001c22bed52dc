"""PostgreSQL: which statements come, and how often.

What is common in real migrations comes more often than the other hundred
kinds. Those that need much to be there first weigh more, so that each comes
a hundred times in some 6,000 pairs.
"""

OFTEN = (
    (2, ('create_table_as', 'rename_table', 'insert_expression',
         'rename_index', 'create_enum', 'create_sequence', 'revoke',
         'truncate', 'create_matview', 'do_block', 'create_policy',
         'row_security', 'column_option', 'create_domain', 'create_composite',
         'rename_type', 'create_view_of_two', 'create_extension',
         'grant_columns', 'grant_role', 'create_role', 'alter_role',
         'set_local', 'create_aggregate', 'create_collation',
         'create_publication', 'create_foreign_table', 'create_partitioned',
         'create_table_like', 'create_heir', 'create_rule',
         'create_before_trigger', 'create_statistics', 'table_option',
         'create_table_soft', 'create_index_soft', 'add_column_soft',
         'drop_column_cascade', 'create_procedure', 'lock_table', 'do_if',
         'do_execute', 'do_format')),
    (3, ('drop_table', 'rename_column', 'create_expression_index',
         'drop_index', 'create_view', 'upsert', 'rename_constraint',
         'create_function', 'create_trigger_pg', 'rename_label', 'comment',
         'grant', 'add_generated_column', 'create_schema', 'grant_all',
         'grant_default', 'grant_thing', 'owner', 'create_operator',
         'column_storage', 'drop_cascade', 'alter_function',
         'rename_function', 'insert_rows', 'truncate_more', 'do_loop')),
    (4, ('create_table', 'drop_column', 'create_index',
         'create_unique_index', 'drop_view', 'insert', 'insert_select',
         'update', 'delete', 'set_default', 'set_not_null', 'add_check',
         'add_unique', 'add_fk', 'replace_function', 'drop_function',
         'add_label', 'alter_sequence', 'add_identity_column', 'drop_type',
         'rename_sequence', 'drop_extension', 'defer_constraint',
         'default_of_function', 'insert_defaults')),
    (5, ('add_column', 'update_expression', 'retype', 'drop_constraint',
         'replace_view', 'drop_sequence', 'set_value', 'alter_domain',
         'add_domain_column', 'restart_sequence', 'own_sequence',
         'next_value', 'rename_view', 'set_schema', 'validate_constraint',
         'change_identity', 'update_from', 'delete_using')),
    (6, ('default_of_sequence', 'create_table_there', 'rename_trigger',
         'write_view', 'merge', 'drop_statistics')),
    (7, ('drop_trigger_pg', 'disable_trigger', 'cast_column',
         'alter_composite', 'alter_view', 'drop_schema', 'rename_schema',
         'drop_role', 'alter_policy', 'key_of_index', 'call_procedure')),
    (8, ('drop_policy', 'detach_partition', 'alter_publication', 'move_rows',
         'drop_rule')),
    (10, ('drop_matview', 'replace_trigger_function', 'refresh_matview',
          'create_partition', 'attach_partition', 'no_inherit')),
    (12, ('add_exclude',)))
PG = tuple((kind, weight) for weight, kinds in OFTEN for kind in kinds)
# what the others need first: in a base, this often in a hundred
IN_BASE = (
    ('create_policy', 30), ('create_rule', 20), ('create_before_trigger', 15),
    ('create_matview', 25), ('create_statistics', 30), ('create_schema', 40),
    ('create_composite', 35), ('create_role', 35), ('create_publication', 25),
    ('create_procedure', 30), ('add_check', 30), ('create_extension', 8),
    ('create_heir', 22), ('create_table_like', 18))
