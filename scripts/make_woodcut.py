"""Draw woodcut.png, the painting that the style "woodcut" was trained on: a carved valley, in blue, ochre and cream.

Every tone is made of gouges that follow a flow, thicker where it is light, as in a print from two blocks.
Seeded, so that it comes out the same every time. Run it as `python scripts/make_woodcut.py woodcut.png`.
"""

import sys

import cv2
import numpy as np

SIDE, OVERSAMPLING = 1024, 2
CANVAS = SIDE * OVERSAMPLING
BLUE, OCHRE, CREAM = (np.array(rgb[::-1], np.float32) for rgb in ((22, 38, 84), (217, 146, 42), (247, 234, 203)))
WHIRLS = ((0.2, 0.16, 1, 0.09), (0.93, 0.1, -1, 0.06), (0.36, 0.4, -1, 0.06), (0.04, 0.42, 1, 0.06))
LEAF_HEAPS = (
    (0, 0, 1),
    (-0.6, 0.25, 0.62),
    (0.62, 0.22, 0.66),
    (-0.25, -0.5, 0.6),
    (0.35, -0.45, 0.62),
    (0.05, 0.35, 0.6),
)
SUN, SUN_RADIUS = (0.655, 0.25), 0.105

rng = np.random.default_rng(5)
# Fields are computed at the size of the print, gouges are cut at twice that.
y, x = np.mgrid[:SIDE, :SIDE].astype(np.float32) / SIDE
part = np.zeros((SIDE, SIDE), np.int32)
angle, tone, spacing, ochre = (np.zeros((SIDE, SIDE), np.float32) for _ in range(4))


def noise(cells, octaves=3):
    """Smooth noise about 0 with structures of 1/cells of the print, and finer."""
    total = np.zeros((SIDE, SIDE), np.float32)
    for octave in range(octaves):
        grid = rng.normal(0, 1, (cells * 2**octave,) * 2).astype(np.float32)
        total += cv2.resize(grid, (SIDE, SIDE), interpolation=cv2.INTER_CUBIC) / 2**octave
    return total


def lay(where, direction, lightness, apart, in_ochre=0):
    """Put a part in front of what is there: how it is carved, how light, how closely, and how much of it in ochre."""
    part[where] = part.max() + 1
    for field, value in ((angle, direction), (tone, lightness), (spacing, apart), (ochre, in_ochre)):
        field[where] = np.broadcast_to(value, field.shape)[where]


def around(cx, cy):
    return np.arctan2(y - cy, x - cx) + np.pi / 2


def sky():
    """Currents of air around the sun and some whirls; rays, and the sun itself."""
    sx, sy = SUN
    reach = np.hypot(x - sx, y - sy)
    along, across = np.cos(around(sx, sy)) / (reach + 0.1), np.sin(around(sx, sy)) / (reach + 0.1)
    for cx, cy, spin, size in WHIRLS:
        pull = spin * size**0.5 * 1.6 / (np.hypot(x - cx, y - cy) / size) ** 1.3 / 0.3
        along += pull * np.cos(around(cx, cy))
        across += pull * np.sin(around(cx, cy))
    light = 0.55 - 0.5 * reach + 0.22 * np.sin(26 * reach + 1.6 * noise(4, 2)) + 0.1 * noise(6)
    lay(y > -1, np.arctan2(across, along + 2.2), light, 11)
    ochre[:] = np.clip(1.1 - 3.6 * np.abs(reach - 0.27 - 0.02 * noise(6, 2)) / 0.3, 0.04, 0.9)
    # Rays: wedges of light from the sun, then the disc itself, carved in rings.
    turn = np.arctan2(y - sy, x - sx)
    wedge = np.cos(turn * 26 + 0.4 * np.sin(3 * turn)) > 0.1 + (reach - SUN_RADIUS) * 6
    length = SUN_RADIUS + 0.075 + 0.045 * np.cos(13 * turn)
    lay((reach < length) & (reach > SUN_RADIUS) & wedge, turn, 1.0, 9)
    lay(reach < SUN_RADIUS + 0.012, turn, 0, 9)
    lay(reach < SUN_RADIUS, around(sx, sy) + 0.35, 0.75 - 2.5 * (reach - 0.03), 10, True)


def cloud(cx, cy, width):
    """A heap of puffs, each carved about its own middle, light above and dark below."""
    for number in range(9):
        place = (number * 4 % 9) / 8 - 0.5
        px, py = cx + place * width, cy - 0.2 * width * (0.25 - place**2) + rng.normal(0, 0.008)
        radius = width * (0.24 - 0.42 * place**2) * rng.uniform(0.85, 1.1)
        reach = np.hypot(x - px, (y - py) * 1.15)
        below = np.clip((y - py) / radius, -1, 1)
        lay((reach < radius + 0.005) & (y < cy + width * 0.11), 0, 0, 9)
        light = 0.52 - 0.5 * below + 0.1 * np.cos(reach * 90)
        lay((reach < radius) & (y < cy + width * 0.1), around(px, py), light, 9, np.clip(0.6 * below, 0, 1))


def ridge(base, height, waves, seed):
    """The top of a line of hills, as y, for every x."""
    phase = np.random.default_rng(seed).uniform(0, 6.28, 3)
    u = x[0]
    line = sum(np.sin(u * waves * k + phase[k - 1]) / k**1.2 for k in (1, 2, 3))
    return base - height * line


def mountains():
    """Two ranges of peaks, carved down their slopes, light on the side of the sun."""
    for base, height, waves, seed, in_ochre in ((0.44, 0.1, 15, 3, 0.85), (0.49, 0.075, 21, 8, 0.3)):
        phase = np.random.default_rng(seed).uniform(0, 6.28, 3)
        u = x[0] + 0.004 * np.sin(60 * x[0])
        saw = sum(np.abs(np.mod(u * waves * k / 6.28 + phase[k - 1], 1) * 2 - 1) / k**1.3 for k in (1, 2, 3))
        top = base - height * (saw - 0.6) * 1.6
        slope = np.gradient(cv2.GaussianBlur(top.astype(np.float32)[None], (0, 0), 2)[0], 1 / SIDE)
        lit = (slope < 0) if SUN[0] > 0.5 else (slope > 0)
        depth = y - top[None]
        down = np.where(lit, 0.6 * np.pi, 0.36 * np.pi)[None] + 0.5 * np.sin(depth * 40 + 5 * x)
        light = np.where(lit, 0.25, 0.75)[None] - 2.2 * depth + 0.1 * noise(9, 2)
        lay(depth > -0.006, 0, 0, 9)
        lay(depth > 0, down, light, 8.5, np.where(lit, 0.15, in_ochre)[None])


def lake():
    """Ripples that lie flat and grow towards the shore, with the sun's gleam among them."""
    depth = y - 0.53
    ripple = 0.16 * np.sin(150 * np.sqrt(np.clip(depth, 0, 1) + 0.01) + 9 * np.sin(7 * x))
    gleam = np.exp(-(((x - SUN[0]) / (0.05 + 0.25 * depth)) ** 2))
    light = 0.36 + 0.6 * gleam + 0.25 * np.sin(90 * depth + 3 * np.sin(11 * x)) * (1 - gleam)
    lay(depth > 0, ripple * 2, light, 9 + 22 * np.clip(depth, 0, 0.3))
    ochre[depth > 0] = gleam[depth > 0]


def fields():
    """Rolling land: ridges in front of each other, striped with furrows that all bend another way."""
    lines = ((0.585, 0.022, 7, 21), (0.665, 0.035, 5, 4), (0.76, 0.04, 6, 33), (0.87, 0.05, 5, 14))
    for number, (base, height, waves, seed) in enumerate(lines):
        top = ridge(base, height, waves, seed)
        if number < 2:
            # The lake lies between the first two, seen through a gap under the sun.
            top = top + 0.16 * np.exp(-(((x[0] - 0.68) / 0.16) ** 2)) * (1 - 0.55 * number)
        depth = y - top[None]
        slope = np.arctan(np.gradient(top, 1 / SIDE))[None] * np.exp(-depth * 5)
        fan = (x - 0.5 - 0.35 * np.sin(seed)) / (0.12 + depth + 0.05 * number)
        strip = np.floor(fan * (1.2 + 0.2 * number) + 0.6 * np.sin(9 * depth + seed)).astype(int)
        kind = (strip * 7 + number * 3) % 5
        along = np.arctan2(1.0, fan * 0.9 + 0.5 * np.cos(9 * depth + seed))
        choice = [along, slope + 0.25 * np.sin(30 * x), along + 1.1, slope - 0.7, along - 0.25]
        shade = [0.8, 0.45, 0.55, 0.3, 0.7]
        light = np.choose(kind, shade) - 0.9 * depth + 0.14 * noise(8, 2) + 0.25 * np.exp(-depth * 40)
        apart = 9.5 + 1.6 * number + 10 * np.clip(depth, 0, 0.2)
        balk = np.ones((3 + number, 3 + number), np.uint8)
        edges = cv2.morphologyEx(strip.astype(np.int16), cv2.MORPH_GRADIENT, balk)
        lay(depth > -0.005 - 0.001 * number, 0, 0, 9)
        yellow = np.choose(kind, [0.95, 0.05, 0.1, 0.9, 0.2])
        lay(depth > 0, np.choose(kind, choice), np.where(edges > 0, 0, light), apart, yellow)
        lay((depth > 0) & (edges > 0), 0, 0, 9)
        for _ in range((9, 9, 7, 0)[number]):
            at = rng.uniform(0.02, 0.98)
            size = rng.uniform(0.022, 0.036) * (0.75 + 0.45 * number)
            tree(at, top[int(at * SIDE)] + rng.uniform(0.005, 0.07), size)


def tree(cx, ground, size):
    """A crown of leaf heaps on a trunk, with its shadow on the ground."""
    lay(((x - cx + size * 0.7) / (size * 1.5)) ** 2 + ((y - ground) / (size * 0.22)) ** 2 < 1, 0, 0.12, 10)
    trunk = np.abs(x - cx) < size * (0.1 + 0.25 * np.clip((y - ground) / size + 0.3, 0, 1))
    lay(trunk & (y < ground) & (y > ground - 1.2 * size), 1.5, 0.3, 8)
    cy = ground - size * 1.5
    in_ochre = 0.9 if rng.random() < 0.6 else 0.1
    for dx, dy, scale in LEAF_HEAPS:
        px, py, radius = cx + dx * size, cy + dy * size, size * scale
        reach = np.hypot(x - px, y - py) * (1 + 0.05 * np.sin(9 * np.arctan2(y - py, x - px)))
        toward = ((x - px) * (SUN[0] - px) + (y - py) * (SUN[1] - py)) / np.hypot(SUN[0] - px, SUN[1] - py) / radius
        lay(reach < radius + 0.004, 0, 0, 8)
        lay(reach < radius, around(px, py), 0.35 + 0.55 * toward, 8.5, in_ochre)


def leaf(x0, y0, heading, length, width, bend, in_ochre):
    """A long leaf: two halves of ribs about a bent middle, one in the light."""
    t = np.linspace(0, 1, 60)
    heads = heading + bend * t
    ax = x0 + np.cumsum(np.cos(heads)) * length / 60
    ay = y0 + np.cumsum(np.sin(heads)) * length / 60
    nearest = np.full((SIDE, SIDE), np.inf, np.float32)
    side, head, far = (np.zeros((SIDE, SIDE), np.float32) for _ in range(3))
    for px, py, h, at in zip(ax, ay, heads, t, strict=True):
        distance = np.hypot(x - px, y - py)
        closer = distance < nearest
        nearest = np.where(closer, distance, nearest)
        side = np.where(closer, (x - px) * -np.sin(h) + (y - py) * np.cos(h), side)
        head = np.where(closer, h, head)
        far = np.where(closer, at, far)
    half = width * np.sin(np.pi * np.clip(far * 0.94 + 0.05, 0, 1)) ** 0.75 * (1 - 0.25 * far)
    lay(nearest < half + 0.007, 0, 0, 9)
    for sign in (-1, 1):
        light = (0.82 if sign < 0 else 0.42) - 0.3 * far + 0.1 * np.sin(far * 40)
        lay((nearest < half) & (side * sign > 0.004), head + sign * 0.62, light, 11, 0.95 * (in_ochre == (sign < 0)))


def carve(cream, yellow):
    """Cut gouges along the flow of every part until no room is left; each shows paper or the second block's ochre."""
    room = np.zeros((SIDE, SIDE), np.uint8)
    inside = np.ones((SIDE, SIDE), bool)
    for dy, dx in ((0, 2), (2, 0), (0, -2), (-2, 0)):
        inside &= part == np.roll(part, (dy, dx), (0, 1))
    seeds = np.argwhere((tone > 0.04) & inside)
    for row, column in rng.permutation(seeds)[::9]:
        if room[row, column]:
            continue
        here = part[row, column]
        apart = float(spacing[row, column])
        reach = rng.uniform(5, 15) * apart
        ends = []
        for sign in (1, -1):
            px, py, heading, line = float(column), float(row), None, []
            while len(line) * 2 < reach:
                r, c = int(py), int(px)
                if not (0 <= r < SIDE and 0 <= c < SIDE) or part[r, c] != here or room[r, c] or not inside[r, c]:
                    break
                line.append((px, py))
                turn = float(angle[r, c]) + (np.pi if sign < 0 else 0)
                # A direction and its opposite are the same furrow.
                if heading is not None and np.cos(turn - heading) < 0:
                    turn += np.pi
                heading = turn
                px += 2 * np.cos(turn)
                py += 2 * np.sin(turn)
            ends.append(line)
        points = np.array(ends[1][::-1] + ends[0][1:], np.float32)
        if len(points) < 4:
            continue
        cv2.polylines(room, [np.rint(points).astype(np.int32)], False, 1, max(1, round(apart * 0.92)))
        gouge(yellow if rng.random() < ochre[row, column] else cream, points, apart)


def gouge(plate, points, apart):
    """Cut one, tapered at both ends, as wide as it is light there."""
    t = np.linspace(0, 1, len(points))
    light = np.clip(tone[points[:, 1].astype(int), points[:, 0].astype(int)], 0, 0.87)
    # The tool goes in sharply and comes out slowly; a hand is not steady.
    shape = np.clip(t * 5, 0, 1) ** 0.6 * np.clip((1 - t) * 2.6, 0, 1) ** 0.8
    wobble = 1 + 0.16 * np.interp(t, np.linspace(0, 1, 8), rng.normal(0, 1, 8))
    half = apart * (0.06 + 0.42 * light) * shape * wobble
    along = np.gradient(points, axis=0)
    normal = np.stack([-along[:, 1], along[:, 0]], 1) / (np.linalg.norm(along, axis=1, keepdims=True) + 1e-6)
    outline = np.concatenate([points + normal * half[:, None], (points - normal * half[:, None])[::-1]])
    cv2.fillPoly(plate, [np.rint(outline * OVERSAMPLING * 16).astype(np.int32)], 255, cv2.LINE_AA, 4)


sky()
cloud(0.27, 0.27, 0.3)
cloud(0.92, 0.3, 0.24)
cloud(0.56, 0.07, 0.2)
mountains()
lake()
fields()
for blade in (
    (-0.02, 1.05, -1.25, 0.56, 0.075, 0.7, True), (0.13, 1.1, -1.7, 0.44, 0.065, -0.5, False),
    (0.2, 1.1, -1.1, 0.38, 0.06, 0.8, True), (1.0, 1.05, -1.8, 0.6, 0.075, -0.6, False),
    (0.86, 1.1, -1.5, 0.42, 0.065, 0.5, True), (0.8, 1.12, -2.1, 0.42, 0.06, -0.8, False),
    (0.5, 1.08, -1.7, 0.26, 0.04, 0.5, True), (0.4, 1.08, -1.3, 0.24, 0.04, -0.6, False),
):  # fmt: skip
    leaf(*blade)

cream, yellow = (np.zeros((CANVAS, CANVAS), np.uint8) for _ in range(2))
carve(cream, yellow)

# Printed: the ochre block a little beside the blue one, grain of the wood, and ink that did not take everywhere.
beside = cv2.warpAffine(yellow, np.float32([[1, 0, 3], [0, 1, -2]]), (CANVAS, CANVAS))
fine = rng.normal(0, 1, (CANVAS, CANVAS)).astype(np.float32)
speckle = (cv2.GaussianBlur(fine, (0, 0), 2.2) * 5)[..., None]
lines = rng.normal(0, 1, (CANVAS // 3, 40)).astype(np.float32)
grain = cv2.resize(lines, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC)[..., None]
picture = CREAM * (1 + 0.018 * speckle)
for block, color, unevenness in ((beside, OCHRE, 0.03), (255 - np.maximum(cream, yellow), BLUE, 0.07)):
    bare = 0.6 * np.clip(speckle - 1.9 + 0.3 * grain, 0, 1)
    cover = block[..., None].astype(np.float32) / 255 * (1 - bare)
    picture += (color * (1 + unevenness * (grain + 0.7 * speckle)) - picture) * cover
picture = np.clip(picture, 0, 255).astype(np.uint8)
cv2.imwrite(sys.argv[1], cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
