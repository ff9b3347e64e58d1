"""Stories of bad news."""

from typing import Final

FALLS: Final = """
# markets
{asset} slides {pct}% in a broad selloff
  {asset} lost {pct}% in {hours} hours as traders fled to safety. ${millions} million of long positions were wiped out
  on {exchange} alone.
{asset} plunges below support, and analysts warn of worse
  The drop of {pct}% is the steepest in {weeks} weeks. "Fear is back," said {analyst} of {desk}, who expects more pain.
{symbol} tumbles to a {weeks}-week low on thin volume
  Buyers stayed away. {exchange} reported its weakest day since {month}, and losses deepened into the close.
{asset} gives up its gains as the rally fizzles
  An early advance turned into a loss of {pct}%. Disappointed traders blamed heavy selling by {fund}.
{asset} and {other} drag the market lower
  Both underperformed: {asset} fell {pct}%, and {other} did no better. {desk} sees anxious investors and low
  volumes.
Liquidations of ${millions} million hit {asset} traders overnight
  Forced selling fed on itself for {hours} hours. It was a brutal lesson in leverage, said {analyst} of {desk}.
# etf
{asset} funds bleed ${millions} million in the worst week since {month}
  Investors withdrew money for the {ordinal} week in a row. {fund} suffered most, losing {pct}% of its assets.
{agency_cap} rejects the {asset} fund of {fund}
  The regulator cited a risk of manipulation. {fund} said that it was deeply disappointed, and {symbol} dropped {pct}%.
{fund} dumps its {asset} stake and warns clients
  The manager sold ${millions} million of {symbol}, calling the outlook bleak.
# regulation
{agency_cap} sues {exchange} over customers' {asset}
  The complaint alleges fraud and misuse of ${millions} million. {exchange} denies it. {symbol} fell {pct}% within
  {hours} hours.
{country} bans {asset} payments, angering merchants
  The ban takes effect in {days} days. "This is a disaster for small shops," said {analyst} of {desk}.
{official} threatens a crackdown on {asset} trading
  The harsh words alarmed exchanges. {exchange} halted a product at once, and {symbol} slumped.
{exchange} fined ${millions} million for failures of its {asset} controls
  {agency_cap} found reckless neglect over {weeks} weeks. The fine is the largest that the regulator ever imposed.
# adoption
{firm} stops taking {asset} after poor sales
  Only {pct}% of customers ever paid with it. The company regrets an expensive failure.
{firm} writes down its {asset} holdings by ${millions} million
  Its shares sank {pct}%. Angry shareholders demand that the board stop the bet.
# technology
{asset} network halts for {hours} hours, users furious
  A bug stopped all transfers. {exchange} suspended {symbol} withdrawals, and complaints piled up.
Upgrade of {asset} delayed again after testers find a critical bug
  The setback pushes the launch beyond {month}. Frustrated developers blame poor planning.
Fees on {asset} soar {pct2}% as congestion worsens
  Small users are priced out. {analyst} of {desk} called the situation unacceptable.
# security
{protocol} loses ${millions} million in a hack of its {asset} bridge
  Attackers exploited a flaw that auditors had missed. Shocked users cannot withdraw, and {symbol} fell {pct}%.
{exchange} customers lose {symbol} in a phishing attack
  Criminals stole from {thousands} thousand accounts. The exchange warned users and apologised for its slow response.
Scammers posing as {agency} steal {asset} worth ${millions} million
  Victims were told to move their savings "to safety". Police in {country} are outraged and fear more cases.
{protocol} founder arrested for {asset} fraud in {country}
  Prosecutors say that {asset} deposits of ${millions} million are missing. Investors are in despair.
# mining
{asset} miner cuts {pct}% of its staff as losses mount
  The operator blamed weak prices and high power costs in {country}. Bankruptcy is a danger, {desk} warns.
# macro
Hot inflation hits {asset} and shares, traders fear higher rates
  Prices rose more than expected. {symbol} shed {pct}% within {hours} hours, and gloom spread through the market.
"""
