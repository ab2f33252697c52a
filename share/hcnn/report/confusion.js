// The confusion matrices: which head, in which order, as counts or shares, of all classes or of one superclass.
"use strict";

/** The section's state and what it shows. */
class Confusion {
  constructor(place) {
    this.state = { head: 0, order: "tree", values: "share", zoom: "" };
    this.canvas = element("canvas", { tabindex: "0", role: "application" });
    this.mark = element("div", { class: "mark", hidden: true });
    this.controls = element("div", { class: "controls" });
    this.note = element("p", { class: "hint" });
    this.stage = element("div", { class: "stage" }, this.canvas, this.mark);
    this.scale = element("div", { class: "scale", "aria-hidden": "true" });
    this.matrix = new Matrix(this.canvas);
    place.append(this.controls, element("p", { class: "hint" },
      "Rows are true classes, columns predicted ones. Point at a cell or move with the arrow keys; double click or ",
      "Enter shows the cell's branch of the tree alone, Escape all classes."),
      element("div", { class: "scroll" }, this.stage), this.scale, this.note);
    this.listen(place);
    this.addControls();
    this.draw();
  }

  get head() {
    return data.heads[this.state.head];
  }

  /** Parent of each class at the head's level, and the parents' names; null where there are none. */
  get parents() {
    const level = treeLevel(this.head.level);
    const above = level < 0 ? undefined : data.tree[level + 1];
    return above ? { of: data.tree[level].parents, names: above.classes, level: above.name } : null;
  }

  set(name, value) {
    this.state[name] = value;
    if (name === "head") this.state.zoom = "";
    if (name === "head") this.addControls();
    this.draw();
  }

  addControls() {
    const parents = this.parents;
    const controls = [
      choice("level", data.heads.map((head, i) => [i, head.level]), (value) => this.set("head", Number(value))),
      choice("order", [["tree", parents ? "by " + parents.level : "by number"], ["alphabetical", "alphabetical"]],
             (value) => this.set("order", value)),
      choice("values", [["share", "share of the true class"], ["count", "counts"]], (value) => this.set("values", value)),
    ];
    if (parents) {
      const used = [...new Set(this.head.order.map((label) => parents.of[label]))];
      controls.push(choice("show", [["", "all classes"], ...used.map((label) => [label, parents.names[label]])],
                           (value) => this.set("zoom", value)));
    }
    controls.forEach((control, i) => {
      control.lastChild.value = String(this.state[["head", "order", "values", "zoom"][i]]);
      control.lastChild.name = ["level", "order", "values", "show"][i];
    });
    this.controls.replaceChildren(...controls);
  }

  /** Classes from top to bottom. */
  classes() {
    const { order, zoom } = this.state;
    const names = this.head.classes;
    let list = [...this.head.order];
    if (zoom !== "") list = list.filter((label) => String(this.parents.of[label]) === zoom);
    if (order === "alphabetical") list.sort((a, b) => names[a].localeCompare(names[b], "en"));
    return list;
  }

  groups(list) {
    const groups = [];
    if (this.state.order !== "tree" || !this.parents) return groups;
    for (const label of list) {
      const name = this.parents.names[this.parents.of[label]];
      if (groups.length === 0 || groups[groups.length - 1].name !== name) groups.push({ name, size: 0 });
      ++groups[groups.length - 1].size;
    }
    return groups;
  }

  draw() {
    const { head } = this;
    const size = head.classes.length;
    this.list = this.classes();
    this.count = (row, column) => head.counts[this.list[row] * size + this.list[column]];
    this.support = (row) => head.supports[this.list[row]];
    const most = head.counts.reduce((greatest, count) => Math.max(greatest, count), 1);
    const share = (row, column) => (this.support(row) ? this.count(row, column) / this.support(row) : 0);
    const asCount = this.state.values === "count";
    this.share = share;
    this.matrix.draw({
      names: this.list.map((label) => head.classes[label]),
      groups: this.groups(this.list),
      weight: asCount ? (row, column) => this.count(row, column) / most : share,
      text: asCount ? (row, column) => String(this.count(row, column))
                    : (row, column) => (100 * share(row, column)).toFixed(this.list.length > 12 ? 0 : 1),
    }, this.stage.parentNode.clientWidth);
    Object.assign(this.canvas.dataset, { ...this.state, classes: this.list.length });
    this.canvas.setAttribute("aria-label", `confusion matrix of ${head.level}, ${this.list.length} classes`);
    drawScale(this.scale, asCount ? (part) => String(Math.round(part * most)) : (part) => 100 * part + " %");
    this.describe();
    this.cell = null;
    this.mark.hidden = true;
    tooltip.hide();
  }

  describe() {
    let inside = 0, all = 0;
    for (let row = 0; row < this.list.length; ++row) {
      all += this.support(row);
      for (let column = 0; column < this.list.length; ++column) inside += this.count(row, column);
    }
    this.note.textContent = this.state.zoom === "" ? `${all} samples of the ${data.part} part.`
      : `${all} samples of these classes; ${all - inside} of them were taken for classes that are not shown.`;
  }

  /** Marks a cell and tells about it; x and y in the window. */
  point(cell, x, y) {
    this.cell = cell;
    const { margin, cell: side } = this.matrix;
    Object.assign(this.mark.style, { left: margin + cell[1] * side + "px", top: cell[0] * side + "px",
                                     width: side + "px", height: side + "px" });
    this.mark.hidden = false;
    const [truth, predicted] = [this.list[cell[0]], this.list[cell[1]]];
    const severity = severityOf(this.head.level, truth, predicted);
    const lines = [["true", this.head.classes[truth]], ["predicted", this.head.classes[predicted]],
                   ["count", `${this.count(...cell)} of ${this.support(cell[0])}`], ["share", percent(this.share(...cell))]];
    if (severity !== null) lines.push(["severity", severityText(this.head.level, severity)]);
    tooltip.show(lines, x, y);
  }

  leave() {
    this.mark.hidden = true;
    tooltip.hide();
  }

  zoomTo(cell) {
    const parents = this.parents;
    if (!parents) return;
    this.state.zoom = this.state.zoom === "" && cell ? String(parents.of[this.list[cell[0]]]) : "";
    this.addControls();
    this.draw();
  }

  step(rows, columns) {
    const last = this.list.length - 1;
    const [row, column] = this.cell ?? [0, 0];
    const clamp = (value) => Math.max(0, Math.min(last, value));
    const next = this.cell ? [clamp(row + rows), clamp(column + columns)] : [0, 0];
    const box = this.canvas.getBoundingClientRect();
    const { margin, cell } = this.matrix;
    this.point(next, box.left + margin + (next[1] + 1) * cell, box.top + (next[0] + 1) * cell);
  }

  listen(place) {
    const cellOf = (event) => {
      const box = this.canvas.getBoundingClientRect();
      return this.matrix.cellAt(event.clientX - box.left, event.clientY - box.top, this.list.length);
    };
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const follow = (event) => {
      const cell = cellOf(event);
      if (cell) this.point(cell, event.clientX, event.clientY);
      else this.leave();
    };
    furnish(this.canvas, {
      pointermove: follow,
      pointerdown: follow,
      pointerleave: () => this.leave(),
      blur: () => {
        this.cell = null;
        this.leave();
      },
      dblclick: (event) => this.zoomTo(cellOf(event)),
      keydown: (event) => {
        if (steps[event.key]) this.step(...steps[event.key]);
        else if (event.key === "Enter") this.zoomTo(this.cell);
        else if (event.key === "Escape") this.zoomTo(null);
        else return;
        event.preventDefault();
      },
    }, []);
    new ResizeObserver(() => this.draw()).observe(place);
    whenRestyled(() => this.draw());
  }
}
