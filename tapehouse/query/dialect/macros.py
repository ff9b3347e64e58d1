"""What the session is given once: Athena's meanings that take more of DuckDB than one call.

``athena_fail`` ends a question as Athena would end it. It is a cast that must fail, and not DuckDB's ``error``, since
that one may not stand inside TRY; it holds a part of its argument, so that no plan works it out beforehand. What begins
with ``!`` is not Athena's failure but our refusal, and TRY never stands around it (see ``functions.try_``).
"""

from typing import Final


def fails(message: str, *over: str) -> str:
    """SQL that ends the question with the message; ``over``: all that the macro has, so that it is no constant before."""
    texts = ", ".join(f"CAST({each} AS VARCHAR)" for each in over)
    return f"CASE WHEN athena_fail('{message}', concat({texts})) THEN NULL END"


def _checked(name: str, pattern: str, kind: str, value: str = "x") -> str:
    wrong = fails(f"Cannot cast to {kind}", "x")
    return (
        f"CREATE MACRO athena_{name}(x) AS CASE WHEN x IS NULL THEN NULL "
        f"WHEN regexp_full_match(x, '{pattern}') THEN CAST({value} AS {kind}) ELSE {wrong} END"
    )


_SPACE = r"[\t\n\x0b\f\r\x1c-\x20\x{1680}\x{2000}-\x{2006}\x{2008}-\x{200a}\x{2028}\x{2029}\x{205f}\x{3000}]"
"""What Java's isWhitespace holds: no space that does not break."""
_NEW_LETTERS = r"\x{19b}\x{264}\x{1c89}\x{1c8a}\x{a7cb}-\x{a7dc}\x{10d50}-\x{10d85}"
_WHOLE = " *[+-]?[0-9]+ *"
_DECIMAL = r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?"
_DATE = r"\s*[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}\s*"
_TIME = r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}( ([01]?[0-9]|2[0-3]):[0-9]{1,2}(:[0-9]{1,2}(\.[0-9]{1,6})?)?)?"

MACROS: Final = (
    "CREATE MACRO athena_fail(message, x) AS CAST(concat('ATHENA:', message, left(x, 0)) AS BOOLEAN)",
    # numbers
    f"CREATE MACRO athena_div(a, b) AS CASE WHEN a IS NOT NULL AND b = 0 THEN {fails('Division by zero', 'a', 'b')} ELSE a // b END",
    f"CREATE MACRO athena_mod(a, b) AS CASE WHEN a IS NOT NULL AND b = 0 THEN {fails('Division by zero', 'a', 'b')} ELSE a % b END",
    # The quotient of two whole numbers as of 38 digits, half of one and more away from zero.
    f"CREATE MACRO athena_quotient(a, b) AS CASE WHEN a IS NOT NULL AND b = 0 THEN {fails('Division by zero', 'a', 'b')} "
    "ELSE a // b + CASE WHEN abs(a % b) >= abs(b) - abs(a % b) THEN sign(a) * sign(b) ELSE 0 END END",
    # The same of a * p * q, which is too large: divided as by hand, what is left over is taken p and q times.
    "CREATE MACRO athena_long_quotient(a, b, p, q) AS CASE WHEN a IS NOT NULL AND b = 0 THEN "
    f"{fails('Division by zero', 'a', 'b')} ELSE ((a // b) * p + ((a % b) * p) // b) * q + "
    "((((a % b) * p) % b) * q) // b + CASE WHEN abs(((((a % b) * p) % b) * q) % b) >= "
    "abs(b) - abs(((((a % b) * p) % b) * q) % b) THEN sign(a) * sign(b) ELSE 0 END END",
    "CREATE MACRO athena_to_base(x, radix) AS concat(CASE WHEN x < 0 THEN '-' END, lower(to_base(abs(x), radix)))",
    "CREATE MACRO athena_ln(x) AS CASE WHEN x = 0 THEN '-inf'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE ELSE ln(x) END",
    "CREATE MACRO athena_log10(x) AS CASE WHEN x = 0 THEN '-inf'::DOUBLE WHEN x < 0 THEN 'nan'::DOUBLE ELSE log10(x) END",
    "CREATE MACRO athena_sqrt(x) AS CASE WHEN x < 0 THEN 'nan'::DOUBLE ELSE sqrt(x) END",
    "CREATE MACRO athena_round(x, n) AS CASE WHEN NOT isfinite(x) THEN x "
    "WHEN n = 0 THEN round(x) WHEN abs(n) > 15 OR abs(x) * pow(10, n) > 1e15 THEN "
    + fails("!round of so many digits", "x", "n")
    + " ELSE "
    "round(x * pow(10, n)) / pow(10, n) END",
    "CREATE MACRO athena_width_bucket(x, low, high, buckets) AS CASE "
    f"WHEN x IS NULL OR low IS NULL OR high IS NULL OR buckets IS NULL THEN NULL WHEN buckets <= 0 OR low = high THEN "
    f"{fails('bucketCount must be greater than 0, bounds cannot equal each other', 'x', 'low', 'high', 'buckets')} "
    "WHEN low < high AND x < low THEN 0 WHEN low < high AND x >= high THEN buckets + 1 "
    "WHEN low > high AND x > low THEN 0 WHEN low > high AND x <= high THEN buckets + 1 "
    "ELSE CAST(floor(buckets * ((x - low) / (high - low)) + 1) AS BIGINT) END",
    "CREATE MACRO athena_bucket_of(x, bounds) AS CASE WHEN x IS NOT NULL THEN "
    "len(list_filter(bounds, lambda bound: bound <= x)) END",
    # text into other types, as strictly as Athena reads it
    "CREATE MACRO athena_boolean(x) AS CASE WHEN lower(x) IN ('true', 't', '1') THEN true "
    f"WHEN lower(x) IN ('false', 'f', '0') THEN false WHEN x IS NULL THEN NULL ELSE {fails('Cannot cast to boolean', 'x')} END",
    *(_checked(kind, _WHOLE, kind.upper(), "trim(x)") for kind in ("tinyint", "smallint", "integer", "bigint")),
    _checked("double", rf"\s*([+-]?(NaN|Infinity)|{_DECIMAL}[fFdD]?)\s*", "DOUBLE", "rtrim(trim(x), 'fFdD')").replace(
        "rtrim(trim(x), 'fFdD')",
        "CASE WHEN x LIKE '%Infinity%' THEN replace(trim(x), 'Infinity', 'inf') WHEN x LIKE '%NaN%' THEN 'nan' "
        "ELSE rtrim(trim(x), 'fFdD') END",
    ),
    # Athena reads every script's digits as a whole number or a decimal.
    f"CREATE MACRO athena_near_digits(x) AS CASE WHEN regexp_matches(x, '\\pN') AND NOT regexp_full_match(x, '[\\x00-\\x7f]*') THEN "
    f"{fails('!a cast of a text with digits beyond 0 to 9', 'x')} ELSE x END",
    f"CREATE MACRO athena_decimal_text(x) AS CASE WHEN regexp_full_match(x, '{_DECIMAL}') THEN x "
    f"WHEN x IS NULL THEN NULL ELSE {fails('Cannot cast to decimal', 'x')} END",
    _checked("date", _DATE, "DATE", "trim(x)"),
    # A zone behind it is read and let go.
    _checked(
        "timestamp", rf" *{_TIME}( UTC| ?[+-][0-9][0-9]:[0-9][0-9])? *", "TIMESTAMP", "regexp_extract(x, '_TIME')"
    ).replace("_TIME", _TIME),
    f"CREATE MACRO athena_utc_text(x) AS CASE WHEN regexp_matches(x, '[0-9] *([A-Za-z+]|-[0-9]+:)') AND NOT regexp_matches(x, '[0-9] UTC$|:[0-9.]+Z$') "
    f"THEN {fails('!a cast to timestamp with time zone of a text in another zone than UTC', 'x')} ELSE replace(x, 'Z', ' UTC') END",
    rf"CREATE MACRO athena_odd(x) AS CASE WHEN regexp_matches(x, ':[0-9]+\.[0-9]{{7}}') THEN "
    f"{fails('!a text with more than six digits of a second', 'x')} "
    f"WHEN regexp_matches(x, '^ *([+-]|[0-9]{{5,}}-|[0-9-]+ +[0-9:.]+ *[A-Za-z])') AND x NOT LIKE '% UTC' THEN {fails('!a text with the name of a zone or a year beyond 9999', 'x')} ELSE x END",
    f"CREATE MACRO athena_from_hex(x) AS CASE WHEN length(x) % 2 <> 0 THEN {fails('Invalid hex', 'x')} ELSE unhex(x) END",
    # other types into text
    "CREATE MACRO athena_mantissa(minus, digits, power) AS concat(CASE WHEN minus THEN '-' END, left(digits, 1), '.', "
    "CASE WHEN rtrim(substr(digits, 2), '0') = '' THEN '0' ELSE rtrim(substr(digits, 2), '0') END, 'E', power)",
    # digits without sign and zeros, and where the point is among them
    "CREATE MACRO athena_scientific(t) AS athena_mantissa("
    "t LIKE '-%', ltrim(replace(regexp_extract(t, '[0-9.]+'), '.', ''), '0'), "
    "CASE WHEN t LIKE '%e%' THEN CAST(regexp_extract(t, 'e([+-][0-9]+)', 1) AS INTEGER) ELSE 0 END "
    "+ CASE WHEN regexp_extract(t, '[0-9]+') <> '0' THEN length(regexp_extract(t, '[0-9]+')) - 1 "
    r"ELSE -1 - length(regexp_extract(t, '0\.(0*)', 1)) END)",
    "CREATE MACRO athena_double_text(x) AS CASE WHEN x IS NULL THEN NULL WHEN isnan(x) THEN 'NaN' WHEN x = 'inf'::DOUBLE THEN 'Infinity' "
    "WHEN x = '-inf'::DOUBLE THEN '-Infinity' WHEN x = 0 THEN CASE WHEN CAST(x AS VARCHAR) LIKE '-%' THEN '-0E0' "
    f"ELSE '0E0' END WHEN abs(x) < 1e-300 THEN {fails('!a cast of so small a double', 'x')} ELSE athena_scientific(CAST(x AS VARCHAR)) END",
    "CREATE MACRO athena_time_text(x, digits) AS CASE WHEN x NOT BETWEEN TIMESTAMP '0001-01-01' AND "
    f"TIMESTAMP '9999-12-31 23:59:59.999999' THEN {fails('!a year beyond 9999', 'x', 'digits')} ELSE "
    "left(strftime(x, '%Y-%m-%d %H:%M:%S.%f'), CASE WHEN digits = 0 THEN 19 ELSE 20 + digits END) END",
    "CREATE MACRO athena_days_text(ms) AS concat(CASE WHEN ms < 0 THEN '-' END, abs(ms) // 86400000, ' ', "
    "lpad(CAST(abs(ms) // 3600000 % 24 AS VARCHAR), 2, '0'), ':', lpad(CAST(abs(ms) // 60000 % 60 AS VARCHAR), 2, '0'), "
    "':', lpad(CAST(abs(ms) // 1000 % 60 AS VARCHAR), 2, '0'), '.', lpad(CAST(abs(ms) % 1000 AS VARCHAR), 3, '0'))",
    "CREATE MACRO athena_months_text(n) AS concat(CASE WHEN n < 0 THEN '-' END, abs(n) // 12, '-', abs(n) % 12)",
    # instants: UTC throughout
    "CREATE MACRO athena_utc(x) AS make_timestamp(epoch_us(x))",
    "CREATE MACRO athena_zoned(x) AS make_timestamptz(epoch_us(x))",
    # What a clock shows, as an instant: an hour that is there twice is the one of the offset that was there before.
    "CREATE MACRO athena_same_offset(zone, clock, before) AS athena_zoned(clock - (timezone(zone, before) - athena_utc(before)))",
    "CREATE MACRO athena_on_clock(zone, clock, before) AS CASE "
    "WHEN timezone(zone, athena_same_offset(zone, clock, before)) = clock THEN athena_same_offset(zone, clock, before) "
    "ELSE timezone(zone, clock) END",
    "CREATE MACRO athena_floor(n, step) AS n // step - CASE WHEN n % step < 0 THEN 1 ELSE 0 END",
    "CREATE MACRO athena_ms(x) AS make_timestamptz(athena_floor(epoch_us(x), 1000) * 1000)",
    "CREATE MACRO athena_digits(x, step) AS make_timestamp(athena_floor(epoch_us(x) + step // 2, step) * step)",
    f"CREATE MACRO athena_unixtime(x) AS CASE WHEN NOT isfinite(x) THEN {fails('!from_unixtime of no number', 'x')} "
    "ELSE make_timestamptz(CAST(floor(x * 1000 + 0.5) AS BIGINT) * 1000) END",
    "CREATE MACRO athena_instant(text) AS CASE WHEN text IS NULL THEN NULL "
    r"WHEN regexp_full_match(text, '[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,3})?)?(Z|\+00:00)?)?') "
    r"THEN athena_zoned(CAST(regexp_replace(replace(text, 'T', ' '), '(Z|\+00:00)$', '') AS TIMESTAMP)) "
    f"ELSE {fails('!from_iso8601_timestamp of a text in another form than 2026-11-22T00:00:00Z', 'text')} END",
    # text
    f"CREATE MACRO athena_ltrim(x) AS regexp_replace(x, '^{_SPACE}+', '')",
    f"CREATE MACRO athena_rtrim(x) AS regexp_replace(x, '{_SPACE}+$', '')",
    "CREATE MACRO athena_substr(x, start, length) AS CASE WHEN x IS NULL OR start IS NULL OR length IS NULL THEN NULL "
    "WHEN start = 0 OR length <= 0 OR start > length(x) OR -start > length(x) THEN '' "
    "ELSE substr(x, CASE WHEN start < 0 THEN length(x) + start + 1 ELSE start END, "
    "least(length, CAST(2147483647 AS BIGINT))) END",
    "CREATE MACRO athena_plain(x, what) AS CASE WHEN regexp_full_match(x, '[ -~]*') OR x IS NULL THEN x "
    "ELSE CASE WHEN athena_fail(concat('!', what, ' of more than ASCII'), x) THEN NULL END END",
    # Letters whose other case came with the newest editions of Unicode; DuckDB has a capital of ß too.
    f"CREATE MACRO athena_lower(x) AS CASE WHEN regexp_matches(x, '[{_NEW_LETTERS}]') THEN "
    f"{fails('!lower of a letter as new as this', 'x')} ELSE lower(x) END",
    f"CREATE MACRO athena_upper(x) AS CASE WHEN regexp_matches(x, '[{_NEW_LETTERS}ß]') THEN "
    f"{fails('!upper of a letter such as ß', 'x')} ELSE upper(x) END",
    "CREATE MACRO athena_pad(side, x, size, pad) AS CASE WHEN size > 100000 THEN "
    f"{fails('!a padding to more than 100000 letters', 'x', 'size', 'pad')} WHEN size < 0 OR pad = '' THEN "
    f"{fails('The size must not be negative, the padding not empty', 'x', 'size', 'pad')} "
    "WHEN side = 'l' THEN lpad(x, CAST(size AS INTEGER), pad) ELSE rpad(x, CAST(size AS INTEGER), pad) END",
    "CREATE MACRO athena_split_part(x, sep, n) AS CASE WHEN sep = '' THEN "
    f"{fails('!split_part by an empty text', 'x', 'sep', 'n')} WHEN n <= 0 THEN "
    f"{fails('Index must be greater than zero', 'x', 'sep', 'n')} ELSE string_split(x, sep)[n] END",
    # arrays and maps
    "CREATE MACRO athena_at(list, n) AS CASE WHEN n = 0 THEN "
    f"{fails('SQL array indices start at 1', 'list', 'n')} WHEN n < 0 THEN {fails('Array subscript is negative', 'list', 'n')} "
    f"WHEN n > len(list) THEN {fails('Array subscript must be less than or equal to array length', 'list', 'n')} "
    "ELSE list_extract(list, n) END",
    "CREATE MACRO athena_element_at(list, n) AS CASE WHEN n = 0 THEN "
    f"{fails('SQL array indices start at 1', 'list', 'n')} ELSE list_extract(list, n) END",
    "CREATE MACRO athena_key(m, k) AS CASE WHEN m IS NULL OR k IS NULL THEN NULL WHEN NOT map_contains(m, k) THEN "
    f"{fails('Key not present in map', 'm', 'k')} ELSE m[k] END",
    "CREATE MACRO athena_contains(list, x) AS CASE WHEN x IS NULL OR list IS NULL THEN NULL "
    "WHEN list_contains(list, x) THEN true WHEN len(list) > list_count(list) THEN NULL ELSE false END",
    "CREATE MACRO athena_most(list, found) AS CASE WHEN len(list) > list_count(list) THEN NULL ELSE found END",
    "CREATE MACRO athena_has_null(list) AS len(list) > list_count(list)",
    "CREATE MACRO athena_slice(list, start, length) AS CASE WHEN start = 0 OR length < 0 THEN "
    f"{fails('SQL array indices start at 1, lengths are not negative', 'list', 'start', 'length')} "
    "WHEN -start > len(list) THEN list[1:0] "
    "WHEN start < 0 THEN list_slice(list, len(list) + start + 1, len(list) + start + length) "
    "ELSE list_slice(list, start, start + length - 1) END",
    f"CREATE MACRO athena_repeat(x, n) AS CASE WHEN n < 0 OR n > 10000 THEN {fails('count must be from 0 to 10000', 'x', 'n')} "
    "WHEN n IS NOT NULL THEN list_transform(range(n), lambda place: x) END",
    "CREATE MACRO athena_steps(low, high, step) AS CASE WHEN step = 0 OR (low < high AND step < 0) OR "
    f"(low > high AND step > 0) THEN {fails('sequence stop value should be beyond its start in the step s direction', 'low', 'high', 'step')} "
    f"WHEN (high - low) // step >= 10000 THEN {fails('result of sequence must not have more than 10000 entries', 'low', 'high', 'step')} "
    "ELSE generate_series(low, high, step) END",
    # Each counted from the first: the last day of a month stays it. One month more than whole ones have passed may be due.
    "CREATE MACRO athena_months(low, high, step) AS CASE WHEN step = 0 OR (low < high AND step < 0) OR "
    f"(low > high AND step > 0) THEN {fails('sequence stop value should be beyond its start in the step s direction', 'low', 'high', 'step')} "
    f"WHEN step < 0 THEN {fails('!a sequence of months that goes back (take reverse of one that does not)', 'low', 'high', 'step')} "
    f"WHEN date_sub('month', low, high) // step >= 9999 THEN {fails('!a sequence of so many months', 'low', 'high', 'step')} "
    "ELSE list_filter(list_transform(range(date_sub('month', low, high) // step + 2), "
    "lambda n: low + to_months(CAST(n * step AS INTEGER))), lambda x: x <= high) END",
    "CREATE MACRO athena_places(a, b) AS range(1, greatest(len(a), len(b)) + 1)",
    "CREATE MACRO athena_with_values(m, vals) AS map(map_keys(m), vals)",
    "CREATE MACRO athena_distinct(list) AS list_filter(list, lambda part, place: list_position(list, part) = place)",
    "CREATE MACRO athena_holds(list, x) AS coalesce(list_position(list, x), 0) > 0",
    "CREATE MACRO athena_any(found) AS CASE WHEN list_contains(found, true) THEN true "
    "WHEN len(found) > list_count(found) THEN NULL WHEN found IS NOT NULL THEN false END",
    "CREATE MACRO athena_trim_array(list, n) AS CASE WHEN n < 0 OR n > len(list) THEN "
    f"{fails('size must not be negative or exceed array cardinality', 'list', 'n')} ELSE list_slice(list, 1, len(list) - n) END",
    "CREATE MACRO athena_map(keys, vals) AS CASE WHEN keys IS NULL OR vals IS NULL THEN NULL WHEN len(keys) <> len(vals) THEN "
    f"{fails('Key and value arrays must be the same length', 'keys', 'vals')} ELSE map(keys, vals) END",
    # In Athena's order: the second map, and what only the first one has.
    "CREATE MACRO athena_map_concat(a, b) AS map_from_entries(list_concat(map_entries(b), "
    "list_filter(map_entries(a), lambda entry: NOT map_contains(b, entry.key))))",
    "CREATE MACRO athena_histogram(list) AS CASE WHEN list_count(list) > 0 THEN map_from_entries(list_transform("
    "list_filter(list, lambda x, place: x IS NOT NULL AND list_position(list, x) = place), "
    "lambda x: struct_pack(key := x, value := CAST(len(list_filter(list, lambda y: y = x)) AS BIGINT)))) END",
    "CREATE MACRO athena_map_agg(keys, vals) AS CASE WHEN list_count(keys) > 0 THEN map_from_entries(list_filter(list_transform(keys, "
    "lambda x, place: struct_pack(key := x, value := vals[place])), "
    "lambda entry, place: entry.key IS NOT NULL AND list_position(keys, entry.key) = place)) END",
    # over rows
    "CREATE MACRO athena_finite(x) AS CASE WHEN isfinite(x) THEN x END",
    "CREATE MACRO athena_within(x, most) AS CASE WHEN x > most OR x < -most THEN "
    f"{fails('Decimal overflow', 'x', 'most')} ELSE x END",
    f"CREATE MACRO athena_sound(x) AS CASE WHEN isnan(x) THEN {fails('!a comparison of NaN', 'x')} ELSE x END",
    "CREATE MACRO athena_sound_list(list) AS CASE WHEN len(list_filter(list, lambda x: isnan(x))) > 0 THEN "
    f"{fails('!a comparison of NaN', 'list')} ELSE list END",
    # spans of time
    "CREATE MACRO athena_whole_days(ms) AS CASE WHEN ms % 86400000 <> 0 THEN "
    f"{fails('Cannot add hour, minutes or seconds to a date', 'ms')} ELSE CAST(ms // 86400000 AS INTEGER) END",
    "CREATE MACRO athena_format(x, form) AS CASE WHEN x NOT BETWEEN TIMESTAMP '0001-01-01' AND "
    f"TIMESTAMP '9999-12-31 23:59:59.999999' THEN {fails('!a year beyond 9999', 'x', 'form')} ELSE strftime(x, form) END",
    "CREATE MACRO athena_in_format(x, form, pieces) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, form) THEN "
    f"strptime(x, pieces) ELSE {fails('!a date in another form', 'x', 'form')} END",
    "CREATE MACRO athena_iso_date(x) AS CASE WHEN x IS NULL THEN NULL WHEN regexp_full_match(x, '[0-9]{4}-[0-9]{2}-[0-9]{2}') "
    f"THEN CAST(x AS DATE) ELSE {fails('!from_iso8601_date of a text in another form', 'x')} END",
    # more text
    "CREATE MACRO athena_no_newline(x) AS CASE WHEN x LIKE concat('%', chr(10)) THEN "
    f"{fails('!a pattern with $ on a text that ends with a new line', 'x')} ELSE x END",
    # They fold into ASCII where case is ignored, and not in both engines alike.
    "CREATE MACRO athena_no_folding(x) AS CASE WHEN regexp_matches(x, '[ßẞſKﬀ-ﬆŉǰẖ-ẚİı]') THEN "
    f"{fails('!a pattern with (?i) on a text with letters such as ß', 'x')} ELSE x END",
    # At a word's end Athena takes them for letters of it, though not for what \w fits.
    r"CREATE MACRO athena_no_far_letters(x) AS CASE WHEN regexp_matches(x, '[^\x00-\x7f\x{2010}-\x{2027}\x{20a0}-\x{20bf}«»°·€£¥\x{1f300}-\x{1faff}]') THEN "
    f"{fails('!a pattern with a word boundary on a text with letters such as é', 'x')} ELSE x END",
    f"CREATE MACRO athena_not_empty(x) AS CASE WHEN x = '' THEN {fails('The delimiter may not be the empty string', 'x')} ELSE x END",
    "CREATE MACRO athena_from_utf8(x) AS CASE WHEN encode(decode(x, 'replace')) <> x THEN "
    f"{fails('!from_utf8 of bytes that are no UTF-8 (to_hex shows them)', 'octet_length(x)')} ELSE decode(x, 'replace') END",
    "CREATE MACRO athena_url(x) AS CASE WHEN x IS NULL OR "
    r"regexp_full_match(x, 'https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/+-]*)?(\?[A-Za-z0-9._~/+=&%-]*)?(#[A-Za-z0-9._-]*)?') "
    f"THEN x ELSE {fails('!a URL that is not plain', 'x')} END",
    # JSON
    r"CREATE MACRO athena_json_path(path) AS CASE WHEN regexp_full_match(path, '\$(\.[A-Za-z_][A-Za-z0-9_]*|\[[0-9]+\])*') "
    f"THEN path ELSE {fails('!a path of JSON in another form than $.name[0]', 'path')} END",
    # A number is told as it is written, but DuckDB reads it first: only what it would write alike.
    r"CREATE MACRO athena_json_plain(x) AS CASE WHEN regexp_matches(x, '[0-9][eE]|\.[0-9]*0([^0-9]|$)|[0-9.]{16}|\\u') "
    f"THEN {fails('!JSON with numbers that are not in their shortest form', 'x')} ELSE x END",
    # Of a document that is malformed further on, Athena still tells what comes before.
    r"CREATE MACRO athena_json_whole(x) AS CASE WHEN NOT json_valid(x) AND regexp_matches(x, '^\s*[\[{\"0-9tfn-]') "
    f"THEN {fails('!JSON that is cut off or malformed', 'x')} ELSE x END",
    r"CREATE MACRO athena_json_scalar(x, path) AS CASE WHEN path LIKE '%[%' AND regexp_matches(x, '\"[0-9]+\"\s*:') THEN "
    f"{fails('!a path of JSON with [0] where names are numbers', 'x', 'path')} WHEN NOT json_valid(athena_json_whole(x)) THEN NULL "
    "WHEN json_type(x, athena_json_path(path)) IN ('OBJECT', 'ARRAY', 'NULL') THEN NULL "
    "WHEN json_type(x, path) IN ('DOUBLE', 'UBIGINT', 'BIGINT') THEN json_extract_string(athena_json_plain(x), path) "
    "ELSE json_extract_string(x, path) END",
    "CREATE MACRO athena_json_array_length(x) AS CASE WHEN json_valid(athena_json_whole(x)) AND json_type(x) = 'ARRAY' THEN "
    "CAST(json_array_length(x) AS BIGINT) END",
    f"CREATE MACRO athena_json(x) AS CASE WHEN x IS NULL THEN NULL WHEN NOT json_valid(x) THEN "
    f"{fails('Cannot convert value to JSON', 'x')} WHEN regexp_full_match(x, '\\[?[0-9a-z,]*\\]?') THEN x "
    f"ELSE {fails('!json_parse of more than a plain array', 'x')} END",
)
