"""News and social sources on loopback, each in its own protocol: seeded stories and posts, or recorded responses."""

from embedded.newsroom.faults import NewsFaults
from embedded.newsroom.recordings import DamagedBodyError
from embedded.newsroom.server import Newsroom, NewsroomPortError, addresses, paper

__all__ = ["DamagedBodyError", "NewsFaults", "Newsroom", "NewsroomPortError", "addresses", "paper"]
