"""The words that names are made of, in the languages that people name their files in."""

from __future__ import annotations

import re

VIDEO = frozenset(
    "mkv mp4 m4v avi mov wmv flv f4v webm ts m2ts mts mpg mpeg mpe m2v ogm ogv rm rmvb asf divx vob iso 3gp 3g2 strm"
    " mk3d wtv dvr-ms".split()
)
"""Extensions of videos."""
BESIDE = frozenset("srt ass ssa vtt sub idx sup smi nfo jpg jpeg png webp tbn txt mka mks xml".split())
"""Extensions of what lies beside them."""

SEASON = (
    "seasons?|staffeln?|saisons?|temporadas?|stagion[ei]|seizoen|s[äa]song|s[æa]son|sesong|kausi|sezona?|"
    "řada|[ée]vad|сезон|σεζόν|κύκλος|עונה|الموسم|mùa|musim|シーズン|시즌"
)
_SEASON_AFTER = "season|staffel|saison|temporada|stagione|seizoen|s[äa]song|sezon|[ée]vad|řada|сезон|sesong|kausi"
EPISODE = (
    "episodes?|épisodes?|episódios?|episodios?|epi?s?|folgen?|teil|cap[íi]tulos?|cap|puntat[ae]|aflevering(?:en)?|avsnitt|"
    "afsnit|jakso|odcinek|odc|díl|část|rész|b[öo]l[üu]m|сер[иі][яиії]|"
    "эпизод|επεισόδιο|פרק|الحلقة|tập|ตอนที่|ตอน|エピソード"
)
_EPISODE_AFTER = "b[öo]l[üu]m|rész|сер[иі][яиії]|folge|episode|díl|odcinek"
SPECIAL = (
    r"(?:(?:the|der|le|il|la|o)[ ._-])(?:movie|film)|ovas?|oavs?|oads?|sp|specials?|sonderfolgen?|omake|"
    r"picture[ ._-]?drama|recap|(?:mini|short)[ ._-]?anime|gaiden|"
    r"特別[篇編]|特典映像|番外[篇編]|総集[篇編]|スペシャル|特番|gekijou?ban|"
    r"[劇剧]場?场?版|극장판|특별편|movie|film|"
    r"spéciale?|especial(?:es)?|speciale|(?:la[ ._-])?pel[íi]cula|(?<!\w)(?:ова|спе[шй]?лы?|спэшл|фильм)(?!\w)"
)
EXTRA = (
    r"nc[ ._-]?(?:op|ed)\w?|(?:creditless|clean|textless)[ ._-]*(?:opening|ending|op|ed)?|(?:opening|ending)s?|op|ed|"
    r"pv|cm|menus?|trailers?|teasers?|previews?|promos?|samples?|making[ ._-]?of|behind[ ._-]?the[ ._-]?scenes|"
    r"featurettes?|interviews?|deleted[ ._-]?scenes?|bloopers?|gag[ ._-]?reel|scans?|ost|予告|主題歌|ノンクレジット\w*"
)
"""Not all of these are one everywhere: an episode may be called Trailer."""
SURE_EXTRA = (
    r"nc[ ._-]?(?:op|ed)(?:[ ._-]?\d{1,3})?[a-z]?(?:v\d)?|"
    r"(?:creditless|textless)[ ._-]*(?:opening|ending|op|ed)[ ._-]?\d{0,3}|"
    r"clean[ ._-](?:opening|ending)[ ._-]?\d{0,2}|non[ ._-]?credit[ ._-]?(?:opening|ending|op|ed)?[ ._-]?\d{0,2}|"
    r"ノンクレジット\w*"
)

KANJI = {char: number for number, char in enumerate("〇一二三四五六七八九")}

TECHNICAL = re.compile(
    r"""(?<![a-z0-9])(?:
      \d{3,4}[pi](?:\d{2})?|\d{3,4}\s?x\s?\d{3,4}(?:p)?|[48]k|u?hd|fhd|uhd|sdr|hdr(?:10)?\+?|dolby[ ._-]?vision|
      [xh][ ._]?26[456]|hevc(?:-?10)?|avc|av1|vp9|xvid|divx\d?|mpeg-?\d|
      (?:8|10|12)[ ._-]?bits?|hi10p?|hi444(?:pp)?|yuv\d{3}p\d*|ma10p|
      (?:e-?)?ac-?3|aac(?:-?lc)?|he-?aac|ddp?\+?|dts(?:-?(?:hd|x|es))?(?:[ ._-]?ma)?|flac|opus|mp3|ogg|vorbis|true-?hd|
      atmos|l?pcm|alac|(?:aac|ddp?|dts|flac|opus|e?ac3)[ ._]?x?\d[ .]?\d|[257][ .][01](?:ch)?|\d{1,2}ch|
      web[ ._-]?(?:dl|rip|cap)|web(?=[ ._-]*(?:$|[hx][ .]?26|\d|[\[\]()]))|
      bd[ ._-]?(?:rip|mux|remux|mv|box)?|blu[ ._-]?ray|dvd[ ._-]?(?:rip|iso|r|scr|box|\d)?|
      hd[ ._-]?(?:tv|rip|dvd)|tv[ ._-]?rip|ld[ ._-]?rip|vhs[ ._-]?rip|remux|
      \d{2,3}(?:[.]\d{1,3})?\s?fps|[0-9a-f]{8}|
      (?:19|20)\d{2}[ ._-](?:0?[1-9]|1[0-2])[ ._-](?:0?[1-9]|[12]\d|3[01])|
      (?:0?[1-9]|[12]\d|3[01])[ .-](?:0?[1-9]|1[0-2])[ .-](?:19|20)\d{2}|
      vost(?:fr|ita?|e?ng?|esp?|de)|subbed|dubbed|komplett|
      proper|repack|rerip|uncensored|uncut|dual[ ._-]?audio|multi[ ._-]?(?:audio|subs?|subtitles?|ple[ ._-]?subtitles?)|
      multiple[ ._-]?subtitles?|softsubs?|hardsubs?|batch|complete|end|fin|final
    )(?![a-z0-9])""",
    re.IGNORECASE | re.VERBOSE,
)
"""What says how a file was made; as a rule in brackets, where more of it is known by being there."""

ORDINAL = r"(\d{1,2})(?:st|nd|rd|th)"
ORDINAL_WORDS = {
    "first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "sixth": 6, "seventh": 7, "eighth": 8, "ninth": 9,
}  # fmt: skip

NAMED_SEASON = re.compile(
    rf"""(?<!\w)(?:
      (?:{SEASON})(?!\w)[ ._-]*(?P<after>\d{{1,4}})(?![\d.]*\d|\w)|(?:{SEASON})(?P<tight>\d{{1,2}})(?!\w)|
      {ORDINAL.replace("(", "(?P<ordinal>", 1)}[ ._-]+(?:{SEASON})(?!\w)|
      (?P<word>{"|".join(ORDINAL_WORDS)})[ ._-]+season(?!\w)|
      (?P<before>\d{{1,2}})[.ªº]?[ ._-]?(?:{_SEASON_AFTER})(?!\w)
    )|第(?P<kanji>[〇一二三四五六七八九十\d]{{1,3}})(?:[季期部]|シーズン)|(?<![\d第])(?P<ki>\d{{1,2}})[期기]""",
    re.IGNORECASE | re.VERBOSE,
)
"""A season in words."""

NAMED_EPISODE = re.compile(
    rf"""(?<!\w)(?:{EPISODE})(?![^\W\d])[ ._-]*[#.]?[ ._-]*
      (?P<n>\d{{1,4}})(?P<half>[.]\d(?!\d))?
      (?:(?:[ ]?[-~+&]|[ ]?[-~+&][ ](?={EPISODE}|\d+\s*(?:$|\[))|[ ](?:bis|to)[ ])
        (?:{EPISODE})?[ ._]?(?P<to>\d{{1,4}}))?
      (?:v(?P<v>\d))?(?![\w])|
      (?<![\w])[#№][ ]?(?P<hash>\d{{1,4}})(?:v(?P<hv>\d))?(?!\w)|
      第[ ]?(?P<cjk>\d{{1,4}}|[一二三四五六七八九十百零〇]{{1,6}})(?P<cjkhalf>[.]5)?
        (?:[-~]第?(?P<cjkto>\d{{1,4}}))?[ ]?[話话回集篇巻]|
      (?:제[ ]?)?(?<![\d.])(?P<cjkbare>\d{{1,4}})(?:v(?P<cv>\d))?[ ]?[話话回集화회편]""",
    re.IGNORECASE | re.VERBOSE,
)
"""An episode in words, without a season in the same breath."""
EPISODE_AFTER = re.compile(rf"(?<!\w)(?P<n>\d{{1,4}})[.]?[ ._-]?(?:{_EPISODE_AFTER})(?!\w)", re.IGNORECASE)
"""``5. Folge``, ``5. Bölüm``."""


def kanji_number(text: str) -> int:
    """``十二`` is 12; digits stay what they are."""
    if text.isdecimal():
        return int(text)
    total = current = 0
    for char in text:
        if char == "百":
            total, current = total + (current or 1) * 100, 0
        elif char == "十":
            total, current = total + (current or 1) * 10, 0
        else:
            current = KANJI.get(char, 0)
    return total + current


def named_season(match: re.Match[str]) -> int:
    """The number that :data:`NAMED_SEASON` found."""
    found = match.groupdict()
    if found["word"]:
        return ORDINAL_WORDS[found["word"].lower()]
    if found["kanji"]:
        return kanji_number(found["kanji"])
    return int(next(found[key] for key in ("after", "tight", "ordinal", "before", "ki") if found[key]))
