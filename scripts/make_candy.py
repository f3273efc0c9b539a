"""Draw candy.png, the painting that the style "candy" was trained on: ribbons along a flow of vortices, then sweets.

Seeded, so that it comes out the same every time. Run it as `python scripts/make_candy.py candy.png`.
"""

import sys

import cv2
import numpy as np

SIDE, OVERSAMPLING = 1024, 2
CANVAS = SIDE * OVERSAMPLING
OUTLINE = (45, 15, 35)
RGB = (
    (255, 64, 129), (255, 138, 101), (255, 213, 79), (77, 208, 225), (41, 121, 255),
    (124, 77, 255), (174, 234, 0), (255, 255, 255), (213, 0, 0), (0, 191, 165),
)  # fmt: skip
PALETTE = [np.array(color[::-1], float) for color in RGB]

rng = np.random.default_rng(7)
canvas = np.full((CANVAS, CANVAS, 3), (60, 20, 40), np.uint8)
vortices = rng.random((9, 2))
spins = rng.choice([-1, 1], 9)


def direction(x, y):
    """Angle of the flow at a point of the unit square."""
    along, across = 0, 0
    for (cx, cy), spin in zip(vortices, spins, strict=True):
        dx, dy = x - cx, y - cy
        distance2 = dx * dx + dy * dy + 0.004
        weight = 1 / distance2
        along += spin * (-dy) * weight / np.sqrt(distance2)
        across += spin * dx * weight / np.sqrt(distance2)
    return np.arctan2(across, along)


def any_color():
    return PALETTE[rng.integers(len(PALETTE))]


def ribbon(width, length):
    """An outlined stroke with a highlight, along the flow."""
    x, y = rng.random(2) * 1.1 - 0.05
    points = []
    step = width / CANVAS * 0.55
    for _ in range(int(length * rng.uniform(0.5, 1.2))):
        points.append((x * CANVAS, y * CANVAS))
        angle = direction(x, y)
        x += np.cos(angle) * step
        y += np.sin(angle) * step
    points = np.array(points, np.int32).reshape(-1, 1, 2)
    # The colour depends on the place, so that neighbours harmonise.
    place = (np.sin(3.1 * x + 1.7 * np.cos(4 * y)) + np.cos(2.7 * y - 1.3 * x) + 2) / 4
    color = PALETTE[int(place * len(PALETTE) * 1.3 + rng.integers(0, 3)) % len(PALETTE)] * rng.uniform(0.85, 1.0)
    thickness = max(2, int(width * rng.uniform(0.6, 1.0)))
    cv2.polylines(canvas, [points], False, OUTLINE, thickness + max(4, thickness // 5), cv2.LINE_AA)
    cv2.polylines(canvas, [points], False, color.tolist(), thickness, cv2.LINE_AA)
    highlight = np.minimum(255, color * 0.45 + 150)
    offset = np.array([-thickness * 0.18, -thickness * 0.22]).astype(int)
    cv2.polylines(canvas, [points + offset], False, highlight.tolist(), max(1, thickness // 6), cv2.LINE_AA)


def lollipop():
    cx, cy = (rng.random(2) * CANVAS).astype(int)
    radius = int(rng.uniform(40, 110))
    stripe = any_color()
    ground = PALETTE[7] if rng.random() < 0.6 else any_color()
    cv2.circle(canvas, (cx, cy), radius + 7, OUTLINE, -1, cv2.LINE_AA)
    cv2.circle(canvas, (cx, cy), radius, ground.tolist(), -1, cv2.LINE_AA)
    for start in np.linspace(0, 2 * np.pi, 6, endpoint=False):
        turn, reach = np.linspace(0, 2.4, 30), np.linspace(0, radius * 0.97, 30)
        spiral = np.stack([cx + reach * np.cos(start + turn), cy + reach * np.sin(start + turn)], 1)
        spiral = spiral.astype(np.int32).reshape(-1, 1, 2)
        cv2.polylines(canvas, [spiral], False, stripe.tolist(), max(5, radius // 5), cv2.LINE_AA)
    shine = (cx - radius // 3, cy - radius // 3)
    cv2.circle(canvas, shine, max(3, radius // 7), (255, 255, 255), -1, cv2.LINE_AA)


def sprinkle():
    middle = (rng.random(2) * CANVAS).astype(int)
    angle = rng.random() * 6.28
    half = np.array([np.cos(angle), np.sin(angle)]) * rng.uniform(8, 16)
    color = any_color()
    start, end = (middle - half).astype(int).tolist(), (middle + half).astype(int).tolist()
    cv2.line(canvas, start, end, OUTLINE, 15, cv2.LINE_AA)
    cv2.line(canvas, start, end, color.tolist(), 10, cv2.LINE_AA)


for width, count, length in ((70, 420, 38), (44, 900, 34), (26, 1500, 30), (14, 1600, 24)):
    for _ in range(count):
        ribbon(width, length)
for _ in range(26):
    lollipop()
for _ in range(500):
    sprinkle()
cv2.imwrite(sys.argv[1], cv2.resize(canvas, (SIDE, SIDE), interpolation=cv2.INTER_AREA))
