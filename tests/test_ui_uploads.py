"""Only what was uploaded here is opened, and each refusal is a sentence."""

from pathlib import Path

import pytest

from engrave.errors import PictureError
from engrave.ui.uploads import MAX_FILES, checked, checked_list, open_upload
from tests.fakes import noise


@pytest.fixture
def uploads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that uploads land in."""
    folder = tmp_path / "uploads"
    folder.mkdir()
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(folder))
    return folder


def test_an_upload_is_opened(uploads: Path) -> None:
    path = noise(uploads / "a.png", (40, 30))
    assert open_upload(str(path)).size == (40, 30)


def test_a_picture_elsewhere_is_refused(uploads: Path, tmp_path: Path) -> None:
    outside = noise(tmp_path / "secret.png")
    with pytest.raises(PictureError, match="not uploaded here"):
        open_upload(str(outside))


def test_a_way_out_of_the_folder_is_refused(uploads: Path, tmp_path: Path) -> None:
    noise(tmp_path / "secret.png")
    with pytest.raises(PictureError, match="not uploaded here"):
        checked(str(uploads / ".." / "secret.png"))


def test_a_link_out_of_the_folder_is_refused(uploads: Path, tmp_path: Path) -> None:
    outside = noise(tmp_path / "secret.png")
    (uploads / "link.png").symlink_to(outside)
    with pytest.raises(PictureError, match="not uploaded here"):
        checked(str(uploads / "link.png"))


@pytest.mark.parametrize("path", [None, "", 7, {"path": "/etc/passwd"}])
def test_what_is_no_path_is_refused(uploads: Path, path: object) -> None:
    with pytest.raises(PictureError, match="drop"):
        checked(path)


def test_too_many_files_are_refused(uploads: Path) -> None:
    path = str(noise(uploads / "a.png"))
    with pytest.raises(PictureError, match=f"at most {MAX_FILES}"):
        checked_list([path] * (MAX_FILES + 1))


def test_no_files_are_no_error() -> None:
    assert checked_list(None) == []
