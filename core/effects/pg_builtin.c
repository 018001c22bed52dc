#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/util.h"
#include "effects/pg_walk.h"

/*
 * Functions of pg_catalog that people call by name, as PostgreSQL 15 has them:
 * those that stand behind operators, types and indexes are left out, and those
 * that start with "pg_", which are all the server's. They are found before any
 * other schema is searched.
 */
static const char names[] =
	" "
	"abbrev abs acldefault aclexplode acos acosd acosh age area "
	"array_agg array_append array_cat array_dims array_eq array_fill "
	"array_ge array_gt array_le array_length array_lower array_lt "
	"array_ndims array_ne array_position array_positions array_prepend "
	"array_remove array_replace array_to_json array_to_string "
	"array_to_tsvector array_upper ascii asin asind asinh atan atan2 "
	"atan2d atand atanh avg bernoulli bit bit_and bit_count bit_length "
	"bit_or bit_xor bool bool_and bool_or box bpchar broadcast btrim "
	"cardinality cbrt ceil ceiling center char char_length "
	"character_length chr cidr circle clock_timestamp coalesce "
	"col_description concat concat_ws convert convert_from convert_to "
	"corr cos cosd cosh cot cotd count covar_pop covar_samp cume_dist "
	"current_database current_query current_schema current_schemas "
	"current_setting current_user currtid2 currval cursor_to_xml "
	"cursor_to_xmlschema database_to_xml database_to_xml_and_xmlschema "
	"database_to_xmlschema date date_bin date_part date_trunc "
	"datemultirange daterange daterange_canonical daterange_subdiff "
	"decode degrees dense_rank dexp diagonal diameter div dlog1 dlog10 "
	"dround dsnowball_init dsnowball_lexize dtrunc encode enum_first "
	"enum_in enum_last enum_out enum_range enum_recv enum_send every "
	"exp extract factorial family first_value float8 floor format "
	"format_type gcd gen_random_uuid generate_series "
	"generate_subscripts get_bit get_byte get_current_ts_config "
	"getdatabaseencoding getpgusername greatest "
	"has_any_column_privilege has_column_privilege "
	"has_database_privilege has_foreign_data_wrapper_privilege "
	"has_function_privilege has_language_privilege "
	"has_parameter_privilege has_schema_privilege "
	"has_sequence_privilege has_server_privilege has_table_privilege "
	"has_tablespace_privilege has_type_privilege hashtext "
	"hashtextextended height host hostmask initcap int2 int4 int8 "
	"interval is_normalized isclosed isempty isfinite ishorizontal "
	"isopen isparallel isperp isvertical json_agg json_array_elements "
	"json_array_elements_text json_array_length json_build_array "
	"json_build_object json_each json_each_text json_object "
	"json_object_agg json_object_keys json_populate_record "
	"json_populate_recordset json_strip_nulls json_to_record "
	"json_to_recordset json_to_tsvector json_typeof jsonb_agg "
	"jsonb_array_element jsonb_array_element_text jsonb_array_elements "
	"jsonb_array_elements_text jsonb_array_length jsonb_build_array "
	"jsonb_build_object jsonb_concat jsonb_contained jsonb_contains "
	"jsonb_delete jsonb_delete_path jsonb_each jsonb_each_text "
	"jsonb_eq jsonb_exists jsonb_exists_all jsonb_exists_any "
	"jsonb_extract_path jsonb_extract_path_text jsonb_ge jsonb_gt "
	"jsonb_insert jsonb_le jsonb_lt jsonb_ne jsonb_object "
	"jsonb_object_agg jsonb_object_field jsonb_object_field_text "
	"jsonb_object_keys jsonb_path_exists jsonb_path_exists_opr "
	"jsonb_path_exists_tz jsonb_path_match jsonb_path_match_opr "
	"jsonb_path_match_tz jsonb_path_query jsonb_path_query_array "
	"jsonb_path_query_array_tz jsonb_path_query_first "
	"jsonb_path_query_first_tz jsonb_path_query_tz "
	"jsonb_populate_record jsonb_populate_recordset jsonb_pretty "
	"jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record "
	"jsonb_to_recordset jsonb_to_tsvector jsonb_typeof justify_days "
	"justify_hours justify_interval lag last_value lastval lcm lead ";
static const char more_names[] =
	" "
	"least left length like like_escape line ln lo_close lo_creat "
	"lo_create lo_export lo_from_bytea lo_get lo_import lo_lseek "
	"lo_lseek64 lo_open lo_put lo_tell lo_tell64 lo_truncate "
	"lo_truncate64 lo_unlink log log10 loread lower lower_inc "
	"lower_inf lowrite lpad ltrim make_date make_interval make_time "
	"make_timestamp make_timestamptz makeaclitem masklen max md5 min "
	"min_scale mod mode money multirange mxid_age name nameconcatoid "
	"netmask network nextval normalize notlike now npoints nth_value "
	"ntile nullif num_nonnulls num_nulls numeric nummultirange numnode "
	"numrange numrange_subdiff obj_description octet_length overlaps "
	"overlay parse_ident path pclose percent_rank percentile_cont "
	"percentile_disc phraseto_tsquery pi plainto_tsquery "
	"plpgsql_validator point polygon popen position "
	"postgresql_fdw_validator pow power query_to_xml "
	"query_to_xml_and_xmlschema query_to_xmlschema querytree "
	"quote_ident quote_literal quote_nullable radians radius random "
	"range_adjacent range_adjacent_multirange range_after "
	"range_after_multirange range_agg range_before "
	"range_before_multirange range_contained_by "
	"range_contained_by_multirange range_contains_elem "
	"range_contains_multirange range_eq range_ge range_gt "
	"range_intersect range_intersect_agg range_le range_lt range_merge "
	"range_minus range_ne range_overlaps range_overlaps_multirange "
	"range_overleft range_overleft_multirange range_overright "
	"range_overright_multirange range_union rank regclass regexp_count "
	"regexp_instr regexp_like regexp_match regexp_matches "
	"regexp_replace regexp_split_to_array regexp_split_to_table "
	"regexp_substr regr_avgx regr_avgy regr_count regr_intercept "
	"regr_r2 regr_slope regr_sxx regr_sxy regr_syy repeat replace "
	"reverse right round row_number row_security_active row_to_json "
	"rpad rtrim scale schema_to_xml schema_to_xml_and_xmlschema "
	"schema_to_xmlschema session_user set_bit set_byte set_config "
	"set_masklen setseed setval setweight sha224 sha256 sha384 sha512 "
	"shobj_description sign similar_escape similar_to_escape sin sind "
	"sinh slope split_part sqrt starts_with statement_timestamp stddev "
	"stddev_pop stddev_samp string_agg string_to_array string_to_table "
	"strip strpos substr substring sum system table_to_xml "
	"table_to_xml_and_xmlschema table_to_xmlschema tan tand tanh text "
	"textlen time timeofday timestamp timestamptz timetz timezone "
	"to_ascii to_char to_date to_hex to_json to_jsonb to_number "
	"to_regclass to_regcollation to_regnamespace to_regoper "
	"to_regoperator to_regproc to_regprocedure to_regrole to_regtype "
	"to_timestamp to_tsquery to_tsvector transaction_timestamp "
	"translate trim_array trim_scale trunc ts_debug ts_delete "
	"ts_filter ts_headline ts_lexize ts_parse ts_rank ts_rank_cd "
	"ts_rewrite ts_stat ts_token_type tsmultirange tsquery_phrase "
	"tsrange tsrange_subdiff tstzmultirange tstzrange "
	"tstzrange_subdiff tsvector_to_array tsvector_update_trigger "
	"tsvector_update_trigger_column txid_current "
	"txid_current_if_assigned txid_current_snapshot txid_snapshot_xip "
	"txid_snapshot_xmax txid_snapshot_xmin txid_status "
	"txid_visible_in_snapshot unistr unnest upper upper_inc upper_inf "
	"var_pop var_samp varbit varchar variance version "
	"websearch_to_tsquery width width_bucket xml xml_is_well_formed "
	"xml_is_well_formed_content xml_is_well_formed_document xmlagg "
	"xmlcomment xmlexists xmlvalidate xpath xpath_exists ";

static bool is_among(const char *list, const char *name)
{
	char word[66];
	size_t n = strlen(name);

	if (n > 63 || !n || strchr(name, ' '))
		return false;
	word[0] = ' ';
	memcpy(word + 1, name, n);
	word[n + 1] = ' ';
	word[n + 2] = '\0';
	return strstr(list, word) != NULL;
}

bool pe_is_builtin(const char *name)
{
	return starts_with(name, "pg_") || is_among(names, name) ||
	       is_among(more_names, name);
}

bool pe_is_harmless(const char *name)
{
	static const char lasting[] =
		" nextval setval set_config query_to_xml "
		"pg_terminate_backend pg_cancel_backend pg_reload_conf "
		"pg_get_serial_sequence ";

	return !starts_with(name, "lo_") && !is_among(lasting, name);
}
