#!/usr/bin/env python3
"""Opens a report in headless Chromium and uses it: report_in_browser.py PROGRAM WORK [--screenshots DIR] [--report PAGE].

PROGRAM is report_page, which writes the report; WORK a scratch folder; PAGE the report.html of any training, which is
used too. Exit status 0: everything works; 1: something does not; 77: no browser is installed.
"""
import argparse
import pathlib
import shutil
import subprocess
import sys

from browser import Browser, find_browser

MATRIX = "document.querySelector('[data-part=confusion] canvas')"
TIP = "document.querySelector('.tooltip')"


class Checks:
    """Counts and prints what fails."""

    def __init__(self):
        self.failed = 0

    def __call__(self, what, value, expected=True):
        if value != expected:
            self.failed += 1
            print(f"FAILED: {what}: {value!r}; expected {expected!r}")


def tip(page):
    """Lines of the visible tooltip."""
    return page.run(f"{TIP}.hidden ? null : [...{TIP}.children].map((line) => line.textContent)")


def centre(page, selector):
    """Scrolls an element into view; its middle in the window."""
    return page.run(f"(() => {{ const node = document.querySelector({selector!r}); node.scrollIntoView("
                    "{block: 'center'}); const box = node.getBoundingClientRect();"
                    "return [box.left + box.width / 2, box.top + box.height / 2]; })()")


def choose(page, part, name, text):
    """Takes the entry with this text of a switch, as a user does."""
    page.run(f"(() => {{ const box = document.querySelector('[data-part={part}] select' + {name!r});"
             f"box.value = [...box.options].find((entry) => entry.text === {text!r}).value;"
             "box.dispatchEvent(new Event('change')); })()")


def point_at(page, row, column):
    """Moves the pointer onto a cell of the matrix and returns its place in the window."""
    centre(page, "[data-part=confusion] canvas")
    x, y = page.run(f"(() => {{ const box = {MATRIX}.getBoundingClientRect();"
                    f"{MATRIX}.focus(); {MATRIX}.blur(); {MATRIX}.focus(); return [box.left, box.top]; }})()")
    page.key("ArrowDown")  # marks the first cell: its place and size
    left, top, side = page.run("(() => { const {left, top, width} = document.querySelector('.mark').style;"
                               "return [left, top, width].map(parseFloat); })()")
    x, y = x + left + (column + 0.5) * side, y + top + (row + 0.5) * side
    page.run(f"{MATRIX}.blur()")
    page.mouse("mouseMoved", x=x, y=y)
    page.run("0")
    return x, y


def check_names(page, check):
    """Hostile names are text, and nothing of them runs."""
    check("title", page.run("document.title"), "made-up run </script><script>alert(3)</script>")
    check("script elements", page.run("document.querySelectorAll('script:not([nonce]):not(#data)').length"), 0)
    check("foreign elements", page.run("document.querySelectorAll('b:not(.tooltip b), td i, th i, img[src=x]').length"), 0)
    names = page.run("data.heads[0].classes")
    check("names", names[1:4], ["<script>alert(1)</script>", "</script><img src=x onerror=alert(2)>",
                                "\"quoted\" & 'more'"])
    cells = page.run("[...document.querySelectorAll('table.sortable td:first-child')].map((cell) => cell.textContent)")
    check("every name is in the table of classes", set(names) <= set(cells))


def check_matrix(page, check):
    """Tooltip, switches, zoom and keyboard of the confusion matrix."""
    x, y = point_at(page, 1, 0)
    check("tooltip of a cell", tip(page), ["true <script>alert(1)</script>", "predicted zebra", "count 21 of 100",
                                           "share 21.00 %", "severity 1 (same superclass)"])
    point_at(page, 7, 0)
    check("severity of another group", (tip(page) or [""])[-1], "severity 3 (different group)")
    look = lambda: page.run(f"{MATRIX}.toDataURL()")
    looks = [look()]
    choose(page, "confusion", "[name=values]", "counts")
    looks.append(look())
    check("the scale of counts", page.run("document.querySelector('.scale').lastChild.textContent"), "82")
    choose(page, "confusion", "[name=order]", "alphabetical")
    looks.append(look())
    point_at(page, 0, 0)
    check("first class by the alphabet", (tip(page) or [""])[0], "true \"quoted\" & 'more'")
    choose(page, "confusion", "[name=order]", "by superclass")
    check("an order and back", look(), looks[1])
    choose(page, "confusion", "[name=show]", "markup")
    check("classes of a superclass", page.run(f"{MATRIX}.dataset.classes"), "2")
    looks.append(look())
    point_at(page, 0, 1)
    check("tooltip when zoomed", (tip(page) or ["", ""])[:2], ["true </script><img src=x onerror=alert(2)>",
                                                               "predicted \"quoted\" & 'more'"])
    check("samples outside the zoom", page.run("document.querySelector('[data-part=confusion]').lastChild.textContent"),
          "200 samples of these classes; 60 of them were taken for classes that are not shown.")
    page.run(f"{MATRIX}.focus()")
    page.key("Escape")
    check("Escape shows all classes", page.run(f"{MATRIX}.dataset.classes"), "8")
    page.key("ArrowDown")
    page.key("ArrowRight")
    check("arrow keys", (tip(page) or [])[:2], ["true zebra", "predicted <script>alert(1)</script>"])
    page.key("Enter")
    check("Enter shows the superclass", page.run(f"{MATRIX}.dataset.classes"), "2")
    page.key("Escape")
    x, y = point_at(page, 5, 5)
    page.click(x, y, count=2)
    page.run("0")
    check("double click shows the superclass",
          page.run("document.querySelector('[name=show]').selectedOptions[0].text"), "insects")
    choose(page, "confusion", "[name=level]", "group")
    looks.append(look())
    check("classes of another level", page.run(f"{MATRIX}.dataset.classes"), "2")
    check("every switch changed the picture", len(set(looks)), len(looks))


def check_curves(page, check):
    """Values under the pointer, zoom by dragging, by buttons and by keys."""
    check("curves", page.run("document.querySelectorAll('.curve').length"), 4)
    value = "document.querySelectorAll('.curve .u-value')"
    x, y = centre(page, ".curve .u-over")
    page.mouse("mouseMoved", x=x, y=y)
    page.run("0")
    epoch = int(page.run(f"{value}[0].textContent"))
    check("epoch under the pointer", 19 <= epoch <= 22)
    shown = page.run(f"[{value}[1].textContent, {value}[2].textContent].map(Number)")
    check("loss under the pointer", [abs(shown[0] - 4 / epoch) < 1e-4, abs(shown[1] - 4 / epoch - 0.5) < 1e-4], [True] * 2)
    width = page.run("document.querySelector('.curve .u-over').getBoundingClientRect().width")
    axes = "document.querySelector('.curve canvas').toDataURL()"
    before = page.run(axes)
    page.mouse("mousePressed", x=x, y=y, button="left", buttons=1, clickCount=1)
    page.mouse("mouseMoved", x=x + width / 4, y=y, button="left", buttons=1)
    page.mouse("mouseReleased", x=x + width / 4, y=y, button="left", clickCount=1)
    page.run("0")
    zoomed = page.run(axes)
    page.run("document.querySelectorAll('.curve')[0].previousSibling.querySelector('[title=\"show all epochs\"]').click()")
    page.mouse("mouseMoved", x=1, y=1)
    check("dragging zooms", zoomed != before)
    check("the button shows all", page.run(axes) == before)
    page.run("document.querySelector('.curve').focus()")
    page.key("+")
    check("plus zooms", page.run(axes) != before)
    page.key("0")
    page.key("ArrowRight")
    page.run("0")
    check("an arrow key shows a value", page.run(f"{value}[0].textContent") != "–")


def check_others(page, check):
    """Sorting, severity bars, calibration, folded pictures."""
    first = "document.querySelector('table.sortable')"
    press = lambda column: page.run(f"{first}.rows[0].cells[{column}].querySelector('button').click()")
    column = lambda index: page.run(f"[...{first}.rows].slice(1).map((row) => row.cells[{index}].textContent)")
    press(2)
    values = [float(text.split()[0]) for text in column(2)]
    check("precision sorted, greatest first", values, sorted(values, reverse=True))
    press(2)
    check("and turned round", [float(text.split()[0]) for text in column(2)], sorted(values))
    check("sorting is announced", page.run(f"{first}.rows[0].cells[2].getAttribute('aria-sort')"), "ascending")
    press(0)
    check("names sorted", column(0)[4:], ["bee", "elm", "oak", "zebra"])
    x, y = centre(page, ".bar span")
    page.mouse("mouseMoved", x=x, y=y)
    page.run("0")
    check("tooltip of a severity", (tip(page) or [])[1:], ["severity 0: right", "count 509 of 800", "share 63.63 %"])
    x, y = centre(page, "[data-part=calibration] .bin")
    page.mouse("mouseMoved", x=x, y=y)
    page.run("0")
    check("tooltip of a bin", [line.split()[0] for line in tip(page) or []], ["confidence", "right", "count"])
    before = page.run("document.querySelector('.diagram').outerHTML")
    choose(page, "calibration", "", "group")
    check("calibration of another level", page.run("document.querySelector('.diagram').outerHTML") != before)
    check("pictures are folded", page.run("document.querySelectorAll('details[open]').length"), 0)
    check("example images", page.run("[...document.querySelectorAll('.gallery img')].every((one) => one.naturalWidth === 32)"))


def check_any_matrix(page, check):
    """Whatever the run: tooltips say what the page's data hold, in every level, order and zoom."""
    heads = page.run("data.heads.map((head) => [head.level, head.classes, head.counts])")
    for level, classes, counts in heads:
        choose(page, "confusion", "[name=level]", level)
        for order in page.run("[...document.querySelector('[data-part=confusion] [name=order]').options].map((o) => o.text)"):
            choose(page, "confusion", "[name=order]", order)
            row = len(classes) // 2  # others may be outside the window
            for column in (0, len(classes) // 3, row):
                point_at(page, row, column)
                lines = tip(page) or ["", "", ""]
                true, predicted = lines[0].removeprefix("true "), lines[1].removeprefix("predicted ")
                known = true in classes and predicted in classes
                check(f"classes of cell {row}, {column}, {level}, {order}", known)
                if known:
                    first = classes.index(true) * len(classes)
                    of_class = counts[first:first + len(classes)]
                    check(f"count of cell {row}, {column}, {level}, {order}", lines[2],
                          f"count {of_class[classes.index(predicted)]} of {sum(of_class)}")
    look = page.run(f"{MATRIX}.toDataURL()")
    choose(page, "confusion", "[name=values]", "counts")
    check("counts look different", page.run(f"{MATRIX}.toDataURL()") != look)


def check_any_curves(page, check):
    """Whatever the run: a value under the pointer for every curve of the first panel."""
    x, y = centre(page, ".curve .u-over")
    page.mouse("mouseMoved", x=x, y=y)
    page.run("0")
    shown = page.run("[...document.querySelector('.curve').querySelectorAll('.u-value')].map((value) => value.textContent)")
    check("every curve shows a value", "–" not in shown and len(shown) > 1)


def check_comparison(page, check):
    """The page of several runs."""
    check("a curve for each run", page.run("document.querySelectorAll('.curve .u-series').length") >= 3)
    x, y = centre(page, "[data-part=scatter] circle")
    page.mouse("mouseMoved", x=x, y=y)
    page.run("0")
    check("tooltip of a run", (tip(page) or [])[1:], ["accuracy 63.63 %", "mistake severity (MS) 1.9485"])
    rows = "[...document.querySelectorAll('table.settings tr')].filter((row) => !row.hidden).length"
    few = page.run(rows)
    page.run("document.querySelector('[data-part=settings] input').click()")
    check("settings that are the same can be shown", page.run(rows) > few)


def check_without_scripts(page, path, check, pictures):
    """Where no script runs, every picture is there and open, and so are the tables."""
    page.open(path, scripts=False)
    document = page.call("DOM.getDocument")["root"]["nodeId"]
    count = lambda what: len(page.call("DOM.querySelectorAll", nodeId=document, selector=what)["nodeIds"])
    check("pictures without scripts", count("details[open] img"), pictures)
    check("interactive parts without scripts", count("[data-part] *"), 0)
    check("tables without scripts", count("table tr") > 3)


def check_page(page, path, check, parts, folder):
    """Runs checks on a page, wide and narrow; then what holds for every page."""
    page.errors.clear()
    page.requests.clear()
    for width in (1400, 420):
        page.resize(width, 900)
        page.open(path)
        for part in parts:
            try:
                part(page, check)
            except (RuntimeError, TypeError, ValueError, IndexError) as error:  # the page lacks what was to be used
                check(part.__name__, f"{type(error).__name__}: {error}", "no error")
        page.mouse("mouseMoved", x=1, y=1)
        check(f"no sideways scrolling of the page at {width}",
              page.run("document.documentElement.scrollWidth <= document.documentElement.clientWidth"))
        if folder:
            page.screenshot(folder / f"{path.stem}_{width}.png")
    check(f"errors of {path.name}", page.errors, [])
    allowed = (path.resolve().as_uri(), "data:")
    check(f"requests of {path.name}", [url for url in page.requests if not url.startswith(allowed)], [])


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("work", type=pathlib.Path)
    parser.add_argument("--screenshots", type=pathlib.Path, help="folder for pictures of the pages, to be looked at")
    parser.add_argument("--report", type=pathlib.Path, help="report.html of a training, to be used too")
    options = parser.parse_args()
    browser = find_browser()
    if not browser:
        print("SKIPPED: no chromium is installed, so nobody looked at report.html in a browser")
        return 77
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    if options.screenshots:
        options.screenshots.mkdir(parents=True, exist_ok=True)
    subprocess.run([options.program, options.work / "pages"], check=True)
    check = Checks()
    page = Browser(browser)
    try:
        report = options.work / "pages" / "first" / "report.html"
        check("size of the report without examples, bytes", report.stat().st_size < 2_000_000)
        check_page(page, report, check, [check_names, check_matrix, check_curves, check_others], options.screenshots)
        check_without_scripts(page, report, check, 4)
        compare = options.work / "pages" / "compare.html"
        check_page(page, compare, check, [check_comparison], options.screenshots)
        check_without_scripts(page, compare, check, 3)
        if options.report:
            check_page(page, options.report, check, [check_any_matrix, check_any_curves], options.screenshots)
    finally:
        page.close()
    print(f"{check.failed} checks failed" if check.failed else "report in the browser: everything works")
    return 1 if check.failed else 0


if __name__ == "__main__":
    sys.exit(main())
