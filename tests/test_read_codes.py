"""Codes from files: every usual CSV, NPZ and NPY is read, and one line says why another is not."""

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from aae import score
from aae.system.errors import UserError

Z = np.random.default_rng(0).standard_normal((120, 2)).astype(np.float32)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The command, in this process."""
    monkeypatch.setattr(sys, "argv", ["aae.score", *map(str, arguments)])
    score.main()


def csv(z: np.ndarray, header: str | None, separator: str = ",", end: str = "") -> str:
    rows = [separator.join(str(value) for value in row) + end for row in z]
    return "\n".join(([] if header is None else [header]) + rows) + "\n"


def saved(path: Path, *arrays: np.ndarray, **named: np.ndarray) -> Path:
    np.savez(path, *arrays, **named)  # type: ignore[arg-type]
    return path


# What can be read.


@pytest.mark.parametrize(
    "text",
    [
        csv(Z, None),
        csv(Z, "z1,z2"),
        csv(Z, "a,b"),
        csv(Z, "z1, z2", ", "),
        csv(Z, '"z1","z2"'),
        "\ufeff" + csv(Z, "z1,z2"),
        csv(Z, "z1,z2").replace("\n", "\r\n"),
        csv(Z, "z1,z2") + "\n\n",
        csv(Z, "0,1"),  # As pandas names columns without names.
        csv(np.c_[np.arange(120), Z], "label,z1,z2"),
        csv(np.c_[Z[:, 1], Z[:, 0]], "z2,z1"),
        csv(np.c_[Z, Z + 1], "z1,z2,mean1,mean2"),
        csv(np.c_[Z, Z + 1], "z1,z2,z_mean,size"),
        "z1,z2,note\n" + "\n".join(f"{a},{b},x" for a, b in Z),
        "z1,z2\n" + "\n".join(f'"{a}","{b}"' for a, b in Z),
    ],
)
def test_every_usual_csv_gives_its_codes(text: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_bytes(text.encode())
    z = score.read_codes(path)
    assert z.dtype == np.float32
    np.testing.assert_allclose(z, Z, rtol=1e-6)


@pytest.mark.parametrize("first", [[0.1, 0.1], [0, 0], [1, 1], [-2, 1e-3]])
def test_without_a_header_the_first_code_counts_even_if_its_numbers_are_equal(
    first: list[float], tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(csv(np.concatenate([[first], Z]), None))
    z = score.read_codes(path)
    assert len(z) == 121
    np.testing.assert_allclose(z[0], first, rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.uint16])
def test_numbers_of_any_width_are_read_from_npz_and_npy(dtype: type, tmp_path: Path) -> None:
    z: np.ndarray = (10 * np.abs(Z)).astype(dtype)
    np.save(tmp_path / "codes.npy", z)
    for path in (
        saved(tmp_path / "one.npz", z),
        saved(tmp_path / "named.NPZ.npz", z=z, y=np.zeros(120)),
        saved(tmp_path / "other.npz", codes=z),
        tmp_path / "codes.npy",
    ):
        np.testing.assert_array_equal(score.read_codes(path), z.astype(np.float32))


# What cannot.


def archive(**members: bytes) -> bytes:
    """An NPZ file, which is a ZIP file, with any bytes inside."""
    import zipfile

    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:
        for name, content in members.items():
            file.writestr(name, content)
    return stream.getvalue()


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    return archive(**{f"{name}.npy": npy(array) for name, array in arrays.items()})


def broken(content: bytes) -> bytes:
    """With some bytes turned over in the middle of what is compressed."""
    middle = len(content) // 2
    return (
        content[:middle] + bytes(byte ^ 0xFF for byte in content[middle : middle + 8]) + content[middle + 8 :]
    )


def with_value(value: float | str) -> str:
    return csv(Z, "z1,z2") + f"{value},0.5\n"


HUGE = npy(Z).replace(b"(120, 2)", b"(10**9,)").replace(b"(10**9,)", b"(9**9,2)")
BAD = {
    "empty.csv": (b"", "No columns"),
    "newline.csv": (b"\n\n", "No columns"),
    "header.csv": (b"z1,z2\n", "0 codes are too few"),
    "few.csv": (csv(Z[:99], "z1,z2").encode(), "99 codes are too few; at least 100"),
    "one-row.csv": (b"0.1,0.2\n", "1 codes are too few"),
    "nan.csv": (with_value("nan").encode(), "code 121 is not finite (1 such codes)"),
    "gap.csv": (with_value("").encode(), "code 121 is not finite"),
    "inf.csv": (with_value("-inf").encode(), "code 121 is not finite"),
    "overflow.csv": (with_value("1e300").encode(), "code 121 is not finite"),
    "word.csv": (with_value("seven").encode(), "expected numbers"),
    "complex.csv": (with_value("1+2j").encode(), "expected numbers"),
    "bool.csv": (b"z1,z2\n" + b"True,False\n" * 120, "expected numbers, found bool"),
    "hex.csv": (with_value("0x10").encode(), "expected numbers"),
    "one-column.csv": (csv(Z[:, :1], "z1").encode(), "found z1"),
    "three.csv": (csv(np.c_[Z, Z[:, 0]], None).encode(), "expected columns z1 and z2, or just two"),
    "z3.csv": (
        csv(np.c_[Z, Z[:, 0]], "z1,z2,z3").encode(),
        "the columns z1, z2, z3 are codes of 3 dimensions; only codes of 2, z1 and z2, can be scored",
    ),
    "z8.csv": (csv(np.c_[Z, Z, Z[:, 0]], "label,z1,z2,Z_3,z10").encode(), "are codes of 4 dimensions"),
    "other-names.csv": (csv(np.c_[Z, Z[:, 0]], "x,y,label").encode(), "found x, y, label"),
    "newline-in-name.csv": (csv(np.c_[Z, Z[:, 0]], '"a\nb",y,c').encode(), "found a b, y, c"),
    "semicolons.csv": (csv(Z, "z1;z2", ";").encode(), "found z1;z2"),
    "blanks.csv": (csv(Z, None, " ").encode(), "expected columns z1 and z2"),
    "longer-row.csv": (csv(Z, "z1,z2").encode() + b"1,2,3\n", "Expected 2 fields"),
    "longer-rows.csv": (csv(np.c_[Z, Z[:, 0]], "z1,z2").encode(), "more fields than the header"),
    "shorter-row.csv": (csv(Z, "z1,z2").encode() + b"1\n", "code 121 is not finite"),
    "binary.csv": (bytes(range(256)) * 20, "cannot be read as CSV"),
    "utf-16.csv": (csv(Z, "z1,z2").encode("utf-16"), "cannot be read as CSV"),
    "quote.csv": (csv(Z, "z1,z2").encode() + b'"0.1,0.2\n', "cannot be read as CSV"),
    "packed.csv.gz": (b"\x1f\x8b\x08\x00 no gzip", "cannot be read as CSV"),
    "collapsed.csv": (b"z1,z2\n" + b"0.5,0.5\n" * 120, "collapsed"),
    "empty.npz": (b"", "cannot be read as NPZ"),
    "text.npz": (b"z1,z2\n0.1,0.2\n", "cannot be read as NPZ"),
    "truncated.npz": (npz(z=Z)[:-30], "cannot be read as NPZ"),
    "broken.npz": (broken(npz(z=Z)), "cannot be read as NPZ"),
    "huge.npz": (archive(**{"z.npy": HUGE}), "cannot be read as NPZ"),
    "no-array.npz": (archive(), "or just one array; found []"),
    "text-inside.npz": (archive(z=b"hello"), "expected numbers"),
    "several.npz": (npz(a=Z, b=Z), "found ['a', 'b']"),
    "objects.npz": (npz(z=np.array([[1, None]] * 120, dtype=object)), "cannot be read as NPZ"),
    "complex.npz": (npz(z=Z + 1j), "expected numbers, found complex"),
    "bool.npz": (npz(z=Z > 0), "expected numbers, found bool"),
    "words.npz": (npz(z=Z.astype(str)), "expected numbers"),
    "records.npz": (npz(z=np.zeros(120, dtype=[("z1", "f4"), ("z2", "f4")])), "expected numbers"),
    "shape.npz": (npz(z=Z.T), "expected codes of shape (n, 2), found (2, 120)"),
    "flat.npz": (npz(z=Z[:, 0]), "found (120,)"),
    "scalar.npz": (npz(z=np.float32(1)), "found ()"),  # type: ignore[arg-type]
    "nan.npz": (npz(z=np.where(Z > 2, np.nan, Z)), "is not finite"),
    "overflow.npz": (npz(z=1e300 * Z.astype(float)), "code 1 is not finite (120 such codes)"),
    "no-numpy.npy": (b"hello", "cannot be read as NPZ or NPY"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_file_that_holds_no_codes_ends_in_one_line_that_names_it_and_says_why(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    content, reason = BAD[name]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SystemExit) as caught:
        run(monkeypatch, path)
    line = str(caught.value.code)
    assert line.startswith("aae.score: ")
    assert reason in line
    assert "\n" not in line
    if reason != "collapsed":
        assert str(path) in line


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "No such file"),
        (lambda path: path.mkdir(), "Is a directory"),
    ],
)
@pytest.mark.parametrize("name", ["codes.csv", "codes.npz"])
def test_a_path_that_is_no_file_ends_in_one_line(
    make: Callable[[Path], None], reason: str, name: str, tmp_path: Path
) -> None:
    make(tmp_path / name)
    with pytest.raises(UserError, match=reason) as caught:
        score.read_codes(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    import pickle

    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    for name in ("codes.npz", "codes.npy"):
        (tmp_path / name).write_bytes(pickle.dumps(Trap()))
        with pytest.raises(UserError, match="cannot be read"):
            score.read_codes(tmp_path / name)
    assert not (tmp_path / "trapped").exists()
