"""Codes from files: every usual CSV, NPZ and NPY is read, and one line says why another is not."""

import gzip
import io
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from safetensors.torch import save

from aae.pretrained.command import main
from aae.score.reading import Codes, Source
from aae.score.reading import read_codes as read_source
from aae.system.errors import UserError

Z = np.random.default_rng(0).standard_normal((120, 2)).astype(np.float32)


def run(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> None:
    """The command, in this process."""
    monkeypatch.setattr(sys, "argv", ["aae", "score", *map(str, arguments)])
    main()


def codes(path: Path, **choices: object) -> Codes:
    return read_source(Source(path, **choices))  # type: ignore[arg-type]


def read_codes(path: Path) -> np.ndarray:
    return codes(path).z


def csv(z: np.ndarray, header: str | None, separator: str = ",", end: str = "") -> str:
    rows = [separator.join(str(value) for value in row) + end for row in z]
    return "\n".join(([] if header is None else [header]) + rows) + "\n"


def saved(path: Path, *arrays: np.ndarray, **named: np.ndarray) -> Path:
    np.savez(path, *arrays, **named)  # type: ignore[arg-type]
    return path


# What can be read.


LABEL = np.arange(120) % 10
FRAME = pd.DataFrame(Z, columns=["z1", "z2"])
TEXTS = [
    csv(Z, None),
    csv(Z, "z1,z2"),
    csv(Z, "a,b"),
    csv(Z, "x,y"),
    csv(Z, "z1, z2", ", "),
    csv(Z, '"z1","z2"'),
    "\ufeff" + csv(Z, "z1,z2"),
    csv(Z, "z1,z2").replace("\n", "\r\n"),
    csv(Z, "z1,z2") + "\n\n",
    csv(Z, "# z1,z2"),  # As np.savetxt writes a header.
    csv(Z, "0,1"),  # As pandas names columns without names.
    csv(Z, "1,2"),
    pd.DataFrame(Z).to_csv(),
    FRAME.to_csv(),
    FRAME.assign(label=LABEL).to_csv(),
    FRAME.to_csv(index_label="id"),
    csv(np.c_[Z, LABEL], "z0,z1,label"),
    csv(np.c_[Z, LABEL], "x,y,label"),
    csv(np.c_[Z, LABEL], "latent_0,latent_1,digit"),
    csv(np.c_[Z, LABEL], "z[0],z[1],y"),
    csv(np.c_[Z, LABEL], None),
    csv(np.c_[np.arange(120), Z], None),
    csv(np.c_[np.arange(120), Z], "label,z1,z2"),
    csv(np.c_[Z, Z + 1], "z1,z2,mean1,mean2"),
    csv(np.c_[Z, Z + 1], "z1,z2,z_mean,size"),
    "z1,z2,note\n" + "\n".join(f"{a},{b},x" for a, b in Z),
    "a,b,note\n" + "\n".join(f"{a},{b},x" for a, b in Z),
    "z1,z2\n" + "\n".join(f'"{a}","{b}"' for a, b in Z),
    "z1,z2,note\n" + "\n".join(f'{a},{b},"7,5"' for a, b in Z),
    csv(Z, "z1;z2", ";"),
    FRAME.to_csv(sep=";", decimal=","),
    FRAME.to_csv(sep=";", decimal=",", header=False, index=False),
    csv(Z, "z1\tz2", "\t"),
    csv(Z, None, " "),
    FRAME.to_string(index=False, float_format="%.9g"),
    FRAME.to_string(index=False, decimal=",", float_format="%.9g"),
    "z1 z2\n" + csv(Z, None, " ").replace(".", ","),
    csv(np.c_[Z, np.full(120, 7)], "x,y,label"),
    "file,z1,z2\n" + "\n".join(f"img#{n}.png,{a},{b}" for n, (a, b) in enumerate(Z)),
    "name,z1,z2\n" + "\n".join(f"#{n},{a},{b}" for n, (a, b) in enumerate(Z)),
    "x,y,color\n" + "\n".join(f"{a},{b},#ff0000" for a, b in Z),
    "sep=;\n" + csv(Z, "z1;z2", ";"),
    csv(Z, "z1,z2") + "# the end\n",
    "\ufeff# made by hand\n# twice\n" + csv(Z, "z1,z2"),
    '"SEP=;"\n' + csv(Z, "z1;z2", ";"),
]


@pytest.mark.parametrize("text", TEXTS)
def test_every_usual_csv_gives_its_codes(text: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    for encoding in ("utf-8", "utf-16"):
        path.write_bytes(text.encode(encoding))
        z = read_codes(path)
        assert z.dtype == np.float32
        np.testing.assert_allclose(z, Z, rtol=1e-6)
    path.write_bytes(gzip.compress(text.encode()))
    np.testing.assert_array_equal(read_codes(path), z)


@pytest.mark.parametrize(
    ("text", "note"),
    [
        (csv(Z, "1,2"), "the first line, 1, 2, is taken for names of columns"),
        (csv(np.c_[Z, LABEL], "z0,z1,label"), "codes are the columns z0, z1; left out: label"),
        (csv(np.c_[Z, LABEL], None), "codes are the columns 1, 2; left out: 3"),
        (pd.DataFrame(Z).to_csv(), "codes are the columns 0, 1; left out: the one without a name"),
        (csv(np.c_[Z, Z[:, ::-1]], "a,b,loss,c"), "codes are all columns: a, b, loss, c"),
        (csv(Z, "z1,z2") + "#0.1,0.2\n", "lines that start with # are left out: 1"),
    ],
)
def test_what_was_guessed_is_said(text: str, note: str, tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(text)
    assert note in codes(path).notes[0]
    path.write_text(csv(Z, "z1,z2"))
    assert codes(path).notes == []
    arrays = saved(tmp_path / "codes.npz", codes=Z, labels=LABEL)
    assert codes(arrays).notes == ["codes are the array codes; left out: labels"]
    more = saved(tmp_path / "more.npz", codes=Z, images=np.zeros((120, 784)), labels=LABEL[:, None])
    assert codes(more).notes == ["codes are the array codes; left out: images, labels"]


def test_columns_and_labels_can_be_named(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(csv(np.c_[Z, Z + 1, Z[:, 0] + 2], "a1,a2,b1,b2,c"))
    assert "which of the columns a1, a2, b1, b2, c hold codes?" in reason_of(path)
    np.testing.assert_allclose(codes(path, columns=["b1", "b2"]).z, Z + 1, rtol=1e-6)
    np.testing.assert_allclose(codes(path, labels=["b1", "b2", "c"]).z, Z, rtol=1e-6)
    assert "no column 'd'; there are a1, a2, b1, b2, c" in reason_of(path, columns=["d"])
    assert "--columns names a1 twice" in reason_of(path, columns=["a1", "a1"])
    np.save(tmp_path / "codes.npy", np.c_[Z[:, 0], Z])
    np.testing.assert_array_equal(codes(tmp_path / "codes.npy", columns=["2", "3"]).z, Z)
    np.testing.assert_array_equal(codes(tmp_path / "codes.npy", labels=["1"]).z, Z)


def reason_of(path: Path, **choices: object) -> str:
    with pytest.raises(UserError) as caught:
        codes(path, **choices)
    return str(caught.value)


@pytest.mark.parametrize("dim", [3, 8, 64])
def test_codes_of_up_to_64_dimensions_are_read(dim: int, tmp_path: Path) -> None:
    z = np.random.default_rng(0).standard_normal((120, dim)).astype(np.float32)
    (tmp_path / "codes.csv").write_text(csv(z, ",".join(f"z{axis}" for axis in range(dim))))
    np.testing.assert_allclose(read_codes(tmp_path / "codes.csv"), z, rtol=1e-6)
    np.save(tmp_path / "codes.npy", z)
    np.testing.assert_array_equal(read_codes(tmp_path / "codes.npy"), z)


def test_a_pipe_is_read_once(tmp_path: Path) -> None:
    """The path that a shell puts in the place of <(...) gives its bytes a single time."""
    text = csv(Z, "z1,z2").encode()
    reader, writer = os.pipe()
    os.write(writer, text)
    os.close(writer)
    try:
        np.testing.assert_allclose(read_codes(Path(f"/dev/fd/{reader}")), Z, rtol=1e-6)
    finally:
        os.close(reader)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16, torch.float16])
def test_safetensors_are_read_and_one_of_several_is_chosen(dtype: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "codes.safetensors"
    z = torch.from_numpy(Z).to(dtype)
    labels = torch.arange(120)
    for tensors in ({"z": z, "other": z + 1}, {"codes": z, "labels": labels}):
        path.write_bytes(save(tensors))
        np.testing.assert_array_equal(read_codes(path), z.float().numpy())
    path.write_bytes(save({"training": z, "training 000001": z + 1, "evaluation": z + 2}))
    assert "--array 'training'; there are training, evaluation, training 000001" in reason_of(path)
    assert "no array 'z'" in reason_of(path, array="z")
    np.testing.assert_array_equal(codes(path, array="evaluation").z, (z + 2).float().numpy())


@pytest.mark.parametrize("first", [[0.1, 0.1], [0, 0], [1, 1], [-2, 1e-3]])
def test_without_a_header_the_first_code_counts_even_if_its_numbers_are_equal(
    first: list[float], tmp_path: Path
) -> None:
    path = tmp_path / "codes.csv"
    path.write_text(csv(np.concatenate([[first], Z]), None))
    z = read_codes(path)
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
        np.testing.assert_array_equal(read_codes(path), z.astype(np.float32))


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
    "empty.csv": (b"", "holds no codes"),
    "newline.csv": (b"\n\n", "holds no codes"),
    "comment.csv": (b"# z1,z2\n", "holds no codes"),
    "header.csv": (b"z1,z2\n", "holds no codes"),
    "few.csv": (csv(Z[:99], "z1,z2").encode(), "99 codes are too few; at least 100"),
    "one-row.csv": (b"0.1,0.2\n", "1 codes are too few"),
    "nan.csv": (with_value("nan").encode(), "code 121, (nan, 0.5), is not finite (1 such codes)"),
    "gap.csv": (with_value("").encode(), "code 121, (nan, 0.5), is not finite"),
    "inf.csv": (with_value("-inf").encode(), "code 121, (-inf, 0.5), is not finite"),
    "overflow.csv": (with_value("1e300").encode(), "code 121, (1e+300, 0.5), is not finite"),
    "word.csv": (with_value("seven").encode(), "expected numbers; column z1 of code 121 is 'seven'"),
    "complex.csv": (with_value("1+2j").encode(), "expected numbers"),
    "bool.csv": (b"z1,z2\n" + b"True,False\n" * 120, "expected numbers; column z1 of code 1 is 'True'"),
    "hex.csv": (with_value("0x10").encode(), "expected numbers"),
    "one-column.csv": (csv(Z[:, :1], "z1").encode(), "found 1 of 120 rows (z1)"),
    "three.csv": (csv(np.c_[Z, Z[:, 0]], None).encode(), "collapsed"),
    "65.csv": (csv(np.tile(Z, 33)[:, :65], None).encode(), "found 65 of 120 rows (1, 2, 3"),
    "newline-in-name.csv": (csv(Z[:, :1], '"a\nb"').encode(), "found 1 of 120 rows (a b)"),
    "names-twice.csv": (csv(Z, "z,z").encode(), "cannot be read as CSV (several columns are called 'z');"),
    "longer-row.csv": (
        csv(Z, "z1,z2").encode() + b"1,2,3\n",
        "CSV (line 122 has 3 fields, those above it 2)",
    ),
    "comments.csv": (b"# of\n\nz1,z2\n" + b"1,2\n" * 120 + b"1,2,3\n", "(line 124 has 3 fields"),
    "longer-rows.csv": (
        csv(np.c_[Z, Z[:, 0]], "z1,z2").encode(),
        "CSV (line 2 has 3 fields, those above it 2)",
    ),
    "decimal.csv": (b'z1,z2\n"0,5","-1,25e-3"\n', "(decimal commas need ; as separator)"),
    "decimals.csv": (b'"0,5","-1,25"\n' * 120, "(decimal commas need ; as separator)"),
    "json.csv": (b'{"z": [[0.5, 1.5], [2.5, 3.5]]}', "holds no codes; expected CSV, NPY, NPZ or"),
    "typo.csv": (b"0.12,0.3x\n0.1,0.2\n", "its first line, 0.12, 0.3x, is neither names nor a code"),
    "unnamed.csv": (b"a,0.1,0.2\nb,0.3,0.4\n", "its first line, a, 0.1, 0.2, is neither names nor"),
    "short.csv": (b"0.1,0.2\n0.5\n" + csv(Z, None).encode(), "code 2, (0.5, nan), is not finite"),
    "prose.csv": (b"no table\nat all\n", "holds no codes; expected CSV, NPY, NPZ or"),
    "tensor.pt": (npz(z=Z), "is PyTorch's; save it with numpy.save(path, z.cpu().numpy())"),
    "shorter-row.csv": (csv(Z, "z1,z2").encode() + b"1\n", "code 121, (1, nan), is not finite"),
    "binary.csv": (bytes(range(256)) * 20, "np.save('codes.npy', z) writes what can be read"),
    "quote.csv": (csv(Z, "z1,z2").encode() + b'"0.1,0.2\n', "cannot be read as CSV"),
    "packed.csv.gz": (b"\x1f\x8b\x08\x00 no gzip", "cannot be unpacked"),
    "constant.csv": (
        csv(np.c_[Z, np.full(120, 18)], "x,y,epoch").encode(),
        "column epoch is 18 in all rows: a dimension that has collapsed, or no code (--label epoch leaves",
    ),
    "first.csv": (
        b"x,y\noops,0.5\n" + csv(Z, None).encode(),
        "expected numbers; column x of code 1 is 'oops'",
    ),
    "short-pairs.csv": (csv(Z.round(2), None).replace(".", ",").encode(), "(decimal commas need ; as"),
    "pairs.csv": (csv(Z, None).replace(".", ",").encode(), "(decimal commas need ; as separator)"),
    "collapsed.csv": (b"z1,z2\n" + b"0.5,0.5\n" * 120, "collapsed"),
    "empty.npz": (b"", "holds no codes"),
    "truncated.npz": (npz(z=Z)[:-30], "cannot be read as NPZ"),
    "broken.npz": (broken(npz(z=Z)), "cannot be read as NPZ"),
    "huge.npz": (archive(**{"z.npy": HUGE}), "cannot be read as NPZ"),
    "no-array.npz": (archive(), "cannot be read as NPZ"),
    "text-inside.npz": (archive(z=b"hello"), "no array in it"),
    "several.npz": (npz(a=Z, b=Z), "--array 'a'; there are a, b"),
    "objects.npz": (npz(z=np.array([[1, None]] * 120, dtype=object)), "cannot be read as NPZ"),
    "complex.npz": (npz(z=Z + 1j), "expected numbers, found complex"),
    "bool.npz": (npz(z=Z > 0), "expected numbers, found bool"),
    "words.npz": (npz(z=Z.astype(str)), "expected numbers"),
    "records.npz": (npz(z=np.zeros(120, dtype=[("z1", "f4"), ("z2", "f4")])), "expected numbers"),
    "shape.npz": (npz(z=Z.T), "expected codes of shape (n, 2 to 64), found (2, 120); did you mean codes.T?"),
    "few.npy": (npy(Z[:9].T), "found (2, 9); did you mean codes.T?"),
    "wide.npy": (npy(np.tile(Z, 4).T), "found (8, 120); did you mean codes.T?"),
    "flat.npz": (npz(z=Z[:, 0]), "found (120,)"),
    "scalar.npz": (npz(z=np.float32(1)), "found ()"),  # type: ignore[arg-type]
    "nan.npz": (npz(z=np.where(Z > 2, np.nan, Z)), "is not finite"),
    "overflow.npz": (npz(z=1e300 * Z.astype(float)), "is not finite (120 such codes)"),
    "no-numpy.npy": (b"hello", "expected CSV, NPY, NPZ or safetensors; from Python"),
    "damaged.npy": (npy(Z)[:-9], "cannot be read as NPZ or NPY"),
    "damaged.safetensors": (save({"z": torch.from_numpy(Z)})[:-9], "cannot be read as safetensors"),
    "empty.safetensors": (save({}), "there are"),
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
    assert line.startswith("aae score: ")
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
        read_codes(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_pickle_is_refused_and_not_run(tmp_path: Path) -> None:
    import pickle

    class Trap:
        def __reduce__(self) -> tuple[Callable[[str], object], tuple[str]]:
            return os.mkdir, (str(tmp_path / "trapped"),)

    for name in ("codes.npz", "codes.npy"):
        (tmp_path / name).write_bytes(pickle.dumps(Trap()))
        with pytest.raises(UserError, match=r"np\.save"):
            read_codes(tmp_path / name)
    assert not (tmp_path / "trapped").exists()
