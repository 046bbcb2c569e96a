"""What the APIs of other programs say."""
