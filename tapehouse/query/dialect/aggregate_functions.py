"""Functions over many rows, one line each (see ``signatures``), and those that only a window has."""

from typing import Final

AGGREGATES: Final = """
count(T) -> bigint = count[{0}]
count_if(boolean) -> bigint = CAST(coalesce(count_if[{0}], 0) AS BIGINT)
sum(bigint) -> bigint = CAST(sum[{0}] AS BIGINT)
sum(double) -> double = sum[{0}]
sum(decimal(p,s)) -> decimal(38,s) = athena_sum
sum(interval day to second) -> interval day to second = CAST(sum[{0}] AS BIGINT)
avg(bigint) -> double = avg[CAST({0} AS DOUBLE)]
avg(double) -> double = avg[{0}]
avg(decimal(p,s)) -> decimal(p,s) = athena_avg
avg(interval year to month) -> interval year to month = CAST(floor(avg[{0}] + 0.5) AS BIGINT)
avg(interval day to second) -> interval day to second = CAST(floor(avg[{0}] + 0.5) AS BIGINT)
min(T) -> T = min[{0}]
max(T) -> T = max[{0}]
min(T, bigint) -> array(T) = min[{0}, {1}]
max(T, bigint) -> array(T) = max[{0}, {1}]
min_by(T, K) -> T = arg_min_null[{0}, {1}]
max_by(T, K) -> T = arg_max_null[{0}, {1}]
min_by(T, K, bigint) -> array(T) = list_transform(arg_min[struct_pack(kept := {0}), {1}, {2}], lambda row: row.kept)
max_by(T, K, bigint) -> array(T) = list_transform(arg_max[struct_pack(kept := {0}), {1}, {2}], lambda row: row.kept)
arbitrary(T) -> T = any_value[{0}]
any_value(T) -> T = any_value[{0}]
array_agg(T) -> array(T) = array_agg[{0}]
bool_and(boolean) -> boolean = bool_and[{0}]
bool_or(boolean) -> boolean = bool_or[{0}]
every(boolean) -> boolean = bool_and[{0}]
approx_distinct(T) -> bigint = approx_distinct
approx_distinct(T, double) -> bigint = approx_distinct
approx_percentile(T, U) -> T = approx_percentile
approx_percentile(T, U, V) -> T = approx_percentile
stddev(double) -> double = stddev_samp[{0}]
stddev_samp(double) -> double = stddev_samp[{0}]
stddev_pop(double) -> double = stddev_pop[{0}]
variance(double) -> double = var_samp[{0}]
var_samp(double) -> double = var_samp[{0}]
var_pop(double) -> double = var_pop[{0}]
corr(double, double) -> double = athena_finite(corr[{0}, {1}])
regr_slope(double, double) -> double = athena_finite(regr_slope[{0}, {1}])
regr_intercept(double, double) -> double = athena_finite(regr_intercept[{0}, {1}])
covar_pop(double, double) -> double = covar_pop[{0}, {1}]
covar_samp(double, double) -> double = covar_samp[{0}, {1}]
geometric_mean(double) -> double = geometric_mean[{0}]
bitwise_and_agg(bigint) -> bigint = bit_and[{0}]
bitwise_or_agg(bigint) -> bigint = bit_or[{0}]
histogram(T) -> map(T,bigint) = athena_histogram
map_agg(K, V) -> map(K,V) = athena_map_agg
"""
WINDOWS: Final = """
row_number() -> bigint = row_number[]
rank() -> bigint = rank[]
dense_rank() -> bigint = dense_rank[]
percent_rank() -> double = percent_rank[]
cume_dist() -> double = cume_dist[]
ntile(bigint) -> bigint = ntile[{0}]
lag(T) -> T = lag[{0}]
lag(T, bigint) -> T = lag[{0}, {1}]
lag(T, bigint, T) -> T = lag[{0}, {1}, {2}]
lead(T) -> T = lead[{0}]
lead(T, bigint) -> T = lead[{0}, {1}]
lead(T, bigint, T) -> T = lead[{0}, {1}, {2}]
first_value(T) -> T = first_value[{0}]
last_value(T) -> T = last_value[{0}]
nth_value(T, bigint) -> T = nth_value[{0}, {1}]
"""
