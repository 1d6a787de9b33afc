"""A reading's whole way, seen in a real browser: published at the broker, committed, on the open page."""

from playwright.async_api import Browser, expect

from tests.journeys.program import Product

PATIENCE_MS = 60_000


async def test_a_published_reading_moves_the_number_raises_the_alert_and_acknowledging_marks_it_seen(
    product: Product, browser: Browser
) -> None:
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    await product.publish(1, t_c=24.6, rh_pct=52.0, pm25=8.2)
    await product.sign_in(page, "owner")
    await expect(page.get_by_role("main")).to_have_count(1)  # of which screen readers skip to one
    card = page.locator(".pit", has_text="Pit 1")
    await expect(card).to_contain_text("24.6", timeout=PATIENCE_MS)

    await product.publish(2, t_c=25.3, rh_pct=52.0, pm25=8.2)
    await expect(card).to_contain_text("25.3", timeout=PATIENCE_MS)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("1 in spec")

    await product.publish(3, t_c=38.4, rh_pct=52.0, pm25=8.2)
    alert = page.locator(".alert", has_text="Temperature 38.4")
    await expect(alert).to_be_visible(timeout=PATIENCE_MS)
    await expect(card).to_contain_text("Warning")

    await alert.get_by_role("button", name="Acknowledge").click()
    dialog = page.locator(".dialog")
    await dialog.locator("input").fill("Door closed")
    await dialog.get_by_role("button", name="Acknowledge").click()
    await expect(page.locator(".alert", has_text=f"Seen by {product.shop.owner.name}")).to_contain_text(
        "Door closed", timeout=PATIENCE_MS
    )

    await product.publish(4, t_c=24.0, rh_pct=52.0, pm25=8.2)
    await expect(page.locator(".alert")).to_have_count(0, timeout=PATIENCE_MS)
    await expect(card).to_contain_text("In spec")


async def test_the_pits_chart_grows_with_each_reading(product: Product, browser: Browser) -> None:
    await product.publish(1, t_c=24.6, rh_pct=52.0, pm25=8.2, p_hpa=1008.1)
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    await product.sign_in(page, "staff")
    await page.goto(f"{product.url}/pits/{product.shop.pit_id}")
    plot = page.locator(".plot", has_text="Temperature")
    await expect(plot.locator(".value")).to_contain_text("24.6", timeout=PATIENCE_MS)
    await product.publish(2, t_c=26.1, rh_pct=52.0, pm25=8.2, p_hpa=1008.4)
    await expect(plot.locator(".value")).to_contain_text("26.1", timeout=PATIENCE_MS)
    pressure = page.locator(".plot", has_text="Pressure").locator(".js-plotly-plot")
    await expect(pressure).to_be_visible(timeout=PATIENCE_MS)
    low, high = await pressure.evaluate("plot => plot.layout.yaxis.range")
    assert high - low > 5  # hPa: what a sensor wavers must not look like a storm
    assert errors == []


async def test_ending_the_session_elsewhere_leads_open_pages_to_the_sign_in_page(
    product: Product, browser: Browser
) -> None:
    context = await browser.new_context()
    first, second = await context.new_page(), await context.new_page()
    await product.sign_in(first, "owner")
    await second.goto(f"{product.url}/alerts")
    await expect(second.get_by_text("All is well")).to_be_visible(timeout=PATIENCE_MS)
    await first.evaluate("() => void fetch('/sign-out', {method: 'POST'})")  # the page may be gone before its answer
    await second.wait_for_url(f"{product.url}/sign-in", timeout=PATIENCE_MS)
