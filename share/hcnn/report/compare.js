// What only the page of several runs has: accuracy against severity, and the settings in which runs differ.
"use strict";

/** Round numbers, about five, between two values. */
function roundTicks(low, high) {
  const power = 10 ** Math.floor(Math.log10((high - low) / 5));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((one) => (high - low) / one <= 6);
  const ticks = [];
  for (let i = Math.ceil(low / step); i * step <= high; ++i) ticks.push(i * step);
  return ticks;
}

/** Low and high end of an axis that shows all values with room. */
function axisRange(values) {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = high > low ? 0.15 * (high - low) : Math.max(0.01, 0.05 * Math.abs(high));
  return [low - room, high + room];
}

/** Points of the runs; `measureName` is "ms" or "hd1"; `room` for the whole picture, in pixels. */
function scatterPicture(points, measureName, room) {
  const [left, top, width, height] = [62, 10, Math.max(200, Math.min(600, room - 86)), 320];
  const [xs, ys] = [axisRange(points.map((point) => 100 * point.accuracy)), axisRange(points.map((point) => point[measureName]))];
  const x = (value) => left + ((value - xs[0]) / (xs[1] - xs[0])) * width;
  const y = (value) => top + height - ((value - ys[0]) / (ys[1] - ys[0])) * height;
  const label = { hd1: "HD@1", ms: "mistake severity (MS)" }[measureName];
  const picture = shape("svg", { width: left + width + 24, viewBox: `0 0 ${left + width + 24} ${top + height + 48}`, class: "diagram wide",
                                 role: "group", "aria-label": "accuracy and " + label });
  for (const tick of roundTicks(...xs))
    picture.append(shape("path", { class: "grid", d: `M${x(tick)} ${top}v${height}` }),
                   shape("text", { x: x(tick), y: top + height + 16, "text-anchor": "middle" }, measure(tick)));
  for (const tick of roundTicks(...ys))
    picture.append(shape("path", { class: "grid", d: `M${left} ${y(tick)}h${width}` }),
                   shape("text", { x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, measure(tick)));
  points.forEach((point) => {
    const mark = shape("circle", { cx: x(100 * point.accuracy), cy: y(point[measureName]), r: 7, class: "point" });
    mark.style.fill = `var(--series-${point.colour % 7})`;
    picture.append(explain(mark, () => [["", point.name], ["accuracy", percent(point.accuracy)],
                                        [label, measure(point[measureName])]]));
  });
  picture.append(
    shape("text", { x: left + width / 2, y: top + height + 38, "text-anchor": "middle" }, "accuracy of the finest head, %"),
    shape("text", { x: 14, y: top + height / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${top + height / 2})` }, label));
  return picture;
}

/** A switch of the severity, the picture and its key. */
function drawScatter(place, points) {
  const figure = element("div");
  let shown = "ms";
  const draw = () => figure.replaceChildren(scatterPicture(points, shown, figure.clientWidth));
  const key = element("div", { class: "key" });
  for (const point of points) {
    const swatch = element("i");
    swatch.style.background = `var(--series-${point.colour % 7})`;
    key.append(element("span", {}, swatch, point.name));
  }
  const select = choice("severity", [["ms", "of the mistakes (MS)"], ["hd1", "of all samples (HD@1)"]], (name) => {
    shown = name;
    draw();
  });
  place.append(element("div", { class: "controls" }, select), key, figure);
  new ResizeObserver(draw).observe(place);
  draw();
}

/** Hides the settings that all runs share, until asked for. */
function foldSettings(place) {
  const table = place.parentNode.querySelector("table.settings");
  if (!table) return;
  const rows = [...table.rows].slice(1);
  const same = (row) => new Set([...row.cells].slice(1).map((cell) => cell.textContent)).size < 2;
  const box = element("input", { type: "checkbox", checked: true, change: () => show() });
  const show = () => rows.forEach((row) => { row.hidden = box.checked && same(row); });
  place.append(element("label", { class: "choice" }, box, " only where they differ"));
  show();
}
