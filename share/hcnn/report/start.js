// Fills the places that the page keeps for its interactive parts; what they replace is folded, not removed.
"use strict";

(() => {
  document.body.append(tooltip.node);
  addEventListener("keydown", (event) => event.key === "Escape" && tooltip.hide());
  addEventListener("scroll", () => tooltip.hide(), { passive: true });
  for (const fold of document.querySelectorAll("details")) fold.open = false;
  for (const table of document.querySelectorAll("table.sortable")) makeSortable(table);
  const parts = {
    curves: (place) => drawCurves(place, data.curves),
    confusion: (place) => new Confusion(place),
    severity: (place) => drawSeverities(place, data.severity),
    calibration: (place) => drawCalibration(place, data.calibration),
    scatter: (place) => drawScatter(place, data.points),
    settings: (place) => foldSettings(place),
  };
  for (const [part, draw] of Object.entries(parts)) {
    const place = placeOf(part);
    if (!place) continue;
    try {
      draw(place);
    } catch (error) {  // the other parts do not depend on this one
      place.textContent = `This part cannot be drawn: ${error.message}`;
    }
  }
})();
