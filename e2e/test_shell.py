"""The program as an app on a phone: installed, opened without a network; nothing that the API says is kept."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import Live
from e2e.test_path import set_up

pytestmark = pytest.mark.e2e

KEPT = """
async () => {
  const kept = [];
  for (const name of await caches.keys())
    for (const request of await (await caches.open(name)).keys()) kept.push(new URL(request.url).pathname);
  return kept;
}
"""


@pytest.mark.parametrize("size", ["phone"], indirect=True)
def test_without_a_network(page: Page, live: Live) -> None:
    set_up(page, live)
    manifest = page.request.get("/manifest.webmanifest").json()
    assert manifest["display"] == "standalone"
    for icon in manifest["icons"]:
        assert page.request.get(f"/{icon['src']}").headers["content-type"] == "image/png"
    page.evaluate("navigator.serviceWorker.ready")
    page.reload()  # from now on it goes through the worker
    expect(page.get_by_role("heading", name="Your library begins here")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Your library begins here")).to_be_visible()
    kept = page.evaluate(KEPT)
    assert any(path.endswith(".js") for path in kept)
    assert [path for path in kept if path.startswith("/api")] == []

    page.context.set_offline(True)
    page.reload()
    expect(page.get_by_text("The server cannot be reached")).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_role("heading", name="Your library begins here")).to_be_visible(timeout=15_000)
