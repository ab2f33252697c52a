#!/usr/bin/env python3
"""The onnx package (python3-onnx) checks hcnn's ONNX files, infers their shapes, and compares names, shapes and metadata
with what was exported: onnx_files.py EXCHANGE_FILES FOLDER. onnxruntime_files.py has the networks run."""
import json
import pathlib
import re
import shutil
import subprocess
import sys

from needs import Checks, needs

INCLUDE = pathlib.Path(__file__).resolve().parent.parent.parent / "include" / "hcnn" / "layers"
# What only executes other layers.
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


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    needs(["onnx"], "nobody but hcnn read its ONNX files")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([program, "onnx", folder], check=True)
    cases = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    check = Checks()
    covered = {layer for case in cases for layer in case["layers"]}
    check("layers without a case", sorted(library_layers() - covered), [])
    check_structure(folder, cases, check)
    check.finish("ONNX files")


if __name__ == "__main__":
    main()
