"""PostgreSQL: which statements come, and how often.

What is common in real migrations comes more often than the other hundred
kinds. Those that need much to be there first weigh more, so that each comes
a hundred times in some 6,000 pairs.
"""

OFTEN = (
    (4, ('row_security', 'column_option', 'create_role', 'create_rule',
        'create_procedure', 'create_schema', 'drop_cascade')),
    (5, ('rename_table', 'create_enum', 'create_sequence', 'revoke',
        'truncate', 'create_matview', 'create_policy', 'create_domain',
        'create_extension', 'grant_columns', 'alter_role', 'set_local',
        'create_aggregate', 'create_collation', 'create_publication',
        'create_foreign_table', 'create_partitioned', 'create_table_like',
        'lock_table', 'do_if', 'create_expression_index', 'create_trigger_pg',
        'grant', 'grant_all', 'grant_default', 'grant_thing', 'owner',
        'create_operator', 'insert_rows', 'set_default', 'update_from')),
    (6, ('create_table_as', 'insert_expression', 'rename_index', 'do_block',
        'rename_type', 'create_view_of_two', 'grant_role',
        'create_before_trigger', 'create_statistics', 'table_option',
        'create_table_soft', 'create_index_soft', 'do_format', 'drop_table',
        'rename_column', 'drop_index', 'create_view', 'create_function',
        'comment', 'add_generated_column', 'truncate_more', 'do_loop',
        'set_not_null', 'add_check', 'delete_using')),
    (7, ('create_composite', 'create_heir', 'add_column_soft',
        'drop_column_cascade', 'rename_constraint', 'create_index', 'insert',
        'delete', 'replace_function', 'merge')),
    (8, ('do_execute', 'upsert', 'rename_label', 'column_storage',
        'rename_function', 'create_table', 'drop_column', 'update',
        'drop_function', 'drop_extension', 'drop_constraint')),
    (9, ('alter_function', 'add_fk', 'add_label', 'insert_defaults',
        'add_column', 'own_sequence')),
    (10, ('add_unique', 'alter_sequence', 'add_identity_column', 'drop_type',
         'update_expression', 'retype', 'alter_domain', 'add_domain_column',
         'restart_sequence', 'rename_view')),
    (11, ('create_unique_index', 'default_of_function', 'drop_sequence',
         'set_value', 'next_value', 'change_identity', 'default_of_sequence',
         'write_view', 'move_rows')),
    (12, ('drop_view', 'insert_select', 'rename_sequence', 'replace_view',
         'set_schema', 'rename_trigger', 'disable_trigger', 'alter_view')),
    (14, ('cast_column', 'alter_composite', 'rename_schema', 'drop_policy',
         'detach_partition')),
    (16, ('defer_constraint', 'validate_constraint', 'create_table_there',
         'drop_statistics', 'drop_schema', 'drop_role', 'alter_policy',
         'add_exclude')),
    (20, ('drop_trigger_pg', 'key_of_index', 'call_procedure',
         'alter_publication', 'drop_matview', 'refresh_matview')),
    (22, ('no_inherit',)),
    (24, ('create_partition', 'attach_partition')),
    (26, ('replace_trigger_function',)),
    (30, ('drop_rule',)))
PG = tuple((kind, weight) for weight, kinds in OFTEN for kind in kinds)
# what the others need first: in a base, this often in a hundred
IN_BASE = (
    ('create_policy', 30), ('create_rule', 20), ('create_before_trigger', 15),
    ('create_matview', 25), ('create_statistics', 30), ('create_schema', 40),
    ('create_composite', 35), ('create_role', 35), ('create_publication', 25),
    ('create_procedure', 30), ('add_check', 30), ('create_extension', 8),
    ('create_heir', 22), ('create_table_like', 18))
