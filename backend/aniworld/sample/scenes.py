"""Paints the scenery of each series at any size: posters, fanart and the clips' background come from here.

Needs Pillow; imported only where a picture is made.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable

from PIL import Image, ImageChops, ImageDraw, ImageFilter

Colour = tuple[int, int, int]
Size = tuple[int, int]


def _dice(seed: int) -> random.Random:
    """Chance that falls the same way every time."""
    return random.Random(seed)  # noqa: S311 - it places flowers and stars


def gradient(size: Size, *stops: tuple[float, Colour]) -> Image.Image:
    """Top to bottom through ``stops`` (place 0…1, colour)."""
    width, height = size
    column = Image.new("RGB", (1, height))
    for y in range(height):
        place = y / max(height - 1, 1)
        before = max((stop for stop in stops if stop[0] <= place), default=stops[0])
        after = min((stop for stop in stops if stop[0] >= place), default=stops[-1])
        span = after[0] - before[0]
        part = (place - before[0]) / span if span else 0.0
        red, green, blue = (round(a + (b - a) * part) for a, b in zip(before[1], after[1], strict=True))
        column.putpixel((0, y), (red, green, blue))
    return column.resize((width, height))


Light = tuple[tuple[float, float], float, Colour]
"""Centre, radius at which it has faded, colour."""


def _glow(image: Image.Image, *lights: Light) -> Image.Image:
    """Light around points; drawn small, since it has no edges."""
    size = (max(image.width // 8, 1), max(image.height // 8, 1))
    total = Image.new("RGB", size)
    for centre, radius, colour in lights:
        small = Image.new("RGB", size)
        x, y, r = centre[0] / 8, centre[1] / 8, radius / 8
        ImageDraw.Draw(small).ellipse((x - r / 2, y - r / 2, x + r / 2, y + r / 2), fill=colour)
        total = ImageChops.screen(total, small.filter(ImageFilter.GaussianBlur(r / 3)))
    return ImageChops.screen(image, total.resize(image.size))


def _gear(centre: tuple[float, float], radius: float, teeth: int, turn: float) -> list[tuple[float, float]]:
    """The outline of a cog wheel."""
    points = []
    step = math.tau / teeth
    for tooth in range(teeth):
        for offset, reach in ((0.0, 0.86), (0.14, 1.0), (0.42, 1.0), (0.56, 0.86)):
            angle = turn + (tooth + offset) * step
            points.append((centre[0] + radius * reach * math.cos(angle), centre[1] + radius * reach * math.sin(angle)))
    return points


def _clockwork_garden(size: Size) -> Image.Image:
    width, height = size
    unit = min(width, height)
    image = gradient(size, (0.0, (12, 46, 52)), (0.45, (58, 110, 92)), (0.75, (224, 178, 104)), (1.0, (246, 214, 150)))
    sun = (width * 0.6, height * 0.36)
    image = _glow(image, (sun, unit * 0.9, (150, 110, 50)))
    draw = ImageDraw.Draw(image)
    wheels = (
        (sun, 0.33, 24, (214, 160, 72), (150, 100, 44)),
        ((sun[0] - unit * 0.41, sun[1] + unit * 0.2), 0.16, 13, (184, 124, 60), (120, 76, 38)),
        ((sun[0] + unit * 0.25, sun[1] + unit * 0.38), 0.14, 12, (232, 188, 104), (164, 116, 52)),
    )
    for index, ((x, y), reach, teeth, colour, shade) in enumerate(wheels):
        r = unit * reach
        draw.polygon(_gear((x + r * 0.04, y + r * 0.05), r, teeth, index * 0.11), fill=shade)
        draw.polygon(_gear((x, y), r, teeth, index * 0.11), fill=colour)
        hole = r * 0.68
        draw.ellipse((x - hole, y - hole, x + hole, y + hole), fill=shade)
        for spoke in range(6):
            angle = spoke * math.tau / 6 + index * 0.3
            end = (x + hole * 1.08 * math.cos(angle), y + hole * 1.08 * math.sin(angle))
            draw.line(((x, y), end), fill=colour, width=max(round(r * 0.1), 1))
        hub = r * 0.22
        draw.ellipse((x - hub, y - hub, x + hub, y + hub), fill=colour)
        draw.ellipse((x - hub * 0.4, y - hub * 0.4, x + hub * 0.4, y + hub * 0.4), fill=shade)
    _hill(draw, size, 0.72, 0.05, 1.3, (38, 92, 74))
    _hill(draw, size, 0.8, 0.04, 2.4, (24, 68, 58))
    dice = _dice(7)
    for plant in range(max(round(width / unit * 9), 5)):
        foot = (width * (plant + dice.random()) / max(round(width / unit * 9), 5), height * 0.92)
        tall = unit * (0.16 + 0.16 * dice.random())
        head = (foot[0] + unit * 0.04 * (dice.random() - 0.5), foot[1] - tall)
        draw.line((foot, head), fill=(14, 48, 44), width=max(round(unit * 0.008), 1))
        for side in (-1, 1):
            leaf = (foot[0] + side * unit * 0.028, foot[1] - tall * 0.45)
            draw.ellipse(
                (leaf[0] - unit * 0.026, leaf[1] - unit * 0.01, leaf[0] + unit * 0.026, leaf[1] + unit * 0.01),
                fill=(46, 120, 84),
            )
        r = unit * (0.022 + 0.02 * dice.random())
        draw.polygon(
            _gear(head, r, 8, dice.random()), fill=dice.choice(((240, 196, 110), (226, 120, 84), (250, 230, 180)))
        )
        draw.ellipse((head[0] - r * 0.4, head[1] - r * 0.4, head[0] + r * 0.4, head[1] + r * 0.4), fill=(110, 64, 40))
    _hill(draw, size, 0.9, 0.02, 3.7, (10, 36, 36))
    return image


def _hill(draw: ImageDraw.ImageDraw, size: Size, level: float, swing: float, phase: float, colour: Colour) -> None:
    """Everything below a soft wave, filled."""
    width, height = size
    step = max(width // 120, 1)
    line: list[tuple[float, float]] = [
        (
            x,
            height
            * (level + swing * math.sin(x / height * 2.6 + phase) + swing * 0.4 * math.sin(x / height * 6 + phase)),
        )
        for x in range(0, width + step, step)
    ]
    draw.polygon([*line, (width, height), (0, height)], fill=colour)


def _paper_lanterns(size: Size) -> Image.Image:
    width, height = size
    unit = min(width, height)
    shore = round(height * 0.7)
    image = gradient(size, (0.0, (16, 14, 46)), (0.4, (58, 34, 96)), (0.62, (156, 66, 110)), (0.7, (240, 132, 96)))
    dice = _dice(12)
    draw = ImageDraw.Draw(image)
    for _ in range(round(width * height / unit / unit * 70)):
        x, y, r = dice.random() * width, dice.random() * height * 0.45, unit * (0.001 + 0.0016 * dice.random())
        draw.ellipse((x - r, y - r, x + r, y + r), fill=(214, 206, 240))
    _hill(draw, (width, shore), 0.86, 0.06, 0.6, (62, 30, 78))
    _hill(draw, (width, shore), 0.93, 0.04, 2.2, (38, 20, 58))
    draw.rectangle((0, shore, width, height), fill=(20, 14, 44))
    count = max(round(width / unit * 8), 7)
    lanterns = []
    for index in range(count):
        depth = dice.random()
        r = unit * (0.03 + 0.075 * depth)
        spot = (width * (index + 0.2 + 0.6 * dice.random()) / count, height * (0.12 + 0.46 * dice.random()))
        lanterns.append((depth, spot, r, dice.choice(((255, 190, 96), (255, 150, 84), (255, 214, 140)))))
    image = _glow(
        image, *((spot, r * 5, (colour[0] // 2, colour[1] // 3, colour[2] // 5)) for _, spot, r, colour in lanterns)
    )
    draw = ImageDraw.Draw(image)
    for _depth, (x, y), r, colour in sorted(lanterns):
        _lantern(draw, x, y, r, colour)
    # The river: what is above it, upside down, darker and drawn out.
    above = image.crop((0, shore - (height - shore), width, shore)).transpose(Image.Transpose.FLIP_TOP_BOTTOM)
    small = above.resize((max(width // 40, 1), max(height // 6, 1))).filter(ImageFilter.GaussianBlur(2))
    water = Image.blend(
        small.resize((width, height - shore)), Image.new("RGB", (width, height - shore), (14, 14, 48)), 0.35
    )
    image.paste(water, (0, shore))
    draw = ImageDraw.Draw(image)
    for index in range(36):
        y = shore + (height - shore) * ((index + 0.5) / 36) ** 1.6
        x, reach = dice.random() * width, unit * (0.03 + 0.12 * dice.random())
        draw.line(((x - reach, y), (x + reach, y)), fill=(228, 140, 116), width=max(round(unit * 0.0015), 1))
    return image


def _lantern(draw: ImageDraw.ImageDraw, x: float, y: float, r: float, colour: Colour) -> None:
    """A round paper lantern with its ribs."""
    dark = (colour[0] * 3 // 4, colour[1] * 9 // 16, colour[2] // 2)
    draw.ellipse((x - r, y - r * 1.15, x + r, y + r * 1.15), fill=colour)
    draw.ellipse((x - r * 0.55, y - r * 0.8, x + r * 0.55, y + r * 0.9), fill=(255, 232, 186))
    for rib in (-0.75, -0.45, -0.15, 0.15, 0.45, 0.75):
        reach = r * math.sqrt(1 - rib * rib)
        draw.arc(
            (x - reach, y + r * rib, x + reach, y + r * rib + r * 0.3),
            10,
            170,
            fill=dark,
            width=max(round(r * 0.03), 1),
        )
    for edge in (-1.18, 1.02):
        draw.rounded_rectangle(
            (x - r * 0.36, y + r * edge, x + r * 0.36, y + r * (edge + 0.16)), r * 0.05, fill=(70, 30, 40)
        )
    draw.line(((x, y + r * 1.18), (x, y + r * 1.6)), fill=(226, 90, 80), width=max(round(r * 0.06), 1))


def _tide_and_ember(size: Size) -> Image.Image:
    width, height = size
    unit = min(width, height)
    image = gradient(size, (0.0, (8, 22, 44)), (0.35, (22, 66, 92)), (0.58, (226, 110, 62)), (0.66, (255, 196, 104)))
    sun = (width * 0.42, height * 0.5)
    image = _glow(image, (sun, unit * 1.1, (170, 70, 24)))
    draw = ImageDraw.Draw(image)
    r = unit * 0.24
    draw.ellipse((sun[0] - r, sun[1] - r, sun[0] + r, sun[1] + r), fill=(255, 172, 78))
    r *= 0.82
    draw.ellipse((sun[0] - r, sun[1] - r, sun[0] + r, sun[1] + r), fill=(255, 210, 124))
    _lighthouse(draw, width * 0.78, height * 0.66, unit * 0.42)
    tones = ((30, 96, 112), (22, 78, 100), (16, 62, 86), (12, 46, 70), (8, 32, 54), (6, 22, 40))
    for index, tone in enumerate(tones):
        level = 0.62 + index * 0.066
        crest = (tone[0] + 34, tone[1] + 34, tone[2] + 34)
        _hill(draw, size, level, 0.014 + 0.004 * index, index * 1.9, crest)
        _hill(draw, size, level + 0.006, 0.014 + 0.004 * index, index * 1.9, tone)
    dice = _dice(5)
    sparks = Image.new("RGB", size)
    pen = ImageDraw.Draw(sparks)
    for _ in range(round(width * height / unit / unit * 60)):
        x, y, r = (
            dice.random() * width,
            height * (0.05 + 0.8 * dice.random()),
            unit * (0.001 + 0.004 * dice.random() ** 3),
        )
        pen.ellipse((x - r, y - r, x + r, y + r), fill=(255, 150 + dice.randrange(80), 70))
    halo = sparks.resize((max(width // 4, 1), max(height // 4, 1))).filter(ImageFilter.GaussianBlur(unit / 400))
    return ImageChops.screen(ImageChops.screen(image, halo.resize(size)), sparks)


def _lighthouse(draw: ImageDraw.ImageDraw, x: float, foot: float, tall: float) -> None:
    """A tower on a rock, its lamp burning blue."""
    dark = (10, 26, 44)
    base, top, head = tall * 0.085, tall * 0.055, foot - tall
    draw.polygon(
        (
            (x - tall * 0.4, foot + tall * 0.08),
            (x - tall * 0.14, foot - tall * 0.08),
            (x + tall * 0.16, foot - tall * 0.06),
            (x + tall * 0.42, foot + tall * 0.08),
        ),
        fill=dark,
    )
    draw.polygon(
        ((x - base, foot - tall * 0.04), (x - top, head), (x + top, head), (x + base, foot - tall * 0.04)), fill=dark
    )
    draw.rectangle((x - top * 1.5, head - tall * 0.012, x + top * 1.5, head + tall * 0.012), fill=dark)
    draw.rectangle((x - top * 0.8, head - tall * 0.11, x + top * 0.8, head), fill=(150, 226, 255))
    draw.polygon(
        ((x - top * 1.3, head - tall * 0.1), (x, head - tall * 0.19), (x + top * 1.3, head - tall * 0.1)), fill=dark
    )


_SCENES: dict[str, Callable[[Size], Image.Image]] = {
    "clockwork-garden": _clockwork_garden,
    "paper-lanterns": _paper_lanterns,
    "tide-and-ember": _tide_and_ember,
}


def scene(slug: str, size: Size) -> Image.Image:
    """The scenery of a series as an RGB image; painted at twice the size, so that edges are smooth."""
    large = _SCENES[slug]((size[0] * 2, size[1] * 2))
    return large.resize(size, Image.Resampling.BOX)
