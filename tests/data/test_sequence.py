"""Images of every kind come out as RGB uint8; those that cannot are named."""

import os
import zlib
from contextlib import nullcontext

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from roam_lite.data.pixels import (
    FrameError,
    complaints,
    decode_image,
    is_truncated,
    read_image,
    to_rgb_uint8,
)
from roam_lite.data.sequence import ImageFrames, Sequence
from roam_lite.errors import InputError, InputWarning

GRADIENT = np.stack(
    np.broadcast_arrays(
        np.arange(64, dtype=np.uint8) * 4, np.uint8(90), np.arange(48, dtype=np.uint8)[:, None] * 5
    ),
    axis=2,
)


def encode(image: np.ndarray, suffix: str, *options: int) -> bytes:
    return cv2.imencode(suffix, image, list(options))[1].tobytes()


def write(path, data: bytes):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize(
    "options", [(), (cv2.IMWRITE_JPEG_PROGRESSIVE, 1), (cv2.IMWRITE_JPEG_RST_INTERVAL, 2)]
)
def test_whole_jpeg_is_read_and_every_cut_is_noticed(tmp_path, options):
    data = encode(GRADIENT[..., ::-1], ".jpg", cv2.IMWRITE_JPEG_QUALITY, 98, *options)
    assert np.abs(read_image(write(tmp_path / "a.jpg", data)).astype(int) - GRADIENT).max() < 25
    for end in range(2, len(data) - 1):
        assert is_truncated(data[:end])


def test_truncated_jpeg_is_named_with_its_frame(tmp_path):
    data = encode(GRADIENT, ".jpg")
    half = data[: len(data) // 2]
    frames = ImageFrames([write(tmp_path / "0001.jpg", data), write(tmp_path / "0002.jpg", half)])
    assert frames[0].shape == (48, 64, 3)
    with pytest.raises(FrameError, match=r"frame 1 .*0002\.jpg.*cut off.*restore"):
        frames[1]


def test_thumbnail_in_the_header_does_not_hide_a_cut(tmp_path):
    data, thumbnail = encode(GRADIENT, ".jpg"), encode(GRADIENT[:8, :8], ".jpg")
    header = b"\xff\xe1" + (len(thumbnail) + 2).to_bytes(2, "big") + thumbnail
    whole = data[:2] + header + data[2:]
    assert not is_truncated(whole)
    assert is_truncated(whole[:-2])
    assert not is_truncated(data[:2] + b"\xff\xff" + data[3:])  # a fill byte before a marker


def test_bytes_after_the_end_of_a_jpeg_do_not_matter(tmp_path):
    path = write(tmp_path / "padded.jpg", encode(GRADIENT, ".jpg") + bytes(100))
    assert read_image(path).shape == (48, 64, 3)


def test_jpeg_that_its_decoder_complains_of_is_damaged(tmp_path, capfd):
    data = encode(GRADIENT, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 98)
    start = data.index(b"\xff\xda")
    cut = data[: start + (len(data) - start) // 2] + b"\xff\xd9"  # an end where it should not be
    with pytest.raises(FrameError, match=r"a\.jpg: the image is damaged \(Corrupt JPEG data"):
        read_image(write(tmp_path / "a.jpg", cut))
    assert capfd.readouterr().err == ""  # said by the error alone


def test_what_others_say_while_a_decoder_is_heard_is_passed_on(capfd):
    with complaints() as said:
        os.write(2, b"progress 10%\rprogress 20%\n[h264 @ 0x55] error while decoding MB 3\n")
    assert said == ["[h264 @ 0x55] error while decoding MB 3"]
    assert capfd.readouterr().err == "progress 10%\rprogress 20%\n"


def test_an_image_is_turned_as_its_exif_data_say(tmp_path):
    data = encode(GRADIENT[..., ::-1], ".jpg", cv2.IMWRITE_JPEG_QUALITY, 98)
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"  # orientation 6
    exif = b"Exif\0\0" + tiff
    header = b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif
    image = read_image(write(tmp_path / "turned.jpg", data[:2] + header + data[2:]))
    expected = np.rot90(read_image(write(tmp_path / "a.jpg", data)), -1)
    np.testing.assert_array_equal(image, expected)


def smooth(width, height):
    rng = np.random.default_rng(0)
    return cv2.resize(rng.uniform(0, 255, (height // 16, width // 16, 3)), (width, height)).astype(
        np.uint8
    )


def blocks(image, factor):
    """Means of blocks from the left and top on, the last ones filled up by the border."""
    below, right = (-side % factor for side in image.shape[:2])
    whole = np.pad(image.astype(float), ((0, below), (0, right), (0, 0)), mode="edge")
    height, width = whole.shape[0] // factor, whole.shape[1] // factor
    return whole.reshape(height, factor, width, factor, 3).mean(axis=(1, 3))


def with_exif(data: bytes, orientation: int) -> bytes:
    tiff = b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0" + bytes([orientation]) + bytes(6)
    exif = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:]


@pytest.mark.parametrize("factor", [2, 4, 8])
@pytest.mark.parametrize("size", [(128, 96), (131, 93)])
@pytest.mark.parametrize("orientation", [0, 1, 3, 6, 8])
def test_a_reduced_jpeg_is_blocks_of_the_whole_one(tmp_path, factor, size, orientation):
    data = encode(smooth(*size), ".jpg", cv2.IMWRITE_JPEG_QUALITY, 95)
    path = write(tmp_path / "a.jpg", with_exif(data, orientation) if orientation else data)
    expected = blocks(decode_image(path), factor)
    image, used = ImageFrames([path]).reduced(0, factor)
    assert (used, image.dtype, image.shape) == (factor, np.uint8, expected.shape)
    inner = (
        np.s_[: size[1] // factor - 1, : size[0] // factor - 1] if orientation < 2 else np.s_[:, :]
    )
    difference = np.abs(image - expected)
    assert difference[inner].mean() < 1.2
    assert difference.mean() < 2


def test_gray_is_reduced_and_other_formats_are_not(tmp_path):
    image = smooth(64, 48)
    gray = write(tmp_path / "1.jpg", encode(image[..., 0], ".jpg"))
    deep = image.astype(np.uint16) * 257
    whole = [
        write(tmp_path / "2.png", encode(image, ".png")),
        write(tmp_path / "3.png", encode(deep, ".png")),
        write(tmp_path / "4.jpg", encode(deep, ".png")),  # by its name a JPEG
    ]
    frames = ImageFrames([gray, *whole], bits=16)
    assert frames.reduced(0, 2)[0].shape == (24, 32, 3)
    for index in (1, 2, 3):
        found, factor = frames.reduced(index, 2)
        assert factor == 1
        np.testing.assert_array_equal(found, frames[index])
    misnamed = write(tmp_path / "5.jpg", encode(image, ".png"))
    found, factor = ImageFrames([misnamed]).reduced(0, 4)
    assert factor == 4
    assert np.abs(found - blocks(image[..., ::-1], 4)).max() <= 1


def test_cut_and_damaged_files_are_noticed_at_every_factor(tmp_path, capfd):
    data = encode(GRADIENT, ".jpg", cv2.IMWRITE_JPEG_QUALITY, 98)
    start = data.index(b"\xff\xda")
    half = data[: start + (len(data) - start) // 2]
    frames = ImageFrames(
        [write(tmp_path / "1.jpg", half), write(tmp_path / "2.jpg", half + b"\xff\xd9")]
    )
    for factor in (1, 2, 4, 8):
        with pytest.raises(FrameError, match=r"frame 0 .*1\.jpg.*cut off"):
            frames.reduced(0, factor)
        with pytest.raises(FrameError, match=r"2\.jpg\): the image is damaged \(Corrupt JPEG data"):
            frames.reduced(1, factor)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("bits", "used"), [(12, 12), (13, 14), (14, 14), (16, 16)])
def test_depth_is_that_of_the_first_frame_for_all(tmp_path, bits, used):
    first = GRADIENT[..., 0].astype(np.uint16) << (bits - 8)
    dark = first // 16
    paths = [
        write(tmp_path / f"{i}.png", encode(image, ".png")) for i, image in enumerate((first, dark))
    ]
    frames = ImageFrames(paths)
    with (
        pytest.warns(InputWarning, match=f"first uses {used} bits") if used < 16 else nullcontext()
    ):
        later = frames[1]
    top = 2**used - 1
    np.testing.assert_array_equal(later[..., 0], np.rint(dark / top * 255))
    np.testing.assert_array_equal(frames[0][..., 0], np.rint(first / top * 255))
    np.testing.assert_array_equal(frames.with_bits(16)[0][..., 0], np.rint(first / 65535 * 255))


def test_later_frames_that_are_brighter_than_the_first_are_said(tmp_path):
    images = [np.full((8, 8), level, np.uint16) for level in (1000, 5000)]
    paths = [write(tmp_path / f"{i}.png", encode(image, ".png")) for i, image in enumerate(images)]
    with pytest.warns(InputWarning, match="later images are brighter than 10 bits; give --bits"):
        assert ImageFrames(paths)[1].max() == 255
    assert ImageFrames(paths, bits=14)[1].max() == round(5000 / 16383 * 255)


def test_truncated_png_is_noticed(tmp_path):
    data = encode(GRADIENT, ".png")
    with pytest.raises(FrameError, match="cut off"):
        read_image(write(tmp_path / "half.png", data[:-20]))


@pytest.mark.parametrize(("content", "named"), [
    (b"", "not an image"),
    (b"no image at all", "not an image"),
    (b"BM" + bytes(60), "not an image"),
    (None, "cannot be read"),
])  # fmt: skip
def test_file_that_is_no_image_is_named(tmp_path, content, named):
    path = tmp_path / "0007.bmp"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(FrameError, match=rf"0007\.bmp.*{named}|{named}.*0007\.bmp"):
        read_image(path)
    assert issubclass(FrameError, InputError)


@pytest.mark.parametrize(("image", "expected"), [
    (GRADIENT[..., 0], GRADIENT[..., [0, 0, 0]]),
    (GRADIENT[..., ::-1], GRADIENT),
    (cv2.merge([*cv2.split(GRADIENT[..., ::-1]), GRADIENT[..., 0]]), GRADIENT),
    (GRADIENT[..., 0].astype(np.uint16) * 257, GRADIENT[..., [0, 0, 0]]),
    (GRADIENT[..., ::-1].astype(np.uint16) * 257, GRADIENT),
], ids=["gray", "color", "alpha", "gray 16 bit", "color 16 bit"])  # fmt: skip
def test_png_of_every_kind_is_read_as_rgb(tmp_path, image, expected):
    path = write(tmp_path / "a.png", encode(np.ascontiguousarray(image), ".png"))
    image = read_image(path)
    np.testing.assert_array_equal(image, expected)
    assert image.flags.c_contiguous


def test_header_that_promises_too_many_pixels_is_refused(tmp_path):
    data = bytearray(encode(GRADIENT, ".png"))
    data[16:24] = (2**20).to_bytes(4, "big") * 2  # width and height
    data[29:33] = zlib.crc32(data[12:29]).to_bytes(4, "big")
    with pytest.raises(FrameError, match=r"huge\.png.*not an image that OpenCV can decode"):
        read_image(write(tmp_path / "huge.png", bytes(data)))


def test_floating_point_image_file_is_refused(tmp_path):
    for image in (GRADIENT, GRADIENT[..., 0]):
        path = write(tmp_path / "a.tiff", encode(image.astype(np.float32), ".tiff"))
        with pytest.raises(FrameError, match=r"a\.tiff.*float32"):
            read_image(path)


def test_gray_jpeg_is_read(tmp_path):
    image = read_image(write(tmp_path / "gray.jpg", encode(GRADIENT[..., 0], ".jpg")))
    assert image.shape == (48, 64, 3)
    np.testing.assert_array_equal(image[..., 0], image[..., 2])


def test_sixteen_bits_are_rounded_to_the_nearest_level():
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    np.testing.assert_array_equal(to_rgb_uint8(every)[..., 0], np.rint(every / 257))


def test_rgb_is_passed_through_uncopied():
    assert np.shares_memory(to_rgb_uint8(GRADIENT), GRADIENT)


@pytest.mark.parametrize("image", [
    GRADIENT.astype(np.float32) / 255, GRADIENT > 4, GRADIENT.astype(np.int64), None, "a.png",
    np.zeros((0, 5, 3), np.uint8), np.zeros((5, 0), np.uint8), np.zeros((4, 4, 2), np.uint8),
    np.zeros((4, 4, 5), np.uint8), np.zeros(7, np.uint8), np.zeros((1, 4, 4, 3), np.uint8),
], ids=str)  # fmt: skip
def test_ambiguous_and_empty_images_are_refused(image):
    with pytest.raises(InputError, match="image"):
        to_rgb_uint8(image)


@given(
    hnp.arrays(
        st.sampled_from([np.uint8, np.uint16, np.bool_, np.float64, np.int32]),
        hnp.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=5),
    )
)
def test_any_array_is_rgb_uint8_or_an_input_error(image):
    try:
        out = to_rgb_uint8(image)
    except InputError:
        return
    assert out.dtype == np.uint8
    assert out.shape == (*image.shape[:2], 3)
    assert out.size > 0


@given(st.binary(max_size=300), st.sampled_from([b"", b"\xff\xd8", b"\xff\xd8\xff\xda", b"BM"]))
def test_any_bytes_are_an_image_or_a_frame_error(tmp_path_factory, data, start):
    path = write(tmp_path_factory.getbasetemp() / "fuzz.bin", start + data)
    try:
        image = read_image(path)
    except FrameError:
        return
    assert image.dtype == np.uint8


def test_frames_count_from_both_ends_and_not_beyond(tmp_path):
    paths = [write(tmp_path / f"{i}.png", encode(np.full((4, 4), i, np.uint8), ".png"))
             for i in range(3)]  # fmt: skip
    frames = ImageFrames(paths)
    assert [int(frame[0, 0, 0]) for frame in frames] == [0, 1, 2]
    assert frames[-1][0, 0, 0] == frames[np.int64(2)][0, 0, 0] == 2
    for index in (3, -4):
        with pytest.raises(IndexError, match="3 frames"):
            frames[index]
    with pytest.raises(TypeError):
        frames[1.0]


def test_sequence_marks_absent_targets():
    boxes = np.array([[1, 2, 3, 4], [np.nan, 2, 3, 4]])
    sequence = Sequence("s", [GRADIENT] * 2, boxes)
    np.testing.assert_array_equal(sequence.boxes[1], [np.nan] * 4)
    np.testing.assert_array_equal(sequence.visibility, [1, 0])
    assert len(sequence) == 2


@pytest.mark.parametrize(("boxes", "visibility"), [
    (np.ones((3, 4)), None),
    (np.ones((2, 5)), None),
    (np.ones(4), None),
    (np.ones((2, 4)), np.ones(3)),
    (np.ones((2, 4)), np.array([0.5, 1.5])),
    (np.ones((2, 4)), np.array([0.5, np.nan])),
])  # fmt: skip
def test_sequence_that_does_not_fit_together_is_refused(boxes, visibility):
    with pytest.raises(InputError, match="s: "):
        Sequence("s", [GRADIENT] * 2, boxes, visibility)


def test_frames_of_a_good_file_are_what_opencv_gives_unchanged(samples_root):
    for path in sorted((samples_root / "scale" / "img").iterdir())[:5]:
        plain = cv2.imdecode(np.fromfile(path, np.uint8), cv2.IMREAD_UNCHANGED)[..., ::-1]
        np.testing.assert_array_equal(read_image(path), plain)
        np.testing.assert_array_equal(ImageFrames([path])[0], plain)
