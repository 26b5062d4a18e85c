"""The one pass over a sound against librosa's features of it (P1), and the whole analysis of a night's sound against its decoding (P2)."""

from collections.abc import Iterator
from pathlib import Path

from tests.bench.engine import ANALYSE, DECODE
from tests.bench.measure import Row, in_own_process
from tests.bench.nights import START, write_sound

HOURS = 8
SPECTRA = """
import numpy as np
from somnia_engine.dsp.spectra import band_spectrogram
sound = np.random.default_rng(0).standard_normal(16000 * 600, dtype=np.float32) * np.float32(0.02)
for at in range(0, len(sound), 16000 * 64):
    band_spectrogram(sound[at : at + 16000 * 64 + 240])
"""
LIBROSA = """
import librosa, numpy as np
sound = np.random.default_rng(0).standard_normal(16000 * 600, dtype=np.float32) * np.float32(0.02)
for at in range(0, len(sound), 16000 * 64):
    part = sound[at : at + 16000 * 64 + 240]
    frames = {"frame_length": 400, "hop_length": 160}
    librosa.feature.rms(y=part, **frames)
    librosa.feature.zero_crossing_rate(part, **frames)
    magnitudes = np.abs(librosa.stft(part, n_fft=512, win_length=400, hop_length=160))
    mel = librosa.feature.melspectrogram(S=magnitudes**2, sr=16000, n_mels=64)
    librosa.feature.mfcc(S=librosa.power_to_db(mel), sr=16000)
    for feature in ("centroid", "rolloff", "bandwidth"):
        getattr(librosa.feature, f"spectral_{feature}")(S=magnitudes, sr=16000)
    librosa.feature.spectral_flatness(S=magnitudes)
"""
NOTHING = "import librosa, numpy as np, scipy.fft"
DECODE_CONTAINER = """
from pathlib import Path
from somnia_engine.readers.audio import read_blocks
for block in read_blocks(Path(sys.argv[1]), 60.0):
    pass
"""
STAGE_OF = {
    "nothing": "from somnia_engine.hearing import hear\nfrom somnia_engine.readers.audio import read_blocks",
    "decode": DECODE_CONTAINER,
    "hear": "from pathlib import Path\nfrom somnia_engine.hearing import hear_file\nhear_file(Path(sys.argv[1]))",
}
NO_NIGHT = "import somnia_engine.cli, somnia_engine.analyse, somnia_engine.readers"


def rows(folder: Path) -> Iterator[Row]:
    """Measure ten minutes of features, and eight hours of sound in FLAC and in Opus."""
    imports = in_own_process(NOTHING)["cpu_s"]
    ours, theirs = (in_own_process(code)["cpu_s"] - imports for code in (SPECTRA, LIBROSA))
    ratio = ours / theirs
    yield Row(
        "P1",
        "spectra and mel bands of 10 min, CPU",
        f"{ours:.2f} s",
        f"librosa's features {theirs:.2f} s: {ratio:.2f} ×",
        "≤ 0.6 ×",
        ratio <= 0.6,
    )
    for fs, bar in ((16000, 4.0), (44100, 3.0)):
        path = write_sound(folder / "night.flac", hours=HOURS, fs=fs)
        yield _night(path, DECODE, f"{HOURS} h of {fs / 1000:g}-kHz FLAC", bar)
        path.unlink()
    for suffix, container, codec, told in (("opus", "ogg", "libopus", "1 h of Opus"), ("m4a", "ipod", "aac", "1 h of AAC in M4A")):
        hour = write_sound(folder / "hour.flac", hours=1, fs=16000)
        coded = _coded(hour, hour.with_suffix(f".{suffix}"), container=container, codec=codec)
        yield _night(coded, DECODE_CONTAINER, told, None)
        coded.unlink()
    yield from _stages(write_sound(folder / "hour.flac", hours=1, fs=16000))


def _night(path: Path, decode: str, told: str, bar: float | None) -> Row:
    decoded, heard = in_own_process(decode, str(path))["cpu_s"], in_own_process(ANALYSE, START, str(path))["cpu_s"]
    ratio = heard / decoded
    said = "" if bar is None else f"≤ {bar:g} ×"
    return Row(
        "P2", f"{told}, CPU", f"{heard:.1f} s", f"decode {decoded:.1f} s: {ratio:.2f} ×", said, None if bar is None else ratio <= bar
    )


def _stages(path: Path) -> Iterator[Row]:
    """Yield what an hour of sound costs in each stage, told for a night."""
    idle = in_own_process(STAGE_OF["nothing"], str(path))["cpu_s"]
    decoded, heard = (in_own_process(STAGE_OF[stage], str(path))["cpu_s"] - idle for stage in ("decode", "hear"))
    whole = in_own_process(ANALYSE, START, str(path))["cpu_s"] - in_own_process(NO_NIGHT)["cpu_s"]
    path.unlink()
    for told, seconds in (("decoding", decoded), ("hearing", heard - decoded), ("all that follows", whole - heard)):
        yield Row("P2", f"CPU of a night of {HOURS} h at 16 kHz: {told}", f"{HOURS * seconds:.1f} s", "", "", None)


def _coded(path: Path, target: Path, *, container: str, codec: str) -> Path:
    import av
    import soundfile

    with soundfile.SoundFile(path) as source, av.open(str(target), "w", format=container) as out:
        stream = out.add_stream(codec, rate=48000, layout="mono")
        resampler = av.AudioResampler(format=stream.codec_context.format or "flt", layout="mono", rate=48000)
        for number, block in enumerate(source.blocks(blocksize=16000, dtype="float32")):
            frame = av.AudioFrame.from_ndarray(block[None], format="flt", layout="mono")
            frame.sample_rate, frame.pts = 16000, number * 16000
            for even in resampler.resample(frame):
                out.mux(stream.encode(even))
        out.mux(stream.encode(None))
    path.unlink()
    return target
