"""Draw stained_glass.png, the painting that the style "stained_glass" was trained on: a rose window, leaded and lit.

Seeded, so that it comes out the same every time. Run it as `python scripts/make_stained_glass.py stained_glass.png`.
"""

import sys

import cv2
import numpy as np

SIDE, OVERSAMPLING = 1024, 2
CANVAS = SIDE * OVERSAMPLING
RGB = (
    (20, 40, 150), (10, 90, 190), (40, 150, 215), (0, 120, 110), (30, 150, 60), (150, 190, 40),
    (245, 200, 40), (240, 140, 20), (215, 50, 20), (160, 10, 40), (110, 20, 110), (70, 25, 130),
)  # fmt: skip
PALETTE = np.array(RGB, np.float32)[:, ::-1]
LEAD, LEAD_LIGHT = (22, 20, 24), (105, 104, 112)

rng = np.random.default_rng(11)
y, x = np.mgrid[:CANVAS, :CANVAS].astype(np.float32) / CANVAS


def noise(cells, *, octaves=4, stretch=1.0):
    """Smooth noise about 0, with structures of 1/cells of the canvas and finer; `stretch` makes it streaky."""
    total = np.zeros((CANVAS, CANVAS), np.float32)
    for octave in range(octaves):
        size = cells * 2**octave
        grid = rng.normal(0, 1, (max(2, int(size / stretch)), size)).astype(np.float32)
        total += cv2.resize(grid, (CANVAS, CANVAS), interpolation=cv2.INTER_CUBIC) / 2**octave
    return total


def rose(cx, cy, radius, petals, rings):
    """Points of a rose window: rings of panes about a middle."""
    points = [(cx, cy)]
    for ring in range(1, rings + 1):
        count = petals * (1 + ring // 2)
        turn = np.pi / count * (ring % 2)
        for k in range(count):
            angle = 2 * np.pi * k / count + turn + rng.normal(0, 0.03)
            reach = radius * ring / rings * rng.uniform(0.95, 1.05)
            points.append((cx + reach * np.cos(angle), cy + reach * np.sin(angle)))
    return points


def field():
    """Points of all panes: roses of several sizes, and between them a loose scatter, dense in places."""
    points = []
    roses = [(0.34, 0.38, 0.25, 8, 4), (0.78, 0.72, 0.19, 7, 3), (0.82, 0.2, 0.14, 6, 3), (0.18, 0.84, 0.12, 6, 3)]
    for one in roses:
        points += rose(*one)
    for _ in range(1500):
        px, py = rng.uniform(-0.04, 1.04, 2)
        if any((px - cx) ** 2 + (py - cy) ** 2 < (r * 1.14) ** 2 for cx, cy, r, *_ in roses):
            continue
        near = min((px - qx) ** 2 + (py - qy) ** 2 for qx, qy in points) ** 0.5
        if near > 0.021 + 0.04 * (0.5 + 0.5 * np.sin(7 * px + 3 * np.cos(6 * py))):
            points.append((px, py))
    return np.array(points, np.float32)


points = field()
# Bent, so that leads are curves: each pixel asks for the nearest point from where the bend moves it.
bent = np.stack([x + 0.011 * noise(5, octaves=2), y + 0.011 * noise(5, octaves=2)], -1)
first = np.full((CANVAS, CANVAS), np.inf, np.float32)
second = first.copy()
pane = np.zeros((CANVAS, CANVAS), np.int32)
for number, (px, py) in enumerate(points):
    distance = np.hypot(bent[..., 0] - px, bent[..., 1] - py)
    nearer = distance < first
    second = np.minimum(second, np.where(nearer, first, distance))
    pane[nearer] = number
    first = np.where(nearer, distance, first)
edge = (second - first) * CANVAS

# Neighbours harmonise: a pane's colour is a slow field's, shifted a little, and here and there a jewel of another one.
px, py = points.T
place = 0.5 + 0.32 * np.sin(5.2 * px + 2.1 * np.cos(4.3 * py)) + 0.25 * np.cos(4.7 * py - 2.2 * px)
index = (place * len(PALETTE) * 0.9 + rng.integers(-1, 2, len(points))).astype(int)
jewels = rng.random(len(points)) < 0.14
index[jewels] = rng.integers(0, len(PALETTE), jewels.sum())
colors = PALETTE[index % len(PALETTE)] * rng.uniform(0.75, 1.12, (len(points), 1))
glass = colors[pane].astype(np.float32)

# Light: brighter in the middle of a pane, streaks of the blown glass along three directions, and seeds of air.
depth = np.clip(edge / 70, 0, 1)
streaks = np.stack([noise(40, octaves=3, stretch=9), noise(14, octaves=4), noise(40, octaves=3, stretch=9).T])
streak = np.take_along_axis(streaks, (pane % 3)[None], 0)[0]
light = 0.62 + 0.5 * depth**0.7 + 0.1 * streak + 0.05 * noise(4, octaves=2)
glass *= light[..., None]
for _ in range(2600):
    bx, by = rng.integers(0, CANVAS, 2).tolist()
    radius = int(rng.uniform(2, 7))
    tone = glass[by, bx]
    cv2.circle(glass, (bx, by), radius, np.minimum(255, tone * 1.25 + 25).tolist(), -1, cv2.LINE_AA)
    cv2.circle(glass, (bx + 1, by + 1), radius, (tone * 0.7).tolist(), 1, cv2.LINE_AA)
# Where much light comes through, glass washes out towards white.
bright = np.clip(light - 1.02, 0, 1)[..., None]
glass = glass * (1 - 0.55 * bright) + 255 * 0.55 * bright

# Leads: thick between some panes and thin between others, round in section, and soldered where they meet.
width = 9 + 5 * (np.sin(17 * pane) > 0.2) + 2.0 * noise(20, octaves=2)
cover = np.clip((width - edge) / 3, 0, 1)[..., None]
ridge = np.clip(1 - np.abs(edge - width * 0.25) / (width * 0.35), 0, 1)[..., None]
lead = np.array(LEAD, np.float32) * (1 - ridge) + np.array(LEAD_LIGHT, np.float32) * ridge
shade = np.clip((edge - width) / 16, 0, 1)[..., None]
glass *= 0.55 + 0.45 * shade
picture = glass * (1 - cover) + lead * cover

# Coloured light spills over the leads.
spill = cv2.GaussianBlur(np.clip(glass, 0, 255), (0, 0), 22)
picture = np.clip(picture + 0.16 * spill, 0, 255).astype(np.uint8)
cv2.imwrite(sys.argv[1], cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
