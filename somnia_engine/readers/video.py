"""Video of a night: mp4, mov, mkv, webm; a recording keeps the path, and `_av_video.pictures` decodes it as a stream."""

from pathlib import Path

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._av_video import VideoFacts, last_time_s, video_facts
from somnia_engine.readers._media_night import MediaNight, media_night, recording_of, survey_of
from somnia_engine.readers._video_boxes import holds_video
from somnia_engine.readers.audio import HIGHEST_HZ, LOWEST_HZ, MOST_CHANNELS
from somnia_engine.text import Text
from somnia_engine.types.recording import Media, Reader, ReadOptions, Recording, Source, Survey

KEY = "video"
NAME = Text("Video (MP4, MOV, MKV, WebM)")
LOST_S = 5.0
"""A video that ends this much before its claimed end is said to break off."""
NO_PICTURES = Text("Pictures are looked at and forgotten: none is kept.")


def _load(path: Path, options: ReadOptions) -> MediaNight:
    facts, seen_s = video_facts(path), last_time_s(path)
    if seen_s <= 0.0:
        raise DamagedFile(Text("{name} holds no pictures. Copy or record it again.", {"name": path.name}))
    notes = [NO_PICTURES]
    if facts.duration_s - seen_s > LOST_S:
        notes.insert(0, Text("The file breaks off; what is there was read: {minutes} minutes.", {"minutes": round(seen_s / 60, 1)}))
    return media_night(path, facts.tag, media=_media(path, facts, seen_s, options=options), notes=tuple(notes), options=options)


def _media(path: Path, facts: VideoFacts, seen_s: float, *, options: ReadOptions) -> tuple[Media, ...]:
    """Return the pictures and, where it can be heard, the sound track."""
    pictures = Media("video", path, seen_s, facts.fps, 1, look=options.look)
    if facts.sound is None:
        return (pictures,)
    fs, channels, _ = facts.sound
    heard = LOWEST_HZ <= fs <= HIGHEST_HZ and 0 < channels <= MOST_CHANNELS
    return (pictures, Media("audio", path, seen_s, fs, channels, full_scale_db=options.full_scale_db)) if heard else (pictures,)


def _survey(path: Path, options: ReadOptions) -> Survey:
    return survey_of(_load(path, options), KEY, NAME, options=options)


def _read(path: Path, options: ReadOptions) -> Recording:
    return recording_of(_load(path, options), Source(KEY, path.name), options=options)


READER = Reader(KEY, NAME, (".mp4", ".mov", ".mkv", ".webm"), holds_video, _survey, _read, icon="video")
