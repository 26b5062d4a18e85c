"""The loudest moments of a night, each with its picture and a player."""

from collections.abc import Sequence
from typing import Any, Protocol

from dash import dcc, html

from components import words
from components.figures.clock import Clock
from somnia_engine.text import t
from somnia_engine.types.clips import Clip
from somnia_engine.types.night import NightAnalysis


class Kept(Protocol):
    """A clip as the store shows it."""

    @property
    def id(self) -> str:
        """Its id."""

    @property
    def expires_at(self) -> Any:
        """Until when it is kept."""

    @property
    def clip(self) -> Clip:
        """What is in it."""


def clips_tab(kept: Sequence[Kept], analysis: NightAnalysis) -> html.Div:
    """Return the clips in order of time; what to do to have some when there is none."""
    if not kept:
        said = t("None were kept. Switch them on under About you before a night is analyzed.")
        return html.Div([html.P(said, className="muted"), dcc.Link(t("About you"), href="/settings")], className="tab-body stack-small")
    clock = Clock(analysis.start, analysis.zone)
    until = words.day_month(kept[0].expires_at)
    lead = t("The loudest moments, at most 10 s each. What may be a voice is blanked. They are deleted on {day}.", day=until)
    return html.Div(
        [html.P(lead, className="muted small"), html.Div([_card(one, clock) for one in kept], className="clips")], className="tab-body"
    )


def _card(kept: Kept, clock: Clock) -> html.Figure:
    clip, at = kept.clip, clock.label(kept.clip.onset_s)
    said = t("{height} dB above the floor", height=f"{clip.height_db:.0f}")
    blanked = " · " + t("{n} s blanked", n=f"{clip.blanked_s:.0f}") if clip.blanked_s >= 1 else ""
    return html.Figure(
        [
            html.Img(src=f"/clip/{kept.id}/picture", alt=t("Spectrogram of the sound at {time}", time=at)),
            html.Audio(src=f"/clip/{kept.id}", controls=True, preload="none", **{"aria-label": t("Sound at {time}", time=at)}),
            html.Figcaption([html.Span(at, className="numeric"), html.Span(f" · {said}{blanked}", className="muted small")]),
        ],
        className="clip",
    )
