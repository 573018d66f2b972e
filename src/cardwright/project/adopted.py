"""What a kind says about Anki: the keys below `anki`, and the note type that it adopts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from cardwright.kinds.attributes import FIELD_ATTRIBUTES, TEMPLATE_ATTRIBUTES, TYPE_ATTRIBUTES
from cardwright.kinds.template import TemplateError, find_unknown_name, has_gaps
from cardwright.model import AdoptedTemplate, AdoptedType, Attribute, Field
from cardwright.project import table
from cardwright.text import list_names

_ANKI_ID: Final = table.number(1, 2**53 - 1, "Fixed id in Anki.", whole=True)
PART_ID: Final = table.identifier("Fixed id in Anki.")
FIELD_IN_ANKI: Final[table.Table] = {
    "font": table.exact("The font in the editor."),
    "size": table.number(0, 65_535, "The font's size in the editor.", whole=True),
    "rtl": table.flag("Whether the editor writes from right to left."),
    "sticky": table.flag("Whether the editor keeps the text for the next note."),
    "collapsed": table.flag("Whether the editor shows only the field's name."),
    "plain_text": table.flag("Whether the editor shows HTML."),
    "unsearchable": table.flag("Whether a search without a field's name leaves it out."),
    "description": table.exact("The text in the empty field of the editor."),
    "bare": table.flag("Whether its HTML is as Anki's editor writes it, without `<p>`."),
    "tag": table.number(
        0, 2**32 - 1, "The number by which Anki finds a field of image occlusion.", whole=True
    ),
    "protected": table.flag("Whether Anki keeps the field from being deleted."),
}
TEMPLATE_IN_ANKI: Final[table.Table] = {
    "name": table.exact(
        "The template's name in Anki.", missing="write the template's name in Anki"
    ),
    "id": PART_ID,
    "front": table.exact("The front template.", missing="write the front template"),
    "back": table.exact("The back template.", missing="write the back template"),
    "browser_front": table.exact("The front template of the browser."),
    "browser_back": table.exact("The back template of the browser."),
    "browser_font": table.exact("The font in the browser."),
    "browser_size": table.number(0, 255, "The font's size in the browser.", whole=True),
}
KIND_IN_ANKI: Final[table.Table] = {
    "id": _ANKI_ID,
    "name": table.text(),
    "css": table.exact("The stylesheet of an adopted note type, shipped as it is."),
    "sort": table.text("The field by which Anki sorts an adopted note type (default: the first)."),
    "latex_pre": table.exact("LaTeX before each formula of an adopted note type."),
    "latex_post": table.exact("LaTeX after each formula of an adopted note type."),
    "latex_svg": table.flag("Whether LaTeX of an adopted note type becomes SVG."),
    "stock": table.number(
        0, 1_000, "Anki's number of the kind it was made from, originalStockKind.", whole=True
    ),
    "media": table.texts(
        "Files that the templates or the stylesheet name, such as media/_logo.png: paths relative to"
        " this file."
    ),
    "crowdanki_uuid": table.exact("What the add-on CrowdAnki finds the note type by."),
}


def read_field_attributes(item: table.Record | None) -> dict[str, Attribute]:
    """Return the attributes of a field of an adopted note type, as Anki names them."""
    return _read_attributes(item, FIELD_ATTRIBUTES)


def make_template(item: table.Record, labels: Sequence[str], *, is_cloze: bool) -> AdoptedTemplate:
    """Return a template of an adopted note type, and report one that Anki cannot render.

    `labels` are the names of the note type's fields in Anki.
    """
    for key in ("front", "back"):
        template = item[key] or ""
        try:
            unknown = find_unknown_name(template, labels)
            is_gapped = has_gaps(template)
        except TemplateError as error:
            help = "write the template exactly as it is in Anki"
            item.entry.report("broken-template", f"`{key}`: {error}", key, help=help)
            continue
        if unknown is not None and labels:
            message = f"`{key}`: the note type has no field `{unknown}`"
            help = f"fields in Anki: {list_names(labels)}"
            item.entry.report("broken-template", message, key, help=help)
        if is_gapped and not is_cloze:
            help = "name the field with the gaps in `cloze`"
            item.entry.report(
                "broken-template",
                f"`{key}` shows gaps, but the kind has no `cloze`",
                key,
                help=help,
            )
        if template and is_cloze and not is_gapped and key == "front":
            help = "write the template exactly as it is in Anki, or remove `cloze`"
            item.entry.report(
                "broken-template", "`front` shows no gaps, as in {{cloze:Text}}", key, help=help
            )
    return AdoptedTemplate(
        name=item["name"] or "",
        front=item["front"] or "",
        back=item["back"] or "",
        attributes=_read_attributes(item, TEMPLATE_ATTRIBUTES),
    )


def make_adopted_type(
    root: table.Record, fields: Sequence[Field], *, is_adopted: bool
) -> AdoptedType | None:
    """Return the note type that a kind adopts, and report keys that only such kinds have."""
    anki: table.Record | None = root["anki"]
    if not is_adopted:
        for key in anki.entry.values if anki else ():
            if anki and key not in {"id", "name"} and key in KIND_IN_ANKI:
                help = "remove it, or give every side its template in Anki"
                anki.entry.report("bad-value", f"`{key}` is for adopted note types", key, help=help)
        return None
    if anki is None:
        help = "write the id and the name of the note type in Anki"
        root.entry.require("anki", help=help)
        return None
    for key in ("id", "name"):
        anki.entry.require(key, help=f"write the {key} of the note type in Anki")
    if root["css"]:
        help = "move it to `anki:`: the stylesheet of an adopted note type is shipped as it is"
        root.entry.report("bad-value", "an adopted kind has no `css` of its own", "css", help=help)
    names = [field.name for field in fields]
    attributes = _read_attributes(anki, TYPE_ATTRIBUTES)
    if anki["sort"] and anki["sort"] not in names:
        message, help = f"there is no field `{anki['sort']}`", f"fields: {list_names(names)}"
        anki.entry.report("bad-value", message, "sort", help=help)
    elif anki["sort"]:
        attributes["sortf"] = names.index(anki["sort"])
    return AdoptedType(css=anki["css"] or "", attributes=attributes, media=anki["media"])


def _read_attributes(item: table.Record | None, names: Mapping[str, str]) -> dict[str, Attribute]:
    if item is None:
        return {}
    return {
        names[key]: item[key] for key in item.entry.values if key in names and item[key] is not None
    }
