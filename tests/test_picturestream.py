from __future__ import annotations

from fractions import Fraction

import numpy as np
from av.video.frame import PictureType

from stylecam.frame import Frame
from stylecam.picturestream import PictureMaker


def frame(pts: float) -> Frame:
    return Frame(np.full((16, 32, 3), 200, np.uint8), index=0, pts=pts)


def test_times_are_ticks_from_the_start_and_never_the_same_twice() -> None:
    maker = PictureMaker("yuv420p", time_base=Fraction(1, 1000), start=Fraction(2))
    assert maker.reached == 0
    made = [maker.picture(frame(pts)) for pts in (0.0, 0.25, 0.25, 0.2501, 0.5)]
    assert [picture.pts for picture in made] == [2000, 2250, 2251, 2252, 2500]
    assert {picture.time_base for picture in made} == {Fraction(1, 1000)}
    assert maker.reached == 2.5


def test_a_key_picture_comes_every_second_however_many_pictures_there_are() -> None:
    maker = PictureMaker("yuv444p", time_base=Fraction(1, 90000))
    made = [maker.picture(frame(pts)) for pts in (0.0, 0.5, 0.99, 1.0, 1.5, 4.0, 4.5)]
    keys = [picture.pict_type == PictureType.I for picture in made]
    assert keys == [True, False, False, True, False, True, False]
    assert {picture.format.name for picture in made} == {"yuv444p"}
