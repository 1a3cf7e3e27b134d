from types import SimpleNamespace

import local_only
import pytest


@pytest.mark.parametrize(
    "tag",
    [
        '<script src="https://a.example/x.js"></script>',
        '<img src="//a.example/x.png">',
        '<link rel="stylesheet" href="http://a.example/x.css">',
        '<link rel="preconnect" href="https://a.example">',
        '<iframe src="https://a.example/x"></iframe>',
    ],
)
def test_what_the_browser_would_load_from_elsewhere_is_found(tag):
    (address,) = local_only.scan_page(f"<html>{tag}</html>")
    assert "//a.example" in address


@pytest.mark.parametrize(
    "tag",
    [
        '<a href="https://a.example/">a link to follow</a>',
        '<link rel="canonical" href="https://a.example/">',
        '<img src="assets/x.png">',
        '<img src="data:image/png;base64,AAAA">',
        "<script>no(source)</script>",
        "<img>",
    ],
)
def test_the_rest_is_left_alone(tag):
    assert local_only.scan_page(f"<html>{tag}</html>") == []


def test_a_build_fails_with_each_file_and_address(tmp_path):
    (tmp_path / "css").mkdir()
    (tmp_path / "index.html").write_text('<img src="https://a.example/x.png">')
    (tmp_path / "css" / "x.css").write_text('@import "https://b.example/y.css";a{src:url(z.png)}')
    (tmp_path / "x.js").write_text("https://c.example")
    with pytest.raises(SystemExit, match="another host") as stop:
        local_only.on_post_build(SimpleNamespace(site_dir=str(tmp_path)))
    assert str(stop.value).splitlines()[1:] == [
        "css/x.css: https://b.example/y.css",
        "index.html: https://a.example/x.png",
    ]


def test_a_build_without_fault_passes(tmp_path):
    (tmp_path / "index.html").write_text('<img src="x.png"><style>a{}</style>')
    local_only.on_post_build(SimpleNamespace(site_dir=str(tmp_path)))
    assert list(local_only.remote_references(tmp_path)) == []
