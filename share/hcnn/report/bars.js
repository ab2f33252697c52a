// How bad the mistakes are: for each part or run one bar, cut by severity.
"use strict";

/** severity: {names: of severity 0, 1, ..; bars: [{name, counts}]}. */
function drawSeverities(place, severity) {
  const key = element("div", { class: "key" });
  severity.names.forEach((name, i) => {
    const swatch = element("i");
    swatch.style.background = `var(--series-${[2, 5, 4, 1][i] ?? i})`;
    key.append(element("span", {}, swatch, name));
  });
  const list = element("div", { class: "bars" });
  for (const { name, counts } of severity.bars) {
    const total = counts.reduce((sum, count) => sum + count, 0);
    const bar = element("div", { class: "bar" });
    counts.forEach((count, i) => {
      if (count === 0) return;
      const piece = element("span", {}, count / total > 0.1 ? Math.round(100 * count / total) + " %" : "");
      piece.style.flexGrow = String(count);
      piece.style.background = `var(--series-${[2, 5, 4, 1][i] ?? i})`;
      bar.append(explain(piece, () => [["", name], ["severity", severity.names[i]], ["count", `${count} of ${total}`],
                                       ["share", percent(count / total)]]));
    });
    list.append(element("div", { class: "bar-name" }, name), bar);
  }
  place.append(key, list);
}
