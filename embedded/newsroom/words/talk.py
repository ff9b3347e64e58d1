"""What people write in a forum: posts and, below them, comments. By mood: rise, fall, calm."""

from collections.abc import Mapping
from typing import Final

_POSTS_RISE: Final = """
# discussion
{asset} up {pct}% and I am not selling a single coin
  Best week since {month}. Feels great to see patience rewarded.
Finally in profit on {symbol} after {weeks} weeks!
  Bought at the top, averaged down, never panicked. So happy right now.
Why I am bullish on {symbol} for the next cycle
  Fees are low, developers are shipping, and {firm} just started to accept it. Strong fundamentals.
{symbol} to the moon, we are so back
Paid for my lunch with {symbol} today and it took {seconds} seconds
  Love how smooth this has become. The shop in {country} gave me a discount.
The {asset} upgrade is amazing, my fees dropped by {pct2}%
  Huge thanks to the developers. This is what progress looks like.
Inflows of ${millions} million into {symbol} funds. Still think it is dead?
My grandmother asked me how to buy {asset}. Wonderful times
{exchange} support fixed my stuck {symbol} withdrawal within {hours} hours
  Credit where credit is due: friendly and fast.
{symbol} beats {other_symbol} this month and it is not even close
"""
_POSTS_FALL: Final = """
# discussion
Lost {pct2}% on {symbol} this month and I feel sick
  Should have sold in {month}. I am scared to look at the chart now.
{exchange} froze my {symbol} withdrawal and support is silent
  It has been {days} days. I am furious. Avoid them.
Is {asset} dead? Down {pct}% again
  Every rally gets sold. I have no hope left for this year.
Warning: fake {protocol} site is stealing {symbol}
  A friend lost everything. Disgusting people. Check the address before you sign anything.
Got liquidated overnight on {symbol}. Never again
  ${thousands} thousand gone in {hours} hours. Leverage is poison.
Another hack, another ${millions} million gone. I am tired of this
The {asset} network went down again, what a joke
  Stuck for {hours} hours while the price crashed. Unacceptable.
{symbol} is crashing and nobody knows why
{agency_cap} wants to ban everything that we love
  Angry and worried. Write to {official}.
Sold my {symbol} at a loss today. Sad end of a long story
"""
_POSTS_CALM: Final = """
# discussion
Daily discussion: {asset} and friends
  Use this thread for questions. Be kind, no links.
How do you store your {symbol}?
  I use a hardware wallet and a paper backup. What about you?
Question about {symbol} taxes in {country}
  Do I report each transfer, or the sum of the year?
Can someone explain how {protocol} works?
  I read the documentation of {pages} pages and still have {events} questions.
Comparing fees of {symbol} and {other_symbol} in {month}
  Table inside, {thousands} thousand transfers each. No conclusion, just numbers.
What is the difference between {exchange} and a wallet?
TIL the first {asset} block had {pages} bytes of text
Looking for a {symbol} node guide for {month}
"""
_COMMENTS_RISE: Final = """
# comment
-
  Congratulations, well deserved. Holding {symbol} since {month} and happy.
-
  Agreed, the numbers are strong. {desk} says the same.
-
  This is great news. Bought more {symbol} this morning.
-
  Love it. Best community there is.
-
  Fees are down {pct2}%, what is there not to like?
-
  Nice breakout, the trend is healthy.
"""
_COMMENTS_FALL: Final = """
# comment
-
  Sorry for your loss. {exchange} did the same to me, awful.
-
  It will drop another {pct}%, mark my words. I am out.
-
  Scam. Stay away from {protocol}.
-
  This is a nightmare, and nobody is held responsible.
-
  I am afraid that the worst is still ahead for {symbol}.
-
  Pathetic. {pct2}% down and they still call it a store of value.
"""
_COMMENTS_CALM: Final = """
# comment
-
  Source? I only found the page of {desk}.
-
  It depends on where you live. In {country} it is {days} days.
-
  Both work. I use {exchange} for one and a wallet for the other.
-
  The documentation says {events} confirmations.
-
  Reminder: the next options expiry is on Friday.
-
  Does anybody have the figures for {month}?
"""
POSTS: Final[Mapping[str, str]] = {"rise": _POSTS_RISE, "fall": _POSTS_FALL, "calm": _POSTS_CALM}
COMMENTS: Final[Mapping[str, str]] = {"rise": _COMMENTS_RISE, "fall": _COMMENTS_FALL, "calm": _COMMENTS_CALM}
