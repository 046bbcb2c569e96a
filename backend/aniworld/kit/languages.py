"""Language tags of different standards. Pure."""

from __future__ import annotations

# ISO 639-1 → ISO 639-2; where that has two codes, the bibliographic one (Matroska) and the terminological one (MP4).
CODES: dict[str, tuple[str, str]] = {
    short: (codes[0], codes[-1])
    for short, *codes in (
        entry.split()
        for entry in (
            "ar ara|bg bul|bn ben|ca cat|cs cze ces|da dan|de ger deu|el gre ell|en eng|es spa|et est|eu baq eus|"
            "fa per fas|fi fin|fil fil|fr fre fra|ga gle|gl glg|he heb|hi hin|hr hrv|hu hun|hy arm hye|id ind|"
            "is ice isl|it ita|ja jpn|ka geo kat|ko kor|lt lit|lv lav|mk mac mkd|ml mal|ms may msa|nb nob|nl dut nld|"
            "nn nno|no nor|pl pol|pt por|ro rum ron|ru rus|sk slo slk|sl slv|sq alb sqi|sr srp|sv swe|ta tam|te tel|"
            "th tha|tl tgl|tr tur|uk ukr|ur urd|vi vie|zh chi zho"
        ).split("|")
    )
}
SHORT = {code: short for short, codes in CODES.items() for code in codes}


def same_language(wanted: str, told: str | None) -> bool:
    """Whether two tags, of whichever standard, name the same language; regions do not count."""
    return bool(wanted and told) and _short(wanted) == _short(told or "")


def _short(tag: str) -> str:
    primary = tag.partition("-")[0].strip().lower()
    return SHORT.get(primary, primary)
