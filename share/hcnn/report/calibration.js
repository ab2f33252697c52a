// Reliability diagram: share predicted right over confidence; a calibrated network's bars end on the diagonal.
"use strict";

/** The bars of one head, as SVG. */
function reliabilityDiagram(head) {
  const [left, top, side] = [62, 10, 320];
  const picture = shape("svg", { viewBox: `0 0 ${left + side + 24} ${top + side + 48}`, class: "diagram",
                                 role: "group", "aria-label": "reliability diagram of " + head.level });
  for (let tenth = 0; tenth <= 10; tenth += 2) {
    const at = (tenth / 10) * side;
    picture.append(
      shape("path", { class: "grid", d: `M${left} ${top + side - at}h${side}M${left + at} ${top}v${side}` }),
      shape("text", { x: left - 6, y: top + side - at + 4, "text-anchor": "end" }, 10 * tenth + " %"),
      shape("text", { x: left + at, y: top + side + 16, "text-anchor": "middle" }, 10 * tenth + " %"));
  }
  const width = side / head.bins.length;
  head.bins.forEach(([count, accuracy, confidence], i) => {
    if (count === 0) return;
    const x = left + i * width;
    const bin = shape("g", { class: "bin" },
      shape("rect", { class: "hit", x, y: top, width, height: side }),
      shape("rect", { class: "accuracy", x: x + 1, y: top + side * (1 - accuracy), width: width - 2, height: side * accuracy }),
      shape("path", { class: "confidence", d: `M${x + 1} ${top + side * (1 - confidence)}h${width - 2}` }));
    picture.append(explain(bin, () => [["confidence", percent(confidence) + " on average"], ["right", percent(accuracy)],
                                       ["count", String(count)]]));
  });
  picture.append(
    shape("path", { class: "diagonal", d: `M${left} ${top + side}L${left + side} ${top}` }),
    shape("text", { x: left + side / 2, y: top + side + 38, "text-anchor": "middle" }, "confidence"),
    shape("text", { x: 14, y: top + side / 2, "text-anchor": "middle", transform: `rotate(-90 14 ${top + side / 2})` },
          "share predicted right"));
  return picture;
}

/** A level switch and its diagram. */
function drawCalibration(place, heads) {
  const figure = element("div");
  const note = element("p", { class: "hint" });
  const show = (index) => {
    figure.replaceChildren(reliabilityDiagram(heads[index]));
    note.textContent = `Bars: share predicted right. Lines: mean confidence. Expected calibration error of ` +
      `${heads[index].level}: ${percent(heads[index].error)}.`;
  };
  const select = choice("level", heads.map((head, i) => [i, head.level]), (value) => show(Number(value)));
  place.append(element("div", { class: "controls" }, select), figure, note);
  show(0);
}
