// The label tree: what a mistake means in it.
"use strict";

/** Position of a level in the label tree, or -1. */
function treeLevel(name) {
  return data.tree.findIndex((level) => level.name === name);
}

/** How bad it is to take class a of a level for b: height of their lowest common ancestor; null without a tree. */
function severityOf(level, a, b) {
  let at = treeLevel(level);
  if (at < 0) return null;
  let severity = 0;
  for (; at < data.tree.length && a !== b; ++at, ++severity) {
    const parents = data.tree[at].parents;  // none on the last level: both become undefined, which is the same
    a = parents[a];
    b = parents[b];
  }
  return severity;
}

/** "1 (same superclass)". */
function severityText(level, severity) {
  if (severity === 0) return "0 (right)";
  const above = data.tree[treeLevel(level) + severity];
  return above ? `${severity} (same ${above.name})` : `${severity} (different ${data.tree[data.tree.length - 1].name})`;
}
