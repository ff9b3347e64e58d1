"""What the command does on AWS itself: Glue jobs started and followed, producers started, stopped and sent to fill."""
