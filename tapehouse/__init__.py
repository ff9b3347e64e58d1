"""What all parts share and none owns: settings, the stream record, table declarations, clients, the command."""

__version__ = "0.1.0"
