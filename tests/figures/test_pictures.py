import cv2
import numpy as np

from roam_lite.figures.pictures import caption, draw_box, grid, save_image


def noise(height=48, width=64, seed=0):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def test_a_drawn_box_covers_its_outermost_pixels_only():
    image = np.zeros((20, 30, 3), np.uint8)
    drawn = draw_box(image, np.array([5.0, 4.0, 10.0, 8.0]), "#FF8000", thickness=1)
    rows, columns = np.nonzero(drawn.any(axis=2))
    assert (rows.min(), rows.max()) == (4, 12)
    assert (columns.min(), columns.max()) == (4, 14)
    assert drawn[4, 8].tolist() == [255, 128, 0]
    assert not image.any()  # drawn into a copy


def test_a_box_of_nan_draws_nothing():
    image = noise()
    assert np.array_equal(draw_box(image, np.full(4, np.nan), "#FFFFFF"), image)


def test_a_box_far_outside_is_no_error():
    assert draw_box(noise(), np.array([-1e9, 1e9, 5, 5]), "#FFFFFF").shape == (48, 64, 3)


def test_a_grid_holds_every_image_in_its_cell():
    images = [np.full((4, 6, 3), value, np.uint8) for value in (1, 2, 3)]
    sheet = grid(images, columns=2)
    assert sheet.shape == (8, 12, 3)
    assert (sheet[:4, 6:] == 2).all()
    assert (sheet[4:, :6] == 3).all()
    assert (sheet[4:, 6:] == 0).all()


def test_a_caption_stands_above_the_image():
    image = noise()
    captioned = caption(image, "ROAM++", "#FF0000")
    assert np.array_equal(captioned[-48:], image)
    strip = captioned[:-48].astype(int)
    assert (strip[..., 0] - strip[..., 1]).max() > 100  # red letters


def test_a_saved_image_is_read_again(tmp_path):
    image = noise()
    save_image(tmp_path / "new" / "a.png", image)
    assert np.array_equal(cv2.imread(str(tmp_path / "new" / "a.png"))[..., ::-1], image)
