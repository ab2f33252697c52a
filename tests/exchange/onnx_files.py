#!/usr/bin/env python3
"""Other programs read hcnn's ONNX files: onnx_files.py EXCHANGE_FILES FOLDER [--need-runtime].

The onnx package (python3-onnx) checks every file, infers its shapes and compares names, shapes and metadata. Where Node
finds onnxruntime-node, it runs the networks at batch 1, 3 and 8 and compares the logits:

    npm install --ignore-scripts --prefix FOLDER onnxruntime-node
    NODE_PATH=FOLDER/node_modules ctest -R exchange.onnx

What is missing is said; with nothing there the test is skipped.
"""
import argparse
import json
import pathlib
import re
import shutil
import subprocess
import sys

from needs import Checks, needs

INCLUDE = pathlib.Path(__file__).resolve().parent.parent.parent / "include" / "hcnn" / "layers"
# Bases, and what only executes other layers.
NO_LAYER_OF_ITS_OWN = {"FusedBlock"}


def library_layers():
    """Names of the layers that include/hcnn/layers defines."""
    text = "\n".join(path.read_text(encoding="utf-8") for path in sorted(INCLUDE.glob("*.hpp")))
    known = {"Layer"}
    while True:  # classes derived from layers, however far
        found = {name for name, base in re.findall(r"class (\w+) : public (\w+)<T>", text) if base in known}
        if found <= known:
            return known - {"Layer"} - NO_LAYER_OF_ITS_OWN
        known |= found


def shape_of(value):
    """Extents of an input or output; a text where the extent is open."""
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def check_structure(folder, cases, check):
    """What the onnx package says of each file."""
    import onnx
    from onnx import checker, shape_inference

    for case in cases:
        for form in ("", ".unfolded"):
            name = case["name"] + form
            model = onnx.load(str(folder / (name + ".onnx")))
            try:
                checker.check_model(model, full_check=True)
                inferred = shape_inference.infer_shapes(model, check_type=True, strict_mode=True, data_prop=True)
            except (checker.ValidationError, shape_inference.InferenceError) as error:
                check(name, str(error), "no error")
                continue
            check(f"{name}: opset", [(each.domain, each.version) for each in model.opset_import], [("", 17)])
            check(f"{name}: inputs", [(v.name, shape_of(v)) for v in model.graph.input], [("images", ["N", *case["input"]])])
            check(f"{name}: outputs", [(v.name, shape_of(v)) for v in model.graph.output],
                  [(head, ["N", classes]) for head, classes in case["heads"].items()])
            # Inference starts from the input alone: what it finds for the outputs' sources is what is written.
            found = {v.name: shape_of(v) for v in inferred.graph.value_info}
            for node in model.graph.node:
                if node.op_type == "Identity":
                    check(f"{name}: inferred shape of {node.output[0]}", found.get(node.input[0]),
                          ["N", case["heads"][node.output[0]]])
            entries = {entry.key: entry.value for entry in model.metadata_props}
            about = json.loads(entries.pop("hcnn.onnx", "null"))
            check(f"{name}: about", about, {"input": "images", "normalizes": "hcnn.normalization" in entries})
            check(f"{name}: metadata", entries, case["metadata"])
            check_folding(name, model, form == "", check)
    print(f"onnx {onnx.__version__}: {2 * len(cases)} files read")


def check_folding(name, model, folded, check):
    """A folded graph has no normalisation right behind a convolution or product; no graph has dropout."""
    made_by = {output: node.op_type for node in model.graph.node for output in node.output}
    behind = [made_by.get(node.input[0]) for node in model.graph.node if node.op_type == "BatchNormalization"]
    check(f"{name}: dropout", "Dropout" in made_by.values(), False)
    if folded:
        check(f"{name}: left to fold", [op for op in behind if op in ("Conv", "Gemm")], [])
    elif name == "cnn.unfolded":
        check(f"{name}: normalisations", len(behind), 4)


def run_networks(folder, check):
    """Runs every file by onnxruntime-node; False where that is not there."""
    node = shutil.which("node")
    script = pathlib.Path(__file__).with_name("run_onnx.js")
    if not node or subprocess.run([node, "-e", "require('onnxruntime-node')"], capture_output=True).returncode:
        return False
    result = subprocess.run([node, script, folder], capture_output=True, text=True)
    print(result.stdout.strip() or result.stderr.strip()[-2000:])
    check("onnxruntime-node", result.returncode, 0)
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("program")
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--need-runtime", action="store_true", help="fail, instead of saying so, without onnxruntime-node")
    options = parser.parse_args()
    needs(["onnx"], "nobody but hcnn read its ONNX files")
    shutil.rmtree(options.folder, ignore_errors=True)
    options.folder.mkdir(parents=True)
    subprocess.run([options.program, "onnx", options.folder], check=True)
    cases = json.loads((options.folder / "cases.json").read_text(encoding="utf-8"))
    check = Checks()
    covered = {layer for case in cases for layer in case["layers"]}
    check("layers without a case", sorted(library_layers() - covered), [])
    check_structure(options.folder, cases, check)
    if not run_networks(options.folder, check):
        if options.need_runtime:
            check("onnxruntime-node", "none", "installed")
        print("SKIPPED in part: Node finds no onnxruntime-node, so nobody but hcnn computed these networks' logits")
    check.finish("ONNX files")


if __name__ == "__main__":
    main()
