// Runs every network of onnxruntime_files.py by onnxruntime and compares its logits with hcnn's: run_onnx.js FOLDER.
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const TOLERANCE = 1e-5;  // of the largest logit, or of 1 where that is more
const folder = process.argv[2];

/** Extents and values of a .npy file of floats. */
function readNpy(file) {
  const bytes = fs.readFileSync(file), start = 10 + bytes.readUInt16LE(8);
  const header = bytes.toString('latin1', 10, start);
  const dims = header.match(/'shape': \(([^)]*)\)/)[1].split(',').filter((text) => text.trim()).map(Number);
  const values = new Float32Array(bytes.buffer.slice(bytes.byteOffset + start, bytes.byteOffset + bytes.length));
  if (!header.includes("'<f4'") || values.length !== dims.reduce((a, b) => a * b, 1)) throw Error(file);
  return {dims, values};
}

/** Largest difference from the expected logits, as part of the tolerance. */
function compare(came, expected) {
  if (came.dims.join() !== expected.dims.join()) return Infinity;
  let largest = 1, difference = 0;
  expected.values.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    const gap = Math.abs(value - came.data[i]);
    difference = gap <= difference ? difference : Number.isNaN(gap) ? Infinity : gap;
  });
  return difference / (TOLERANCE * largest);
}

/** Calls `report(part, text)` for each head of one file at each batch size. */
async function runFile(name, form, heads, report) {
  const session = await ort.InferenceSession.create(path.join(folder, `${name}${form}.onnx`));
  for (const count of [1, 3, 8]) {
    const images = readNpy(path.join(folder, `${name}.${count}.npy`));
    const logits = await session.run({images: new ort.Tensor('float32', images.values, images.dims)});
    for (const head of Object.keys(heads)) {
      const expected = readNpy(path.join(folder, `${name}.${count}.${head}.npy`));
      report(compare(logits[head], expected), `${name}${form}, batch ${count}, head ${head}`);
    }
  }
}

async function main() {
  let compared = 0, failed = 0, worst = 0;
  const report = (part, text) => {
    ++compared;
    worst = Math.max(worst, part);
    if (part <= 1) return;
    ++failed;
    console.log(`FAILED ${text}: ${part} times the tolerance`);
  };
  for (const {name, heads} of JSON.parse(fs.readFileSync(path.join(folder, 'cases.json'), 'utf8')))
    for (const form of ['', '.unfolded'])
      await runFile(name, form, heads, report).catch((error) => report(Infinity, `${name}${form}: ${error}`));
  console.log(`onnxruntime ${ort.env.versions.node}: ${compared} logits compared, ${failed} failed, ` +
              `the worst at ${worst.toFixed(3)} of the tolerance`);
  process.exit(failed || !compared ? 1 : 0);
}

main().catch((error) => {
  console.error(String(error));
  process.exit(1);
});
