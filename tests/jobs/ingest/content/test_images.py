"""The image of an article is wide, real and public."""

import pytest

from jobs.ingest.content.images import (
    ImageCandidate,
    choose_image,
    find_in_html,
    image_key,
    is_image,
    make_candidate,
    width_in_url,
)

BASE = "https://news.example/feed"


def wide(width: int, name: str = "a", chosen: bool = False) -> ImageCandidate:
    return ImageCandidate(f"https://news.example/{name}{width}.jpg", width, chosen)


def test_the_widest_of_one_source_wins_unless_its_publisher_chose_another() -> None:
    assert choose_image([[wide(140), wide(1024), wide(460)]]) == wide(1024)
    assert choose_image([[wide(1024), wide(460, chosen=True)]]) == wide(460, chosen=True)
    assert choose_image([[wide(1024), wide(90, chosen=True)]]) == wide(1024)


def test_a_narrow_picture_gives_way_to_a_later_source_and_an_unknown_one_to_a_wide_one() -> None:
    assert choose_image([[wide(90)], [wide(0, "b")]]) == wide(0, "b")
    assert choose_image([[wide(0)], [wide(600, "b")]]) == wide(600, "b")
    assert choose_image([[wide(400)], [wide(1600, "b")]]) == wide(400)
    assert choose_image([[wide(90)], []]) == wide(90)
    assert choose_image([[], []]) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://pixel.wp.com/b.gif?x=1",
        "https://feeds.feedburner.com/~r/x/~4/abc",
        "https://news.example/1x1.gif",
        "http://127.0.0.1/a.jpg",
        "http://169.254.169.254/a.jpg",
        "data:image/gif;base64,R0lGOD",
        "javascript:alert(1)",
        "https://news.example/logo.svg",
        "https://news.example/{{image}}",
        "https://secure.gravatar.com/avatar/1.jpg",
    ],
)
def test_pixels_emblems_and_private_addresses_are_no_pictures(url: str) -> None:
    assert make_candidate(url, BASE) is None


def test_a_small_picture_is_none_by_its_size() -> None:
    assert make_candidate("https://news.example/a.jpg", BASE, 1, 1) is None
    assert make_candidate("/a.jpg", BASE, "640px", "") == ImageCandidate("https://news.example/a.jpg", 640)


def test_the_first_real_picture_in_html_is_found() -> None:
    source = (
        '<img src="https://pixel.wp.com/b.gif" width="1" height="1">'
        '<img style="display: none" src="/hidden.jpg">'
        "<img width=800 data-src='/real.jpg' src='data:image/gif;base64,R0'>"
    )
    assert find_in_html(source, BASE) == [ImageCandidate("https://news.example/real.jpg", 800)]
    assert find_in_html("<img " * 20_000, BASE) == []


def test_a_video_or_a_sound_is_no_picture() -> None:
    assert is_image("https://x.example/a", "image/jpeg")
    assert is_image("https://x.example/a.webp", "")
    assert is_image("https://x.example/a", "", "image")
    assert not is_image("https://x.example/a.jpg", "video/mp4")
    assert not is_image("https://x.example/a.mp3", "")


def test_addresses_tell_widths_and_sizes_make_no_other_picture() -> None:
    assert width_in_url("https://i.example/a.jpg?width=460&q=1") == 460
    assert width_in_url("https://news.example/a-150x150.jpg") == 150
    assert width_in_url("https://ichef.example/ace/standard/240/cpsprodpb/x/a.jpg") == 240
    assert width_in_url("https://news.example/2026/a.jpg") == 0
    assert image_key("https://i.example/480/x/a.jpg?w=1") == image_key("https://i.example/976/x/a.jpg?w=2")
    assert image_key("https://i.example/x/a.jpg") != image_key("https://i.example/x/b.jpg")
