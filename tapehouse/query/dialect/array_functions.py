"""Functions of arrays, maps and their lambdas, one line each (see ``signatures``)."""

from typing import Final

ARRAYS: Final = """
cardinality(array(T)) -> bigint = len({0})
cardinality(map(K,V)) -> bigint = CAST(cardinality({0}) AS BIGINT)
element_at(array(T), bigint) -> T = athena_element_at({0}, {1})
element_at(map(K,V), K) -> V = {0}[{1}]
contains(array(T), T) -> boolean = athena_contains({0}, {1})
array_position(array(T), T) -> bigint = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN CAST(coalesce(list_position({0}, {1}), 0) AS BIGINT) END
array_distinct(array(T)) -> array(T) = athena_distinct({0})
array_sort(array(T)) -> array(T) = list_sort({0}, 'ASC', 'NULLS LAST')
array_max(array(T)) -> T = athena_most({0}, list_max({0}))
array_min(array(T)) -> T = athena_most({0}, list_min({0}))
array_join(array(varchar), varchar) -> varchar = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN coalesce(array_to_string({0}, {1}), '') END
array_join(array(varchar), varchar, varchar) -> varchar = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN coalesce(array_to_string(list_transform({0}, lambda part: coalesce(part, {2})), {1}), '') END
array_join(array(bigint), varchar) -> varchar = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN coalesce(array_to_string({0}, {1}), '') END
array_join(array(bigint), varchar, varchar) -> varchar = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN coalesce(array_to_string(list_transform({0}, lambda part: coalesce(CAST(part AS VARCHAR), {2})), {1}), '') END
array_remove(array(T), T) -> array(T) = CASE WHEN {1} IS NOT NULL THEN list_filter({0}, lambda part: part IS NULL OR part <> {1}) END
arrays_overlap(array(T), array(T)) -> boolean = CASE WHEN list_has_any({0}, {1}) THEN true WHEN len({0}) = 0 AND {1} IS NOT NULL OR len({1}) = 0 AND {0} IS NOT NULL THEN false WHEN athena_has_null({0}) OR athena_has_null({1}) THEN NULL ELSE list_has_any({0}, {1}) END
array_union(array(T), array(T)) -> array(T) = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN athena_distinct(list_concat({0}, {1})) END
array_intersect(array(T), array(T)) -> array(T) = CASE WHEN {1} IS NOT NULL THEN list_filter(athena_distinct({0}), lambda part: athena_holds({1}, part)) END
array_except(array(T), array(T)) -> array(T) = CASE WHEN len({1}) = 0 THEN {0} WHEN {1} IS NOT NULL THEN list_filter(athena_distinct({0}), lambda part: NOT athena_holds({1}, part)) END
slice(array(T), bigint, bigint) -> array(T) = athena_slice({0}, {1}, {2})
flatten(array(array(T))) -> array(T) = flatten({0})
reverse(array(T)) -> array(T) = list_reverse({0})
repeat(T, bigint) -> array(T) = athena_repeat({0}, {1})
trim_array(array(T), bigint) -> array(T) = athena_trim_array({0}, {1})
sequence(bigint, bigint) -> array(bigint) = athena_steps({0}, {1}, CASE WHEN {0} <= {1} THEN 1 ELSE -1 END)
sequence(bigint, bigint, bigint) -> array(bigint) = athena_steps({0}, {1}, {2})
sequence(date, date) -> array(date) = list_transform(athena_steps({0} - DATE '1970-01-01', {1} - DATE '1970-01-01', CASE WHEN {0} <= {1} THEN 1 ELSE -1 END), lambda day: DATE '1970-01-01' + CAST(day AS INTEGER))
sequence(date, date, interval day to second) -> array(date) = list_transform(athena_steps({0} - DATE '1970-01-01', {1} - DATE '1970-01-01', athena_whole_days({2})), lambda day: DATE '1970-01-01' + CAST(day AS INTEGER))
sequence(date, date, interval year to month) -> array(date) = list_transform(athena_months(CAST({0} AS TIMESTAMP), CAST({1} AS TIMESTAMP), {2}), lambda day: CAST(day AS DATE))
sequence(timestamp(p), timestamp(p), interval year to month) -> array(timestamp(p)) = athena_months({0}, {1}, {2})
sequence(timestamp(p), timestamp(p), interval day to second) -> array(timestamp(p)) = list_transform(athena_steps(epoch_us({0}), epoch_us({1}), {2} * 1000), lambda us: make_timestamp(us))
transform(array(T), function(T) -> U) -> array(U) = list_transform({0}, {1})
filter(array(T), function(T) -> boolean) -> array(T) = list_filter({0}, {1})
reduce(array(T), S, function(S,T) -> S, function(S) -> R) -> R = athena_reduce
any_match(array(T), function(T) -> boolean) -> boolean = athena_any(list_transform({0}, {1}))
all_match(array(T), function(T) -> boolean) -> boolean = NOT athena_any(list_transform(list_transform({0}, {1}), lambda found: NOT found))
none_match(array(T), function(T) -> boolean) -> boolean = NOT athena_any(list_transform({0}, {1}))
map(array(K), array(V)) -> map(K,V) = athena_map({0}, {1})
map_entries(map(K,V)) -> array(row(K,V)) = list_transform(map_entries({0}), lambda pair: struct_pack(field0 := pair.key, field1 := pair.value))
map_concat(map(K,V), map(K,V)) -> map(K,V) = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN athena_map_concat({0}, {1}) END
map_filter(map(K,V), function(K,V) -> boolean) -> map(K,V) = CASE WHEN {0} IS NOT NULL THEN map_from_entries(list_filter(map_entries({0}), {1})) END
transform_values(map(K,V), function(K,V) -> U) -> map(K,U) = CASE WHEN {0} IS NOT NULL THEN athena_with_values({0}, list_transform(map_entries({0}), {1})) END
zip(array(A), array(B)) -> array(row(A,B)) = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN list_transform(athena_places({0}, {1}), lambda place: struct_pack(field0 := {0}[place], field1 := {1}[place])) END
zip_with(array(A), array(B), function(A,B) -> U) -> array(U) = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN list_transform(list_transform(athena_places({0}, {1}), lambda place: struct_pack("key" := {0}[place], "value" := {1}[place])), {2}) END
map_keys(map(K,V)) -> array(K) = map_keys({0})
map_values(map(K,V)) -> array(V) = map_values({0})
"""
