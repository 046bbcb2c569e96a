"""Posters, fanart, covers and logos of the sample series.

Needs Pillow; imported only where a picture is made.
"""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

from aniworld.sample.content import Series
from aniworld.sample.scenes import Colour, gradient, scene

POSTER = (1000, 1426)
FANART = (1920, 1080)
COVER = (300, 428)
LOGO = (800, 310)

_METAL: dict[str, tuple[Colour, Colour]] = {
    "clockwork-garden": ((255, 238, 196), (222, 160, 76)),
    "paper-lanterns": ((255, 236, 214), (248, 142, 112)),
    "tide-and-ember": ((255, 226, 160), (244, 112, 52)),
}
"""Upper and lower colour of the lettering."""


def draw(series: Series, name: str, path: Path) -> None:
    """Write the picture ``name`` (``poster.jpg``, ``fanart.jpg``, ``cover.jpg``, ``logo.png``) of a series."""
    if name == "logo.png":
        _lettering(series, LOGO, _words(series.title, lines=2)).save(path, format="PNG", optimize=True)
        return
    picture = _fanart(series) if name == "fanart.jpg" else _poster(series)
    if name == "cover.jpg":
        picture = picture.resize(COVER, Image.Resampling.LANCZOS)
    picture.save(path, format="JPEG", quality=88, progressive=True)


def _poster(series: Series) -> Image.Image:
    picture = scene(series.slug, POSTER)
    width, height = POSTER
    # A darker foot, so that the title stands out.
    foot = height * 9 // 20
    shade = Image.linear_gradient("L").resize((width, foot)).point([value * 220 // 255 for value in range(256)])
    picture.paste((6, 8, 16), (0, height - foot), shade)
    title = _lettering(series, (width - 120, 400), _words(series.title, lines=3))
    picture.paste(title, (60, height - 490), title)
    pen = ImageDraw.Draw(picture)
    pen.text(
        (width / 2, height - 60),
        " · ".join(series.genres).upper(),
        fill=(236, 232, 224),
        font=ImageFont.load_default(26),
        anchor="mm",
    )
    return picture


def _fanart(series: Series) -> Image.Image:
    return scene(series.slug, FANART)


def _words(title: str, *, lines: int) -> list[str]:
    """The title over at most ``lines`` lines, little words kept with their neighbour."""
    words = title.split()
    if lines < 3 and len(words) > 2:
        return [" ".join(words[:-1]), words[-1]]
    return words


def _lettering(series: Series, size: tuple[int, int], lines: list[str]) -> Image.Image:
    """The title in type on a transparent ground, as large as it fits, with a soft shadow."""
    width, height = size
    text = "\n".join(line.upper() for line in lines)
    probe = ImageDraw.Draw(Image.new("L", (1, 1)))
    points = 220.0
    while True:
        font = ImageFont.load_default(points)
        box = probe.multiline_textbbox((0, 0), text, font=font, align="center", spacing=points * 0.1, stroke_width=2)
        if box[2] - box[0] <= width - 24 and box[3] - box[1] <= height - 24:
            break
        points *= 0.95
    mask = Image.new("L", size)
    place = ((width - box[2] - box[0]) / 2, (height - box[3] - box[1]) / 2)
    ImageDraw.Draw(mask).multiline_text(
        place, text, fill=255, font=font, align="center", spacing=points * 0.1, stroke_width=2
    )
    upper, lower = _METAL[series.slug]
    result = Image.new("RGBA", size)
    shadow = mask.filter(ImageFilter.GaussianBlur(6))
    result.paste((4, 6, 12, 255), (0, 0), shadow)
    result.putalpha(shadow.point([value * 170 // 255 for value in range(256)]))
    front = gradient(size, (0.1, upper), (0.9, lower)).convert("RGBA")
    front.putalpha(mask)
    return Image.alpha_composite(result, front)
