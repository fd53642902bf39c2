"""Text files of any program in any encoding, and file names that OpenCV can take."""

import codecs
from pathlib import Path

from roam_lite.errors import InputError

# UTF-32 first, because its mark begins with that of UTF-16.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),  # PowerShell's `>`
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_text(path: str | Path) -> str:
    r"""The text of a file, lines ending in `\n`: UTF-8, as its byte order mark says, or Windows-1252.

    UTF-16 without a mark is recognized by its zero bytes. `\r\r\n`, which Windows makes of `\r\n` in text
    mode, is one line end. Raises `InputError` if the file cannot be read.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        raise InputError(f"{path}: cannot be read ({error.strerror}); restore the file") from error
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), None)
    if encoding is None and b"\0" in data[:200]:
        encoding = "utf-16-le" if data[1:2] == b"\0" else "utf-16-be"
    if encoding is None:
        try:
            data.decode(encoding := "utf-8")
        except UnicodeDecodeError:
            encoding = "cp1252"
    text = data.decode(encoding, errors="replace")
    return text.replace("\r\r\n", "\n").replace("\r\n", "\n").replace("\r", "\n")


def opencv_path(path: str | Path) -> str:
    """The path for OpenCV. Raises `InputError` for a name that is not UTF-8, on which OpenCV crashes."""
    try:
        str(path).encode()
    except UnicodeEncodeError as error:
        name = str(path).encode(errors="backslashreplace").decode()
        raise InputError(f"{name}: the name is not UTF-8, as OpenCV needs; rename it") from error
    return str(path)
