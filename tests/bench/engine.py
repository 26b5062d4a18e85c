"""A whole night end to end against the decoding of its sound alone, with peak memory (P3, P6)."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.measure import Row, in_own_process
from tests.bench.nights import START, write_sound, write_streams

DECODE = """
import soundfile
with soundfile.SoundFile(sys.argv[1]) as file:
    for block in file.blocks(blocksize=1 << 20, dtype="float32"):
        pass
"""
ANALYSE = """
from somnia_engine.cli import main
code = main(["analyse", *sys.argv[2:], "--zone", "Asia/Kolkata", "--start", sys.argv[1], "--out", "/dev/null"])
assert code == 0, code
"""
IMPORTS = """
import somnia_engine.cli, somnia_engine.analyse, somnia_engine.readers
"""
MOST_MIB = 300.0
MOST_S = 0.5


def rows(folder: Path) -> Iterator[Row]:
    """Measure a night of 8 h at 16 kHz, one at 44.1 kHz, and 12 h against 1 h."""
    streams = [str(path) for path in write_streams(folder)]
    flac = str(write_sound(folder / "eight.flac", hours=8, fs=16000))
    decode, night = in_own_process(DECODE, flac), in_own_process(ANALYSE, START, flac, *streams)
    ratio = night["cpu_s"] / decode["cpu_s"]
    yield Row(
        "P6",
        "8 h of 16-kHz FLAC + watch + ring, CPU",
        f"{night['cpu_s']:.1f} s",
        f"decode {decode['cpu_s']:.1f} s: {ratio:.2f} ×",
        "≤ 4 ×",
        ratio <= 4,
    )
    yield Row("P3", "- its peak memory", f"{night['peak_mib']:.0f} MiB", "", "≤ 300 MiB", night["peak_mib"] <= MOST_MIB)
    Path(flac).unlink()
    yield from _memory(folder)
    wearable = in_own_process(ANALYSE, START, *streams)
    imports = in_own_process(IMPORTS)["cpu_s"]
    alone = wearable["cpu_s"] - imports
    yield Row("P5", "watch + ring alone, CPU less imports", f"{alone:.2f} s", f"imports {imports:.2f} s", "≤ 0.5 s", alone <= MOST_S)
    yield Row("P5", "- its peak memory", f"{wearable['peak_mib']:.0f} MiB", "", "≤ 300 MiB", wearable["peak_mib"] <= MOST_MIB)


def _memory(folder: Path) -> Iterator[Row]:
    wav = write_sound(folder / "loud.wav", hours=8, fs=44100)
    big = in_own_process(ANALYSE, START, str(wav))
    wav.unlink()
    yield Row("P3", "8 h of 44.1-kHz wav, peak memory", f"{big['peak_mib']:.0f} MiB", "", "≤ 300 MiB", big["peak_mib"] <= MOST_MIB)
    peaks = []
    for hours in (1, 12):
        path = write_sound(folder / f"{hours}.flac", hours=hours, fs=16000)
        peaks.append(in_own_process(ANALYSE, START, str(path))["peak_mib"])
        path.unlink()
    yield Row(
        "P3",
        "12 h of sound, peak memory",
        f"{peaks[1]:.0f} MiB",
        f"1 h {peaks[0]:.0f} MiB: {peaks[1] / peaks[0]:.2f} ×",
        "≤ 1.1 ×",
        peaks[1] <= 1.1 * peaks[0],
    )
