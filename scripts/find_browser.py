"""Where Chromium and its driver are: prints their paths, or exits with 1."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
DRIVER = "chromedriver"


def find_browser() -> tuple[Path, Path] | None:
    """Return the browser's program and its driver's."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    driver = shutil.which(DRIVER)
    return (Path(browser), Path(driver)) if browser and driver else None


if __name__ == "__main__":
    found = find_browser()
    if found is None:
        sys.exit(1)
    print(*found)
