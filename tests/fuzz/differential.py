#!/usr/bin/env python3
"""hcnn's safetensors reader against an independent one, Python's json and NumPy, over the corpus and mutated files.

differential.py READ_SAFETENSORS CORPUS [--mutations 4000] [--seed 1]

Both must refuse a file, or read the same names, types, extents, bytes and metadata. hcnn is stricter on purpose, and only
where `stricter` below says so.
"""
import argparse
import json
import math
import pathlib
import random
import re
import struct
import subprocess
import sys
import tempfile
import zlib

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "exchange"))
from needs import needs  # noqa: E402

needs(["numpy"], "no other reader of safetensors files was asked")
import numpy  # noqa: E402

BYTES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "I64": 8, "I32": 4, "I16": 2, "I8": 1, "U64": 8, "U32": 4, "U16": 2,
         "U8": 1, "BOOL": 1}
CHECKSUM = b'{"__metadata__":{"hcnn.crc32":"'


class Refused(Exception):
    pass


def need(condition, reason):
    if not condition:
        raise Refused(reason)


def unique(pairs):
    need(len({key for key, _ in pairs}) == len(pairs), "a key twice")
    return dict(pairs)


def whole(value):
    return type(value) is int and value >= 0


def reference(data):
    """What the format's description makes of the bytes: metadata and arrays by name; raises Refused."""
    need(len(data) >= 8, "short")
    length = struct.unpack("<Q", data[:8])[0]
    need(2 <= length <= min(len(data) - 8, 100_000_000), "header length")
    header, payload = data[8:8 + length], data[8 + length:]
    need(header[:1] == b"{", "no '{'")
    try:
        entries = json.loads(header.decode("utf-8"), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise Refused(f"no JSON: {error}") from None
    need(isinstance(entries, dict), "no object")
    metadata = entries.pop("__metadata__", {})
    need(isinstance(metadata, dict) and all(isinstance(text, str) for text in metadata.values()), "metadata")
    tensors, pieces = {}, []
    for name, entry in entries.items():
        need(isinstance(entry, dict) and set(entry) == {"dtype", "shape", "data_offsets"}, "fields")
        dtype, shape, offsets = entry["dtype"], entry["shape"], entry["data_offsets"]
        need(dtype in BYTES if isinstance(dtype, str) else False, "type")
        need(isinstance(shape, list) and all(map(whole, shape)), "shape")
        need(isinstance(offsets, list) and len(offsets) == 2 and all(map(whole, offsets)), "offsets")
        begin, end = offsets
        need(begin <= end <= len(payload) and end - begin == BYTES[dtype] * math.prod(shape), "bytes")
        array = numpy.frombuffer(payload[begin:end], numpy.uint8)
        # the values, by NumPy's own arithmetic on extents; more dimensions than it knows are refused below
        if len(shape) <= 8 and array.size:
            array = array.reshape([*shape, BYTES[dtype]])
        tensors[name] = (dtype, shape, array.tobytes().hex())
        pieces.append((begin, end))
    covered = 0
    for begin, end in sorted(pieces):
        need(begin == covered, "a hole or an overlap")
        covered = end
    need(covered == len(payload), "bytes behind the arrays")
    return metadata, tensors


def stricter(data):
    """Why hcnn refuses what the format allows, or None."""
    length = struct.unpack("<Q", data[:8])[0]
    header, payload = data[8:8 + length], data[8 + length:]
    text = header.decode("utf-8")
    metadata, tensors = reference(data)
    if b"\0" in header:
        return "a NUL"
    if re.search(r"\\u[dD][89a-fA-F]", text) and any("\ud800" <= c <= "\udfff" for c in json.dumps(
            [metadata, list(tensors)], ensure_ascii=False)):
        return "half a surrogate pair, which is no Unicode text"
    if re.search(r"[\[,]\s*-0\s*[\],]", text):
        return "-0 as a number"
    if length > 196_608 + len(payload) // 4:
        return "a long header before few bytes"
    if len(tensors) > 65_536 or len(metadata) > 4_096:
        return "more entries than any network has"
    for name, (dtype, shape, _) in tensors.items():
        encoded = name.encode("utf-8", "surrogatepass")
        if (not encoded or len(encoded) > 512 or re.search(rb"[\x00-\x1f\x7f\\]|\.\.", encoded) or name.startswith("/")):
            return "a name that could lead a path or a terminal astray"
        if dtype not in ("F64", "F32", "BF16", "I64", "U8"):
            return "a type that no network of hcnn has"
        if len(shape) > 8:
            return "more than 8 extents"
        if any(extent > 2**62 for extent in shape) or math.prod(extent for extent in shape if extent) * BYTES[dtype] > 2**62:
            return "extents beyond 2^62"
    if header.startswith(CHECKSUM):
        at = len(CHECKSUM) + 8
        if header[at - 8:at] != b"%08x" % zlib.crc32(header[at:] + payload):
            return "hcnn's checksum is that of another content"
    return None


def change(data, good, randoms):
    """A small change of some bytes, at random or where JSON has its numbers, texts and separators."""
    kind, place = randoms.randrange(8), randoms.randrange(len(data) + 1)
    at = lambda pattern: list(re.finditer(pattern, bytes(data)))
    if kind == 0 and place < len(data):
        data[place] ^= 1 << randoms.randrange(8)
    elif kind == 1:
        data[place:place] = bytes(randoms.randrange(256) for _ in range(randoms.randrange(1, 9)))
    elif kind == 2:
        del data[place:place + randoms.randrange(1, 9)]
    elif kind == 3:
        other = randoms.choice(good)
        data[place:place] = other[randoms.randrange(len(other)):][:randoms.randrange(1, 40)]
    elif kind == 4 and (numbers := at(rb"\d+")):
        begin, end = randoms.choice(numbers).span()
        data[begin:end] = randoms.choice((b"0", b"1", b"2", b"-1", b"-0", b"1.0", b"1e0", b"4611686018427387904",
                                          b"9223372036854775808", b"18446744073709551615", b"01", b"NaN", b"null"))
    elif kind == 5 and (texts := at(rb'"[^"]*"')):
        begin, end = randoms.choice(texts).span()
        data[begin:end] = randoms.choice((b'"a"', b'"b"', b'""', b'"F16"', b'"U8"', b'"shape"', b'"__metadata__"',
                                          b'"\\u0061"', b'"\\ud800"', b'"\\ud83d\\ude00"', b'"\xc3\xa9"', b"null",
                                          b'"../x"', b'"\\u001b"', b"{}", b"[]"))
    elif kind == 6 and (separators := at(rb"[\[\]{},:]")):
        begin = randoms.choice(separators).end()
        data[begin:begin] = randoms.choice((b" ", b"\n", b"\t", b"\r", b"  ", b"\0", b"\x0c", b"\xc2\xa0", b"/**/"))
    elif kind == 7:
        begin = randoms.randrange(len(data) + 1)
        data[place:place] = data[begin:begin + randoms.randrange(1, 80)]


def mutated(good, randoms):
    """A file made from one or two others, most with the header length that belongs to it."""
    data = randoms.choice(good)
    length = min(struct.unpack("<Q", data[:8])[0], len(data) - 8)
    header, payload = bytearray(data[8:8 + length]), bytearray(data[8 + length:])
    for _ in range(randoms.choice((1, 1, 1, 2, 3, 8))):
        change(header if randoms.random() < 0.8 else payload, good, randoms)
    if randoms.random() < 0.1:
        length = randoms.choice((0, 1, 2, len(header) - 1, len(header) + 1, 2**63, 2**64 - 1, randoms.randrange(2**20)))
    else:
        length = len(header)
    if header.startswith(CHECKSUM) and randoms.random() < 0.8:
        at = len(CHECKSUM) + 8
        header[at - 8:at] = b"%08x" % zlib.crc32(bytes(header[at:] + payload))
    return struct.pack("<Q", max(0, length)) + bytes(header + payload)


def verdict(data):
    try:
        return reference(data)
    except Refused as error:
        return str(error)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("program")
    parser.add_argument("corpus", type=pathlib.Path)
    parser.add_argument("--mutations", type=int, default=4000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    randoms = random.Random(options.seed)
    files = [path.read_bytes() for name in ("safetensors", "model_file", "checkpoint")
             for path in sorted((options.corpus / name).iterdir())]
    seeds = [data for data in files if 16 <= len(data) <= 4000]
    good = [data for data in seeds if not isinstance(verdict(data), str)]
    files += [mutated(good if randoms.random() < 0.8 else seeds, randoms) for _ in range(options.mutations)]
    with tempfile.TemporaryDirectory() as folder:
        paths = []
        for number, data in enumerate(files):
            paths.append(pathlib.Path(folder) / f"{number}.safetensors")
            paths[-1].write_bytes(data)
        done = subprocess.run([options.program], input="\n".join(map(str, paths)), stdout=subprocess.PIPE, text=True,
                              check=True)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(answers) == len(files), (len(answers), len(files))

    accepted, refused, reasons, wrong = 0, 0, {}, []
    for data, answer in zip(files, answers):
        expected = verdict(data)
        if "refused" in answer:
            reason = None if isinstance(expected, str) else stricter(data)
            refused += isinstance(expected, str)
            if reason:
                reasons[reason] = reasons.get(reason, 0) + 1
            elif not isinstance(expected, str):
                wrong.append((answer["refused"], "accepted", data))
            continue
        accepted += 1
        if isinstance(expected, str) or stricter(data):
            wrong.append(("accepted", expected if isinstance(expected, str) else stricter(data), data))
            continue
        metadata, tensors = expected
        metadata.pop("hcnn.crc32", None) if data[8:].startswith(CHECKSUM) else None
        if answer["metadata"] != metadata or {n: tuple(t) for n, t in answer["tensors"].items()} != tensors:
            wrong.append((answer, expected, data))
    print(f"R10: {len(files)} safetensors files: both accept {accepted} and read the same, both refuse {refused}, hcnn alone refuses "
          f"{sum(reasons.values())}")
    for reason, count in sorted(reasons.items()):
        print(f"  {count:5} {reason}")
    for ours, theirs, data in wrong[:5]:
        print(f"hcnn: {ours!r:.300}\nindependent: {theirs!r:.300}\n{data[:400]!r}\n")
    if accepted < 100 or refused < 100:
        wrong.append("too few files on one side to prove anything")
        print(wrong[-1])
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
