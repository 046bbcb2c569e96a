"""A server that speaks the APIs of AniList, TMDB and fanart.tv about series that do not exist."""
