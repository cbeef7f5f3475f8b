"""The page behind nginx under a path of its own, by the configuration that ships."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import ROOT, open_map, open_tab
from tests.browser.test_caption import CAPTIONS, upload
from tests.servers import free_port, serving

NGINX = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
MAIN = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        include {folder}/engrave.conf;
    }}
}}
"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address under which nginx shows the page."""
    if NGINX is None:
        pytest.skip("nginx is not installed; install it (Debian: apt install nginx-light)")
    folder = tmp_path_factory.mktemp("nginx")
    port, own = free_port(), free_port()
    settings = {
        "GRADIO_SERVER_PORT": str(own),
        "GRADIO_ROOT_PATH": "/engrave",
        "GRADIO_TEMP_DIR": str(folder / "gradio"),
        "ENGRAVE_HOME": str(folder / "home"),
    }
    # as root its workers become another user, who may not write in the folder of a test
    user = "user root;" if os.geteuid() == 0 else ""
    shipped = (ROOT / "deploy" / "nginx.conf").read_text()
    assert "127.0.0.1:7860" in shipped
    (folder / "engrave.conf").write_text(shipped.replace(":7860", f":{own}"))
    (folder / "nginx.conf").write_text(MAIN.format(folder=folder, port=port, user=user))
    command = [sys.executable, "-m", "tests.fakes"]
    with serving(command, ROOT, os.environ | settings, folder / "log.txt"):
        proxy = subprocess.Popen([NGINX, "-c", str(folder / "nginx.conf"), "-p", str(folder)])
        try:
            yield f"http://127.0.0.1:{port}/engrave"
        finally:
            proxy.terminate()
            proxy.wait(30)
    assert "Traceback" not in (folder / "log.txt").read_text()


def test_captions_come_through_a_proxy(page: Page, pictures: list[Path]) -> None:
    upload(page, pictures[0])
    expect(page.locator("#caption-answer .note")).to_have_count(0)
    expect(page.locator(CAPTIONS)).to_have_count(5)


def test_pictures_films_and_fonts_come_through_a_proxy(page: Page) -> None:
    lost: list[str] = []
    page.on("response", lambda got: lost.append(got.url) if got.status >= 400 else None)
    open_tab(page, "Generate")
    page.locator("#prompt textarea").fill("a ship")
    page.click("#generate")
    expect(page.locator("#plates .note")).not_to_contain_text("made earlier")
    picture = page.locator("#plates .plate img").first
    expect(picture).to_be_visible()
    assert picture.evaluate("async (node) => { await node.decode(); return node.naturalWidth; }")
    faces = "async () => { await document.fonts.ready; return [...document.fonts]"
    faces += ".filter((face) => face.status === 'loaded').map((face) => face.family); }"
    assert any("EB Garamond" in family for family in page.evaluate(faces))
    assert not lost


def test_the_map_comes_through_a_proxy(page: Page) -> None:
    open_map(page)
    expect(page.locator("#map [data-points]").first).to_be_attached()


def test_the_address_without_its_slash_leads_on(page: Page, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("#caption-answer .widget > *")
    assert page.url.startswith(f"{address}/")
