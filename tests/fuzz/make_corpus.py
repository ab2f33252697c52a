#!/usr/bin/env python3
"""Writes the kept corpus: good and bad files for every fuzz target, the same bytes each time. The names of good files, which
every reader must take, begin with "good"; all others must be refused. fuzz.corpus and structure.bad_inputs check it.

make_corpus.py CORPUS. Needs NumPy and PIL, for arrays and pictures of other writers.
"""
import argparse
import io
import json
import pathlib
import struct
import zlib

import numpy
from PIL import Image

HOSTILE = ["<script>alert(1)</script>", 'a "quoted" name', "line\nbreak", "\x1b[31mred\x1b[0m", "csi\x9b31m", "tab\there",
           "../x", "/etc/passwd", "nul\0byte", "\u202etxt.exe", "", "a" * 600, "comma, semicolon; 'quote'", "%s%n%d"]


def cases_npy():
    def npy(header, payload=b"", version=(1, 0)):
        text = header.encode("latin-1")
        length = struct.pack("<H" if version[0] == 1 else "<I", len(text))
        return b"\x93NUMPY" + bytes(version) + length + text + payload

    def dictionary(descr="'<f4'", order="False", shape="(2,)"):
        return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}\n"

    for dtype in ("f4", "f8", "b1", "i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"):
        stream = io.BytesIO()
        numpy.save(stream, numpy.arange(6).reshape(2, 3).astype(dtype))
        yield f"good_{dtype}", stream.getvalue()
    for name, shape in (("scalar", ()), ("no_samples", (0, 3)), ("good_4_extents", (1, 2, 2, 3))):
        stream = io.BytesIO()
        numpy.save(stream, numpy.ones(shape, "f4"))
        yield name, stream.getvalue()
    yield "good_nan", npy(dictionary(shape="(1, 2)"), struct.pack("<2f", float("nan"), float("inf")))
    yield "good_version_2", npy(dictionary(shape="(1, 2)"), bytes(8), (2, 0))
    yield "good_version_3", npy(dictionary(shape="(1, 2)"), bytes(8), (3, 0))
    yield "empty", b""
    yield "one_byte", b"\x93"
    yield "wrong_magic", b"\x94NUMPY" + npy(dictionary(), bytes(8))[6:]
    yield "version_9", npy(dictionary(), bytes(8), (9, 0))
    yield "header_length_lies", b"\x93NUMPY\x02\0" + struct.pack("<I", 2**31) + dictionary().encode()
    yield "header_length_short", npy(dictionary(), bytes(8))[:8] + b"\x03\0" + npy(dictionary(), bytes(8))[10:]
    yield "fortran_order", npy(dictionary(order="True"), bytes(8))
    yield "big_endian", npy(dictionary("'>f4'"), bytes(8))
    yield "objects", npy(dictionary("'|O'"), bytes(16))
    yield "structured", npy(dictionary("[('a', '<f4')]"), bytes(8))
    yield "negative_extent", npy(dictionary(shape="(-1,)"), bytes(8))
    yield "overflow", npy(dictionary(shape="(4611686018427387904, 4)"), bytes(8))
    yield "overflow_of_bytes", npy(dictionary(shape="(4000000000, 4000000000)"), bytes(8))
    yield "wraps_to_zero", npy(dictionary("'<f8'", shape="(2305843009213693952, 8)"))
    yield "trailing", npy(dictionary(), bytes(9))
    yield "too_short", npy(dictionary(), bytes(7))
    yield "no_tuple", npy(dictionary(shape="(2)"), bytes(8))
    yield "33_extents", npy(dictionary(shape="(" + "1, " * 33 + ")"), bytes(4))
    yield "key_twice", npy("{'descr': '<f4', 'descr': '<f4', 'shape': (2,), 'fortran_order': False}\n", bytes(8))
    yield "hostile_type", npy(dictionary("'\x1b[31m<script>'"), bytes(8))


def safetensors(header, payload=b""):
    if not isinstance(header, (str, bytes)):
        header = json.dumps(header, separators=(",", ":"))
    if isinstance(header, str):
        header = header.encode()
    return struct.pack("<Q", len(header)) + header + payload


def checksummed(metadata, tensors, payload):
    """A file with hcnn's checksum: CRC-32 of every byte behind its own digits."""
    prefix = '{"__metadata__":{"hcnn.crc32":"'
    rest = '"' + "".join("," + json.dumps(key) + ":" + json.dumps(text, ensure_ascii=False)
                         for key, text in metadata.items()) + "}"
    rest += "".join("," + json.dumps(name) + ":" + json.dumps(entry, separators=(",", ":"))
                    for name, entry in tensors.items()) + "}"
    rest = rest.encode()
    rest += b" " * (-(len(prefix) + 8 + len(rest)) % 8)
    return safetensors(prefix.encode() + b"%08x" % zlib.crc32(rest + payload) + rest, payload)


def cases_safetensors():
    def one(dtype="F32", shape=(1,), offsets=(0, 4)):
        return {"dtype": dtype, "shape": list(shape), "data_offsets": list(offsets)}

    yield "good_empty", safetensors("{}")
    yield "good_metadata", safetensors({"__metadata__": {"format": "pt", "x": HOSTILE[0]}, "a": one()}, bytes(4))
    yield "good_types", safetensors({"a": one("F64", (), (0, 8)), "b": one("F32", (2,), (8, 16)),
                                     "c": one("BF16", (1, 2), (16, 20)), "d": one("I64", (1,), (20, 28)),
                                     "e": one("U8", (3,), (28, 31)), "f": one("F32", (0, 4), (31, 31))}, bytes(range(31)))
    yield "good_unordered", safetensors({"b": one(offsets=(4, 8)), "a": one()}, bytes(8))
    yield "good_nan", safetensors({"a": one("F32", (3,), (0, 12))}, struct.pack("<3f", float("nan"), float("inf"), -0.0))
    yield "good_checksum", checksummed({"format": "pt"}, {"a": one()}, bytes(4))
    yield "checksum_cut", safetensors(b'{"__metadata__":{"hcnn.crc32":""}}')
    yield "wrong_checksum", checksummed({"format": "pt"}, {"a": one()}, bytes(4))[:-1] + b"\1"
    yield "good_padded", safetensors('{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}   ', b"x")
    yield "empty", b""
    yield "one_byte", b"{"
    for name, length in (("0", 0), ("1", 1), ("2_63", 2**63), ("2_64", 2**64 - 1), ("beyond_file", 3),
                         ("100000001", 100_000_001)):
        yield f"header_length_{name}", struct.pack("<Q", length) + b"{}"
    yield "not_utf8", safetensors(b'{"\xff":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "surrogate", safetensors(b'{"\\ud800":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', b"x")
    yield "not_json", safetensors("hello")
    yield "array", safetensors("[]")
    yield "leading_space", safetensors(" {}")
    yield "byte_order_mark", safetensors(b"\xef\xbb\xbf{}")
    yield "nul", safetensors(b"{}\0{")
    yield "deep", safetensors('{"a":' * 3000)
    yield "deep_arrays", safetensors('{"a":{"shape":' + "[" * 3000)
    yield "name_twice", safetensors('{"a":%s,"a":%s}' % ((json.dumps(one("U8", (0,), (0, 0))),) * 2))
    yield "metadata_twice", safetensors('{"__metadata__":{},"__metadata__":{}}')
    yield "metadata_key_twice", safetensors('{"__metadata__":{"a":"1","a":"2"}}')
    yield "metadata_number", safetensors('{"__metadata__":{"a":1}}')
    for name, offsets in (("negative", (-4, 0)), ("reversed", (4, 0)), ("past_end", (0, 8)), ("hole", (4, 8)),
                          ("huge", (0, 2**64 - 1)), ("wrapping", (2**64 - 4, 0)), ("three", (0, 4, 4))):
        yield f"offsets_{name}", safetensors({"a": one(offsets=offsets)}, bytes(4))
    yield "offsets_overlapping", safetensors({"a": one(), "b": one(offsets=(2, 6))}, bytes(6))
    yield "offsets_equal", safetensors({"a": one(), "b": one()}, bytes(4))
    yield "extents_too_many", safetensors({"a": one("U8", (1,) * 9, (0, 1))}, b"x")
    yield "extents_other_product", safetensors({"a": one("F32", (2,))}, bytes(4))
    yield "extents_overflow", safetensors({"a": one("F32", (2**62, 4))}, bytes(4))
    yield "extents_wrap_to_zero", safetensors({"a": one("F32", (2**31, 2**31), (0, 0))})
    yield "extents_negative", safetensors({"a": one("F32", (-1,))}, bytes(4))
    yield "extents_real", safetensors('{"a":{"dtype":"U8","shape":[1.0],"data_offsets":[0,1]}}', b"x")
    yield "extents_true", safetensors('{"a":{"dtype":"U8","shape":[true],"data_offsets":[0,1]}}', b"x")
    yield "field_missing", safetensors('{"a":{"dtype":"U8","shape":[0]}}')
    yield "field_more", safetensors('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0],"more":1}}')
    yield "type_unknown", safetensors({"a": one("F16", (2,))}, bytes(4))
    yield "type_other_case", safetensors({"a": one("f32")}, bytes(4))
    yield "trailing", safetensors({"a": one()}, bytes(5))
    for number, name in enumerate(HOSTILE):
        good = "good_" if number in (0, 1, 4, 9, 12, 13) else ""  # others have control characters, "..", no or 600 letters
        yield f"{good}name_{number:02}", safetensors({name: one()}, bytes(4))
    yield "header_cut", safetensors({"__metadata__": {"a": "x" * 250_000}})[:4096]


def cases_model_file():
    def entry(shape, begin):
        size = 4
        for extent in shape:
            size *= extent
        return {"dtype": "F32", "shape": list(shape), "data_offsets": [begin, begin + size]}, begin + size

    def network(height=2, width=2, channels=1, hidden=(), heads=(("fine", 2), ("group", 2)), **other):
        return {"name": "tiny", "builder": "multi_head_cnn",
                "input": {"height": height, "width": width, "channels": channels}, "channels": [], "pooled": 1,
                "hidden": list(hidden), "heads": [{"name": name, "classes": classes} for name, classes in heads],
                "activation": "relu", "dropout": 0.5, "batch_norm": True} | other

    def model(description=None, taxonomy=None, more=None, names=("fine", "group"), classes=(2, 2), inputs=1, value=0.0):
        tensors, end = {}, 0
        for head, count in zip(names, classes):
            for part, shape in (("weight", (count, inputs)), ("bias", (count,))):
                tensors[f"heads.{head}.0.{part}"], end = entry(shape, end)
        metadata = {"hcnn.format": "1", "hcnn.network": json.dumps(description or network())}
        if taxonomy is not None:
            metadata["hcnn.taxonomy"] = json.dumps(taxonomy, ensure_ascii=False)
        return checksummed(metadata | (more or {}), tensors, struct.pack("<f", value) * (end // 4))

    def tree(names=("cat", "dog"), groups=("pets", "farm"), levels=("fine", "group"), parents=(0, 1)):
        return {"levels": [{"name": levels[0], "classes": list(names), "parents": list(parents)},
                           {"name": levels[1], "classes": list(groups), "parents": []}]}

    yield "good", model(taxonomy=tree())
    yield "good_notes", model(taxonomy=tree(), more={"hcnn.notes": json.dumps({"epoch": 3, "recipe": HOSTILE[0]})})
    yield "good_fit", model(taxonomy=tree(), more={"hcnn.fit": '"crop"',
                                                   "hcnn.normalization": '{"mean":[0.5],"deviation":[0.25]}'})
    yield "good_nan", model(taxonomy=tree(), value=float("nan"))
    yield "good_probe", model(taxonomy=tree(), more={"hcnn.probe": json.dumps(
        {"precision": "float32", "logits": {"fine": [0.0] * 4, "group": [0.0] * 4}})})
    yield "good_without_classes", model()
    yield "wrong_probe", model(taxonomy=tree(), more={"hcnn.probe": json.dumps(
        {"precision": "float32", "logits": {"fine": [1.0] * 4, "group": [0.0] * 4}})})
    for number, name in enumerate(HOSTILE):
        yield f"good_class_{number:02}", model(taxonomy=tree(names=(name, "dog")))
        good = "good_" if number in (0, 1, 4, 7, 12, 13) else ""  # a head's name is part of its arrays' names
        yield f"{good}level_{number:02}", model(network(heads=[(name, 2), ("group", 2)]), tree(levels=(name, "group")),
                                                names=(name, "group"))
    yield "format_2", model(more={"hcnn.format": "2"})
    yield "no_network", checksummed({"hcnn.format": "1"}, {}, b"")
    yield "other_builder", model(network(builder="resnet"))
    yield "more_members", model(network() | {"more": 1})
    yield "missing_array", model(network(heads=[("fine", 2), ("group", 2), ("third", 2)]))
    yield "surplus_array", model(network(heads=[("fine", 2)]))
    yield "other_extents", model(network(heads=[("fine", 3), ("group", 2)]))
    yield "huge_hidden", model(network(hidden=[65536] * 60))
    yield "huge_picture", model(network(height=4096, width=4096))
    yield "good_wide_picture", model(network(height=1024, width=1024))
    yield "huge_pooled", model(network(pooled=256))
    yield "absurd_pooled", model(network(pooled=2**40))
    yield "negative_classes", model(network(heads=[("fine", -1)]))
    yield "no_heads", model(network(heads=[]))
    yield "equal_heads", model(network(heads=[("fine", 2), ("fine", 2)]))
    yield "dropout_1e999", model(taxonomy=tree(), more={"hcnn.network": json.dumps(network()).replace("0.5", "1e999")})
    yield "parents_out_of_range", model(taxonomy=tree(parents=(0, 7)))
    yield "classes_twice", model(taxonomy=tree(names=("cat", "cat")))
    yield "deviation_zero", model(more={"hcnn.normalization": '{"mean":[0.5],"deviation":[0]}'})
    yield "means_too_many", model(more={"hcnn.normalization": '{"mean":[0.5,1],"deviation":[1,1]}'})
    yield "fit_unknown", model(more={"hcnn.fit": '"stretch"'})
    yield "notes_deep", model(more={"hcnn.notes": "[" * 100 + "]" * 100})
    yield "notes_many", model(more={"hcnn.notes": "[" + "[]," * 20_000 + "[]]"})
    yield "probe_no_object", model(taxonomy=tree(), more={"hcnn.probe": "[]"})
    yield "pytorch", safetensors({"__metadata__": {"format": "pt"}, "w": entry((2,), 0)[0]}, bytes(8))


def cases_checkpoint():
    def snapshot(values, texts, metadata=None):
        tensors, payload = {}, b""
        for name, (dtype, code, numbers) in values.items():
            packed = struct.pack(f"<{len(numbers)}{code}", *numbers)
            tensors[name] = {"dtype": dtype, "shape": [len(numbers)],
                             "data_offsets": [len(payload), len(payload) + len(packed)]}
            payload += packed
        return checksummed({"hcnn.snapshot": "1", "hcnn.texts": json.dumps(texts)} | (metadata or {}), tensors, payload)

    values = {"training.loss": ("F64", "d", [0.5]), "training.losses": ("F64", "d", [1.0, 0.5]),
              "training.step": ("I64", "q", [7]), "training.unsaved": ("I64", "q", [1]),
              "training.seed": ("I64", "q", [1]), "training.weights": ("F32", "f", [1, 2, 3, 4])}
    texts = {"training.monitor": ["val.fine.top1"], "training.columns": ["epoch", HOSTILE[0], HOSTILE[2], HOSTILE[3]]}
    good = snapshot(values, texts)
    yield "good", good
    yield "good_nan", snapshot(values | {"training.loss": ("F64", "d", [float("nan")])}, texts)
    yield "empty_snapshot", snapshot({}, {})
    yield "future_version", snapshot(values, texts, {"hcnn.snapshot": "2"})
    yield "no_version", checksummed({"format": "pt"}, {}, b"")
    yield "other_size", snapshot(values | {"training.weights": ("F32", "f", [1, 2, 3])}, texts)
    yield "other_type", snapshot(values | {"training.weights": ("F64", "d", [1, 2, 3, 4])}, texts)
    yield "other_seed", snapshot(values | {"training.seed": ("I64", "q", [2])}, texts)
    yield "bytes_for_numbers", snapshot(values | {"training.blob": ("U8", "B", [1, 2, 3])}, texts)
    yield "value_more", snapshot(values | {"training.more": ("I64", "q", [2])}, texts)
    yield "value_missing", snapshot({k: v for k, v in values.items() if k != "training.step"}, texts)
    yield "texts_array", snapshot(values, [])
    yield "texts_numbers", snapshot(values, {"training.monitor": [1]})
    yield "texts_no_list", snapshot(values, {"training.monitor": "x"})
    yield "texts_two", snapshot(values, texts | {"training.monitor": ["a", "b"]})
    yield "no_checksum", safetensors({"__metadata__": {"hcnn.snapshot": "1", "hcnn.texts": "{}"}})
    for place in (0, 5, 9, 40, 60, 100, 200, len(good) - 60, len(good) - 1):
        yield f"flipped_{place:03}", good[:place] + bytes([good[place] ^ 4]) + good[place + 1:]


def cases_cifar100():
    parents = {0: 4, 1: 1, 2: 14, 4: 0, 99: 13}

    def record(fine, superclass=None, salt=0):
        return bytes([parents.get(fine, 0) if superclass is None else superclass, fine]) + bytes(
            (k * 7 + salt) % 256 for k in range(3072))

    yield "good_1", record(4)
    yield "good_3", record(99) + record(0, salt=1) + record(4, salt=2)
    yield "good_equal", record(4) * 2
    yield "empty", b""
    yield "one_byte", b"\0"
    yield "cut", record(4)[:-1]
    yield "one_more", record(4) + b"x"
    yield "superclass_20", record(4, 20)
    yield "superclass_255", record(4, 255)
    yield "fine_100", record(100, 0)
    yield "fine_255", record(255, 0)
    yield "other_parent", record(4, 1)
    yield "second_bad", record(4) + record(4, 3)
    yield "cifar10", bytes([3]) + bytes(3072)


def cases_cifar10():
    def record(label, salt=0):
        return bytes([label]) + bytes((k * 5 + salt) % 256 for k in range(3072))

    yield "good_1", record(9)
    yield "good_3", record(0) + record(5, 1) + record(5, 2)
    yield "empty", b""
    yield "cut", record(1)[:-1]
    yield "one_more", record(1) + b"x"
    yield "label_10", record(10)
    yield "label_255", record(255)
    yield "second_bad", record(1) + record(77)
    yield "cifar100", bytes([0, 4]) + bytes(3072)


def chunk(name, content=b"", sum_of=None):
    return struct.pack(">I", len(content)) + name + content + struct.pack(
        ">I", zlib.crc32(name + content) if sum_of is None else sum_of)


def png(width, height, depth=8, kind=2, rows=None, palette=b"", interlace=0, more=b""):
    channels = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}.get(kind, 1)
    if rows is None:
        line = (width * channels * depth + 7) // 8
        rows = b"".join(b"\0" + bytes((x * 11 + y) % 256 for x in range(line)) for y in range(height))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", width, height, depth, kind, 0, 0, interlace))
            + more + (chunk(b"PLTE", palette) if palette else b"") + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND"))


def picture(mode, size=(9, 7)):
    image = Image.new(mode, size)
    image.putdata([tuple((x * 13 + c * 40) % 256 for c in range(len(mode) if mode != "CMYK" else 4)) if len(mode) > 1
                   else x * 13 % 256 for x in range(size[0] * size[1])])
    return image


def cases_png():
    good = png(3, 2)
    yield "good_colour", good
    yield "good_1x1", png(1, 1)
    yield "good_grey", png(5, 3, kind=0)
    yield "good_grey_1_bit", png(9, 2, 1, 0)
    yield "good_grey_alpha", png(2, 2, kind=4)
    yield "good_alpha", png(2, 2, kind=6)
    yield "good_palette", png(4, 2, 2, 3, rows=b"\0\x1b\0\xe4", palette=bytes(range(12)))
    yield "good_transparent", png(2, 1, rows=b"\0abcdef", more=chunk(b"tRNS", b"\0a\0b\0c"))
    interlaced = io.BytesIO()
    picture("RGB").save(interlaced, "PNG")
    yield "good_other_writer", interlaced.getvalue()
    yield "good_interlaced", png(1, 1, interlace=1)
    yield "good_text", png(3, 2, more=chunk(b"tEXt", b"Comment\0<script>\x1b[31m"))
    yield "good_filters", png(2, 5, rows=b"".join(bytes([f]) + bytes(range(6)) for f in range(5)))
    yield "good_profile_bomb", png(3, 2, more=chunk(b"iCCP", b"x\0\0" + zlib.compress(bytes(3_000_000), 9)))
    yield "good_text_bomb", png(3, 2, more=chunk(b"zTXt", b"x\0\0" + zlib.compress(bytes(3_000_000), 9)))
    yield "16_bit", png(2, 2, 16)
    yield "16_bit_grey", png(2, 2, 16, 0)
    yield "wide", png(65535, 1)
    yield "declared_2_31", png(2**31 - 1, 2**31 - 1, rows=bytes(8))
    yield "declared_16384", png(16384, 4096, rows=bytes(8))
    yield "no_pixels", png(0, 1, rows=b"")
    yield "depth_3", png(2, 2, 3)
    yield "kind_5", png(2, 2, 8, 5)
    yield "filter_9", png(1, 1, rows=b"\x09abc")
    yield "palette_missing", png(2, 1, 8, 3)
    yield "good_palette_index", png(2, 1, 8, 3, rows=b"\0\xff\xff", palette=bytes(3))
    yield "rows_missing", png(3, 2, rows=b"\0" + bytes(9))
    yield "good_rows_more", png(1, 1, rows=bytes(4000))
    yield "bad_sum", good[:29] + b"\0\0\0\0" + good[33:]
    yield "not_deflate", (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">2I5B", 1, 1, 8, 2, 0, 0, 0))
                          + chunk(b"IDAT", b"hello") + chunk(b"IEND"))
    yield "cut", good[:-20]
    yield "no_end", good[:-12]
    yield "trailing", good + b"x"
    yield "no_header", b"\x89PNG\r\n\x1a\n" + chunk(b"IDAT") + chunk(b"IEND")
    yield "two_headers", good[:33] + good[8:]
    yield "length_2_32", good[:8] + b"\xff\xff\xff\xff" + good[12:]
    yield "signature", good[:8]
    yield "no_picture", b"hello"
    yield "empty", b""


def cases_jpeg():
    def jpeg(mode="RGB", size=(17, 9), **options):
        stream = io.BytesIO()
        picture(mode, size).save(stream, "JPEG", **options)
        return stream.getvalue()

    def declared(data, height, width):
        for marker in (b"\xff\xc0", b"\xff\xc2"):
            at = data.find(marker)
            if at > 0:
                return data[:at + 5] + struct.pack(">2H", height, width) + data[at + 9:]
        raise ValueError("no frame")

    good = jpeg(quality=50)
    yield "good_colour", good
    yield "good_1x1", jpeg(size=(1, 1))
    yield "good_grey", jpeg("L")
    yield "good_444", jpeg(subsampling=0)
    yield "good_progressive", jpeg(progressive=True)
    yield "good_optimized", jpeg(optimize=True)
    yield "good_trailing", good + b"preview"
    yield "good_comment", good[:2] + b"\xff\xfe\0\x0a<script>" + good[2:]
    def turned(orientation, order=">"):
        entry = struct.pack(order + "HHIHH", 0x0112, 3, 1, orientation, 0)
        return b"Exif\0\0" + (b"MM" if order == ">" else b"II") + struct.pack(order + "HIH", 42, 8, 1) + entry

    def with_exif(data):
        return good[:2] + b"\xff\xe1" + struct.pack(">H", len(data) + 2) + data + good[2:]

    yield "good_turned", with_exif(turned(6))
    yield "good_mirrored", with_exif(turned(5, "<"))
    yield "good_exif_cut", with_exif(turned(6)[:-6])
    yield "good_exif_far", with_exif(turned(6)[:10] + b"\xff\xff\xff\xff")
    yield "good_exif_entries", with_exif(turned(6)[:14] + b"\xff\xff" + bytes(200))
    yield "cmyk", jpeg("CMYK")
    yield "cut", good[:-20]
    yield "cut_in_header", good[:100]
    yield "no_end", good[:-2]
    yield "declared_65535", declared(good, 65535, 65535)
    yield "declared_16384", declared(good, 16384, 4096)
    yield "declared_0", declared(good, 0, 9)
    yield "declared_more", declared(good, 40, 40)
    yield "progressive_cut", jpeg(progressive=True)[:-40]
    frame = good.find(b"\xff\xc0")
    yield "12_bit", good[:frame + 4] + b"\x0c" + good[frame + 5:]
    yield "sampling_4x4", good[:frame + 11] + b"\x44" + good[frame + 12:]
    yield "no_components", good[:frame + 9] + b"\0" + good[frame + 10:]
    yield "lossless", good[:frame + 1] + b"\xc3" + good[frame + 2:]
    yield "many_scans", jpeg(progressive=True)[:-2] * 3
    yield "marker_only", b"\xff\xd8\xff"
    yield "no_picture", b"GIF89a"
    yield "empty", b""


def cases_ppm():
    yield "good", b"P6 2 3 255\n" + bytes(range(18))
    yield "good_1x1", b"P6\n1\n1\n255\nabc"
    yield "cut", b"P6 2 3 255\n" + bytes(17)
    yield "trailing", b"P6 2 3 255\n" + bytes(19)
    yield "16_bit", b"P6 1 1 65535\n" + bytes(6)
    yield "no_pixels", b"P6 0 3 255\n"
    yield "wide", b"P6 65535 1 255\n" + bytes(30)
    yield "declared_2_31", b"P6 2147483647 2147483647 255\n" + bytes(30)
    yield "declared_overflow", b"P6 99999999999999999999 1 255\n" + bytes(30)
    yield "negative", b"P6 -1 1 255\nabc"
    yield "good_comment", b"P6 # hello\n1\t1 # again\n255\nabc"
    yield "comment_without_end", b"P6 # 1 1 255 abc"
    yield "no_white_space", b"P61 1 255\nabc"
    yield "text", b"P3 1 1 255\n1 2 3"
    yield "no_extents", b"P6"
    yield "no_picture", b"hello"
    yield "gif", b"GIF89a\1\0\1\0\0\0\0;"
    yield "empty", b""


def cases_json():
    yield "good_object", b'{"a": [1, -2, 3.5, 1e-300, true, false, null, "text"], "b": {"c": {}}}\n'
    yield "good_number", b"18446744073709551615"
    yield "good_text", json.dumps(HOSTILE).encode()
    yield "good_unicode", '{"Größe": "\\ud83d\\ude00 é \\u0000"}'.encode()
    yield "good_depth_64", b"[" * 64 + b"]" * 64
    yield "depth_65", b"[" * 65 + b"]" * 65
    yield "depth_3000", b"[" * 3000
    yield "key_twice", b'{"a": 1, "a": 2}'
    yield "key_twice_escaped", b'{"a": 1, "\\u0061": 2}'
    yield "not_utf8", b'{"a": "\xff"}'
    yield "overlong", b'{"a": "\xc0\x80"}'
    yield "surrogate", b'{"a": "\\ud800"}'
    yield "nul", b'{"a": 1}\0'
    yield "trailing", b"{} {}"
    yield "comment", b"{} // hello"
    yield "trailing_comma", b"[1,]"
    yield "nan", b"[NaN]"
    yield "infinite", b"[1e999]"
    yield "leading_zero", b"[01]"
    yield "single_quotes", b"{'a': 1}"
    yield "control_character", b'{"a": "\x1b"}'
    yield "good_byte_order_mark", b"\xef\xbb\xbf{}"
    yield "unclosed", b'{"a": "'
    yield "empty", b""
    yield "space", b" \n"


def cases_csv():
    yield "good", b"a,b\n1,2\n3,4\n"
    yield "good_quoted", b'a,"b ""c"", d"\n"line\nbreak",2\n'
    yield "good_windows", b"\xef\xbb\xbfa,b\r\n1,2\r\n"
    yield "good_no_newline", b"a\n1"
    yield "good_empty_fields", b'a,b\n,\n"",""\n'
    yield "good_mark_as_name", b'"\xef\xbb\xbf"\n1\n'
    yield "good_hostile", ("name\n" + "\n".join('"' + name.replace('"', '""') + '"' for name in HOSTILE)).encode()
    yield "ragged", b"a,b\n1\n"
    yield "ragged_long", b"a,b\n1,2,3\n"
    yield "quote_inside", b'a,b\n1,2"3\n'
    yield "text_behind_quote", b'a,b\n1,"2"3\n'
    yield "quote_unclosed", b'a,b\n1,"2\n'
    yield "good_commas", b"," * 1500
    yield "good_newlines", b"\n" * 1500
    yield "good_returns", b"\r\r\n\r"
    yield "good_not_utf8", b"a,\xff\n1,\xfe\n"
    yield "good_nul", b"a\0b,c\n1,2\n"
    yield "empty", b""


def cases_hierarchy():
    yield "good_csv", b"part,kind,family\ncracked bolt,bolt,metal\nnut,nut,metal\nwasher,washer,rubber\n"
    yield "good_two", b"part,kind\na,x\nb,x\nc,y\n"
    yield "good_equal_names", b"part,kind\nintact,bolt\ncracked,bolt\n"
    yield "good_json", json.dumps({"levels": [{"name": "part", "parents": {"a": "x", "b": "x", "c": "y"}},
                                              {"name": "kind"}]}).encode()
    yield "good_json_classes", json.dumps({"levels": [
        {"name": "part", "classes": ["a", "b"], "parents": [0, 0]}, {"name": "kind", "classes": ["x"], "parents": []}]}).encode()
    yield "good_hostile", ("part,kind\n" + "\n".join(
        '"' + name.replace('"', '""') + '",x' for name in HOSTILE if name)).encode()
    yield "not_utf8", b"part,kind\ncaf\xe9,x\ncaf\xe8,x\n"
    yield "two_parents", b"part,kind,family\na,x,m\nb,x,n\n"
    yield "class_twice", b"part,kind\na,x\na,x\n"
    yield "level_twice", b"part,part\na,x\n"
    yield "name_empty", b"part,kind\n,x\n"
    yield "level_empty", b"part,\na,x\n"
    yield "no_rows", b"part,kind\n"
    yield "levels_65", ",".join(map(str, range(65))).encode() + b"\n" + ",".join("a" * 65).encode()
    yield "levels_500", ",".join(map(str, range(500))).encode() + b"\n" + ",".join("a" * 500).encode()
    yield "json_no_levels", b'{"levels": []}'
    yield "json_one_level", b'{"levels": [{"name": "part"}]}'
    yield "json_parent_missing", b'{"levels": [{"name": "part", "parents": {"a": "x"}}, {"name": "kind", "parents": {"y": "m"}}, {"name": "family"}]}'
    yield "json_no_child", b'{"levels": [{"name": "part", "parents": {"a": "x"}}, {"name": "kind", "parents": {"x": "m", "y": "m"}}, {"name": "family"}]}'
    yield "json_parents_number", b'{"levels": [{"name": "part", "parents": {"a": 1}}, {"name": "kind"}]}'
    yield "json_parents_array", b'{"levels": [{"name": "part", "parents": ["x"]}, {"name": "kind"}]}'
    yield "json_more", b'{"levels": [{"name": "part", "parents": {"a": "x"}}, {"name": "kind"}], "more": 1}'
    yield "json_parent_range", b'{"levels": [{"name": "part", "classes": ["a"], "parents": [5]}, {"name": "kind", "classes": ["x"], "parents": []}]}'
    yield "json_cut", b'{"levels": ['
    yield "empty", b""


def cases_costs():
    names = ["cat", "dog", '"a ""cow"", brown"']
    def table(rows, header=None):
        lines = [",".join(["true class"] + (header or names))]
        return ("\n".join(lines + [",".join([name] + row) for name, row in zip(names, rows)]) + "\n").encode()

    good = [["0", "1", "2.5"], ["1e-3", "0", "3"], ["0.1", "1e300", "0"]]
    yield "good", table(good)
    yield "good_blanks", table([[f" {value} " for value in row] for row in good])
    yield "good_reordered", table([["1", "0", "2"], ["0", "1", "3"], ["1", "1", "0"]], ["dog", "cat", names[2]])
    yield "negative", table([["0", "-1", "2"]] + good[1:])
    yield "good_negative_zero", table([["0", "-0", "2"]] + good[1:])
    yield "nan", table([["0", "nan", "2"]] + good[1:])
    yield "infinite", table([["0", "inf", "2"]] + good[1:])
    yield "1e999", table([["0", "1e999", "2"]] + good[1:])
    yield "text", table([["0", "\x1b[31m<script>", "2"]] + good[1:])
    yield "diagonal", table([["1", "1", "2"]] + good[1:])
    yield "column_twice", table(good, ["cat", "cat", names[2]])
    yield "column_unknown", table(good, ["cat", "cow", names[2]])
    yield "row_missing", table(good[:2])
    yield "empty_cost", table([["0", "", "2"]] + good[1:])
    yield "hexadecimal", table([["0", "0x10", "2"]] + good[1:])
    yield "empty", b""


def cases_history():
    yield "good", b"epoch,learning_rate,seconds,train.loss,val.fine.top1\n1,0.001,2.5,4.6,0.01\n2,0.001,2.5,4.5,\n"
    yield "good_header", b"epoch,learning_rate,seconds\n"
    yield "good_huge", b"epoch,learning_rate,seconds,x\n1,1e308,0,-1e-308\n"
    yield "other_columns", b"epoch,rate,seconds\n1,2,3\n"
    yield "column_twice", b"epoch,learning_rate,seconds,a,a\n1,2,3,4,5\n"
    yield "epoch_real", b"epoch,learning_rate,seconds\n1.5,2,3\n"
    yield "epoch_nan", b"epoch,learning_rate,seconds\nnan,2,3\n"
    yield "epoch_negative", b"epoch,learning_rate,seconds\n-1,2,3\n"
    yield "epoch_1e300", b"epoch,learning_rate,seconds\n1e300,2,3\n"
    yield "epoch_twice", b"epoch,learning_rate,seconds\n1,2,3\n1,2,3\n"
    yield "epoch_empty", b"epoch,learning_rate,seconds\n,2,3\n"
    yield "text", b"epoch,learning_rate,seconds\n1,\x1b[31m,3\n"
    yield "good_hostile_column", b'epoch,learning_rate,seconds,"<script>\n"\n1,2,3,4\n'
    yield "empty", b""


def cases_isa():
    for name in ("portable", "avx2", "avx512", "avx512bf16", "amx"):
        yield f"good_{name}", name.encode()
    for number, name in enumerate(HOSTILE + ["AVX2", "avx2 ", "sse", "avx512\n"]):
        yield f"bad_{number:02}", name.encode()


def cases_command_line():
    def line(*arguments):
        return "\n".join(arguments).encode()

    yield "good", line("photos")
    yield "good_tree", line("photos", "--test", "more", "--hierarchy", "tree.csv", "--costs", "costs.csv", "--loss", "readme")
    yield "good_many", line("photos", "--size", "24x16", "--channels", "1", "--fit", "crop", "--epochs", "2", "--batch",
                            "4", "--learning-rate", "0.1", "--optimizer", "sgd", "--schedule", "one-cycle", "--seed", "3",
                            "--dropout", "0.1", "--weight-decay", "1e-4", "--clip-norm", "1", "--ema", "0.99")
    yield "good_severity", line("photos", "--loss", "report", "--severity-1", "0.5", "--correct-weight", "2")
    yield "good_recipe", line("photos", "--recipe", "best", "--precision", "bf16", "--no-batch-norm", "--dry-run")
    for option, values in {"--learning-rate": ("nan", "-1", "1e999", "0", "", "1e-400", "0x10", "1,5"),
                           "--batch": ("0", "2147483648", "-1", "1e3", "99999999999999999999", "1.5"),
                           "--epochs": ("0", "-5", "100001", "nan"), "--seed": ("-1", "18446744073709551616", "1e30"),
                           "--threads": ("-1", "1025"), "--weight-decay": ("nan", "inf", "-0.1"),
                           "--split": ("0.5",), "--validation": ("0", "1", "nan"), "--dropout": ("1", "nan"),
                           "--severity-1": ("nan", "-1", "1e9"), "--clip-norm": ("nan", "inf"), "--ema": ("1", "nan"),
                           "--size": ("7", "64x", "x64", "1025", "64x64x64", "-64"), "--test": ("1.5", "0", "nan", ""),
                           "--time-limit": ("nan", "inf", "-1"), "--checkpoint-every": ("nan", "inf"),
                           "--limit": ("-1", "nan", "1e30"), "--recipe": ("worst", HOSTILE[0], HOSTILE[3])}.items():
        for number, value in enumerate(values):
            yield f"bad{option.replace('-', '_')}_{number}", line("photos", option, value)
    yield "unknown", line("photos", "--no-such-flag")
    yield "twice", line("photos", "--epochs", "1", "--epochs", "2")
    yield "value_missing", line("photos", "--epochs")
    yield "two_folders", line("photos", "more")
    yield "resume", line("--resume")
    yield "alpha_unused", line("photos", "--alpha", "2")
    yield "costs_and_severity", line("photos", "--costs", "c.csv", "--loss", "readme", "--severity-1", "2")
    yield "help", line("--help")
    yield "escape", line("photos", "\x1b[31m--x")
    yield "empty", b""


def cases_config():
    good = {"program": "train_multihead", "data": "synthetic", "recipe": "report", "split": 0.8, "seed": 1, "epochs": 3,
            "batch": 32, "accumulate": 1, "ema": 0, "clip_norm": 0, "patience": 0, "precision": "fp32",
            "network": "compact", "activation": "relu", "batch_norm": True, "dropout": 0.5, "init": "he",
            "small_heads": False, "loss": "ce", "alpha": 1, "correct_weight": 1, "severity_weights": [1, 2, 3],
            "head_weights": [1, 1, 1], "label_smoothing": 0, "optimizer": "adam", "nesterov": False,
            "learning_rate": 0.001, "weight_decay": 0, "schedule": "one-cycle", "augment": "none", "normalize": False,
            "weights": "", "monitor": "val.fine.top1", "limit": 100, "limit_batches": 0, "time_limit": 0,
            "dry_run": False, "threads": 2, "isa": "portable", "commit": "none"}

    def text(value):
        return json.dumps(value).encode()

    yield "good", text(good)
    yield "good_folder", text(good | {"data": "CIFAR-100", "data_folder": "../" + HOSTILE[0], "command": HOSTILE[3]})
    for name, value in (("epochs", 0), ("epochs", 1.5), ("epochs", 10**30), ("epochs", "3"), ("batch", 2**31),
                        ("learning_rate", -1), ("learning_rate", None), ("seed", -1), ("seed", 2**64), ("split", 1),
                        ("network", HOSTILE[3]), ("program", "train_severity"), ("program", HOSTILE[2]),
                        ("severity_weights", [1, 2]), ("severity_weights", [1, 2, 3, 4]), ("head_weights", [1] * 101),
                        ("severity_weights", 1), ("dry_run", 1), ("weights", 7), ("dropout", 1)):
        yield f"bad_{name}_{abs(hash_of(value)):08x}", text(good | {name: value})
    yield "member_missing", text({key: value for key, value in good.items() if key != "seed"})
    yield "member_more", text(good | {"\x1b[31m": 1})
    yield "learning_rate_1e999", text(good).replace(b"0.001", b"1e999")
    yield "array", b"[]"
    yield "empty", b""


def hash_of(value):
    return zlib.crc32(repr(value).encode())


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=pathlib.Path)
    folder = parser.parse_args().corpus
    for name, make in sorted(globals().items()):
        if not name.startswith("cases_"):
            continue
        target = folder / name.removeprefix("cases_")
        target.mkdir(parents=True, exist_ok=True)
        seen = set()
        for case, data in make():
            assert case not in seen, (name, case)
            seen.add(case)
            (target / case).write_bytes(data)
        print(f"{target.name}: {len(seen)} files")


if __name__ == "__main__":
    main()
