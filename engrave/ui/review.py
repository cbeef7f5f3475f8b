"""The caption desk: a person opens, edits, accepts and rejects what the machine wrote."""

import json
from typing import Any

import gradio as gr

from engrave.engine import Engine
from engrave.errors import PromptError, ReviewError
from engrave.image import open_picture
from engrave.limits import clean_text
from engrave.review.captioning import rewritten
from engrave.review.exports.archives import folder_pictures
from engrave.review.exports.formats import format_named, meant, read_back
from engrave.review.inscriptions import read_inscriptions
from engrave.review.project import FILTERS, merged, read_project, taken_in
from engrave.review.record import (
    ACCEPTED,
    LABELS,
    MAX_NAME,
    Record,
    decided,
    inscribed,
    offered,
    reopened,
)
from engrave.review.vocabulary import apply_terms
from engrave.ui.ends import End
from engrave.ui.files import file_url, written
from engrave.ui.review_session import Session
from engrave.ui.review_views import (
    answer_view,
    editor_view,
    files_view,
    near_view,
    style_fields,
    table_view,
    terms_words,
)
from engrave.ui.uploads import checked
from engrave.ui.views import NOTHING, View, Views

Opened = tuple[Any, Any, Any, Any, Any, Any]  # answer, near, table, editor, files, end
FIELDS = ("caption", "alt", "title", "printed", "tags")
PROJECT = "captions.jsonl"


def shown(views: Views, session: Session, note: str = "") -> Opened:
    """Return everything that the page shows of the open record."""
    record = session.open_record()
    if record is None:
        return gr.skip(), gr.skip(), table_view(session), NOTHING, files_view(session), None
    answer = answer_view(session, record)
    return (
        answer,
        near_view(views, record),
        table_view(session),
        editor_view(session, note),
        files_view(session),
        end_of(session, record, answer["src"]),
    )


def end_of(session: Session, record: Record, src: str) -> End | None:
    """Return the picture as an end of a walk; None where only its record was loaded."""
    latent = session.latents.get(record.key)
    if latent is None:
        return None
    return End(f"captioned, {record.file}", record.caption, latent, src)


def opened(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Open a record of the table, and keep what was written in the one before."""
    data = _data(event)
    key = session.project.needed(data.get("key")).key
    note = kept(views.engine, session, data.get("draft"))
    session.opened = key
    return shown(views, session, note)


def turned(session: Session, event: gr.EventData) -> View:
    """Show another page of the table, or other states."""
    data = _data(event)
    which, page = data.get("which"), data.get("page")
    if which in FILTERS:
        session.which, session.page = str(which), 0
    elif isinstance(page, int) and not isinstance(page, bool) and page >= 0:
        session.page = page
    return table_view(session)


def stepped(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Keep what was written, and open the next or the previous record."""
    data = _data(event)
    note = _saved(views.engine, session, data)
    _open_next(session, "all", -1 if data.get("back") is True else 1)
    return shown(views, session, note)


def saved(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Keep what was written."""
    note = _saved(views.engine, session, _data(event)) or "Nothing was changed."
    return shown(views, session, note)


def judged(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Accept or reject, and open the next record that nobody has decided; one text alone leaves
    its record open on the desk."""
    data = _data(event)
    reviewer = clean_text(data.get("reviewer") or "")[:MAX_NAME]
    texts, state, only = _texts(data), str(data.get("state")), _only(data)

    def judge(record: Record) -> Record:
        return decided(rewritten(views.engine, record, texts), state, reviewer, only=only)

    done = session.project.change(data.get("key"), judge)
    session.reviewer = reviewer
    if only:
        return shown(views, session, f"{done.file}: {LABELS[only[0]]} {state}.")
    note = f"{done.file}: {done.state}."
    if not _open_next(session, "open", 1):
        note += " Every caption has been decided."
    return shown(views, session, note)


def undone(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Open a decision again, on all texts or on one, and keep what was written meanwhile."""
    data = _data(event)
    _saved(views.engine, session, data)
    session.project.change(data.get("key"), lambda one: reopened(one, _only(data)))
    return shown(views, session, "Open again.")


def taken(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Put another of the machine's captions, in the curator's vocabulary, in place of the one that
    stands."""
    data = _data(event)
    kept(views.engine, session, data.get("draft"))
    record, position = session.open_record(), data.get("position")
    count = len(record.machine.candidates) if record else 0
    if record is None or type(position) is not int or not 0 <= position < count:
        raise PromptError("This caption is no longer here; open its picture again.")
    raw = record.machine.candidates[position].text
    text, changes = apply_terms(raw, session.project.style.terms)
    session.project.change(
        record.key,
        lambda one: rewritten(views.engine, offered(one, text, changes), {"caption": text}),
    )
    return shown(views, session, "Taken over; the alternative text is as it was.")


def read_words(views: Views, session: Session, event: gr.EventData) -> Opened:
    """Read the words that are printed inside of the open plate: the machine's, for a person to
    correct or take."""
    data = _data(event)
    _saved(views.engine, session, data)
    record = session.project.needed(data.get("key"))
    path = session.picture(record)
    if path is None:
        raise ReviewError("The picture is not here; drop it again, then read its words.")
    found = read_inscriptions(open_picture(path))
    if not found:
        return shown(views, session, "No printed words were found.")
    now = session.project.change(record.key, lambda one: inscribed(one, found))
    beside = "Read; what stands was left as it is, and what was read is offered beside it."
    return shown(views, session, "Read; correct it." if now.printed == found else beside)


def exported(session: Session, event: gr.EventData) -> View:
    """Write what was accepted, or all, in one format."""
    data = _data(event)
    everything = data.get("all") is True
    session.canvas = clean_text(data.get("canvas") or "")
    if data.get("format") == "project":
        records, name = list(session.project), PROJECT
        path = written(lambda out: out.writelines(map(str.encode, session.project.lines())), name)
    else:
        form = format_named(data.get("format"))
        records, name = meant(list(session.project), everything), f"captions{form.suffix}"
        session.find_pictures()
        pictures = folder_pictures(session.paths)
        path = written(lambda out: form.write(records, pictures, session.canvas, out), name)
    session.offered = records
    file = {"src": file_url(path), "name": name, "count": len(records)}
    return files_view(session, file)


def fetched(session: Session) -> View:
    """Note that the file that was made is downloaded."""
    session.take_away(session.offered)
    return table_view(session)


def loaded(views: Views, session: Session, path: str | None, draft: str) -> tuple[Any, ...]:
    """Take in a project or an export that was saved before; return all that the page shows, and the
    fields of the house style."""
    kept(views.engine, session, draft)
    if not path:
        return *shown(views, session), *[gr.skip()] * 4
    file = checked(path)
    data = file.read_bytes()
    records = read_back(data, file.name)
    fields: tuple[Any, ...] = (gr.skip(),) * 4
    if not len(session.project) and file.suffix == ".jsonl" and b'"engrave-review"' in data[:80]:
        session.project.restyle(read_project(data).style)
        fields = style_fields(session.project.style)
    count = merged(session.project, records)
    session.take_away(one for one in records if session.project.get(one.key) == one)
    session.find_pictures()
    session.opened = session.opened or (records[0].key if records else "")
    note = f"{taken_in(count, len(records))} {terms_words(session.project.style)}".strip()
    return *shown(views, session, note), *fields


def kept(engine: Engine, session: Session, draft: object) -> str:
    """Keep what stood in the editor, not saved, when something else was asked for; tell so."""
    try:
        data = json.loads(draft) if isinstance(draft, str) and draft else draft
    except ValueError:
        return ""
    if not isinstance(data, dict) or session.project.get(str(data.get("key"))) is None:
        return ""  # nothing was open
    return _saved(engine, session, data)


def _saved(engine: Engine, session: Session, data: dict[str, Any]) -> str:
    """Keep what was written and tell so; nothing where it is as it was."""
    record = session.project.needed(data.get("key"))
    texts = _texts(data)
    session.reviewer = clean_text(data.get("reviewer") or "")[:MAX_NAME] or session.reviewer
    if rewritten(engine, record, texts) is record:
        return ""
    changed = session.project.change(record.key, lambda one: rewritten(engine, one, texts))
    again = " What changed was accepted before and is to be accepted again." * (
        record.state == ACCEPTED
    )
    return f"{changed.file}: saved.{again}"


def _open_next(session: Session, which: str, step: int) -> bool:
    found = session.project.after(session.opened, which, step)
    session.opened = found.key if found else session.opened
    return found is not None


def _texts(data: dict[str, Any]) -> dict[str, object]:
    return {name: data[name] for name in FIELDS if name in data}


def _only(data: dict[str, Any]) -> list[str]:
    """Return the one text that is meant, or none for all."""
    return [str(data["only"])] if data.get("only") else []


def _data(event: gr.EventData) -> dict[str, Any]:
    """Return what the browser sent; anybody can send anything."""
    return event._data if isinstance(event._data, dict) else {}
