"""A night of sound or pictures: when it began, as far as the file or the person says, and its survey and recording."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from somnia_engine.readers._audio_tags import written_start
from somnia_engine.readers._clock import ZONE_SAID, choose_night, night_key, zone_info
from somnia_engine.text import Text
from somnia_engine.types.recording import Media, NightSpan, ReadOptions, Recording, Source, Survey

ZONELESS = Text("The file names no zone.")
OFFSET_ONLY = Text("The file gives its start with an offset from UTC, but no zone.")


@dataclass(frozen=True, slots=True)
class MediaNight:
    """What the header of a file says: its media, the one that gives the night its length first."""

    media: tuple[Media, ...]
    start: datetime | None
    zone: str | None
    zone_origin: Text
    notes: tuple[Text, ...]

    def span(self, split_hour: int) -> NightSpan:
        """Return the night that the file holds."""
        length = self.media[0].duration_s
        if self.start is None:
            return NightSpan(None, None, None, length)
        return NightSpan(night_key(self.start, self.zone, split_hour), self.start, self.start + timedelta(seconds=length), length)


def media_night(path: Path, tag: str, *, media: tuple[Media, ...], notes: tuple[Text, ...], options: ReadOptions) -> MediaNight:
    """Return a night of media; `tag` is the date in the file's header, which the file's name may stand in for."""
    start, origin, more = _start(path, tag, options)
    return MediaNight(media, start, options.zone, origin, (*notes, *more))


def survey_of(night: MediaNight, key: str, name: Text, *, options: ReadOptions) -> Survey:
    """Return what a file of media holds."""
    return Survey(
        format=key,
        name=name,
        nights=(night.span(options.split_hour),),
        zone=night.zone,
        zone_origin=night.zone_origin,
        channels=tuple(media.kind for media in night.media),
        notes=night.notes,
        needs_start=night.start is None,
    )


def recording_of(night: MediaNight, source: Source, *, options: ReadOptions) -> Recording:
    """Return the recording of a file of media; raises NightChoiceNeeded when another night is wanted."""
    choose_night((night.span(options.split_hour),), options, name=source.name)
    return Recording(
        start=night.start,
        zone=night.zone,
        zone_origin=night.zone_origin,
        duration_s=night.media[0].duration_s,
        source=source,
        media=night.media,
        notes=night.notes,
    )


def _start(path: Path, tag: str, options: ReadOptions) -> tuple[datetime | None, Text, list[Text]]:
    """Return when the recording began, where its zone came from, and notes."""
    at = written_start(path, tag)
    origin = ZONE_SAID if options.zone else ZONELESS
    if at is not None and at.tzinfo is not None:
        return at, ZONE_SAID if options.zone else OFFSET_ONLY, []
    if at is not None and options.zone:
        return at.replace(tzinfo=zone_info(options.zone)), ZONE_SAID, [Text("The start was read from the file, in the zone that you said.")]
    notes = []
    if at is not None and options.start is None:
        notes.append(
            Text("The file says that it began at {time}, without a zone. Say your zone or the start.", {"time": f"{at:%Y-%m-%d %H:%M:%S}"})
        )
    return options.start, origin, notes
