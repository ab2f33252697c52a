"""A headless Chromium, driven through the DevTools protocol over a pipe: standard library alone."""
import base64
import json
import os
import pathlib
import select
import shutil
import subprocess
import tempfile
import time


def find_browser():
    """Path of an installed Chromium or Chrome, or None."""
    for name in ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable"):
        if path := shutil.which(name):
            return path
    return None


class Browser:
    """One page. `errors` collects everything the console complains about, `requests` every URL that is asked for."""

    def __init__(self, program, width=1400, height=900):
        self.errors, self.requests = [], []
        self._profile = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        read_commands, self._out = os.pipe()
        self._in, write_answers = os.pipe()

        def become_3_and_4():  # the descriptors that the browser reads commands from and answers to
            source = os.dup(read_commands), os.dup(write_answers)
            os.dup2(source[0], 3)
            os.dup2(source[1], 4)

        self._process = subprocess.Popen(
            [program, "--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-dev-shm-usage",
             "--disable-background-networking", f"--user-data-dir={self._profile.name}", "--remote-debugging-pipe",
             "about:blank"],
            close_fds=False, preexec_fn=become_3_and_4, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(read_commands)
        os.close(write_answers)
        self._buffer, self._next, self._session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")
        self.resize(width, height)

    def _receive(self, limit):
        """The next message; TimeoutError after `limit` seconds."""
        end = time.monotonic() + limit
        while b"\0" not in self._buffer:
            if not select.select([self._in], [], [], max(0, end - time.monotonic()))[0]:
                raise TimeoutError("the browser does not answer")
            part = os.read(self._in, 1 << 20)
            if not part:
                raise ConnectionError("the browser ended")
            self._buffer += part
        message, self._buffer = self._buffer.split(b"\0", 1)
        message = json.loads(message)
        self._note(message.get("method"), message.get("params", {}))
        return message

    def _note(self, event, about):
        if event == "Network.requestWillBeSent":
            self.requests.append(about["request"]["url"])
        elif event == "Runtime.consoleAPICalled" and about["type"] in ("error", "warning", "assert"):
            self.errors.append(f"console: {about['args']}")
        elif event == "Runtime.exceptionThrown":
            self.errors.append(f"exception: {about['exceptionDetails']}")
        elif event == "Log.entryAdded" and about["entry"]["level"] in ("error", "warning"):
            self.errors.append(f"log: {about['entry']['text']}")
        elif event == "Page.javascriptDialogOpening":
            self.errors.append(f"dialog: {about['message']}")
            self._send("Page.handleJavaScriptDialog", {"accept": True})

    def _send(self, method, params):
        self._next += 1
        message = {"id": self._next, "method": method, "params": params}
        if self._session:
            message["sessionId"] = self._session
        os.write(self._out, json.dumps(message).encode() + b"\0")
        return self._next

    def call(self, method, limit=60, **params):
        """A command of the protocol and its result."""
        number = self._send(method, params)
        while True:
            message = self._receive(limit)
            if message.get("id") == number:
                if "error" in message:
                    raise RuntimeError(f"{method}: {message['error']}")
                return message["result"]

    def run(self, script):
        """Value of an expression in the page, after two frames: what it changed has been drawn."""
        result = self.call("Runtime.evaluate", expression=f"(async () => {{ const value = await ({script}); "
                           "await new Promise((done) => setTimeout(done, 60)); return value; })()",
                           awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in result:
            raise RuntimeError(f"{script}: {result['exceptionDetails']}")
        return result["result"].get("value")

    def open(self, path, scripts=True):
        """Loads a file."""
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.call("Page.navigate", url=pathlib.Path(path).resolve().as_uri())
        while self._receive(60).get("method") != "Page.loadEventFired":
            pass
        if scripts:
            self.run("0")

    def resize(self, width, height):
        """Size of the window in CSS pixels."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)

    def dark(self, dark):
        """Whether the page is asked to be dark."""
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def mouse(self, kind, x, y, **more):
        """kind: mouseMoved, mousePressed, mouseReleased."""
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def click(self, x, y, count=1):
        """Clicks at a point of the window; count 2 is a double click."""
        for number in range(1, count + 1):
            for kind in ("mousePressed", "mouseReleased"):
                self.mouse(kind, x, y, button="left", clickCount=number)

    def key(self, name):
        """Presses and releases a key, "ArrowDown", "Tab", "+"."""
        codes = {"Tab": 9, "Enter": 13, "Escape": 27, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40}
        text = {"text": name} if len(name) == 1 else {"windowsVirtualKeyCode": codes[name]}
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, **text)

    def screenshot(self, path, whole=True):
        """Saves the page as a PNG file."""
        picture = self.call("Page.captureScreenshot", captureBeyondViewport=whole, format="png")
        pathlib.Path(path).write_bytes(base64.b64decode(picture["data"]))

    def close(self):
        """Ends the browser."""
        try:
            self._session = None
            self._send("Browser.close", {})
            self._process.wait(20)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()
        os.close(self._in)
        os.close(self._out)
        self._profile.cleanup()
