#!/usr/bin/env python3
"""The onnx package checks hcnn's ONNX files, infers their shapes, and compares names, shapes and metadata with
what was exported: onnx_files.py EXCHANGE_FILES FOLDER [EXPORT_ONNX]. onnx_numpy.py computes the logits of what it reads.

Given the program export_onnx, it must write the same bytes from a model file, and keep what is there already.
"""
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
            check(f"{name}: inputs", [(v.name, shape_of(v)) for v in model.graph.input],
                  [("images", ["N", *case["input"]])])
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
            check_logits(name, model, folder / case["name"], check)
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


def check_logits(name, model, prefix, check):
    """The graph gives hcnn's logits at batch 1, 3 and 8."""
    import numpy as np
    import onnx_numpy

    for count in (1, 3, 8):
        for head, logits in onnx_numpy.run(model, np.load(f"{prefix}.{count}.npy")).items():
            check.close(f"{name}, batch {count}, head {head}", logits, np.load(f"{prefix}.{count}.{head}.npy"))


def check_program(program, folder, check):
    """export_onnx writes what save_onnx wrote, and overwrites only with --force."""
    def export(*options):
        return subprocess.run([program, folder / "cnn.safetensors", out, *options], capture_output=True, text=True)

    out = folder / "exported.onnx"
    for options, name in (([], "cnn.onnx"), (["--force", "--keep-batch-norm"], "cnn.unfolded.onnx")):
        result = export(*options)
        check(f"export_onnx {options}", (result.returncode, result.stderr), (0, ""))
        check(f"{name} by export_onnx", out.read_bytes() == (folder / name).read_bytes())
    check("what export_onnx prints", result.stdout.splitlines(),
          ["input images: N x 3 x 21 x 19, normalised by the network", "output fine: logits, N x 6",
           "output superclass: logits, N x 4", "output group: logits, N x 3"])
    result = export()
    check("export_onnx without --force", (result.returncode, result.stderr.count("\n"), "it exists" in result.stderr),
          (1, 1, True))
    check("the file is kept", out.read_bytes() == (folder / "cnn.unfolded.onnx").read_bytes())
    check("export_onnx --normalized-input", "already normalised" in export("--force", "--normalized-input").stdout)
    check("a graph that does not normalise is shorter", out.stat().st_size < (folder / "cnn.onnx").stat().st_size)


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
    if len(sys.argv) > 3:
        check_program(sys.argv[3], folder, check)
    check.finish("ONNX files")


if __name__ == "__main__":
    main()
