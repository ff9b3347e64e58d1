"""Stories of what is neither."""

from typing import Final

CALM: Final = """
# markets
{asset} trades sideways ahead of options expiry
  {symbol} moved within {tenths}% for {hours} hours. Contracts over ${millions} million expire on {exchange} on Friday.
{asset} little changed as traders wait for inflation data
  Volume on {exchange} was average. {desk} will publish its next note after the release.
What to watch in {asset} this week
  The calendar lists {events} events, among them a speech by {official} and a report by {desk}.
{asset} and {other}: correlation stays near its {weeks}-week mean
  {desk} published its regular table. The figures are in line with those of {month}.
# etf
{fund} files an amended prospectus for its {asset} fund
  The document changes the custodian and a date. {agency_cap} has {days} days to reply.
{asset} fund flows flat for the week
  Money in and out was balanced to within ${millions} million, according to {desk}.
# regulation
{agency_cap} opens a consultation on {asset} custody
  Comments can be sent until {month}. The paper has {pages} pages and asks {events} questions.
Hearing on {asset} rules set for {month}
  {official} and representatives of {exchange} are on the list of speakers.
{country} publishes a guide on how {asset} is taxed
  The guide has {pages} pages. It repeats the rules that apply since {month}.
# adoption
{firm} to test {asset} transfers between two offices
  The test runs for {days} days in {country}. No customers take part.
{firm} names {analyst} head of its {asset} desk
  The change takes effect in {month}. The predecessor moves to {fund}.
Survey: {pct2}% of shops in {country} know {asset}
  {desk} asked {thousands} thousand merchants. The next survey is planned for {month}.
# technology
{asset} developers schedule their next call for Thursday
  The agenda has {events} points. Notes of the last call were published by {desk}.
{asset} client release candidate is out for testing
  The version changes {pages} files. Operators are asked to report results within {days} days.
{protocol} moves its {asset} contracts to a new address
  The old address stays readable. The change was announced {weeks} weeks ago.
# security
{exchange} publishes its monthly proof of reserves for {asset}
  The report lists {thousands} thousand {symbol} in {events} wallets. {desk} checked the signatures.
# mining
{asset} difficulty adjusts by {tenths}%
  The adjustment was within the usual range. The next one is due in {days} days.
# macro
{official} speaks on payments, mentions {asset} once
  The speech in {country} was about settlement times. A transcript of {pages} pages is available.
"""
