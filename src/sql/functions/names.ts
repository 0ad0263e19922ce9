const date = `add_months current_date current_timestamp current_timestamp_ntz current_timezone date date_add date_format
  date_sub dateadd datediff datepart datetrunc day dayofmonth dayofweek dayofyear extract from_unixtime
  from_utc_timestamp getdate hour isdate last_day lastday minute month months_between next_day now quarter second
  to_char to_date to_datetime to_millis to_timestamp to_timestamp_ntz to_utc_timestamp trunc_time unix_timestamp
  weekday weekofyear year`;

const math = `abs acos asin atan atan2 bin bit_count bround cbrt ceil ceiling conv cos cosh cot degrees e exp factorial floor
  format_number hex isnan ln log log10 log2 negative pi pmod positive pow power radians rand random round shiftleft
  shiftright shiftrightunsigned sign sin sinh sqrt tan tanh trunc unhex width_bucket`;

const window = `cluster_sample cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
  row_number`;

const aggregate = `any any_value approx_distinct arg_max arg_min avg bitwise_and_agg bitwise_or_agg bitwise_xor_agg
  bool_and bool_or collect_list collect_set corr count count_if covar_pop covar_samp grouping grouping_id histogram
  histogram_numeric map_agg map_union map_union_sum max max_by max_pt median min min_by mode multimap_agg ndv
  numeric_histogram percentile percentile_approx percentile_cont percentile_disc regr_intercept regr_slope stddev
  stddev_pop stddev_samp sum var_pop var_samp variance wm_concat approx_top_k approx_percentile checksum`;

const text = `ascii base64 char_length char_matchcount chr concat concat_ws crc32 decode_string encode
  find_in_set format_string from_charset get_json_object initcap instr is_encoding json_tuple keyvalue keyvalue_tuple
  length lengthb levenshtein locate lower lpad ltrim mask_hash md5 ngrams normalize parse_url parse_url_tuple regexp
  regexp_count regexp_extract regexp_extract_all regexp_instr regexp_like regexp_replace regexp_substr repeat replace
  reverse rlike rpad rtrim sha sha1 sha2 soundex space split split_part substr substring substring_index tochar to_charset
  tolower toupper translate trim unbase64 upper url_decode url_encode`;

const complex = `aggregate all_match any_match array array_contains array_distinct array_except array_intersect
  array_join array_max array_min array_normalize array_position array_reduce array_remove array_repeat array_sort
  array_union arrays_overlap arrays_zip combinations element_at exists explode field filter flatten from_json index
  inline json_array json_exists json_extract json_format json_object json_parse json_pretty json_type json_valid map
  map_concat map_contains_key map_entries map_filter map_from_arrays map_from_entries map_keys map_values map_zip_with
  multimap_from_entries named_struct posexplode reverse sequence shuffle size slice sort_array str_to_map struct
  to_json transform transform_keys transform_values zip_with`;

const sealed = `add_key_to_keyset aes_decrypt aes_encrypt enhanced_sym_decrypt enhanced_sym_encrypt keyset_from_json
  keyset_to_json new_keyset new_wrapped_keyset rewrap_keyset rotate_keyset rotate_wrapped_keyset sym_decrypt sym_encrypt
  use_wrapped_keyset`;

const other = `bitmap_and bitmap_cardinality bitmap_or cast coalesce compress current_database current_schema
  current_user decode decompress failif get_data_from_table get_idcard_age get_idcard_birthday get_idcard_sex get_user_id
  greatest hash if isnotnull isnull least murmur_hash nullif nvl nvl2 ordinal partition_exists raise_error safe_cast
  sample sha_hash stack table_exists to_bitmap trans_array trans_cols typeof unique_id uuid version`;

/** Every built-in that MaxCompute documents, built here or not. */
export const documentedNames: ReadonlySet<string> = new Set(
  [date, math, window, aggregate, text, complex, sealed, other].flatMap((names) =>
    names.split(/\s+/),
  ),
);
