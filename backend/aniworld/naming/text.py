"""Names made plain, letter by letter: what is found in the plain one stands at the same place in the original."""

from __future__ import annotations

import re

from aniworld.naming.words import BESIDE, TECHNICAL, VIDEO

_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {
    ord(char): to
    for chars, to in (
        ("【〔［〚", "["),
        ("】〕］〛", "]"),
        ("（", "("),
        ("）", ")"),
        ("〜～", "~"),
        ("‐‑‒–—―−", "-"),
        ("＃♯", "#"),
        ("_　\u00a0", " "),
        ("×", "x"),
    )
    for char in chars
}
_LANGUAGE = re.compile(r"\.[a-z]{2,3}(?:-[A-Za-z]{2,4})?(?:\.(?:forced|default|sdh|cc|hi))*$")
_BRACKETS = re.compile(r"\[([^\[\]]*)\]|\(([^()]*)\)|\{([^{}]*)\}")
_QUOTES = re.compile(r"「[^」]*」|『[^』]*』|“[^”]*”|«[^»]*»")


def without_extension(name: str) -> str:
    """The name without the extension of a video or of what lies beside one (then also without its language)."""
    dot = name.rfind(".")
    extension = name[dot + 1 :].lower()
    if dot > 0 and extension in VIDEO:
        return name[:dot]
    if dot > 0 and extension in BESIDE:
        return _LANGUAGE.sub("", name[:dot]) or name[:dot]
    return name


def is_video(name: str) -> bool:
    """Whether the file's extension is that of a video."""
    return name[name.rfind(".") + 1 :].lower() in VIDEO and name.rfind(".") > 0


def plain(name: str) -> str:
    """One kind of brackets, dashes, digits and blanks; as long as the original."""
    return name.replace("_", " ") if name.isascii() else name.translate(_PLAIN)


class Bracket:
    """Something in brackets."""

    __slots__ = ("content", "end", "round", "start")

    def __init__(self, match: re.Match[str]) -> None:
        self.start, self.end = match.span()
        self.content = (match[1] or match[2] or match[3] or "").strip()
        self.round = match[2] is not None


def brackets(text: str) -> list[Bracket]:
    """What stands in brackets, the innermost ones."""
    return [Bracket(match) for match in _BRACKETS.finditer(text)]


def blank(match: re.Match[str]) -> str:
    """As many blanks."""
    return " " * (match.end() - match.start())


def outside(text: str) -> str:
    """What stands outside of brackets."""
    return _BRACKETS.sub("", text)


def without_brackets(text: str) -> str:
    """Blanks where there were brackets; as long as the original."""
    return _BRACKETS.sub(blank, text)


def core(text: str) -> str:
    """What stands outside of brackets and quotes and does not say how the file was made; as long as the original."""
    return TECHNICAL.sub(blank, _QUOTES.sub(blank, without_brackets(text)))


def tidy(text: str) -> str:
    """A title as people write it."""
    if " " not in text.strip() and "_" not in text and not re.fullmatch(r"\w?\.[^.]+", text):
        text = _spaced(text)
    text = " ".join(text.replace("_", " ").split())
    previous = None
    while text != previous:
        previous = text
        text = text.strip(" -–,;:+" if text.count("~") == 2 else " -–~,;:+").removesuffix("(").removesuffix("[").strip()
        if text.endswith(".") and not text.endswith("..") and not re.search(r"(?:^|[ .])\w\.$", text):
            text = text[:-1]
    return text


def _spaced(text: str) -> str:
    """Dots between words become blanks; those of initials and numbers stay."""
    return re.sub(r"(?<!\b[^\W\d])(?<!\b\d)\.|(?<=\b[^\W\d])\.(?=\w{2})|(?<=\b\d)\.(?!\d)", " ", text)
