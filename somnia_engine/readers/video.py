"""Video of a night: mp4, mov, mkv, webm; a recording keeps the path, and `_av_video.pictures` decodes it as a stream."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from somnia_engine.errors import DamagedFile
from somnia_engine.readers._audio_tags import written_start
from somnia_engine.readers._av_video import VideoFacts, last_time_s, video_facts
from somnia_engine.readers._clock import ZONE_SAID, choose_night, night_key, zone_info
from somnia_engine.readers._video_boxes import holds_video
from somnia_engine.readers.audio import HIGHEST_HZ, LOWEST_HZ, MOST_CHANNELS
from somnia_engine.text import Text
from somnia_engine.types.recording import Media, NightSpan, Reader, ReadOptions, Recording, Source, Survey

KEY = "video"
NAME = Text("Video (MP4, MOV, MKV, WebM)")
LOST_S = 5.0
"""A video that ends this much before its claimed end is said to break off."""
NO_PICTURES = Text("Pictures are looked at and forgotten: none is kept.")
ZONELESS = Text("The file names no zone.")
OFFSET_ONLY = Text("The file gives its start with an offset from UTC, but no zone.")


@dataclass(frozen=True, slots=True)
class _Video:
    """What the header and the packets of a file say."""

    media: tuple[Media, ...]
    start: datetime | None
    zone: str | None
    zone_origin: Text
    notes: tuple[Text, ...]

    def span(self, split_hour: int) -> NightSpan:
        length = self.media[0].duration_s
        if self.start is None:
            return NightSpan(None, None, None, length)
        return NightSpan(night_key(self.start, self.zone, split_hour), self.start, self.start + timedelta(seconds=length), length)


def _load(path: Path, options: ReadOptions) -> _Video:
    facts, seen_s = video_facts(path), last_time_s(path)
    if seen_s <= 0.0:
        raise DamagedFile(Text("{name} holds no pictures. Copy or record it again.", {"name": path.name}))
    notes = [NO_PICTURES]
    if facts.duration_s - seen_s > LOST_S:
        notes.insert(0, Text("The file breaks off; what is there was read: {minutes} minutes.", {"minutes": round(seen_s / 60, 1)}))
    at = written_start(path, facts.tag)
    start, origin = options.start, ZONE_SAID if options.zone else ZONELESS
    if at is not None and at.tzinfo is not None:
        start, origin = at, ZONE_SAID if options.zone else OFFSET_ONLY
    elif at is not None and options.zone:
        start = at.replace(tzinfo=zone_info(options.zone))
    return _Video(_media(path, facts, seen_s), start, options.zone, origin, tuple(notes))


def _media(path: Path, facts: VideoFacts, seen_s: float) -> tuple[Media, ...]:
    """Return the pictures and, where it can be heard, the sound track."""
    pictures = Media("video", path, seen_s, facts.fps, 1)
    if facts.sound is None:
        return (pictures,)
    fs, channels, _ = facts.sound
    heard = LOWEST_HZ <= fs <= HIGHEST_HZ and 0 < channels <= MOST_CHANNELS
    return (pictures, Media("audio", path, seen_s, fs, channels)) if heard else (pictures,)


def _survey(path: Path, options: ReadOptions) -> Survey:
    video = _load(path, options)
    return Survey(
        format=KEY,
        name=NAME,
        nights=(video.span(options.split_hour),),
        zone=video.zone,
        zone_origin=video.zone_origin,
        channels=tuple(media.kind for media in video.media),
        notes=video.notes,
        needs_start=video.start is None,
    )


def _read(path: Path, options: ReadOptions) -> Recording:
    video = _load(path, options)
    choose_night((video.span(options.split_hour),), options, name=path.name)
    return Recording(
        start=video.start,
        zone=video.zone,
        zone_origin=video.zone_origin,
        duration_s=video.media[0].duration_s,
        source=Source(KEY, path.name),
        media=video.media,
        notes=video.notes,
    )


READER = Reader(KEY, NAME, (".mp4", ".mov", ".mkv", ".webm"), holds_video, _survey, _read, icon="video")
