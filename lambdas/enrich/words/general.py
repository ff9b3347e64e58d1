"""Words of mood at large that VADER's list has not, or judges as no market does. The form: see ``lexicon.py``.

SPDX-License-Identifier: CC0-1.0.
"""

from typing import Final

GENERAL: Final = """
[plain 1.8 v mood=1]
admire applaud cheer celebrate praise commend congratulate enjoy delight thrill relish savor savour thank
[plain 1.6 x mood=1]
grateful thankful hopeful upbeat buoyant jubilant confident optimistic excited impressed satisfied proud relieved
well_done hats_off top_notch first_rate second_to_none can't_complain can't_wait kudos hooray bravo priceless superb
stellar
[plain -1.6 x mood=1]
pessimistic gloomy dire hopeless desperate miserable sloppy shady sketchy clueless incompetent toxic rotten bogus
fake phony sham lousy dreadful appalling pathetic ridiculous absurd laughable stupid dumb idiotic garbage trash
rubbish junk crap shitcoin shitcoins shameless reckless careless negligent dishonest greedy crooked unacceptable
inexcusable stay_away stay_far_away avoid_it wake_up_call waste_of_time waste_of_money not_worth scammy
[plain -1.6 v mood=1]
regret complain ruin wreck botch spoil lie mislead ignore neglect abuse bully harass insult mock sneer mistreat
bot_infested brick screw whine
"""
