// Curves with values under the pointer and zoom, drawn by uPlot.
"use strict";

/** x of every point of a panel, and for each series its values there; null where it has none. */
function alignSeries(panel) {
  const filled = panel.series.filter((series) => series.values.length > 0);
  const first = Math.min(...filled.map((series) => series.first));
  const last = Math.max(...filled.map((series) => series.first + series.values.length - 1));
  const xs = filled.length ? Array.from({ length: last - first + 1 }, (_, i) => first + i) : [];
  const usable = (value) => (value === undefined || (panel.logarithmic && !(value > 0)) ? null : value);
  return [xs, ...panel.series.map((series) => xs.map((x) => usable(series.values[x - series.first])))];
}

/** uPlot's options for a panel. */
function curveOptions(panel, width) {
  const axis = { stroke: () => styled("--text"), grid: { stroke: () => styled("--line"), width: 1 },
                 ticks: { stroke: () => styled("--line"), width: 1 }, font: "13px system-ui, sans-serif" };
  return {
    width,
    height: width < 500 ? 260 : 320,
    scales: { x: { time: false }, y: { distr: panel.logarithmic ? 3 : 1 } },
    axes: [
      { ...axis, label: panel.x_label, labelFont: axis.font, labelSize: 20, size: 34,
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      { ...axis, label: panel.y_label, labelFont: axis.font, labelSize: 22, size: 68,
        values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : measure(tick))) },
    ],
    series: [
      { label: panel.x_label, value: (_, x) => (x === null ? "–" : String(x)) },
      ...panel.series.map((series) => ({
        label: series.name,
        stroke: () => seriesColour(series.colour),
        width: 2,
        dash: series.dashed ? [7, 5] : undefined,
        value: (_, value) => measure(value),
      })),
    ],
    legend: { markers: { width: 3, dash: (plot, i) => (plot.series[i].dash ? "dashed" : "solid") } },
    cursor: { sync: { key: "epochs" }, drag: { x: true, y: false } },
  };
}

/** Zooms by a factor around the middle; null shows everything. */
function zoomCurve(plot, factor) {
  const xs = plot.data[0];
  let [low, high] = [xs[0], xs[xs.length - 1]];
  if (factor !== null) {
    const middle = (plot.scales.x.min + plot.scales.x.max) / 2;
    const half = Math.max(0.5, ((plot.scales.x.max - plot.scales.x.min) / 2) * factor);
    [low, high] = [Math.max(low, middle - half), Math.min(high, middle + half)];
  }
  plot.setScale("x", { min: low, max: high });
}

/** Moves the cursor by some points, with the keyboard. */
function stepCurve(plot, step) {
  const xs = plot.data[0];
  const from = plot.cursor.idx ?? (step > 0 ? -1 : xs.length);
  const index = Math.max(0, Math.min(xs.length - 1, from + step));
  plot.setCursor({ left: plot.valToPos(xs[index], "x"), top: plot.over.clientHeight / 2 });
}

/** One panel with heading, buttons and keyboard. */
function drawPanel(place, panel) {
  const host = element("div", {
    class: "curve", tabindex: "0", role: "group",
    "aria-label": panel.title + ": arrow keys move between epochs, plus and minus zoom, 0 shows all",
  });
  const buttons = element("span", { class: "buttons" });
  place.append(element("h3", {}, panel.title, buttons), host);
  const aligned = alignSeries(panel);
  if (aligned[0].length === 0) return host.append(element("p", {}, "no values"));
  const plot = new uPlot(curveOptions(panel, host.clientWidth), aligned, host);
  for (const [text, title, factor] of [["+", "zoom in", 0.5], ["−", "zoom out", 2], ["all", "show all epochs", null]])
    buttons.append(element("button", { type: "button", title, click: () => zoomCurve(plot, factor) }, text));
  host.addEventListener("keydown", (event) => {
    const actions = { ArrowLeft: () => stepCurve(plot, -1), ArrowRight: () => stepCurve(plot, 1),
                      "+": () => zoomCurve(plot, 0.5), "-": () => zoomCurve(plot, 2), 0: () => zoomCurve(plot, null) };
    if (!actions[event.key]) return;
    event.preventDefault();
    actions[event.key]();
  });
  new ResizeObserver(() => plot.setSize({ width: host.clientWidth, height: plot.height })).observe(host);
  whenRestyled(() => plot.redraw(true));
}

/** All panels, one below the other. */
function drawCurves(place, panels) {
  place.append(element("p", { class: "hint" },
    "Point at a curve for its values. Drag across to zoom, double click for all. A click on a name hides its curve."));
  for (const panel of panels) drawPanel(place, panel);
}
