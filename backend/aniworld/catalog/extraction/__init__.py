"""What yt-dlp finds behind a page, in a process of its own. :mod:`.client` is the door."""
