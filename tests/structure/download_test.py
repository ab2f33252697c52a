#!/usr/bin/env python3
"""Runs the data download against a server on this machine that serves good, broken-off, wrong and hostile archives.

download_test.py SCRIPT WORK: cmake/download_cifar100.cmake and a scratch folder.
"""
import hashlib
import http.server
import io
import shutil
import subprocess
import sys
import tarfile
import threading
from pathlib import Path

FILES = ("train.bin", "test.bin", "fine_label_names.txt", "coarse_label_names.txt")


class Server(http.server.ThreadingHTTPServer):
    """Serves `content` at every path."""

    content = b""
    breaks_after = None  # bytes of an answer after which the connection is closed
    knows_ranges = True
    ranges = ()          # of the requests so far: first byte, or None

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        asked = self.headers.get("Range")
        start = int(asked.removeprefix("bytes=").split("-")[0]) if asked else None
        self.server.ranges += (start,)
        if self.path == "/missing":
            return self.send_error(404)
        partial = start is not None and self.server.knows_ranges
        content = self.server.content[start:] if partial else self.server.content
        self.send_response(206 if partial else 200)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[: self.server.breaks_after])

    def log_message(self, *arguments):
        pass


def archive(members):
    """A .tar.gz of (name, content or (type, link target)) pairs, in this order."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            if isinstance(content, bytes):
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
            else:
                member.type, member.linkname = content
                tar.addfile(member)
    return packed.getvalue()


def good_members():
    # Numbers that do not compress: the archive must be long enough to break off in the middle.
    noise = b"".join(hashlib.sha256(bytes([i % 256, i // 256])).digest() for i in range(8192))
    return [(f"cifar-100-binary/{name}", name.encode() + noise) for name in FILES]


class Download:
    def __init__(self, script, work):
        self.script, self.work, self.server = script, work, Server()
        self.data = work / "data"

    def fresh(self, content):
        shutil.rmtree(self.work, ignore_errors=True)
        self.data.mkdir(parents=True)
        self.server.content, self.server.breaks_after, self.server.knows_ranges = content, None, True
        self.server.ranges = ()

    def run(self, sha256=None, path="archive.tar.gz"):
        """Error text on one line, empty where the download succeeded."""
        sha256 = sha256 or hashlib.sha256(self.server.content).hexdigest()
        url = f"http://127.0.0.1:{self.server.server_port}/{path}"
        done = subprocess.run(["cmake", f"-DURL={url}", f"-DSHA256={sha256}", f"-DFOLDER={self.data}", "-P",
                               str(self.script)], capture_output=True, text=True)
        return " ".join(done.stderr.split()) if done.returncode else ""

    def expect_good(self, what):
        error = self.run()
        folder = self.data / "cifar-100-binary"
        found = {path.name: path.read_bytes() for path in folder.glob("*")}
        expected = {Path(name).name: content for name, content in good_members()}
        if error or found != expected or [path.name for path in self.data.iterdir()] != [folder.name]:
            sys.exit(f"{what}: {error or 'other files'}: {sorted(found)} in {sorted(self.data.iterdir())}")

    def expect_refusal(self, what, text, **how):
        error = self.run(**how)
        left = sorted(path.relative_to(self.work) for path in self.work.rglob("*") if path != self.data)
        if text not in error or left:
            sys.exit(f"{what}: said '{error}', expected '{text}'; left behind {left}")

    def expect_break(self, what, breaks_after):
        self.server.breaks_after = breaks_after
        error = self.run()
        self.server.breaks_after = None
        if "broke off after" not in error or (self.data / "cifar-100-binary").exists():
            sys.exit(f"{what}: said '{error}', expected 'broke off after'")


def main():
    test = Download(Path(sys.argv[1]), Path(sys.argv[2]))
    good = archive(good_members() + [("cifar-100-binary/other.txt", b"not one of the four")])

    test.fresh(good)
    test.expect_good("a good archive")
    if "is there already" not in test.run():
        sys.exit("data that is there was downloaded again")

    half = len(good) // 2
    test.fresh(good)
    test.expect_break("half an archive", half)
    test.expect_break("half of the rest", half // 2)
    test.expect_good("a resumed archive")
    if test.server.ranges != (None, half, half + half // 2):
        sys.exit(f"a resumed download asked for the bytes from {test.server.ranges}")

    test.fresh(good)
    test.expect_break("half an archive", half)
    test.server.knows_ranges = False
    test.expect_good("an archive from a server without ranges")

    test.fresh(good)
    (test.data / "cifar-100-download").mkdir()
    (test.data / "cifar-100-download" / "archive.tar.gz").touch()
    test.expect_good("an archive of which no byte had come")

    test.fresh(good)
    test.expect_break("half an archive", half)
    (test.data / "cifar-100-download" / "archive.tar.gz").write_bytes(b"x" * half)
    test.expect_good("an archive whose first half was damaged")

    test.fresh(good)
    test.expect_refusal("another checksum", "expected 000", sha256="0" * 64)
    test.expect_refusal("a page that is not there", "not downloaded", path="missing")
    for size in (0, 1, half):
        test.fresh(good[:size])
        test.expect_refusal(f"an archive cut at {size} bytes", "does not unpack")
    test.fresh(archive(good_members()[:2]))
    test.expect_refusal("missing members", "does not unpack; expected the members")

    outside = test.work / "outside"
    for what, kind in (("a symbolic link", (tarfile.SYMTYPE, "/etc/passwd")), ("a hard link", (tarfile.LNKTYPE, "/etc/passwd")),
                       ("a pipe", (tarfile.FIFOTYPE, "")), ("a device", (tarfile.CHRTYPE, ""))):
        test.fresh(archive([("cifar-100-binary/test.bin", kind)] + [m for m in good_members() if "test.bin" not in m[0]]))
        test.expect_refusal(what, "cifar-100-binary/test.bin is not a file")
    test.fresh(archive([("../../outside", b"x"), (str(outside), b"x"), ("/" + str(outside), b"x"),
                        ("cifar-100-binary/../../../outside", b"x")] + good_members()))
    test.expect_good("an archive with members outside")
    if outside.exists():
        sys.exit(f"{outside} was written")
    shutil.rmtree(test.work)


main()
