#!/usr/bin/env python3
"""onnxruntime runs hcnn's ONNX files, folded and not, at batch 1, 3 and 8, and its logits are compared with hcnn's:
onnxruntime_files.py EXCHANGE_FILES FOLDER. No Debian package has onnxruntime; Node's does not need one:

    npm install --ignore-scripts --prefix DIR onnxruntime-node
    NODE_PATH=DIR/node_modules ctest --test-dir build/release -R exchange.onnxruntime
"""
import pathlib
import shutil
import subprocess
import sys

from needs import skip

SCRIPT = pathlib.Path(__file__).with_name("run_onnx.js")


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    node = shutil.which("node")
    if not node or subprocess.run([node, "-e", "require('onnxruntime-node')"], stderr=subprocess.DEVNULL).returncode:
        skip("Node finds no onnxruntime-node (npm install; see onnxruntime_files.py), so nobody but hcnn computed the "
             "logits of its ONNX files")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    subprocess.run([program, "onnx", folder], check=True)
    sys.exit(subprocess.run([node, SCRIPT, folder]).returncode)


if __name__ == "__main__":
    main()
