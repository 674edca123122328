"""JSON Schemas (2020-12) of everything on the wire, generated from the dataclasses.

    python -m contracts.json_schema --write     # contracts/schema/*.json
    python -m contracts.json_schema --check     # exit 1 where one of them is not current

Descriptions come from the classes' docstrings, so that a schema never says other than the code.
"""

from __future__ import annotations

import argparse
import dataclasses
import inspect
import json
import re
import sys
import types
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, Union, cast, get_args, get_origin

from contracts import blend, crop, envelope, face, finish, gen, identity, model_manifest, preenh, res
from contracts.codec import to_dict, type_hints

DIALECT = "https://json-schema.org/draft/2020-12/schema"
SCHEMA_FOLDER = Path(__file__).resolve().parent / "schema"

VIEWERS_LEFT = "Left and right are the viewer's, as in the picture: left is the viewer's left."

DOCUMENTS: dict[str, type] = {
    "request": envelope.Request,
    "result": envelope.Result,
    "face_document": face.FaceDocument,
    "crop_document": crop.CropDocument,
    "model_manifest": model_manifest.ModelManifest,
    "identity_document": identity.IdentityDocument,
    "face_params": face.FaceParams,
    "face_item_params": face.FaceItemParams,
    "face_item_data": face.FaceItemData,
    "crop_params": crop.CropParams,
    "crop_item_params": crop.CropItemParams,
    "gen_params": gen.GenParams,
    "gen_item_params": gen.GenItemParams,
    "gen_item_data": gen.GenItemData,
    "blend_params": blend.BlendParams,
    "blend_item_params": blend.BlendItemParams,
    "blend_item_data": blend.BlendItemData,
    "res_params": res.RestoreParams,
    "res_item_params": res.RestoreItemParams,
    "res_item_data": res.RestoreItemData,
    "finish_params": finish.FinishParams,
    "finish_item_params": finish.FinishItemParams,
    "finish_item_data": finish.FinishItemData,
    "preenh_params": preenh.PreEnhanceParams,
    "preenh_item_params": preenh.PreEnhanceItemParams,
}
"""File name under `contracts/schema` -> the dataclass it is generated from."""

_SCALARS: dict[Any, dict[str, Any]] = {
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    str: {"type": "string"},
}


def document_schema(cls: type) -> dict[str, Any]:
    """The whole schema of a dataclass, nested dataclasses under `$defs`."""
    definitions: dict[str, dict[str, Any]] = {}
    _define(cls, definitions)
    body = definitions.pop(cls.__name__)
    description = f"{body.pop('description')} {VIEWERS_LEFT}"
    schema = {"$schema": DIALECT, "title": cls.__name__, "description": description, **body}
    if definitions:
        schema["$defs"] = dict(sorted(definitions.items()))
    return schema


def field_descriptions(cls: type) -> dict[str, str]:
    """Descriptions of fields, where they stand as `name: text` in the docstrings of a class and its bases."""
    inherited: dict[str, str] = {}
    for base in filter(dataclasses.is_dataclass, cls.__bases__):
        inherited |= field_descriptions(base)
    names = [f.name for f in dataclasses.fields(cls)]
    name = "|".join(sorted(names, key=len, reverse=True))
    text = " ".join(_own_docstring(cls).split())
    heads = list(re.finditer(rf"(?<![\w.`])((?:{name})(?:, (?:{name}))*): ", text))
    ends = [head.start() for head in heads[1:]] + [len(text)]
    return inherited | {
        field: text[head.end() : end].strip()
        for head, end in zip(heads, ends)
        for field in head.group(1).split(", ")
    }


def _own_docstring(cls: type) -> str:
    """What a person wrote; "" where dataclass put the signature because there was no text."""
    doc = cls.__doc__ or ""
    return "" if doc.startswith(f"{cls.__name__}(") else inspect.cleandoc(doc)


def _summary(cls: type) -> str:
    """First paragraph of the docstring, or the class's name."""
    first = _own_docstring(cls).split("\n\n")[0]
    return " ".join(first.split()) or f"{cls.__name__}."


def _define(cls: type, definitions: dict[str, dict[str, Any]]) -> None:
    if cls.__name__ in definitions:
        return
    definitions[cls.__name__] = {}  # taken before its fields are looked at: ends recursion
    hints, descriptions = type_hints(cast(Any, cls)), field_descriptions(cls)
    properties: dict[str, Any] = {}
    required = []
    for field in dataclasses.fields(cls):
        entry = _of_hint(hints[field.name], definitions)
        if field.name in descriptions:
            entry = {"description": descriptions[field.name], **entry}
        default = _default(field)
        if default is dataclasses.MISSING:
            required.append(field.name)
        else:
            entry["default"] = to_dict(default)
        properties[field.name] = entry
    definitions[cls.__name__] = {
        "description": _summary(cls),
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _default(field: dataclasses.Field[Any]) -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default


def _of_hint(hint: Any, definitions: dict[str, dict[str, Any]]) -> dict[str, Any]:
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return {}
    if hint is type(None):
        return {"type": "null"}
    if origin is Literal:
        return _of_literal(arguments)
    if origin in (Union, types.UnionType):
        return {"anyOf": [_of_hint(option, definitions) for option in arguments]}
    if origin is tuple and arguments[-1] is not Ellipsis:
        items = [_of_hint(item, definitions) for item in arguments]
        return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
    if origin in (tuple, list):
        return {"type": "array", "items": _of_hint(arguments[0], definitions)}
    if origin in (dict, Mapping):
        return {"type": "object", "additionalProperties": _of_hint(arguments[1], definitions)}
    if dataclasses.is_dataclass(hint):
        _define(cast(type, hint), definitions)
        return {"$ref": f"#/$defs/{cast(type, hint).__name__}"}
    return dict(_SCALARS[hint])


def _of_literal(values: tuple[Any, ...]) -> dict[str, Any]:
    schema: dict[str, Any] = {"enum": list(values)}
    if set(values) == set(face.SIDES):
        schema["description"] = "The viewer's left or right."
    return schema


def rendered() -> dict[Path, str]:
    """Every schema file with the text it must have."""
    return {
        SCHEMA_FOLDER / f"{name}.json": json.dumps(document_schema(cls), indent=1, ensure_ascii=False) + "\n"
        for name, cls in DOCUMENTS.items()
    }


def stale_files() -> list[Path]:
    """Schema files that are missing, differ from the code, or belong to nothing any more."""
    wanted = rendered()
    stale = [p for p, text in wanted.items() if not p.exists() or p.read_text(encoding="utf-8") != text]
    return stale + sorted(set(SCHEMA_FOLDER.glob("*.json")) - set(wanted))


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m contracts.json_schema", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="write contracts/schema/*.json")
    action.add_argument("--check", action="store_true", help="say which files are not current")
    if parser.parse_args(argv).check:
        stale = stale_files()
        for path in stale:
            print(f"not current: {path.name}; run python -m contracts.json_schema --write", file=sys.stderr)
        return 1 if stale else 0
    SCHEMA_FOLDER.mkdir(exist_ok=True)
    for path, text in rendered().items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
