"""Functions of numbers, one line each (see ``signatures``)."""

from typing import Final

NUMBERS: Final = """
abs(tinyint) -> tinyint = abs({0})
abs(smallint) -> smallint = abs({0})
abs(integer) -> integer = abs({0})
abs(bigint) -> bigint = abs({0})
abs(decimal(p,s)) -> decimal(p,s) = abs({0})
abs(double) -> double = abs({0})
sign(integer) -> integer = CAST(sign({0}) AS INTEGER)
sign(bigint) -> bigint = CAST(sign({0}) AS BIGINT)
sign(decimal(p,s)) -> decimal(1,0) = CAST(sign({0}) AS DECIMAL(1,0))
sign(double) -> double = CASE WHEN isnan({0}) THEN {0} ELSE CAST(sign({0}) AS DOUBLE) END
floor(tinyint) -> tinyint = {0}
floor(smallint) -> smallint = {0}
floor(integer) -> integer = {0}
floor(bigint) -> bigint = {0}
floor(double) -> double = floor({0})
ceil(tinyint) -> tinyint = {0}
ceil(smallint) -> smallint = {0}
ceil(integer) -> integer = {0}
ceil(bigint) -> bigint = {0}
ceil(double) -> double = ceil({0})
ceiling(integer) -> integer = {0}
ceiling(bigint) -> bigint = {0}
ceiling(double) -> double = ceil({0})
round(integer) -> integer = {0}
round(bigint) -> bigint = {0}
round(double) -> double = athena_round({0}, 0)
round(double, bigint) -> double = athena_round({0}, {1})
truncate(double) -> double = trunc({0})
sqrt(double) -> double = athena_sqrt({0})
exp(double) -> double = exp({0})
ln(double) -> double = athena_ln({0})
log2(double) -> double = athena_ln({0}) / athena_ln(2)
log(double, double) -> double = athena_ln({1}) / athena_ln({0})
power(double, double) -> double = pow({0}, {1})
pow(double, double) -> double = pow({0}, {1})
pi() -> double = pi()
e() -> double = CAST('2.718281828459045' AS DOUBLE)
nan() -> double = CAST('nan' AS DOUBLE)
infinity() -> double = CAST('inf' AS DOUBLE)
is_nan(double) -> boolean = isnan({0})
is_finite(double) -> boolean = isfinite({0})
is_infinite(double) -> boolean = isinf({0})
radians(double) -> double = radians({0})
degrees(double) -> double = degrees({0})
bitwise_and(bigint, bigint) -> bigint = ({0} & {1})
bitwise_or(bigint, bigint) -> bigint = ({0} | {1})
bitwise_xor(bigint, bigint) -> bigint = xor({0}, {1})
bitwise_not(bigint) -> bigint = (~{0})
width_bucket(double, double, double, bigint) -> bigint = athena_width_bucket({0}, {1}, {2}, {3})
width_bucket(double, array(double)) -> bigint = athena_bucket_of({0}, {1})
to_base(bigint, bigint) -> varchar(64) = CASE WHEN {0} IS NOT NULL AND {1} IS NOT NULL THEN athena_to_base({0}, CAST({1} AS INTEGER)) END
"""
