"""Stories of good news."""

from typing import Final

RISES: Final = """
# markets
{asset} climbs {pct}% as buyers return in force
  {asset} gained {pct}% in the past {hours} hours, its best run in {weeks} weeks. Volume on {exchange} reached
  ${millions} million. "Demand is broad and healthy," said {analyst} of {desk}.
{asset} breaks out above a {weeks}-week range and extends its rally
  The move surprised sellers: ${millions} million of short positions were liquidated within {hours} hours.
  {desk} expects further gains while the price holds above its old range.
{symbol} hits fresh yearly high on record volume
  {asset} reached its highest price this year after a surge of {pct}%. {analyst}, an analyst at {desk}, called the
  advance "one of the strongest that we have measured".
{asset} rebounds sharply, erasing last week's losses
  A recovery of {pct}% lifted {asset} back to where it stood before the selloff. Traders on {exchange} were relieved,
  and funding rates turned positive.
{asset} and {other} lead a broad market advance
  Both outperformed, with {asset} up {pct}% and {other} close behind. Confidence improved after calm overnight trading.
Options traders turn bullish on {asset} into {month}
  Calls outnumber puts by the widest margin in {weeks} weeks on {exchange}. {desk} sees optimism, not euphoria.
# etf
{asset} funds draw ${millions} million in a strong week of inflows
  It was the {ordinal} week of inflows in a row. {fund} alone attracted {pct}% of the money, a record for the manager.
{fund} wins approval for a spot {asset} fund
  {agency_cap} approved the fund after {weeks} weeks of review. {analyst} of {desk} welcomed a decision that opens the
  asset to pension savers.
{fund} triples its {asset} position and praises its liquidity
  The manager now holds ${millions} million of {symbol}. "It has become a mature asset," it told investors.
# regulation
{agency_cap} drops its case against {exchange}, {asset} traders cheer
  The case is closed without a fine. {exchange} celebrated a victory that removes a year of uncertainty, and {symbol}
  jumped {pct}%.
Lawmakers in {country} pass a clear and friendly rulebook for {asset}
  The bill won {votes} votes. {official} promised certainty for honest firms and better protection of savers.
{official} calls {asset} "a success worth protecting"
  The remark delighted the industry. Shares of {exchange} rallied, and {symbol} advanced {pct}%.
# adoption
{firm} starts to accept {asset} in {thousands} thousand shops
  The rollout follows a successful pilot in {country}. Customers saved {pct}% in fees, the company said happily.
{firm} adds ${millions} million of {asset} to its treasury
  The board voted unanimously. Its shares rose {pct}% on the news, and analysts at {desk} upgraded them.
{country} pays teachers a bonus in {asset}, and they love it
  A survey found {pct2}% satisfied with the experiment. {official} hopes to expand it by {month}.
{asset} payments grow {pct2}% in a year, study by {desk} finds
  Merchants praised speed and low cost. The strongest growth came from {country}, the study says.
# technology
{asset} upgrade goes live without a hitch, fees fall by {pct2}%
  Developers cheered as the network finished its upgrade in {hours} hours. Users benefit at once from cheaper transfers.
{protocol} launches on {asset} and attracts ${millions} million in days
  Deposits beat every forecast. {analyst} of {desk} called the launch impressive and the code well audited.
Developers on {asset} reach a record number, {desk} reports
  Activity has grown by {pct}% since {month}. "Talent is flowing in," the authors say with confidence.
{asset} network celebrates {days} days without an outage
  Reliability has improved greatly, operators say. {exchange} lifted its limits for {symbol} deposits in response.
# security
{protocol} recovers ${millions} million of stolen {asset} in full
  The attacker returned everything after talks. Relieved users thanked the team, and the {asset} pool reopened.
Audit of {protocol} on {asset} finds no serious flaw, users applaud
  The review took {weeks} weeks. Trust in {asset} lending is recovering, said {analyst} of {desk}.
# mining
{asset} validators earn {pct}% more as activity booms
  Rewards rose to their best level in {weeks} weeks, a welcome boost for operators in {country}.
# macro
Cooling inflation lifts {asset} and shares alike
  Prices rose less than feared, and {symbol} gained {pct}% within {hours} hours. Investors hope for lower rates by
  {month}.
"""
