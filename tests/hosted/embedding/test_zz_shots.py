from __future__ import annotations
import pytest
from playwright.async_api import expect
from .test_pop_out import opens
pytestmark = pytest.mark.browser
P="/tmp/pics-EMBED/"
@pytest.mark.parametrize("scheme", ["light","dark"])
async def test_shots(new_session, embed, scheme):
    for width in (360, 768, 1280):
        shown = await embed(await new_session(), browser={"viewport": {"width": width, "height": 1400}, "color_scheme": scheme})
        await shown.ready()
        await shown.page.wait_for_timeout(300)
        await shown.page.screenshot(path=f"{P}inline-{width}-{scheme}.png")
    print("dark?", await shown.frame.locator("body").evaluate("() => matchMedia('(prefers-color-scheme: dark)').matches"))
    shown = await embed(await new_session(), popOut=True, browser={"viewport": {"width": 768, "height": 1000}, "color_scheme": scheme})
    await shown.page.wait_for_timeout(800)
    await shown.page.screenshot(path=f"{P}launcher-{scheme}.png")
    w = await opens(shown)
    await expect(w.get_by_test_id("pay")).to_be_enabled()
    await shown.page.wait_for_timeout(500)
    await shown.page.screenshot(path=f"{P}launcher-open-{scheme}.png")
    await w.screenshot(path=f"{P}window-{scheme}.png")
    shown = await embed(await new_session(), browser={"viewport": {"width": 600, "height": 1400}, "color_scheme": scheme})
    await shown.ready()
    await shown.page.evaluate("shop.checkout.lockSession()")
    await shown.page.wait_for_timeout(400)
    await shown.page.screenshot(path=f"{P}locked-{scheme}.png")
