"""A venue's WebSocket as a source of records: connections opened, replaced, subscribed and read to their end."""

from producers.websocket.source import WebSocketSource

__all__ = [
    "WebSocketSource",
]
