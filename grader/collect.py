"""Find the submissions in a folder or a zip file: whose they are, and which notebook each of them is."""

from __future__ import annotations

import hashlib
import re
import stat
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from grader.intake import LARGEST, Course, Flag, UnreadableError, cells_of, fetch, identity

FILES, BYTES, INNER = 20_000, 4 << 30, 256 << 20  # in one zip file, and a zip file inside it
MOODLE = re.compile(r"^(.+?)_(\d+)_assignsubmission_.*$")
NAMES = re.compile(r"[^\w .@+-]")


class Submission(NamedTuple):
    """One notebook of a student; `raw` is empty where there is nothing to grade, and a flag says why."""

    student: str
    notebook: str
    raw: bytes
    flags: tuple[Flag, ...]
    timestamp: str


def unpack(path: Path, target: Path, *, stamps: bool = False) -> list[Flag]:
    """Copy notebooks and inner zip files out of a zip file, and nothing that points elsewhere; time stamps only out of the instructor's own."""
    flags, count, total = [], 0, 0
    left_out = ("it was left out: it points outside or is a link", "已略过：它指向外部，或是链接")
    try:
        with zipfile.ZipFile(path) as packed:
            for info in packed.infolist():
                place = PurePosixPath(info.filename.replace("\\", "/"))
                if info.is_dir() or (place.suffix not in (".ipynb", ".zip") and not (stamps and place.name == "timestamp.txt")):
                    continue
                if place.is_absolute() or ".." in place.parts or stat.S_ISLNK(info.external_attr >> 16):
                    flags.append(Flag("unsafe", str(place)[:200], left_out))
                    continue
                count, total = count + 1, total + min(info.file_size, LARGEST + 1)
                if count > FILES or total > BYTES:
                    flags.append(Flag("too large", path.name, ("the rest of this zip file was left out", "这个 zip 文件的其余部分已略过")))
                    break
                to = target.joinpath(*place.parts)
                to.parent.mkdir(parents=True, exist_ok=True)
                with packed.open(info) as file:
                    to.write_bytes(file.read((INNER if place.suffix == ".zip" else LARGEST) + 1))
    except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError, ValueError) as error:  # the last three: locked, packed oddly, misnamed
        kind = type(error).__name__
        advice = (f"the zip file cannot be read ({kind}); pack it again", f"zip 文件无法读取（{kind}）；请重新打包")
        flags.append(Flag("unreadable", path.name, advice))
    return flags


def owner(top: str, names: Sequence[str]) -> str:
    """The student whose name a folder or a file of a learning platform bears."""
    if found := MOODLE.match(top):
        top = f"{found[1]}_{found[2]}"
    for name in names:
        top = top.removesuffix(f"_{name}")
    safe = NAMES.sub("_", top).strip(" .")[:80]
    return safe if safe == top else f"{safe or 'student'}-{hashlib.sha256(top.encode('utf-8', 'replace')).hexdigest()[:6]}"


def which(raw: bytes, stem: str, ids: Mapping[str, str]) -> str | None:
    """The notebook of the course that a file is: by its cells, whatever its name; by its name if they tell nothing."""
    found: dict[str, int] = {}
    for cell in cells_of(raw):
        for key in {identity(cell), cell.get("id")}:
            if isinstance(key, str) and key in ids:
                found[ids[key]] = found.get(ids[key], 0) + 1
    return max(found, key=lambda name: (found[name], name == stem)) if found else stem if stem in ids.values() else None


def files(folder: Path) -> Iterator[Path]:
    """Notebooks below a folder, without links and hidden folders."""
    for path in sorted(folder.iterdir()):
        if path.is_symlink():
            if path.suffix == ".ipynb":
                yield path  # it is refused, and said so
        elif path.is_dir() and not path.name.startswith((".", "__MACOSX")):
            yield from files(path)
        elif path.suffix == ".ipynb":
            yield path


def collect(source: Path, courses: Mapping[str, Sequence[Course]], scratch: Path) -> tuple[list[Submission], list[Flag]]:
    """All submissions below a folder or in a zip file, and what could not be assigned to a student."""
    flags: list[Flag] = []
    if source.is_file():
        flags += unpack(source, scratch / "all", stamps=True)
        source = scratch / "all"
        source.mkdir(parents=True, exist_ok=True)
        inside = list(source.iterdir())
        if len(inside) == 1 and inside[0].is_dir() and not any(path.suffix == ".ipynb" for path in inside[0].iterdir()):
            source = inside[0]  # the zip file of a folder
    owners: dict[str, list[Path]] = {}
    for path in sorted(source.iterdir()):
        if path.name.startswith(".") or path.name == "__MACOSX":
            continue
        if path.is_dir() and not path.is_symlink():
            owners.setdefault(owner(path.name, ()), []).append(path)
        elif path.suffix in (".ipynb", ".zip"):
            owners.setdefault(owner(path.stem, list(courses)), []).append(path)
    found = []
    for student, paths in owners.items():
        own, more = of_student(student, paths, courses, scratch / "students" / student)
        found += own
        flags += more
    return found, flags


def of_student(student: str, paths: Sequence[Path], courses: Mapping[str, Sequence[Course]], scratch: Path) -> tuple[list[Submission], list[Flag]]:
    ids = {key: name for name, editions in courses.items() for cell in editions[0].notebook.cells if (key := identity(cell))}
    flags: list[Flag] = []
    notebooks: list[Path] = []
    for path in paths:
        folder = path.is_dir() and not path.is_symlink()
        for inner in [path] if path.suffix == ".zip" else sorted(path.rglob("*.zip")) if folder else []:
            if inner.is_file() and not inner.is_symlink():
                unpacked = scratch / hashlib.sha256(str(inner).encode("utf-8", "replace")).hexdigest()[:12]
                flags += [flag._replace(where=f"{student}/{flag.where}") for flag in unpack(inner, unpacked)]
                notebooks += files(unpacked) if unpacked.exists() else []
        if folder:
            notebooks += files(path)
        elif path.suffix == ".ipynb":
            notebooks.append(path)
    found: dict[str, Submission] = {}
    for path in sorted(notebooks, key=lambda path: (path.stem not in courses, len(path.parts), str(path))):
        stem = next((name for name in courses if path.stem.endswith(f"_{name}")), path.stem)
        own: list[Flag] = []
        raw, name = b"", None
        try:
            raw = fetch(path)
            name = which(raw, stem, ids)
        except UnreadableError as error:
            raw, own, name = b"", [error.flag], stem if stem in courses else None
        if name is None:
            advice = (f"it is none of {', '.join(courses)}; hand in the released notebook", f"它不是 {'、'.join(courses)} 之一；请提交发布的笔记本")
            flags += [flag._replace(where=f"{student}/{path.name}") for flag in own or [Flag("unknown", "", advice)]]
        elif name in found and (found[name].raw or not raw):
            advice = ("a second file of this notebook was left out; hand in one", "同一笔记本的第二个文件已略过；请只提交一个")
            found[name] = found[name]._replace(flags=(*found[name].flags, Flag("duplicate", path.name, advice)))
        else:
            if stem != name:
                own.append(Flag("renamed", path.name, (f"it was taken as {name}; keep the name", f"已作为 {name} 处理；请保持原名")))
            stamp = path.with_name("timestamp.txt")
            when = stamp.read_text("utf-8", "replace")[:60].strip() if stamp.is_file() and not stamp.is_symlink() else ""
            found[name] = Submission(student, name, raw, tuple(own), when)
    return list(found.values()), flags
