"""Drive the playground in a real browser, and take the pictures of docs/playground.md.

    pip install -e '.[browser]'     # and Debian's packages chromium and chromium-driver
    python tests/tools/drive_playground.py [--pictures docs/playground]

It draws a 7 with the mouse, makes it a 3, drags a weight and compares the page's gradients with
explain's, uses the keys, and trains on the spiral.
"""

import argparse
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

import tinynet
from tinynet.layers import Dense

ROOT = Path(__file__).parents[2]
FLAGS = (
    "--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --hide-scrollbars "
    "--disable-background-networking --disable-component-update --disable-sync"
)
SEVEN = [(70, 0), (60, 0), (-25, 60), (-30, 60), (-20, 60)]


class Page:
    """The playground in a browser."""

    def __init__(self, driver: Any, address: str) -> None:
        self.driver, self.address = driver, address

    def open(self, room: str, width: int = 1440, height: int = 1000) -> None:
        size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}#{room}")

    def id(self, name: str) -> Any:
        return self.driver.find_element(By.ID, name)

    def wait(self, told: str, until: Any, seconds: float = 60) -> None:
        WebDriverWait(self.driver, seconds, 0.05).until(lambda _: until(), told)

    def number(self, key: str) -> Any:
        return self.driver.find_element(By.CSS_SELECTOR, f"[data-key='{key}']")

    def value(self, key: str) -> float:
        return float(self.number(key).get_attribute("data-value") or "nan")


def draw(page: Page) -> None:
    """Draw with the keys, take it back; draw a 7 with the mouse, and make it a 3."""
    page.open("draw")
    page.wait("it has learnt", lambda: "learnt from" in page.id("learning").text, 120)
    page.id("paper").send_keys(" ", *[Keys.ARROW_DOWN] * 14)
    page.wait("the keys draw", lambda: page.id("digit").text.isdecimal())
    page.id("undo").click()
    page.wait("the line is taken back", lambda: page.id("digit").text == "?")
    page.id("paper").send_keys(" ", *[Keys.ARROW_RIGHT] * 5)
    page.wait("the keys draw again", lambda: page.id("digit").text.isdecimal())
    page.id("clear").click()
    page.wait("the paper is empty", lambda: page.id("digit").text == "?")
    page.id("paper").click()
    page.wait("a dot is read", lambda: page.id("digit").text.isdecimal())
    page.id("clear").click()
    hand = ActionChains(page.driver, duration=30)
    hand.move_to_element_with_offset(page.id("paper"), -70, -90).click_and_hold()
    for move in SEVEN:
        hand.move_by_offset(*move)
    hand.release().perform()
    page.wait("a 7 is read", lambda: page.id("digit").text == "7")
    page.driver.find_element(By.CSS_SELECTOR, "#targets input[value='3']").click()
    page.id("morph").click()
    page.wait("it is a 3 now", lambda: page.id("digit").text == "3")


def pencil(page: Page) -> None:
    """Drag a weight, and compare every gradient with explain's."""
    page.open("pencil")
    page.wait("numbers", lambda: page.number("dW0.0.0").text != "")
    ActionChains(page.driver).drag_and_drop_by_offset(page.number("W0.0.0"), 40, 0).perform()
    page.wait("the weight moved", lambda: page.value("W0.0.0") > 1.5)
    page.number("W0.0.0").send_keys(Keys.ARROW_UP)
    page.wait("keys move it", lambda: page.value("W0.0.0") > 1.85)
    weights = [np.array(w, float) for w in ([[1, -1, 0], [0, 1, -1]], [1, 0, 3])]
    weights += [np.array(w, float) for w in ([[1, 0], [0, 1], [-1, 1]], [0, 0])]
    weights[0][0, 0] = page.value("W0.0.0")
    model = tinynet.Sequential([Dense(3, "relu", input_shape=(2,)), Dense(2, "softmax")])
    model.compile("rmsprop", "categorical_crossentropy")
    model.set_weights(weights)
    told = tinynet.explain(model, [[1, 2], [3, 1]], [[0, 1], [1, 0]])
    for i, layer in ((0, told.layers[0]), (1, told.layers[2])):
        for place, slope in np.ndenumerate(layer["dW"]):
            assert page.value(f"dW{i}.{place[0]}.{place[1]}") == float(slope)
        for j, slope in enumerate(layer["db"]):
            assert page.value(f"db{i}.{j}") == float(slope)
    page.id("one-step").click()
    page.wait("a step", lambda: page.id("steps-taken").text == "1")
    page.id("back").click()
    page.wait("undone", lambda: page.id("steps-taken").text == "0")


def boundary(page: Page) -> None:
    """Train on the spiral until all points are on their side."""
    page.open("boundary")
    page.id("run").click()
    page.wait("the spiral is learnt", lambda: page.id("plane-accuracy").text == "100.0 %", 120)
    page.id("run").click()
    page.wait("paused", lambda: page.id("run").text == "Train")


def fits(page: Page) -> None:
    """See that no room is wider than its window."""
    for room in ("draw", "pencil", "boundary"):
        for width in (360, 768, 1440):
            page.open(room, width)
            found = page.driver.execute_script("return document.documentElement.scrollWidth")
            assert found <= width, f"{room} is {found} wide in a window of {width}"


PALE = r"""
  function luminance(color) {
    const parts = color.match(/[\d.]+/g).map(Number);
    const linear = (v) => (v / 255 <= 0.03928 ? v / 3294.6 : ((v / 255 + 0.055) / 1.055) ** 2.4);
    return 0.2126 * linear(parts[0]) + 0.7152 * linear(parts[1]) + 0.0722 * linear(parts[2]);
  }
  function behind(element) {
    const clear = (color) => /rgba\(.*, 0\)|transparent/.test(color);
    while (element && clear(getComputedStyle(element).backgroundColor)) {
      element = element.parentElement;
    }
    return element ? getComputedStyle(element).backgroundColor : "rgb(255, 255, 255)";
  }
  return [...document.querySelectorAll("body *")].filter((element) => {
    const words = [...element.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    if (!words || !element.getBoundingClientRect().width) return false;
    if (element.closest(":disabled")) return false;
    const style = getComputedStyle(element);
    const color = element instanceof SVGElement ? style.fill : style.color;
    if (!color.startsWith("rgb")) return false;
    const [a, b] = [luminance(color), luminance(behind(element))];
    return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 4.5;
  }).map((element) => element.id + ": " + element.textContent.trim().slice(0, 30));
"""


def legible(page: Page) -> None:
    """See that all text has a contrast of at least 4.5 to what is behind it, light and dark."""
    for theme in ("light", "dark"):
        feature = {"name": "prefers-color-scheme", "value": theme}
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [feature]})
        for room in ("draw", "pencil", "boundary"):
            page.open(room)
            pale = page.driver.execute_script(PALE)
            assert pale == [], f"{room}, {theme}: {pale}"


def drive(folder: Path, pictures: Path | None = None) -> None:
    """Start the playground and a browser, and go through all rooms."""
    command = [sys.executable, str(ROOT / "examples" / "playground.py"), "--no-browser"]
    env = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
    process = subprocess.Popen(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    address = next(line.strip() for line in process.stdout if "http://" in line)
    options = webdriver.ChromeOptions()
    options.binary_location = "/usr/bin/chromium"
    for flag in FLAGS.split():
        options.add_argument(flag)
    try:
        service = webdriver.ChromeService("/usr/bin/chromedriver")
        driver = webdriver.Chrome(options=options, service=service)
        try:
            page = Page(driver, address)
            for visit in (draw, pencil, boundary):
                visit(page)
                page.driver.execute_script("scrollTo(0, 0)")
                if pictures:
                    driver.save_screenshot(str(pictures / f"{visit.__name__}.png"))
            fits(page)
            legible(page)
        finally:
            driver.quit()
    finally:
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=30)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pictures", type=Path, help="a folder for pictures of the rooms")
    chosen = parser.parse_args().pictures
    if chosen:
        chosen.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as empty:
        drive(Path(empty), chosen and chosen.resolve())
    print("All rooms do what they should.")
