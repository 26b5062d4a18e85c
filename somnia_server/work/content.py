"""What a night was made of, as one digest: a newer export that holds an old night is recognised by it."""

import hashlib
from collections.abc import Iterable, Sequence

from somnia_engine.types.recording import Recording


def content_of(recordings: Sequence[Recording]) -> str:
    """Return the digest of what was read for a night, in any order of its files; "" where sound, pictures or a packet are among it.

    Names of files do not count, nor does what an export holds of other nights. Media are known by their files' own digests.
    """
    if any(recording.media or recording.packet is not None for recording in recordings):
        return ""
    return hashlib.sha256("".join(sorted(map(_digest, recordings))).encode()).hexdigest()


def _digest(recording: Recording) -> str:
    digest = hashlib.sha256(f"{recording.source.format} {recording.start} {recording.zone}".encode())
    for part in sorted(_parts(recording)):
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()


def _parts(recording: Recording) -> Iterable[bytes]:
    """Yield each channel, the stages, the lights and the events as bytes."""
    yield f"lights {recording.lights_off_s} {recording.lights_on_s}".encode()
    for signal in recording.signals:
        yield f"{signal.channel} {signal.fs} {signal.onset_s} {signal.unit} ".encode() + signal.samples.tobytes()
    for series in recording.series:
        yield f"{series.channel} {series.unit} ".encode() + series.times_s.tobytes() + series.values.tobytes()
    if recording.stages is not None:
        stages = recording.stages
        yield b"stages " + stages.onset_s.tobytes() + stages.duration_s.tobytes() + stages.stages.tobytes()
    for event in recording.events:
        yield f"event {event.kind} {event.onset_s} {event.duration_s} {event.value}".encode()
