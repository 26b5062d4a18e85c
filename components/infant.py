"""An infant's night on its page: what makes sleep safer, when breathing motion was last seen, what else was observed; never a judgement."""

from dash import html

from components import ids
from components.findings import number_of
from somnia_engine.text import Text, t
from somnia_engine.types.findings import Finding

KEY = "infant"
SAFER = (
    Text("On the back, for every sleep"),
    Text("On a firm, flat surface that does not slope"),
    Text("Nothing else in the cot: no pillow, blanket, bumper or toy"),
    Text("In your room, in a bed of its own"),
    Text("Not too warm, the head uncovered; no smoke around it"),
)
AAP = "Moon 2022, American Academy of Pediatrics, doi 10.1542/peds.2022-057990"


def infant_panel(findings: tuple[Finding, ...]) -> html.Section | None:
    """Return the panel; None when this is not an infant's night, or nothing of it was observed."""
    finding = next((one for one in findings if one.disorder == KEY and one.evidence), None)
    if finding is None:
        return None
    seen = [
        html.Div([html.Dt(t(row.label)), html.Dd(number_of(row.value, row.unit), className="numeric")], className="seen-row")
        for row in finding.evidence
    ]
    return html.Section(
        [
            html.H2(t("Your baby’s night"), id=ids.INFANT),
            html.P(t(finding.summary)),
            html.Dl(seen),
            html.H3(t("For every sleep, check")),
            html.Ul([html.Li(t(line)) for line in SAFER]),
            html.P(AAP, className="fine"),
        ],
        className="seen finding-more",
        **{"aria-labelledby": ids.INFANT},
    )
