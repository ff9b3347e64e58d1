"""Word lists of our own: families of words, judged by us; nothing is copied from a list of others.

SPDX-License-Identifier: CC0-1.0. They are modules, so that whatever bundles the code bundles them.
"""

from lambdas.enrich.words.emotion import EMOTION
from lambdas.enrich.words.finance import FINANCE
from lambdas.enrich.words.general import GENERAL

__all__ = ["EMOTION", "FINANCE", "GENERAL"]
