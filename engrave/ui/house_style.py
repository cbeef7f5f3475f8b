"""The house style on the page: its fields, and what happens once they are applied."""

from typing import Any

import gradio as gr

from engrave.review.inscriptions import check_reader
from engrave.review.style import Style
from engrave.review.vocabulary import read_terms
from engrave.ui.review import Opened, kept, shown
from engrave.ui.review_session import Session
from engrave.ui.review_views import style_fields, terms_words
from engrave.ui.uploads import checked
from engrave.ui.views import Views


def place_style() -> tuple[list[Any], gr.Button]:
    """Lay out the house style; return its fields, first those that a project fills, and the button
    that applies it."""
    fewest, most, avoided, beyond = style_fields(Style())
    with gr.Accordion("House style", open=False, elem_id="caption-style"):
        with gr.Row():
            low = gr.Number(fewest, label="Fewest words", precision=0)
            high = gr.Number(most, label="Most words", precision=0)
        banned = gr.Textbox(avoided, label="Words to avoid", lines=3)
        unseen = gr.Textbox(beyond, label="Says more than is seen", lines=3)
        table = gr.File(
            label="Vocabulary: a CSV of terms and preferred terms", file_types=[".csv"], height=110
        )
        plain = gr.Checkbox(False, label="Use no preferred terms, not even those of a project")
        inscriptions = gr.Checkbox(False, label="Read printed words with each caption (slower)")
        apply = gr.Button("Apply", size="sm", elem_id="caption-style-apply")
    return [low, high, banned, unseen, table, plain, inscriptions], apply


def styled(
    views: Views,
    session: Session,
    low: float,
    high: float,
    banned: str,
    unseen: str,
    table: str | None,
    plain: bool,
    inscriptions: bool,
    draft: str,
) -> Opened:
    """Take another house style; what it finds shows at once, its vocabulary with new captions.

    Without a table the preferred terms that were in use stay, unless `plain` forbids them.
    """
    terms = read_terms(checked(table).read_bytes()) if table else session.project.style.terms
    whole = [int(n) if isinstance(n, int | float) and n == int(n) else -1 for n in (low, high)]
    style = Style(
        min_words=whole[0],
        max_words=whole[1],
        banned=_phrases(banned),
        unseen=_phrases(unseen),
        terms=() if plain else terms,
    )
    if inscriptions:
        check_reader()
    kept(views.engine, session, draft)
    session.inscriptions = bool(inscriptions)
    session.project.restyle(style)
    return shown(views, session, terms_words(style))


def _phrases(text: object) -> tuple[str, ...]:
    lines = str(text or "").replace(",", "\n").splitlines()
    return tuple(dict.fromkeys(line.strip() for line in lines if line.strip()))
