"""PostgreSQL: which statements come, and how often.

What is common in real migrations comes more often than the other hundred
kinds. Those that need much to be there first weigh more, so that each comes
a hundred times in some 6,000 pairs.
"""

OFTEN = (
    (4, ('row_security', 'column_option', 'create_rule', 'create_schema')),
    (5, ('create_role', 'create_procedure', 'rename_table', 'create_enum',
         'create_sequence', 'revoke', 'truncate', 'create_matview',
         'create_policy', 'create_domain', 'create_extension', 'grant_columns',
         'alter_role', 'set_local', 'create_aggregate', 'create_collation',
         'create_foreign_table', 'create_partitioned', 'create_table_like',
         'lock_table', 'do_if', 'create_expression_index', 'grant',
         'grant_all', 'grant_default', 'grant_thing', 'owner',
         'create_operator', 'insert_rows', 'set_default')),
    (6, ('create_trigger_pg', 'create_table_as', 'insert_expression',
         'rename_index', 'do_block', 'rename_type', 'create_view_of_two',
         'grant_role', 'create_before_trigger', 'create_statistics',
         'table_option', 'create_table_soft', 'create_index_soft', 'do_format',
         'drop_table', 'rename_column', 'drop_index', 'create_view',
         'create_function', 'comment', 'add_generated_column', 'truncate_more',
         'do_loop', 'set_not_null', 'add_check', 'delete_using',
         'add_column_soft', 'do_execute', 'upsert')),
    (7, ('drop_cascade', 'create_publication', 'update_from',
         'create_composite', 'create_heir', 'drop_column_cascade',
         'create_index', 'insert', 'delete', 'merge')),
    (8, ('rename_constraint', 'replace_function', 'rename_label',
         'column_storage', 'rename_function', 'create_table', 'drop_column',
         'update', 'drop_function', 'drop_extension')),
    (9, ('drop_constraint', 'alter_function', 'add_fk', 'add_label',
         'insert_defaults', 'add_column')),
    (10, ('alter_sequence', 'add_identity_column', 'drop_type',
          'update_expression', 'retype', 'rename_view', 'insert_select')),
    (11, ('own_sequence', 'add_unique', 'restart_sequence',
          'create_unique_index', 'default_of_function', 'drop_sequence',
          'set_value', 'next_value', 'change_identity',
          'default_of_sequence')),
    (12, ('add_domain_column', 'move_rows', 'drop_view', 'rename_sequence',
          'set_schema')),
    (13, ('alter_domain', 'defer_constraint', 'validate_constraint',
          'create_table_there')),
    (14, ('write_view', 'replace_view', 'cast_column', 'alter_composite',
          'rename_schema')),
    (16, ('rename_trigger', 'disable_trigger', 'alter_view',
          'detach_partition', 'drop_statistics', 'drop_schema', 'drop_role',
          'alter_policy', 'add_exclude')),
    (20, ('drop_policy', 'drop_trigger_pg', 'key_of_index', 'call_procedure',
          'drop_matview', 'refresh_matview')),
    (24, ('create_partition', 'drop_rule')),
    (28, ('alter_publication', 'attach_partition',
          'replace_trigger_function')),
    (32, ('no_inherit',)))
PG = tuple((kind, weight) for weight, kinds in OFTEN for kind in kinds)
# what the others need first: in a base, this often in a hundred
IN_BASE = (
    ('create_policy', 30), ('create_rule', 20), ('create_before_trigger', 15),
    ('create_matview', 25), ('create_statistics', 30), ('create_schema', 40),
    ('create_composite', 35), ('create_role', 35), ('create_publication', 25),
    ('create_procedure', 30), ('add_check', 30), ('create_extension', 8),
    ('create_heir', 22), ('create_table_like', 18))
