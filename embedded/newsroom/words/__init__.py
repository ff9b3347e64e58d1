"""What the newsroom writes with: templates by mood and topic, and made-up names to fill them."""

from embedded.newsroom.words.calm import CALM
from embedded.newsroom.words.falls import FALLS
from embedded.newsroom.words.names import ASSETS, SLOTS
from embedded.newsroom.words.rises import RISES
from embedded.newsroom.words.talk import COMMENTS, POSTS
from embedded.newsroom.words.template import Template, templates

__all__ = ["ASSETS", "CALM", "COMMENTS", "FALLS", "POSTS", "RISES", "SLOTS", "Template", "templates"]
