// A matrix of coloured cells on a canvas, with names along its sides.
"use strict";

const SHARE_STOPS = [[255, 255, 255], [205, 225, 242], [116, 173, 216], [36, 101, 172], [9, 35, 84]];

/** Colour of a share from 0 (white) to 1 (dark blue), by its square root as in the pictures. */
function shareColour(share) {
  const position = Math.sqrt(Math.max(0, Math.min(1, share))) * (SHARE_STOPS.length - 1);
  const below = Math.min(Math.floor(position), SHARE_STOPS.length - 2);
  const mixed = SHARE_STOPS[below].map((a, i) => Math.round(a + (position - below) * (SHARE_STOPS[below + 1][i] - a)));
  return `rgb(${mixed.join(",")})`;
}

/** The text, cut with "…" to fit a width. */
function fitText(pen, text, width) {
  if (pen.measureText(text).width <= width) return text;
  let end = text.length;
  while (end > 1 && pen.measureText(text.slice(0, end) + "…").width > width) --end;
  return text.slice(0, end) + "…";
}

/** Draws a view: {names, groups, weight(row, column) 0..1, text(row, column)}. */
class Matrix {
  constructor(canvas) {
    this.canvas = canvas;
  }

  /** Decides the sizes for a width in CSS pixels. */
  measure(view, width) {
    const pen = this.canvas.getContext("2d");
    const count = view.names.length;
    this.font = Math.max(9, Math.min(14, (width * 0.75) / count - 2));
    const labels = (names) => Math.min(width * 0.3, Math.max(0, ...names.map((name) => pen.measureText(name).width)) + 8);
    const family = "px system-ui, sans-serif";
    pen.font = this.font + family;
    const wanted = (width - labels(view.names) - 2) / count;
    this.names = wanted >= 9;  // else only groups can be named
    if (!this.names) pen.font = "11" + family;
    const shown = this.names ? view.names : view.groups.map((group) => group.name);
    this.margin = labels(shown);
    this.cell = Math.max(3, Math.min(56, (width - this.margin - 2) / count));
    this.font = this.names ? this.font : 11;
    this.family = family;
    this.side = this.cell * count;
  }

  draw(view, width) {
    this.measure(view, width);
    const ratio = devicePixelRatio || 1;
    const [wide, high] = [this.margin + this.side + 2, this.margin + this.side + 2];
    this.canvas.width = Math.round(wide * ratio);
    this.canvas.height = Math.round(high * ratio);
    this.canvas.style.width = wide + "px";
    this.canvas.style.height = high + "px";
    const pen = this.canvas.getContext("2d");
    pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.drawCells(pen, view);
    this.drawGroups(pen, view);
    this.drawNames(pen, view);
  }

  drawCells(pen, view) {
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.font = Math.min(13, this.cell * 0.36) + this.family;
    for (let row = 0; row < view.names.length; ++row)
      for (let column = 0; column < view.names.length; ++column) {
        const weight = view.weight(row, column);
        const [x, y] = [this.margin + column * this.cell, row * this.cell];
        pen.fillStyle = shareColour(weight);
        pen.fillRect(x, y, this.cell + 0.5, this.cell + 0.5);  // half a pixel more: no seams
        if (this.cell < 26) continue;
        pen.fillStyle = weight > 0.25 ? "#fff" : "#212529";
        pen.fillText(view.text(row, column), x + this.cell / 2, y + this.cell / 2);
      }
  }

  drawGroups(pen, view) {
    pen.strokeStyle = "#787e84";
    pen.lineWidth = this.cell < 6 ? 0.5 : 1;
    pen.beginPath();
    let at = 0;
    for (const group of view.groups) {
      at += group.size * this.cell;
      pen.moveTo(this.margin, at);
      pen.lineTo(this.margin + this.side, at);
      pen.moveTo(this.margin + at, 0);
      pen.lineTo(this.margin + at, this.side);
    }
    pen.stroke();
    pen.strokeRect(this.margin, 0.5, this.side, this.side);
  }

  drawNames(pen, view) {
    pen.fillStyle = styled("--text");
    pen.font = this.font + this.family;
    pen.textAlign = "right";
    const labels = this.names ? view.names.map((name) => ({ name, size: 1 })) : view.groups;
    let begin = 0;
    for (const { name, size } of labels) {
      const middle = (begin + size / 2) * this.cell;
      begin += size;
      if (size * this.cell < 9) continue;
      const text = fitText(pen, name, this.margin - 8);
      pen.fillText(text, this.margin - 5, middle);
      pen.save();
      pen.translate(this.margin + middle, this.side + 6);
      pen.rotate(-Math.PI / 2);
      pen.fillText(text, 0, 0);
      pen.restore();
    }
  }

  /** [row, column] at a point of the canvas in CSS pixels, or null. */
  cellAt(x, y, count) {
    const [row, column] = [Math.floor(y / this.cell), Math.floor((x - this.margin) / this.cell)];
    const inside = row >= 0 && column >= 0 && row < count && column < count;
    return inside ? [row, column] : null;
  }
}

/** Fills the scale of the colours; `text` tells what a part of the whole range means. */
function drawScale(bar, text) {
  bar.replaceChildren(...[0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1].map((part) => {
    const swatch = element("span", {}, text(part));
    swatch.style.background = shareColour(part);
    swatch.style.color = part > 0.25 ? "#fff" : "#212529";
    return swatch;
  }));
}
